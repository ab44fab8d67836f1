import { continuationHead, incompleteTail } from '@das/core/domain/utf8';

/** What is remembered of each end of a stream, in bytes. */
export const TAP_BYTES = 64 * 1024;

/** Remembers the first and the last 64 KiB of a stream, for what an attempt tells about its end. */
export class OutputTap {
  size = 0;
  #head = Buffer.alloc(0);
  /** A ring: byte n of the stream lies at n mod TAP_BYTES. */
  #tail = Buffer.alloc(0);

  push(bytes: Buffer): void {
    if (this.#tail.length === 0) {
      this.#head = Buffer.allocUnsafeSlow(TAP_BYTES);
      this.#tail = Buffer.allocUnsafeSlow(TAP_BYTES);
    }
    if (this.size < TAP_BYTES) bytes.copy(this.#head, this.size);
    const kept = bytes.subarray(Math.max(0, bytes.length - TAP_BYTES));
    const start = (this.size + bytes.length - kept.length) % TAP_BYTES;
    const copied = kept.copy(this.#tail, start);
    kept.copy(this.#tail, 0, copied);
    this.size += bytes.length;
  }

  /** The first `bytes` bytes (at most 64 KiB) as text; a character cut at the end is left out, invalid bytes are replaced. */
  head(bytes: number): string {
    const head = this.#head.subarray(0, Math.min(bytes, TAP_BYTES, this.size));
    return head.toString('utf8', 0, head.length < this.size ? head.length - incompleteTail(head) : head.length);
  }

  /** The last `bytes` bytes (at most 64 KiB) as text; a character cut at the beginning is left out, invalid bytes are replaced. */
  tail(bytes: number): string {
    const length = Math.min(bytes, TAP_BYTES, this.size);
    const start = (this.size - length) % TAP_BYTES;
    const end = Math.min(start + length, TAP_BYTES);
    const tail = Buffer.concat([this.#tail.subarray(start, end), this.#tail.subarray(0, length - (end - start))]);
    return tail.toString('utf8', length < this.size ? continuationHead(tail) : 0);
  }
}
