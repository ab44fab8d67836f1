/** So few tasks say nothing about the others: the first ones warm everything up. */
const MIN_TASKS = 4;

export type Pace = {
  /** Since the attempt began, in ms. */
  elapsedMs: number;
  /** What the script usually takes; null without a history. */
  usualMs: number | null;
  tasks: number;
  tasksDone: number;
  /** Since the first task could begin, in ms. */
  tasksMs: number;
  /** More tasks are known to follow, and not how many. */
  moreToCome: boolean;
};

/**
 * How long an attempt is likely to go on, in ms. The history knows the whole script; the tasks only what Spark has been
 * asked for so far, so they speak only where there is no history or it has been outlived. Undefined: nobody can say.
 */
export function timeLeft({ elapsedMs, usualMs, tasks, tasksDone, tasksMs, moreToCome }: Pace): number | undefined {
  if (usualMs !== null && elapsedMs < usualMs) return Math.round(usualMs - elapsedMs);
  const left = tasks - tasksDone;
  if (moreToCome || left <= 0 || tasksDone < MIN_TASKS) return undefined;
  return Math.round((left * tasksMs) / tasksDone);
}
