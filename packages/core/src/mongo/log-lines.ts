import type { Stream } from '@das/contracts/states';
import type { Collections } from './database.ts';
import type { LogChunkDocument } from './documents.ts';
import { translateMongoErrors } from './errors.ts';
import { bytesOfLine, LineCutter, textOfLine } from './line-cutter.ts';
import type { RawLine } from './line-cutter.ts';
import { LOG_CHUNK_BYTES } from './log-store.ts';
import type { LogGap } from './log-store.ts';

/** Most of one line that is told, and that is searched, in bytes. */
const LINE_BYTES = 64 * 1024;
const SEARCHED_LINE_BYTES = 1024 * 1024;
/** Most text of one answer, in bytes. */
const PAGE_BYTES = 4 * 1024 * 1024;
/** Of the line around a match that is told, in bytes. */
const MATCH_BYTES = 4 * 1024;
const MATCHES = 500;
/** After this a partial answer is given (2 s are promised, and some of it goes elsewhere). Milliseconds. */
const WORK_MS = 1700;
/** Chunks looked at together on the way back. */
const STRIDE = 8;

export type LogLine = {
  line: number;
  at: Date;
  offset: number;
  stream: Stream;
  text: string;
  gap?: LogGap;
  /** Only the beginning (of a match: the part around it) is in `text`. */
  cut?: true;
};
/** `nextLine`: to go on from; null: that is all there is now. */
export type LinePage = { items: LogLine[]; nextLine: number | null };
/** `next`: offset to search on from; null: that is all there is now. */
export type MatchPage = { items: LogLine[]; next: number | null; searchedTo: number };

type Attempt = { runId: string; attempt: number };
type Wanted = { stream?: Stream | undefined; limit: number };

/**
 * The log of an attempt by lines, numbered from 1 as they were written, dropped ones too. Lines are found by the index on the
 * chunks' first lines; what is read at once is bounded, however long log and lines are. All throw DatabaseUnavailable.
 */
export class LogLines {
  readonly #chunks: Collections['logChunks'];

  constructor({ logChunks }: Pick<Collections, 'logChunks'>) {
    this.#chunks = logChunks;
  }

  /** How many lines there are now. */
  async count(of: Attempt): Promise<number> {
    const last = await translateMongoErrors(() => this.#chunks.findOne({ ...of }, { sort: { offset: -1 } }));
    if (!last) return 0;
    const cutter = new LineCutter(0);
    let count = last.firstLine - 1;
    for (const { line } of cutter.push(last)) count = line;
    for (const { line } of cutter.end()) count = line;
    return count;
  }

  /** From this line on. */
  from(of: Attempt, line: number, { limit, stream }: Wanted): Promise<LinePage> {
    return this.#forward(of, { from: line, until: Infinity, limit, stream, keep: 'first', deadline: deadline() });
  }

  /** The last ones. */
  async tail(of: Attempt, { limit, stream }: Wanted): Promise<LinePage> {
    const end = (await this.count(of)) + 1;
    return { items: await this.#backward(of, end, { limit, stream }), nextLine: null };
  }

  /** Half of them before this line. */
  async around(of: Attempt, line: number, { limit, stream }: Wanted): Promise<LinePage> {
    const before = await this.#backward(of, line, { limit: Math.floor(limit / 2), stream });
    const { items, nextLine } = await this.from(of, line, { limit: limit - before.length, stream });
    return { items: [...before, ...items], nextLine };
  }

  /** Lines that hold `text`, byte for byte, from `offset` on. */
  async search(
    of: Attempt,
    text: string,
    options: { stream?: Stream | undefined; offset: number },
  ): Promise<MatchPage> {
    const until = deadline();
    const needle = Buffer.from(text, 'utf8');
    const items: LogLine[] = [];
    const cutter = new LineCutter(SEARCHED_LINE_BYTES, options.offset);
    const look = (line: RawLine): boolean => {
      const match = options.stream && line.stream !== options.stream ? null : matchOf(line, needle);
      if (match && items.length < MATCHES) items.push(match);
      else if (match) return false;
      return true;
    };
    const before = { offset: { $gt: options.offset - LOG_CHUNK_BYTES } };
    return translateMongoErrors(async () => {
      for await (const chunk of this.#read(of, before, 8)) {
        if (performance.now() > until) return { items, next: cutter.resumeAt, searchedTo: cutter.resumeAt };
        for (const line of cutter.push(chunk))
          if (!look(line)) return { items, next: line.offset, searchedTo: line.offset };
      }
      const searchedTo = cutter.resumeAt;
      for (const line of cutter.end()) if (!look(line)) return { items, next: line.offset, searchedTo };
      return { items, next: null, searchedTo };
    });
  }

  /** The lines before `until`, the last `limit` of them. */
  async #backward(of: Attempt, until: number, { limit, stream }: Wanted): Promise<LogLine[]> {
    const end = deadline();
    let found: LogLine[] = [];
    // Without a stream to look for, the numbers say where to begin.
    let from = stream ? until : Math.max(1, until - limit);
    for (let to = until; to > 1 && found.length < limit && performance.now() < end; to = from) {
      if (stream) from = await this.#stepBack(of, to);
      const wanted = { from, until: to, stream, keep: 'last' as const, limit: limit - found.length, deadline: end };
      found = [...(await this.#forward(of, wanted)).items, ...found];
      if (!stream) break;
    }
    return found;
  }

  /** A line some chunks before `line`. */
  async #stepBack(of: Attempt, line: number): Promise<number> {
    const [meta] = await translateMongoErrors(() =>
      this.#chunks
        .find({ ...of, firstLine: { $lt: line } })
        .sort({ firstLine: -1, offset: -1 })
        .skip(STRIDE - 1)
        .limit(1)
        .project<{ firstLine: number }>({ _id: 0, firstLine: 1 })
        .toArray(),
    );
    return meta?.firstLine ?? 1;
  }

  async #forward(of: Attempt, wanted: Forward): Promise<LinePage> {
    const { from, until, limit, stream, keep, deadline: end } = wanted;
    const page = new Page(limit, keep);
    const cutter = new LineCutter(LINE_BYTES);
    const start = { offset: { $gte: await this.#chunkBefore(of, from) } };
    return translateMongoErrors(async () => {
      for await (const chunk of this.#read(of, start, 2)) {
        if (performance.now() > end) return page.upTo(chunk.firstLine);
        for (const line of cutter.push(chunk)) {
          if (line.line >= until) return page.upTo(null);
          if (line.line < from || (stream && line.stream !== stream)) continue;
          if (!page.add(line)) return page.upTo(line.line);
        }
      }
      for (const line of cutter.end()) {
        if (line.line < from || line.line >= until || (stream && line.stream !== stream)) continue;
        if (!page.add(line)) return page.upTo(line.line);
      }
      return page.upTo(null);
    });
  }

  /** Offset of the last chunk that begins before `line` does. */
  async #chunkBefore(of: Attempt, line: number): Promise<number> {
    if (line <= 1) return 0;
    const [chunk] = await translateMongoErrors(() =>
      this.#chunks
        .find({ ...of, firstLine: { $lt: line } })
        .sort({ firstLine: -1, offset: -1 })
        .limit(1)
        .project<{ offset: number }>({ _id: 0, offset: 1 })
        .toArray(),
    );
    return chunk?.offset ?? 0;
  }

  #read({ runId, attempt }: Attempt, from: object, batchSize: number): AsyncIterable<LogChunkDocument> {
    return this.#chunks
      .find({ runId, attempt, ...from })
      .sort({ offset: 1 })
      .batchSize(batchSize);
  }
}

type Forward = Wanted & { from: number; until: number; keep: 'first' | 'last'; deadline: number };

/** Lines of an answer: the first or the last `limit`, and no more text than an answer may have. */
class Page {
  readonly #limit: number;
  readonly #keep: 'first' | 'last';
  #lines: RawLine[] = [];
  #bytes = 0;

  constructor(limit: number, keep: 'first' | 'last') {
    this.#limit = limit;
    this.#keep = keep;
  }

  /** False: the page was full before. What two streams wrote of one line is never parted. */
  add(line: RawLine): boolean {
    const isFull = this.#lines.length >= this.#limit || this.#bytes >= PAGE_BYTES;
    if (isFull && this.#keep === 'first' && this.#lines.at(-1)?.line !== line.line) return false;
    this.#lines.push(compact(line));
    this.#bytes += line.length;
    if (this.#keep === 'last' && (isFull || this.#bytes > PAGE_BYTES)) this.#bytes -= this.#lines.shift()?.length ?? 0;
    return true;
  }

  upTo(nextLine: number | null): LinePage {
    return { items: this.#lines.map((line) => tell(line, textOfLine(line))), nextLine };
  }
}

/** With bytes of its own: a few bytes shall not hold a whole chunk in memory. */
function compact(line: RawLine): RawLine {
  return { ...line, parts: [Buffer.concat(line.parts)] };
}

function tell({ line, at, offset, stream, gap, cut }: RawLine, text: string): LogLine {
  return { line, at, offset, stream, text, ...(gap && { gap }), ...(cut && { cut }) };
}

function matchOf(line: RawLine, needle: Buffer): LogLine | null {
  if (line.length < needle.length) return null;
  const bytes = bytesOfLine(line);
  const match = bytes.indexOf(needle);
  if (match < 0) return null;
  if (bytes.length <= MATCH_BYTES) return tell(line, textOfLine(line));
  const start = characterStart(bytes, Math.max(0, match - MATCH_BYTES / 4));
  const parts = [bytes.subarray(start, Math.max(start + MATCH_BYTES, match + needle.length))];
  const part = { ...line, parts, offset: line.offset + start, cut: true };
  return tell(part, textOfLine(part));
}

/** `index`, or where the character that it lies in goes on to its end. */
function characterStart(bytes: Buffer, index: number): number {
  let start = index;
  while (start > 0 && start < index + 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return start;
}

function deadline(): number {
  return performance.now() + WORK_MS;
}
