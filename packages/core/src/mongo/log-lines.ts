import type { Stream } from '@das/contracts/states';
import { ErrorLines } from '../domain/error-lines.ts';
import { countNewlines } from '../domain/newlines.ts';
import type { Collections } from './database.ts';
import type { LogChunkDocument } from './documents.ts';
import { translateMongoErrors } from './errors.ts';
import { bytesOfLine, LineCutter, textOfLine } from './line-cutter.ts';
import type { RawLine } from './line-cutter.ts';
import { bytesOfChunk } from './log-chunk-data.ts';
import { LinePageRead, tellLine } from './log-line-page.ts';
import type { LogLine, Read } from './log-line-page.ts';
import { LOG_CHUNK_BYTES } from './log-store.ts';

/** Most of one line that is told, and that is searched, in bytes. */
const LINE_BYTES = 64 * 1024;
const SEARCHED_LINE_BYTES = 1024 * 1024;
/** Of the line around a match that is told, in bytes. */
const MATCH_BYTES = 4 * 1024;
const MATCHES = 500;
/** After this a partial answer is given (2 s are promised, and some of it goes elsewhere). Milliseconds. */
const WORK_MS = 1700;
/** How much of a line is looked at for an error, and from how far before where errors are looked for. In bytes. */
const ERROR_LOOK_BYTES = 1024;
const ERROR_LEAD_BYTES = LOG_CHUNK_BYTES;
/** Chunks looked at together on the way back. */
const STRIDE = 8;

/** `nextLine`: to go on from; null: that is all there is now. `previousLine`: to look before; null: nothing lies before. */
export type LinePage = { items: LogLine[]; nextLine: number | null; previousLine: number | null };
/** The lines that the gap begins and ends in. */
export type DroppedLines = { from: number; to: number };
/** `next`: offset to search on from; null: that is all there is now. */
export type MatchPage = { items: LogLine[]; next: number | null; searchedTo: number };

type Attempt = { runId: string; attempt: number };
/** Which lines; `errors`: see ErrorLines. */
type Chosen = { stream?: Stream | undefined; errors?: boolean | undefined };
type Wanted = Chosen & { limit: number };

/**
 * The log of an attempt by lines, numbered from 1 as they were written, dropped ones too. Lines are found by the index on the
 * chunks' first lines; what is read at once is bounded, however long log and lines are. All throw DatabaseUnavailable.
 */
export class LogLines {
  readonly #chunks: Collections['logChunks'];
  readonly #logs: Collections['logs'];

  constructor({ logChunks, logs }: Pick<Collections, 'logChunks' | 'logs'>) {
    this.#chunks = logChunks;
    this.#logs = logs;
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

  /** The lines that the gap begins and ends in; null without a gap. */
  async dropped({ runId, attempt }: Attempt): Promise<DroppedLines | null> {
    const log = await translateMongoErrors(() => this.#logs.findOne({ runId, attempt }, { projection: { gap: 1 } }));
    if (!log?.gap) return null;
    const { start, end } = log.gap;
    const [before, after] = await translateMongoErrors(() =>
      Promise.all([
        this.#chunks.findOne({ runId, attempt, offset: { $lt: start } }, { sort: { offset: -1 } }),
        this.#chunks.findOne(
          { runId, attempt, offset: { $gte: end } },
          { sort: { offset: 1 }, projection: { firstLine: 1 } },
        ),
      ]),
    );
    const from = before ? lineAfter(before) : 1;
    return { from, to: after?.firstLine ?? from };
  }

  /** From this line on. */
  async from(of: Attempt, line: number, wanted: Wanted, endsAt = deadline()): Promise<LinePage> {
    const page = await this.#forward(of, { ...wanted, from: line, until: Infinity, keep: 'first', deadline: endsAt });
    return { items: page.items, nextLine: page.nextLine, previousLine: line > 1 ? line : null };
  }

  /** The last ones. */
  async tail(of: Attempt, wanted: Wanted): Promise<LinePage> {
    const end = (await this.count(of)) + 1;
    return { ...(await this.#backward(of, end, wanted)), nextLine: null };
  }

  /** The last ones before this line. */
  async before(of: Attempt, line: number, wanted: Wanted): Promise<LinePage> {
    return { ...(await this.#backward(of, line, wanted)), nextLine: line };
  }

  /** Half of them before this line; both halves within the time of one. */
  async around(of: Attempt, line: number, wanted: Wanted): Promise<LinePage> {
    const endsAt = deadline();
    const before = await this.#backward(of, line, { ...wanted, limit: Math.floor(wanted.limit / 2) }, endsAt);
    const after = await this.from(of, line, { ...wanted, limit: wanted.limit - before.items.length }, endsAt);
    return { ...after, items: [...before.items, ...after.items], previousLine: before.previousLine };
  }

  /** Lines that hold `text`, byte for byte, from `offset` on. */
  async search(of: Attempt, text: string, { offset, ...chosen }: Chosen & { offset: number }): Promise<MatchPage> {
    const until = deadline();
    const needle = Buffer.from(text, 'utf8');
    const items: LogLine[] = [];
    const isWanted = choice(chosen);
    // What is an error is known from the lines before it, too.
    const lead = chosen.errors ? ERROR_LEAD_BYTES : 0;
    const cutter = new LineCutter(SEARCHED_LINE_BYTES, lead > 0 ? null : offset);
    const look = (line: RawLine): boolean => {
      const match = isWanted(line) && line.offset >= offset ? matchOf(line, needle) : null;
      if (match && items.length < MATCHES) items.push(match);
      else if (match) return false;
      return true;
    };
    const before = { offset: { $gt: offset - LOG_CHUNK_BYTES - lead } };
    return translateMongoErrors(async () => {
      for await (const chunk of this.#read(of, before, 8)) {
        const { resumeAt } = cutter;
        if (performance.now() > until && resumeAt > offset) return { items, next: resumeAt, searchedTo: resumeAt };
        for (const line of cutter.push(chunk))
          if (!look(line)) return { items, next: line.offset, searchedTo: line.offset };
      }
      const searchedTo = Math.max(offset, cutter.resumeAt);
      for (const line of cutter.end()) if (!look(line)) return { items, next: line.offset, searchedTo };
      return { items, next: null, searchedTo };
    });
  }

  /** The lines before `until`, the last `limit` of them; what was dropped is stepped over. */
  async #backward(
    of: Attempt,
    until: number,
    { limit, ...chosen }: Wanted,
    endsAt = deadline(),
  ): Promise<Omit<LinePage, 'nextLine'>> {
    const dropped = await this.dropped(of);
    const outside = (line: number) =>
      dropped && line > dropped.from && line <= dropped.to ? Math.min(line, dropped.from + 1) : line;
    let found: LogLine[] = [];
    let to = outside(until);
    // The first step is taken whatever the time, so that asking again gets further.
    for (let end = Infinity; to > 1 && found.length < limit && performance.now() < end;) {
      if (chosen.stream) to = Math.min(to, await this.#endOfStream(of, to, chosen.stream));
      // Where not every line is wanted, the numbers do not say where to begin.
      let from = isAll(chosen) ? Math.max(1, to - (limit - found.length)) : await this.#stepBack(of, to);
      if (dropped && from < dropped.to && to > dropped.to) from = dropped.to;
      const wanted = { ...chosen, from, until: to, keep: 'last' as const, limit: limit - found.length, deadline: end };
      const page = await this.#forward(of, wanted);
      if (page.isCutShort) break;
      found = [...page.items, ...found];
      to = page.isFull ? (found[0]?.line ?? from) : outside(from);
      end = endsAt;
    }
    return { items: found, previousLine: to > 1 ? to : null };
  }

  /** The line after the last chunk before `line` that holds something of the stream: what is quiet is passed over unread. */
  async #endOfStream(of: Attempt, line: number, stream: Stream): Promise<number> {
    return translateMongoErrors(async () => {
      const last = await this.#chunks.findOne(
        { ...of, firstLine: { $lt: line }, 'segments.stream': stream },
        { sort: { firstLine: -1, offset: -1 }, projection: { offset: 1, length: 1 } },
      );
      if (!last) return 1;
      const after = { ...of, offset: { $gte: last.offset + last.length } };
      const next = await this.#chunks.findOne(after, { sort: { offset: 1 }, projection: { firstLine: 1 } });
      return next ? next.firstLine + 1 : line;
    });
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

  async #forward(of: Attempt, wanted: Forward): Promise<Read> {
    const { from, until, limit, keep, deadline: end } = wanted;
    const page = new LinePageRead(limit, keep);
    const cutter = new LineCutter(LINE_BYTES);
    const isWanted = choice(wanted);
    const start = await this.#startOf(of, wanted);
    if (!start) return page.read(null);
    return translateMongoErrors(async () => {
      for await (const chunk of this.#read(of, start, isAll(wanted) ? 2 : 8)) {
        if (performance.now() > end && chunk.firstLine > from) return page.read(chunk.firstLine, true);
        for (const line of cutter.push(chunk)) {
          if (line.line >= until) return page.read(null);
          if (!isWanted(line) || line.line < from) continue;
          if (!page.add(line)) return page.read(line.line);
        }
      }
      for (const line of cutter.end()) {
        if (!isWanted(line) || line.line < from || line.line >= until) continue;
        if (!page.add(line)) return page.read(line.line);
      }
      return page.read(null);
    });
  }

  /** Which chunks to read for these lines, with a quiet stretch of the stream passed over; null: none. */
  async #startOf(of: Attempt, { from, errors, stream }: Forward): Promise<{ offset: { $gte: number } } | null> {
    const start = { offset: { $gte: await this.#chunkBefore(of, from, errors ? 1 : 0) } };
    if (!stream) return start;
    const first = await translateMongoErrors(() =>
      this.#chunks.findOne(
        { ...of, ...start, 'segments.stream': stream },
        { sort: { offset: 1 }, projection: { offset: 1 } },
      ),
    );
    return first && { offset: { $gte: first.offset } };
  }

  /** Offset of the last chunk that begins before `line` does, or of one `earlier` ones before that. */
  async #chunkBefore(of: Attempt, line: number, earlier: number): Promise<number> {
    if (line <= 1) return 0;
    const [chunk] = await translateMongoErrors(() =>
      this.#chunks
        .find({ ...of, firstLine: { $lt: line } })
        .sort({ firstLine: -1, offset: -1 })
        .skip(earlier)
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

const isAll = ({ stream, errors }: Chosen) => !stream && !errors;

/** Says of one line after the other whether it is wanted; to be asked of all of them, in order. */
function choice({ stream, errors }: Chosen): (line: RawLine) => boolean {
  const seen = errors ? new ErrorLines() : null;
  return (line) => {
    const isError = seen?.isError(line.stream, bytesOfLine(line).toString('latin1', 0, ERROR_LOOK_BYTES)) ?? true;
    return isError && (!stream || line.stream === stream);
  };
}

function matchOf(line: RawLine, needle: Buffer): LogLine | null {
  if (line.length < needle.length) return null;
  const bytes = bytesOfLine(line);
  const match = bytes.indexOf(needle);
  if (match < 0) return null;
  if (bytes.length <= MATCH_BYTES) return tellLine(line, textOfLine(line));
  const start = characterStart(bytes, Math.max(0, match - MATCH_BYTES / 4));
  const parts = [bytes.subarray(start, Math.max(start + MATCH_BYTES, match + needle.length))];
  const part = { ...line, parts, offset: line.offset + start, cut: true };
  return tellLine(part, textOfLine(part));
}

/** `index`, or where the character that it lies in goes on to its end. */
function characterStart(bytes: Buffer, index: number): number {
  let start = index;
  while (start > 0 && start < index + 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return start;
}

/** Number of the line that the byte after this chunk belongs to. */
function lineAfter(chunk: LogChunkDocument): number {
  return chunk.firstLine + countNewlines(bytesOfChunk(chunk));
}

function deadline(): number {
  return performance.now() + WORK_MS;
}
