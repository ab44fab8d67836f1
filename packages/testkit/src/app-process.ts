import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { API_FLAGS, nodeEnvironment, WORKER_FLAGS } from '@das/local/node-process';
import { repositoryRoot } from '@das/local/settings';

export type AppName = 'api' | 'worker';
export type Exit = { code: number | null; signal: NodeJS.Signals | null };

const READY: Record<AppName, RegExp> = { api: /API listens on (http:\/\/\S+)/, worker: /worker ready worker=(\S+)/ };
const START_MS = 60_000;
const ENVIRONMENT = nodeEnvironment(join(repositoryRoot, 'node_modules/.cache/das'));
/** From SIGTERM until the test fails because of it. */
const STOP_MS = 20_000;

/** It asks the kernel that what follows dies with the test, even one that is killed; Linux only. */
const SETPRIV = '/usr/bin/setpriv';
const BOUND = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig=KILL', '--'] : [];

/** A real API or worker: `node apps/…/dist/main.cjs`, as `npm start` runs it, in a working directory of its own. */
export class AppProcess {
  readonly name: AppName;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  /** Called at every new line and at the end. */
  readonly #listeners = new Set<() => void>();
  #exit: Exit | null = null;
  #killed = false;

  private constructor(name: AppName, env: NodeJS.ProcessEnv, cwd: string) {
    this.name = name;
    // A test's preload changes modules of the sources.
    const form = env['NODE_OPTIONS'] ? 'src/main.ts' : 'dist/main.cjs';
    const main = join(repositoryRoot, 'apps', name, form);
    const flags = name === 'worker' ? WORKER_FLAGS : API_FLAGS;
    const [command = '', ...args] = [...BOUND, process.execPath, ...flags, main];
    this.#child = spawn(command, args, { cwd, env: { ...env, ...ENVIRONMENT }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream as NonNullable<typeof stream> }).on('line', (line) => {
        this.#lines.push(line);
        this.#tell();
      });
    }
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
        this.#tell();
      });
    });
  }

  /** Not waited for: see `ready` and `exited`. */
  static async spawn(name: AppName, env: NodeJS.ProcessEnv, cwd: string): Promise<AppProcess> {
    await mkdir(cwd, { recursive: true });
    return new AppProcess(name, env, cwd);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** A worker's id, once it is ready. */
  get id(): string {
    return READY.worker.exec(this.log)?.[1] ?? '';
  }

  /** All it has printed. */
  get log(): string {
    return this.#lines.join('\n');
  }

  /** Resolves to the API's address, or the worker's id, once its line is in the log. */
  async ready(): Promise<string> {
    const [, found = ''] = await this.printed(READY[this.name], START_MS);
    return found.replace('//0.0.0.0:', '//127.0.0.1:');
  }

  /** Waits for a line that matches; fails when the process ends first. */
  printed(pattern: RegExp, withinMs = START_MS): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        act();
      };
      const look = () => {
        const match = pattern.exec(this.log);
        if (match) settle(() => resolve(match));
        else if (this.#exit)
          settle(() => reject(this.#fault(`ended (${JSON.stringify(this.#exit)}) before it printed`, pattern)));
      };
      const timer = setTimeout(
        () => settle(() => reject(this.#fault(`did not print within ${withinMs} ms`, pattern))),
        withinMs,
      );
      this.#listeners.add(look);
      look();
    });
  }

  /** From outside, as a crash would: a test that kills does not find the process missing at its end. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#killed = true;
    this.#child.kill(signal);
  }

  /** Waits for an end that the test wants: not counted as a fault at its stop. */
  async ends(): Promise<Exit> {
    this.#killed = true;
    return this.exited;
  }

  /** SIGTERM; fails unless it ends by itself, with 0, in time. */
  async stop(): Promise<void> {
    if (this.#exit) {
      if (!this.#killed && this.#exit.code !== 0) throw this.#fault(`ended by itself: ${JSON.stringify(this.#exit)}`);
      return;
    }
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    const exit = await this.exited;
    clearTimeout(timer);
    if (!this.#killed && exit.code !== 0) throw this.#fault(`did not stop as it should: ${JSON.stringify(exit)}`);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #fault(what: string, pattern?: RegExp): Error {
    const last = this.#lines.slice(-30).join('\n  ');
    return new Error(`${this.name} ${this.pid} ${what}${pattern ? ` ${pattern}` : ''}. Its last lines:\n  ${last}`);
  }
}
