import type { Stream } from '@das/contracts/states';
import { countNewlines } from '../domain/newlines.ts';
import { incompleteTail } from '../domain/utf8.ts';
import type { LogChunkDocument } from './documents.ts';
import { cutChunk } from './log-store.ts';
import type { LogGap } from './log-store.ts';

/** A line, or what one stream wrote of it where the other came in between. Without its newline. */
export type RawLine = {
  /** From 1. */
  line: number;
  at: Date;
  /** Of its first byte, in the joined log. */
  offset: number;
  stream: Stream;
  /** What was dropped right before it; the line may lack its beginning. */
  gap?: LogGap;
  parts: Buffer[];
  length: number;
  /** Only its first bytes are in `parts`. */
  cut: boolean;
};

/** Cuts the chunks of a log, given in order, into lines. Of a line it keeps at most `maxBytes`: what bounds its memory. */
export class LineCutter {
  readonly #maxBytes: number;
  /** Everything before it was cut; null before the first chunk. */
  #position: number | null;
  #line = 1;
  #open: RawLine | null = null;
  #gap: LogGap | undefined;

  /** `start`: offset to begin at (the beginning of a line, or of a chunk); default: where the first chunk does. */
  constructor(maxBytes: number, start: number | null = null) {
    this.#maxBytes = maxBytes;
    this.#position = start;
  }

  /** Where the next line begins: where another cutter could go on. */
  get resumeAt(): number {
    return this.#open?.offset ?? this.#position ?? 0;
  }

  /** The lines that end in this chunk. To be read to its end, or not gone on with. */
  *push(chunk: LogChunkDocument): Generator<RawLine, void, undefined> {
    const end = chunk.offset + chunk.length;
    const position = this.#position ?? chunk.offset;
    if (end <= position) return;
    if (chunk.offset > position) {
      yield* this.end();
      this.#gap = { start: position, end: chunk.offset };
    }
    const start = Math.max(position, chunk.offset);
    // Within an unbroken stretch the own count and the chunk's are the same; after a gap, and at the beginning, only the latter is known.
    if (!this.#open) this.#line = chunk.firstLine + newlinesBefore(chunk, start);
    this.#position = end;
    for (const part of cutChunk(chunk, start, end)) yield* this.#cut(part);
  }

  /** The last line, if it has no newline (yet). */
  *end(): Generator<RawLine, void, undefined> {
    if (this.#open) yield this.#close(this.#open);
  }

  *#cut({ stream, at, offset, bytes }: { stream: Stream; at: Date; offset: number; bytes: Buffer }) {
    if (this.#open && this.#open.stream !== stream) yield this.#close(this.#open);
    for (let from = 0; from < bytes.length;) {
      const open = (this.#open ??= this.#begin(stream, at, offset + from));
      const newline = bytes.indexOf(10, from);
      this.#keep(open, bytes, from, newline < 0 ? bytes.length : newline);
      if (newline < 0) return;
      yield this.#close(open);
      this.#line += 1;
      from = newline + 1;
    }
  }

  #begin(stream: Stream, at: Date, offset: number): RawLine {
    const gap = this.#gap;
    this.#gap = undefined;
    return { line: this.#line, at, offset, stream, ...(gap && { gap }), parts: [], length: 0, cut: false };
  }

  #keep(open: RawLine, bytes: Buffer, from: number, to: number): void {
    const kept = Math.min(to - from, this.#maxBytes - open.length);
    if (kept < to - from) open.cut = true;
    if (kept > 0) open.parts.push(bytes.subarray(from, from + kept));
    open.length += kept;
  }

  #close(open: RawLine): RawLine {
    this.#open = null;
    return open;
  }
}

/** The kept bytes of a line. */
export function bytesOfLine({ parts }: RawLine): Buffer {
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}

/** As text: invalid bytes are replaced by U+FFFD, a character that was cut off is left out. */
export function textOfLine(line: RawLine): string {
  const bytes = bytesOfLine(line);
  return bytes.toString('utf8', 0, bytes.length - (line.cut ? incompleteTail(bytes) : 0));
}

function newlinesBefore(chunk: LogChunkDocument, offset: number): number {
  return cutChunk(chunk, chunk.offset, offset).reduce((sum, { bytes }) => sum + countNewlines(bytes), 0);
}
