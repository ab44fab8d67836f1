import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Sightings } from './observe-output.ts';

const REAL = readFileSync(new URL('./fixtures/udf.stderr.txt', import.meta.url), 'utf8');

test('the real output of Spark 4.3.0', () => {
  const sightings = new Sightings('127.0.0.1');
  expect(REAL.split('\n').flatMap((line) => sightings.in(line))).toEqual([
    { kind: 'ui', url: 'http://127.0.0.1:4040' },
  ]);
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
  [
    'INFO RollingEventLogFilesWriter: Logging events to file:/logs/eventlog_v2_local-1763800000000/events_1_local-1763800000000.zstd',
    [{ kind: 'application', id: 'local-1763800000000' }],
  ],
  [
    'INFO SingleEventLogFileWriter: Logging events to file:/logs/local-1763800000000.zstd.inprogress',
    [{ kind: 'application', id: 'local-1763800000000' }],
  ],
  ['INFO SparkContext: Submitted application: local-1763800000000', []],
  ["INFO Utils: Successfully started service 'sparkDriver' on port 37955.", []],
])('%s', (line, sightings) => expect(new Sightings('h').in(line)).toEqual(sightings));

test('each is told once, another one again', () => {
  const sightings = new Sightings('h');
  const ports = [1, 1, 2].map((port) => sightings.in(`Successfully started service 'SparkUI' on port ${port}.`));
  expect(ports).toEqual([[{ kind: 'ui', url: 'http://h:1' }], [], [{ kind: 'ui', url: 'http://h:2' }]]);
  const report = 'INFO Client: Application report for application_1763800000000_0001 (state: RUNNING)';
  expect([report, report].map((line) => sightings.in(line).length)).toEqual([1, 0]);
});
