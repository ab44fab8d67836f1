import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import { failure, FILE_STATUS, hdfsAt, serve, serveRaw } from './faulty-name-node.ts';
import { HdfsDenied, HdfsNotFound, HdfsTooLarge, HdfsUnavailable } from './errors.ts';

/**
 * Faults, each played by a small server of its own; an answer that is stuck is in client-stuck.test.ts, what a healthy HDFS does in
 * client.it.test.ts.
 */

const remote = (exception: string, message = 'no'): string =>
  JSON.stringify({ RemoteException: { exception, javaClassName: `org.apache.hadoop.${exception}`, message } });

/** A NameNode that knows one file of five bytes; `open` answers the reads. */
function withFile(open: RequestListener): Promise<string> {
  return serve((request, response) => {
    if (request.url?.includes('op=open')) return void open(request, response);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(FILE_STATUS));
  });
}

describe('a NameNode that gives no proper answer', () => {
  test('refused', async () => {
    const error = await failure(hdfsAt('http://127.0.0.1:1').status('/x'));
    expect(error).toBeInstanceOf(HdfsUnavailable);
    expect(error.path).toBe('/x');
    expect(error.message).toContain('HDFS_URL');
  });

  test('black hole: accepts and never answers, for reads and for writes', async () => {
    const url = await serveRaw(() => undefined);
    const hdfs = hdfsAt(url);
    for (const call of [
      () => hdfs.status('/x'),
      () => hdfs.list('/x'),
      () => hdfs.read('/x', { maxBytes: 9 }),
      () => hdfs.write('/x', Buffer.from('x')),
      () => hdfs.mkdirs('/x'),
      () => hdfs.remove('/x'),
    ]) {
      expect(await failure(call())).toBeInstanceOf(HdfsUnavailable);
    }
  });

  test('drips a byte at a time', async () => {
    const url = await serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
      const timer = setInterval(() => socket.write(' '), 20);
      socket.on('close', () => clearInterval(timer));
    });
    expect((await failure(hdfsAt(url).status('/x'))).message).toContain('within');
  });

  test('closes the connection, before or within the answer', async () => {
    const before = await serveRaw((socket) => socket.destroy());
    expect(await failure(hdfsAt(before).status('/x'))).toBeInstanceOf(HdfsUnavailable);
    const within = await serveRaw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"File'));
    expect(await failure(hdfsAt(within).status('/x'))).toBeInstanceOf(HdfsUnavailable);
    const garbage = await serveRaw((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
    expect(await failure(hdfsAt(garbage).status('/x'))).toBeInstanceOf(HdfsUnavailable);
  });

  test.each([
    [502, '<html>Bad Gateway</html>'],
    [503, ''],
    [200, '<html>login</html>'],
    [200, ''],
    [200, 'null'],
    [200, '[]'],
    [200, '{"FileStatus": 7}'],
    [404, ''],
    [400, 'null'],
  ])('HTTP %i with body %j', async (status, body) => {
    const url = await serve((_, response) => void response.writeHead(status).end(body));
    const hdfs = hdfsAt(url);
    expect(await failure(hdfs.status('/x'))).toBeInstanceOf(HdfsUnavailable);
    expect(await failure(hdfs.list('/x'))).toBeInstanceOf(HdfsUnavailable);
    expect(await failure(hdfs.write('/x', Buffer.from('x')))).toBeInstanceOf(HdfsUnavailable);
  });

  test('safe mode and start-up are told as such', async () => {
    const url = await serve((_, response) => void response.writeHead(403).end(remote('RetriableException', 'startup')));
    const error = await failure(hdfsAt(url).mkdirs('/x'));
    expect(error).toBeInstanceOf(HdfsUnavailable);
    expect(error.remoteClass).toBe('RetriableException');
    expect(error.message).toContain('safe mode');
  });
});

describe('a read that goes wrong after a good status', () => {
  test('an error whose JSON arrives in several pieces keeps its class, and the process', async () => {
    const url = await withFile((_, response) => {
      response.writeHead(403, { 'content-type': 'application/json' });
      const body = remote('AccessControlException', 'Permission denied');
      response.write(body.slice(0, 10));
      setTimeout(() => response.write(body.slice(10, 40)), 30);
      setTimeout(() => response.end(body.slice(40)), 60);
    });
    const error = await failure(hdfsAt(url).read('/x', { maxBytes: 9 }));
    expect(error).toBeInstanceOf(HdfsDenied);
    expect(error.remoteClass).toBe('AccessControlException');
  });

  test('a 502 page is no content; nor is a page of status 200', async () => {
    const bad = await withFile((_, response) => void response.writeHead(502).end('<html>'));
    expect(await failure(hdfsAt(bad).read('/x', { maxBytes: 9 }))).toBeInstanceOf(HdfsUnavailable);
    const polite = await withFile((_, response) => void response.end('<html>'));
    expect((await failure(hdfsAt(polite).read('/x', { maxBytes: 9 }))).message).toContain('6 instead of 5 bytes');
  });

  test('an empty error', async () => {
    const url = await withFile((_, response) => void response.writeHead(404).end());
    expect(await failure(hdfsAt(url).read('/x', { maxBytes: 9 }))).toBeInstanceOf(HdfsUnavailable);
  });

  test('cut off within the content, with and without a length', async () => {
    const announced = await withFile((_, response) => {
      response.writeHead(200, { 'content-length': 5 }).write('ab', () => response.destroy());
    });
    expect(await failure(hdfsAt(announced).read('/x', { maxBytes: 9 }))).toBeInstanceOf(HdfsUnavailable);
    const chunked = await withFile((_, response) => void response.end('ab'));
    expect(await failure(hdfsAt(chunked).read('/x', { maxBytes: 9 }))).toBeInstanceOf(HdfsUnavailable);
  });

  test('drips', async () => {
    const url = await withFile((_, response) => {
      const timer = setInterval(() => response.write('a'), 150);
      response.on('close', () => clearInterval(timer));
    });
    expect((await failure(hdfsAt(url).read('/x', { maxBytes: 99 }))).message).toContain('within');
  });

  test('the DataNode cannot be reached', async () => {
    const url = await withFile((_, response) => {
      response.writeHead(307, { location: 'http://127.0.0.1:1/webhdfs/v1/x' }).end();
    });
    const error = await failure(hdfsAt(url).read('/x', { maxBytes: 9 }));
    expect(error).toBeInstanceOf(HdfsUnavailable);
    expect(error.message).toContain('DataNode 127.0.0.1:1');
  });

  test('more bytes than allowed end the read at once', async () => {
    let sent = 0;
    const url = await withFile((_, response) => {
      const more = (): void => {
        sent += 65_536;
        if (!response.destroyed && sent < 50_000_000) response.write(Buffer.alloc(65_536), () => setImmediate(more));
      };
      more();
    });
    const error = await failure(hdfsAt(url).read('/x', { maxBytes: 1000, expectLength: 5 }));
    expect(error).toBeInstanceOf(HdfsTooLarge);
    expect(sent).toBeLessThan(10_000_000);
  });
});

describe('a write that goes wrong', () => {
  test('a 503 of the DataNode is no success', async () => {
    const dataNode = await serve((request, response) => {
      request.resume().on('end', () => response.writeHead(503).end());
    });
    const url = await serve((_, response) => void response.writeHead(307, { location: `${dataNode}/x` }).end());
    expect(await failure(hdfsAt(url).write('/x', Buffer.from('x')))).toBeInstanceOf(HdfsUnavailable);
  });
});

describe('cancelling', () => {
  test('the signal ends the wait with its reason', async () => {
    const url = await serveRaw(() => undefined);
    const reason = new Error('no longer wanted');
    const before = AbortSignal.abort(reason);
    await expect(hdfsAt(url).status('/x', { signal: before })).rejects.toBe(reason);
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    await expect(hdfsAt(url).read('/x', { maxBytes: 1, signal: controller.signal })).rejects.toBe(reason);
    await expect(hdfsAt(url).write('/x', Buffer.alloc(1), { signal: before })).rejects.toBe(reason);
  });
});

describe('several NameNodes', () => {
  const standby = (): Promise<string> =>
    serve((_, response) => void response.writeHead(403).end(remote('StandbyException', 'state standby')));
  const active = (onCall: () => void): Promise<string> =>
    serve((request, response) => {
      onCall();
      response.end(JSON.stringify(request.method === 'GET' ? FILE_STATUS : { boolean: true }));
    });

  test('the active one is found behind a standby, a refusing and a silent one, and remembered', async () => {
    let calls = 0;
    const silent = await serveRaw(() => undefined);
    const hdfs = hdfsAt(await standby(), 'http://127.0.0.1:1', silent, await active(() => (calls += 1)));
    expect((await hdfs.status('/x')).length).toBe(5);
    const startedAt = performance.now();
    await hdfs.status('/x');
    await hdfs.mkdirs('/y');
    expect(performance.now() - startedAt).toBeLessThan(150);
    expect(calls).toBe(3);
  });

  test('a write goes to the next one only if the first cannot have acted on it', async () => {
    let calls = 0;
    const url = await active(() => (calls += 1));
    await hdfsAt(await standby(), url).mkdirs('/y');
    expect(calls).toBe(1);
    const unknown = await serve((_, response) => void response.writeHead(502).end());
    expect(await failure(hdfsAt(unknown, url).mkdirs('/y'))).toBeInstanceOf(HdfsUnavailable);
    expect(calls).toBe(1);
  });

  test('an answer about the path is final', async () => {
    const url = await serve((_, response) => void response.writeHead(404).end(remote('FileNotFoundException')));
    let calls = 0;
    expect(await failure(hdfsAt(url, await active(() => (calls += 1))).status('/x'))).toBeInstanceOf(HdfsNotFound);
    expect(calls).toBe(0);
  });

  test('none answers: each is named', async () => {
    const error = await failure(hdfsAt(await standby(), 'http://127.0.0.1:1').status('/x'));
    expect(error).toBeInstanceOf(HdfsUnavailable);
    expect(error.message).toMatch(/standby.*127\.0\.0\.1:1/);
  });
});

test('a kept-alive connection that the server closed meanwhile is no error', async () => {
  let connections = 0;
  const url = await serveRaw((socket) => {
    connections += 1;
    let answered = false;
    socket.on('data', () => {
      // The second request on a connection meets a server that has just closed it.
      if (answered) return void socket.resetAndDestroy();
      answered = true;
      const body = JSON.stringify(FILE_STATUS);
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
  });
  const hdfs = hdfsAt(url);
  await hdfs.status('/x');
  await hdfs.status('/x');
  expect(connections).toBe(2);
});
