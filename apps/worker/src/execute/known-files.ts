import type { HdfsStatus } from '@das/core/hdfs/client';

type Known = {
  length: number;
  modificationTime: number;
  fileId: number;
  sha256: string;
  bytes: Uint8Array;
  /** When HDFS was last asked and had it so (monotonic milliseconds). */
  seenAt: number;
};

/** A look at HDFS holds for so long: what pinning takes for now, too. */
const LOOK_MS = 1000;

/**
 * What was read from HDFS lately, with the status it was read under: the same status means the same bytes (the rule that pinning
 * goes by, too), so they need not be sent again. In memory, where no script can change them. `lookedAt` = when the status was asked for.
 */
export class KnownFiles {
  readonly #maxBytes: number;
  /** By path; the one used last stands last. */
  readonly #known = new Map<string, Known>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The bytes of the file, if they were there with this hash less than a second ago: so HDFS need not be asked at all. Whoever
   * accepted the run has looked, too: `acceptedMs` ago.
   */
  justSeen(path: string, sha256: string, acceptedMs = Infinity): Uint8Array | null {
    const known = this.#known.get(path);
    if (known?.sha256 !== sha256) return null;
    return Math.min(performance.now() - known.seenAt, acceptedMs) < LOOK_MS ? known.bytes : null;
  }

  /** The bytes of the file as it is now, if they are known and have this hash. */
  find(status: HdfsStatus, sha256: string, lookedAt: number): Uint8Array | null {
    const known = this.#known.get(status.path);
    if (!known) return null;
    const isSame =
      known.length === status.length &&
      known.modificationTime === status.modificationTime &&
      known.fileId === status.fileId;
    if (!isSame || known.sha256 !== sha256) return null;
    this.#known.delete(status.path);
    this.#known.set(status.path, { ...known, seenAt: lookedAt });
    return known.bytes;
  }

  /** `status` was taken before the bytes were read. */
  keep(status: HdfsStatus, sha256: string, bytes: Uint8Array, lookedAt: number): void {
    const { path, length, modificationTime, fileId } = status;
    this.#forget(path);
    if (bytes.length > this.#maxBytes / 4 || bytes.length !== length) return;
    this.#known.set(path, { length, modificationTime, fileId, sha256, bytes, seenAt: lookedAt });
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
