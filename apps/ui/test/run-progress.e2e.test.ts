import { expect, test } from 'vitest';
import { Dashboard } from './dashboard.ts';

/** A real Spark job of three stages, as its page shows it. */
const STAGES = `
import time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
def slow(x):
    time.sleep(1)
    return (x % 2, 1)
add = lambda a, b: a + b
pairs = spark.sparkContext.parallelize(range(8), 8).map(slow).reduceByKey(add, 2)
print(pairs.map(lambda pair: (pair[1], 1)).reduceByKey(add, 2).count())
`;
/** A Spark that starts on a machine with two busy cores. */
const SPARK_MS = 120_000;

test('the bar of stages and tasks moves while Spark works, beside a link to its UI', async () => {
  await using dashboard = await Dashboard.open();
  const script = await dashboard.das.putScript('stages.py', STAGES);
  const run = await dashboard.das.submit({ script });
  await using visit = await dashboard.visit(`/runs/${run.id}`);
  const bar = visit.page.getByRole('progressbar', { name: 'Tasks done' });
  await visit.sees(bar, SPARK_MS);
  await visit.sees(visit.page.getByText(/^[2-7] of 8 tasks, 0 of 3 stages/), SPARK_MS);
  expect(await bar.getAttribute('aria-valuemax')).toBe('8');
  expect(await visit.fact('Spark UI').getByRole('link').getAttribute('href')).toMatch(/^http:\/\/127\.0\.0\.1:\d+/);
  await visit.sees(visit.fact('Spark UI').getByText("on the worker's machine only"));
  await visit.sees(visit.state('Completed', visit.page.getByRole('main').locator('header')), SPARK_MS);
  await visit.seesNoMore(bar);
  expect(await visit.fact('Spark UI').count(), 'its UI is gone with the driver').toBe(0);
  await visit.sees(visit.page.getByTestId('attempt-item').getByText('12 of 12 tasks in 3 stages'));
  expect(visit.loads).toBe(1);
});
