import { expect, test } from 'vitest';
import { forbidsArchive, quickOptions } from './java-options.ts';

const options = (given: string[], startup: 'standard' | 'fast' = 'standard', cores = 8) =>
  quickOptions(['-cp', '/jars/*', ...given], startup, '/archive.jsa', cores);

test('a small heap gets the collector that suits it, a large one keeps Java’s choice', () => {
  expect(options(['-Xmx1g'])).toContain('-XX:+UseSerialGC');
  expect(options(['-Xmx2048m'])).toContain('-XX:+UseSerialGC');
  expect(options(['-Xmx8g'])).not.toContain('-XX:+UseSerialGC');
  expect(options(['-Xmx8g'], 'standard', 1)).toContain('-XX:+UseSerialGC');
  expect(options(['-Xmx1g', '-XX:MaxHeapSize=8g'])).not.toContain('-XX:+UseSerialGC');
});

test('what the operator says about collector, compilers or archive stands alone', () => {
  expect(options(['-Xmx1g', '-XX:+UseParallelGC'])).not.toContain('-XX:+UseSerialGC');
  expect(options(['-Xmx1g', '@/etc/java.options']).filter((option) => option.endsWith('GC'))).toEqual([]);
  expect(options(['-XX:Tier4InvocationThreshold=9']).filter((option) => option.includes('Tier'))).toEqual([]);
  expect(options(['-Xshare:off']).filter((option) => /Share|Relocation/.test(option))).toEqual([]);
  expect(forbidsArchive(['-javaagent:/agent.jar'])).toBe(true);
  expect(forbidsArchive(['-Xmx1g', '-Dname=value'])).toBe(false);
});

test('only startup fast goes without the optimising compiler', () => {
  expect(options(['-Xmx1g'], 'fast')).toContain('-XX:TieredStopAtLevel=1');
  expect(options(['-Xmx1g'], 'standard')).not.toContain('-XX:TieredStopAtLevel=1');
});

test('without an archive none is named', () => {
  expect(quickOptions(['-cp', 'x', '-Xmx1g'], 'standard', null, 8).join(' ')).not.toMatch(/Share|Relocation/);
});
