import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'das-log-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('the logger', () => {
  it('writes `timestamp - LEVEL - message` to the console and the file alike', async () => {
    const console = new PassThrough();
    const file = join(directory, 'logfile.log');
    const { log, close } = createLogger({ level: 'info', format: 'text', file, console });
    log.child({ runId: '01ABC', attempt: 2 }).info('attempt started');
    log.debug('not said');
    log.error({ error: new Error('mongodb://u:geheim@h is away') }, 'two\nlines');
    await close();
    const written = await readFile(file, 'utf8');
    expect(String(console.read())).toBe(written);
    const [first, second, rest] = written.split('\n');
    expect(first).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z - INFO - attempt started runId=01ABC attempt=2$/);
    expect(second).toContain('ERROR - two\\nlines');
    expect(written).not.toContain('geheim');
    expect(rest).toBe('');
  });

  it('says what comes while the file is being written with one write, in its order', async () => {
    const console = new PassThrough();
    const chunks: string[] = [];
    console.on('data', (chunk: Buffer) => chunks.push(String(chunk)));
    const file = join(directory, 'logfile.log');
    const { log, close } = createLogger({ level: 'info', format: 'text', file, console });
    for (let index = 0; index < 100; index += 1) log.info(`line ${index}.`);
    await close();
    const written = await readFile(file, 'utf8');
    expect(written.match(/line \d+\./g)).toEqual(Array.from({ length: 100 }, (_, index) => `line ${index}.`));
    expect(chunks.join('')).toBe(written);
    expect(chunks.length).toBe(2);
  });

  it('writes JSON where asked', async () => {
    const console = new PassThrough();
    const { log, close } = createLogger({ level: 'debug', format: 'json', file: '', console });
    log.debug({ runId: 'r' }, 'said');
    await close();
    expect(JSON.parse(String(console.read()))).toMatchObject({ level: 'DEBUG', msg: 'said', runId: 'r' });
  });
});
