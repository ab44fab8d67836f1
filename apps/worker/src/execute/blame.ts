import type { Ending } from './ending.ts';

/** What a worker does about itself after a loss. */
export type Health = {
  /** No room: it rests until there is some. */
  diskFull: () => void;
  /** It could not start what it should have: it rests until it can. */
  unable: (why: string) => void;
  /** Whether it could start an attempt now; if not, it rests until it can. */
  proveAble: () => Promise<boolean>;
  /** Whether HDFS answers; if not, it rests until it does. */
  findHdfs: () => Promise<boolean>;
};

/**
 * Says of each loss whether it counts towards MAX_LOSSES, and lets the worker rest where it is itself to blame (docs/adr/0021). What came
 * before the script was started is the worker's fault if it cannot do the same without the run; it is the run's (or nobody's) if it can.
 */
export async function settleBlame(ending: Ending, health: Health): Promise<Ending> {
  if (ending.kind !== 'lost') return ending;
  const { loss, counts } = ending;
  if (loss.kind === 'disk_full') {
    health.diskFull();
    void health.proveAble(); // there may be room, and none for this worker: a quota, no inodes
  }
  // Before its place is free for the next run, which would go the same way. HDFS may well answer, and keep only one file back.
  if (loss.kind === 'hdfs_unavailable') await health.findHdfs();
  if (loss.kind !== 'worker_lost') return ending;
  switch (counts) {
    case undefined:
      health.unable(loss.summary);
      return ending;
    case 'if_able':
      return { kind: 'lost', loss, ...((await health.proveAble()) && { counts: 'always' }) };
    case 'always':
      void health.proveAble(); // the script may have broken it, and then it counts, but others are not to be lost as well
      return ending;
    default:
      return counts satisfies never;
  }
}
