import { runCampaign } from '@das/testkit/campaign/campaign';
import { expect, test } from 'vitest';

/**
 * Guarantees 1, 3, 4 and 8 in short: every run that was accepted ends exactly once, whatever is killed meanwhile. The long form, with
 * hundreds of runs and another seed each time, is `npm run test:faults`.
 */
test('60 runs while workers, Redis, MongoDB and the API are killed and frozen: none lost, none finished twice', async () => {
  const { breaches, evidence, ...tally } = await runCampaign({
    seed: 20_261_122,
    runs: 60,
    forMs: 15_000,
  });
  console.log(JSON.stringify(tally));
  expect(breaches, evidence).toEqual([]);
  expect(tally.accepted).toBe(60);
}, 400_000);
