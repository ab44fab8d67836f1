import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createOutputObserver, sightingsIn } from './observe-output.ts';
import type { Sighting } from './observe-output.ts';

function observe(chunks: Uint8Array[]): Sighting[] {
  const seen: Sighting[] = [];
  const observer = createOutputObserver({ uiHost: '127.0.0.1', onSighting: (sighting) => seen.push(sighting) });
  chunks.forEach((chunk) => observer.push(chunk));
  observer.end();
  return seen;
}

const REAL = readFileSync(new URL('./fixtures/udf.stderr.txt', import.meta.url));

test('the real output of Spark 4.3.0, whole and byte by byte', () => {
  const expected = [{ kind: 'ui', url: 'http://127.0.0.1:4040' }];
  expect(observe([REAL])).toEqual(expected);
  expect(observe(Array.from(REAL, (byte) => Uint8Array.of(byte)))).toEqual(expected);
});

test.each([
  [
    "26/11/22 INFO Utils: Successfully started service 'SparkUI' on port 41234.",
    [{ kind: 'ui', url: 'http://h:41234' }],
  ],
  [
    'INFO SparkUI: Bound SparkUI to 0.0.0.0, and started at http://node7:4040',
    [{ kind: 'ui', url: 'http://node7:4040' }],
  ],
  [
    'INFO StandaloneSchedulerBackend: Connected to Spark cluster with app ID app-20261122200015-0003',
    [{ kind: 'application', id: 'app-20261122200015-0003' }],
  ],
  [
    'INFO YarnClientImpl: Submitted application application_1763800000000_0001',
    [{ kind: 'application', id: 'application_1763800000000_0001' }],
  ],
  [
    '\t tracking URL: http://rm:8088/proxy/application_1763800000000_0001/',
    [
      { kind: 'application', id: 'application_1763800000000_0001' },
      { kind: 'ui', url: 'http://rm:8088/proxy/application_1763800000000_0001/' },
    ],
  ],
  ['INFO Something: app id local-1763800000000', [{ kind: 'application', id: 'local-1763800000000' }]],
  ['INFO SparkContext: Submitted application: local-1763800000000', []],
  ["INFO Utils: Successfully started service 'sparkDriver' on port 37955.", []],
])('%s', (line, sightings) => expect(sightingsIn(line, 'h')).toEqual(sightings));

test('each is told once, another one again', () => {
  const line = (port: number): string => `Successfully started service 'SparkUI' on port ${port}.\n`;
  const seen = observe([line(1), line(1), line(2)].map((text) => Buffer.from(text)));
  expect(seen.map((sighting) => sighting.kind === 'ui' && sighting.url)).toEqual([
    'http://127.0.0.1:1',
    'http://127.0.0.1:2',
  ]);
});

test('an endless line is not kept', () => {
  const seen = observe([
    Buffer.alloc(1_000_000, 'x'),
    Buffer.alloc(1_000_000, 'x'),
    Buffer.from("\nservice 'SparkUI' on port 1"),
  ]);
  expect(seen).toEqual([]);
});
