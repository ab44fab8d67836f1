import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { askApplicationId } from './spark-ui.ts';

test('an answer without end is not read to its end', async () => {
  const server = createServer((_, response) => {
    response.write('{"gauges": {"local-1764264000000.driver.BlockManager.memory.maxMem_MB": {"value": 1}, "');
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(64 * 1024)));
    };
    response.on('drain', more);
    more();
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await askApplicationId(`http://127.0.0.1:${port}`, { deadlineMs: 2000 })).toBe('local-1764264000000');
});
