/** No room for the log on the worker's disk: what was written after is lost; the attempt becomes a loss `disk_full`. */
export class SpoolDiskFull extends Error {
  override name = 'SpoolDiskFull';
}

/** The spool cannot be written or read for another reason (its directory is gone, the disk fails). */
export class SpoolBroken extends Error {
  override name = 'SpoolBroken';
}

export type SpoolFailure = SpoolDiskFull | SpoolBroken;

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export function toSpoolFailure(error: unknown): SpoolFailure {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (NO_ROOM.has(code)) return new SpoolDiskFull(`No room for the log: ${message}`, { cause: error });
  return new SpoolBroken(`The log's spool fails: ${message}`, { cause: error });
}
