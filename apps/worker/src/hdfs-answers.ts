import type { Hdfs } from '@das/core/hdfs/client';
import { HdfsUnavailable } from '@das/core/hdfs/errors';

/** An attempt may wait for HDFS for longer, and has done so by the time this is asked. */
const PING_MS = 5000;

/** Rejects with HdfsUnavailable while HDFS does not answer. That it refuses something is an answer. */
export async function hdfsAnswers(hdfs: Hdfs): Promise<void> {
  try {
    await hdfs.ping({ deadlineMs: PING_MS });
  } catch (error) {
    if (error instanceof HdfsUnavailable) throw error;
  }
}
