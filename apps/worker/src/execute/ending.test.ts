import { expect, it } from 'vitest';
import { endingOfNoStart } from './ending.ts';
import { SpawnFailed } from './supervisor.ts';

it('that nothing was started is a loss, unless it is because of what was to be', () => {
  expect(endingOfNoStart(new SpawnFailed('ETIME'))).toMatchObject({
    kind: 'lost',
    loss: { kind: 'database_unavailable' },
  });
  const want = endingOfNoStart(new SpawnFailed('EAGAIN'));
  expect(want).toMatchObject({ kind: 'lost', loss: { kind: 'worker_lost' } });
  expect(want).not.toHaveProperty('counts');
  expect(endingOfNoStart(new SpawnFailed('ENOENT'))).toBeNull();
});
