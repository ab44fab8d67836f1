import type { HdfsStatus } from '@das/core/hdfs/client';

type Known = { length: number; modificationTime: number; fileId: number; sha256: string; bytes: Uint8Array };

/**
 * What was read from HDFS lately, with the status it was read under: the same status means the same bytes (the rule that pinning
 * goes by, too), so they need not be sent again. In memory, where no script can change them.
 */
export class KnownFiles {
  readonly #maxBytes: number;
  /** By path; the one used last stands last. */
  readonly #known = new Map<string, Known>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The bytes of the file as it is now, if they are known and have this hash. */
  find(status: HdfsStatus, sha256: string): Uint8Array | null {
    const known = this.#known.get(status.path);
    if (!known) return null;
    const isSame =
      known.length === status.length &&
      known.modificationTime === status.modificationTime &&
      known.fileId === status.fileId;
    if (!isSame || known.sha256 !== sha256) return null;
    this.#known.delete(status.path);
    this.#known.set(status.path, known);
    return known.bytes;
  }

  /** `status` was taken before the bytes were read. */
  keep({ path, length, modificationTime, fileId }: HdfsStatus, sha256: string, bytes: Uint8Array): void {
    this.#forget(path);
    if (bytes.length > this.#maxBytes / 4 || bytes.length !== length) return;
    this.#known.set(path, { length, modificationTime, fileId, sha256, bytes });
    this.#bytes += bytes.length;
    for (const [oldest] of this.#known) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#forget(oldest);
    }
  }

  #forget(path: string): void {
    this.#bytes -= this.#known.get(path)?.bytes.length ?? 0;
    this.#known.delete(path);
  }
}
