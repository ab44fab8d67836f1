import { fileURLToPath } from 'node:url';
import { afterAll, describe, test } from 'vitest';
import type { Row } from './measure.ts';
import { a1 } from './rows/a1-submit.ts';
import { e1 } from './rows/e1-dashboards.ts';
import { load } from './rows/load-submitters.ts';
import { l1 } from './rows/l1-log.ts';
import { m1 } from './rows/m1-million.ts';
import { m2 } from './rows/m2-memory.ts';
import { p1 } from './rows/p1-places.ts';
import { p2 } from './rows/p2-throughput.ts';
import { p3 } from './rows/p3-rate.ts';
import { q1 } from './rows/q1-launch.ts';
import { r1 } from './rows/r1-recovery.ts';
import { s1 } from './rows/s1-start.ts';
import { s2 } from './rows/s2-cold-start.ts';
import { u1 } from './rows/u1-dashboard.ts';
import { w1 } from './rows/w1-makespan.ts';
import { w3 } from './rows/w3-retries.ts';
import { keep, tableOf } from './table.ts';

/** `npm run bench [-- --quick] [-- -t W1]`: no test; it wants the test kit's services, and asserts nothing. */
const quick = process.env['DAS_BENCH_QUICK'] === '1';
const rows: Row[] = [];
const BENCHES: Record<string, () => Promise<Row | Row[]>> = {
  Q1: () => q1(quick),
  'A1, A2': () => a1(quick),
  S1: () => s1(quick),
  S2: () => s2(quick),
  P2: () => p2(quick),
  W1: () => w1(),
  W3: () => w3(),
  P1: () => p1(quick),
  P3: () => p3(quick),
  L1: () => l1(quick),
  R1: () => r1(quick),
  E1: () => e1(quick),
  L200: () => load(quick),
  M1: () => m1(quick),
  M2: () => m2(quick),
  U1: () => u1(quick),
};

describe('bench', () => {
  test.for(Object.entries(BENCHES))('%s', async ([, bench]) => {
    const found = [await bench()].flat();
    rows.push(...found);
    process.stdout.write(`${tableOf(found)}\n`);
  });
});

afterAll(async () => {
  if (rows.length === 0) return;
  const file = await keep(rows, fileURLToPath(new URL('../results', import.meta.url)), quick);
  process.stdout.write(`\n${tableOf(rows)}\n\nWritten to ${file}\n`);
});
