import { open } from 'node:fs/promises';
import { LIMITS } from '@das/contracts/limits';
import type { RunResult } from '@das/contracts/run';

/**
 * What the script wrote to `$DAS_RESULT_FILE`: JSON of at most 64 KiB. Not valid → `error`, and the run completes
 * all the same; not there → neither.
 */
export async function readResultFile(path: string): Promise<Pick<RunResult, 'value' | 'error'>> {
  const bytes = await readAtMost(path, LIMITS.resultValueBytes + 1);
  if (bytes === null || bytes.length === 0) return {};
  if (bytes.length > LIMITS.resultValueBytes) {
    return {
      error: `The result file is larger than ${LIMITS.resultValueBytes} bytes; write large results to HDFS and their path here.`,
    };
  }
  try {
    return {
      value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as NonNullable<RunResult['value']>,
    };
  } catch (error) {
    return { error: `The result file is not valid JSON: ${(error as Error).message}` };
  }
}

async function readAtMost(path: string, most: number): Promise<Uint8Array | null> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    return null; // not there, or not a file
  }
}
