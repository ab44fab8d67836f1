import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { RunSummary } from '@das/contracts/run';

/**
 * Many dashboards in one process: `node dashboards.ts HOST PORT COUNT`. Real WebSockets that speak as much of socket.io as it takes to watch
 * `runs`. Of a message that all are sent, only the first dashboard's copy is read; of the others the arrival counts, so that what they would
 * do with it on their own machines is not measured on this one. Says `ready`, and at the end of its input how long events took.
 */
const [host = '', port = '', count = ''] = process.argv.slice(2);
const REQUEST = [
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
  `Host: ${host}:${port}`,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
];
/** In the order they came: when each change of a message was made (Unix milliseconds). */
const stamps: number[][] = [];
/** By dashboard: when each message was there. */
const arrivals: number[][] = [];
let resyncs = 0;
const now = (): number => performance.timeOrigin + performance.now();

/** One that watches; resolves once it does. */
function watch(index: number): Promise<Socket> {
  const mine: number[] = [];
  arrivals.push(mine);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host);
    socket.once('error', reject);
    socket.write(`${REQUEST.join('\r\n')}\r\n\r\n`);
    const onText = (text: Buffer): void => {
      const kind = text.toString('latin1', 0, 8);
      if (kind.startsWith('0')) say(socket, '40');
      else if (kind.startsWith('40')) say(socket, '420["subscribe",{"topic":"runs"}]');
      else if (kind.startsWith('43')) resolve(socket);
      else if (kind === '2') say(socket, '3');
      else if (text.toString('latin1', 0, 12) === '42["resync",') resyncs += 1;
      else if (kind.startsWith('42["run"')) {
        mine.push(now());
        if (index === 0) stamps.push(freshStamps(text));
      }
    };
    socket.on('data', framesOf(onText, index === 0));
  });
}

/** By run: when the change was made that was told last. */
const told = new Map<string, number>();

/** When the changes that a message tells of were made; a run that changed for another reason tells its last one again. */
function freshStamps(text: Buffer): number[] {
  const [, { items }] = JSON.parse(text.toString('utf8', 2)) as [string, { items: RunSummary[] }];
  return items.flatMap(({ id, waiting }) => {
    const at = Number(waiting?.detail);
    if (Number.isNaN(at) || told.get(id) === at) return [];
    told.set(id, at);
    return [at];
  });
}

/** Of a text that is not read so much is kept: its header, and what kind of message it is. */
const BEGINNING = 64;

/** What a server sends over a WebSocket, a text at a time; unless it is read `whole`, of a text that comes in pieces only the beginning. */
function framesOf(onText: (text: Buffer) => void, whole: boolean): (chunk: Buffer) => void {
  let upgraded = false;
  let held: Buffer[] = [];
  let kept = 0;
  /** Bytes that came of the frame under way, and how many it has. */
  let size = 0;
  let needed = 0;
  return (chunk) => {
    size += chunk.length;
    const enough = !whole && needed > 0 && kept >= BEGINNING;
    if (!enough) held.push(chunk);
    if (!enough) kept += chunk.length;
    if (size < needed) return;
    let bytes = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held);
    if (enough) {
      onText(bytes.subarray(frameAt(bytes).start));
      bytes = chunk.subarray(chunk.length - (size - needed));
    }
    if (!upgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      upgraded = end >= 0;
      bytes = upgraded ? bytes.subarray(end + 4) : bytes;
    }
    needed = 0;
    while (upgraded) {
      const frame = frameAt(bytes);
      needed = frame.end;
      if (bytes.length < frame.end) break;
      onText(bytes.subarray(frame.start, frame.end));
      bytes = bytes.subarray(frame.end);
    }
    held = [bytes];
    kept = size = bytes.length;
  };
}

/** Where the text of the first frame begins and ends, as far as its header is there. */
function frameAt(bytes: Buffer): { start: number; end: number } {
  const short = (bytes[1] ?? 0) & 0x7f;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < start) return { start, end: start };
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  return { start, end: start + length };
}

/** A short text, masked with zeros. */
function say(socket: Socket, text: string): void {
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]));
}

/** Milliseconds from each change to each dashboard, by rank, and how much did not come. */
function summary() {
  const times = arrivals.flatMap((mine) => stamps.flatMap((changes, n) => changes.map((at) => (mine[n] ?? NaN) - at)));
  const came = Float64Array.from(times.filter((time) => !Number.isNaN(time))).sort();
  const at = (share: number) => came[Math.ceil(share * came.length) - 1] ?? null;
  const missing = times.length - came.length;
  const changes = stamps.flat().length;
  return { changes, messages: stamps.length, resyncs, missing, told: Object.fromEntries(told), p50: at(0.5), p99: at(0.99), most: at(1) }; // prettier-ignore
}

const sockets = await Promise.all(Array.from({ length: Number(count) }, (_, index) => watch(index)));
console.log('ready');
const input = createInterface({ input: process.stdin });
/** A line says: from now on it counts. */
input.on('line', () => {
  stamps.length = 0;
  for (const mine of arrivals) mine.length = 0;
  resyncs = 0;
});
input.once('close', () => {
  for (const socket of sockets) socket.destroy();
  console.log(JSON.stringify(summary()));
});
