import { readAnswer } from './read-answer.ts';
import type { StageCounts } from './stage-log.ts';

/** What Spark's REST API tells of a running job, of the fields read here. */
export interface SparkJob {
  jobId: number;
  numTasks: number;
  numCompletedTasks: number;
  numSkippedTasks: number;
  stageIds: readonly number[];
  numCompletedStages: number;
  numSkippedStages: number;
}

/**
 * The running jobs of an application, from its driver's REST API. The first call takes the driver a second of CPU or more
 * (it loads its web framework), so it is for scripts whose log tells nothing.
 * @throws whatever fetch throws; what is not as expected, or too long, counts as no job
 */
export async function askRunningJobs(uiUrl: string, applicationId: string, signal: AbortSignal): Promise<SparkJob[]> {
  const address = new URL(`/api/v1/applications/${encodeURIComponent(applicationId)}/jobs?status=running`, uiUrl);
  const response = await fetch(address, { signal, redirect: 'error' });
  const answer: unknown = response.ok ? parse(await readAnswer(response)) : [];
  return Array.isArray(answer) ? answer.filter(isJob) : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}

const NUMBERS = [
  'jobId',
  'numTasks',
  'numCompletedTasks',
  'numSkippedTasks',
  'numCompletedStages',
  'numSkippedStages',
] as const;

function isJob(item: unknown): item is SparkJob {
  const job = item as SparkJob | null;
  return (
    typeof job === 'object' && job !== null && Array.isArray(job.stageIds) && NUMBERS.every((name) => job[name] >= 0)
  );
}

/** Adds up what was seen of running jobs from one look to the next: one that runs no more is done. */
export class JobCounts {
  #running = new Map<number, StageCounts>();
  #over: StageCounts = { stages: 0, stagesDone: 0, tasks: 0, tasksDone: 0 };

  /** Takes what runs now. */
  take(jobs: readonly SparkJob[]): void {
    const now = new Map(jobs.map((job) => [job.jobId, countsOf(job)]));
    for (const [id, { stages, tasks }] of this.#running) {
      if (!now.has(id)) this.#over = sum(this.#over, { stages, stagesDone: stages, tasks, tasksDone: tasks });
    }
    this.#running = now;
  }

  /** Null before the first job. */
  get counts(): StageCounts | null {
    const counts = [...this.#running.values()].reduce(sum, this.#over);
    return counts.stages === 0 ? null : counts;
  }
}

function countsOf(job: SparkJob): StageCounts {
  return {
    stages: job.stageIds.length - job.numSkippedStages,
    stagesDone: job.numCompletedStages,
    tasks: job.numTasks - job.numSkippedTasks,
    tasksDone: job.numCompletedTasks,
  };
}

function sum(a: StageCounts, b: StageCounts): StageCounts {
  return {
    stages: a.stages + b.stages,
    stagesDone: a.stagesDone + b.stagesDone,
    tasks: a.tasks + b.tasks,
    tasksDone: a.tasksDone + b.tasksDone,
  };
}
