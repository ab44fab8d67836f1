import { surviveOutage } from '@das/testkit/campaign/outage';
import { expect, test } from 'vitest';

/** Guarantees 1, 8 and 9: Redis or MongoDB is away or frozen for long, under load, while retries wait. */
test.each([
  { service: 'redis', how: 'kill', forMs: 15_000 },
  { service: 'redis', how: 'kill', forMs: 60_000 },
  { service: 'redis', how: 'freeze', forMs: 15_000 },
  { service: 'mongo', how: 'kill', forMs: 15_000 },
  { service: 'mongo', how: 'kill', forMs: 60_000 },
  { service: 'mongo', how: 'freeze', forMs: 15_000 },
] as const)(
  '$service: $how for $forMs ms',
  async (outage) => {
    const { breaches, ...outcome } = await surviveOutage(outage);
    console.log(JSON.stringify({ ...outage, ...outcome }));
    expect(breaches).toEqual([]);
  },
  400_000,
);
