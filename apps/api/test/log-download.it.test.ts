import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';

test('a reader who goes away in the middle of a download is no fault of DAS', async () => {
  await using das = await startDas({ stub: true });
  const script = await das.putScript('long.py', 'for i in range(200_000):\n    print(i, "x" * 90)\n');
  const { id } = await das.runToEnd({ script });
  const leaving = new AbortController();
  const answer = await fetch(`${das.url}/api/v1/runs/${id}/attempts/1/log?download=true`, { signal: leaving.signal });
  expect(answer.status).toBe(200);
  await answer.body?.getReader().read();
  leaving.abort();
  await sleep(1000);
  await das.call('getHealth');
  expect(das.logs).not.toContain('a request failed inside DAS');
});
