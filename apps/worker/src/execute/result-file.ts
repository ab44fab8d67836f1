import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { LIMITS } from '@das/contracts/limits';
import type { ResultDocument } from '@das/core/mongo/documents';

const NOT_THERE: readonly string[] = ['ENOENT', 'ENOTDIR'];

/**
 * What the script wrote to `$DAS_RESULT_FILE`: JSON of at most 64 KiB. Not valid → `error`, and the run completes
 * all the same; not there → neither.
 */
export function readResultFile(path: string): Pick<ResultDocument, 'json' | 'error'> {
  let bytes: Uint8Array | 'no file';
  try {
    bytes = readAtMost(path, LIMITS.resultValueBytes + 1);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return NOT_THERE.includes(code) ? {} : { error: `The result file cannot be read: ${code}.` };
  }
  if (bytes === 'no file') return { error: 'The result file is a folder or a pipe; write a regular file there.' };
  if (bytes.length === 0) return {};
  if (bytes.length > LIMITS.resultValueBytes) {
    return {
      error: `The result file is larger than ${LIMITS.resultValueBytes} bytes; write large results to HDFS and their path here.`,
    };
  }
  try {
    const json = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (isDeeper(JSON.parse(json), LIMITS.resultLevels)) {
      return { error: `The result file nests lists and objects more than ${LIMITS.resultLevels} deep.` };
    }
    return { json };
  } catch (error) {
    return { error: `The result file is not valid JSON: ${(error as Error).message}` };
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** Small, so by synchronous calls (small-files.ts); and not waiting, as a script may have left a pipe there that nobody writes to. */
function readAtMost(path: string, most: number): Uint8Array | 'no file' {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) return 'no file';
    const bytes = Buffer.alloc(most);
    return bytes.subarray(0, readSync(file, bytes, 0, most, 0));
  } finally {
    closeSync(file);
  }
}
