/**
 * How far the Spark jobs of a script are, told from spark-submit's own stderr. Costs the driver nothing and is exact, unlike
 * its REST API, whose first call takes seconds of its CPU (docs/adr). Lines as Spark 4.3.0 writes them at INFO; a script that
 * turns them off tells nothing here.
 */

export interface StageCounts {
  /** Known so far: a script that goes on adds to it. */
  stages: number;
  stagesDone: number;
  tasks: number;
  tasksDone: number;
}

/** `(12/200)`: so many tasks of the stage have succeeded. */
const TASK = /\bTaskSetManager: Finished task \S+ in stage (\d+)\.\d+ .*\((\d+)\/(\d+)\)/;
const TASK_SET = /\bTaskSchedulerImpl: Adding task set (\d+)\.\d+ with (\d+) tasks/;
const STAGE_END = /\bDAGScheduler: (?:ShuffleMap|Result)Stage (\d+) \(.*\) (finished|failed) in /;
const STAGES_AHEAD = /\bDAGScheduler: (?:Missing parents found for |waiting: )/;
const STAGE = /\b(?:ShuffleMap|Result)Stage (\d+)\b/g;
const JOB_FAILED = /\bDAGScheduler: Job \d+ failed/;

/** A stage that is not over; `tasks` is null until it has been submitted. */
type OpenStage = { tasks: number | null; done: number };

/** More stages than these at once are not kept apart: nobody reads such a bar. */
const MAX_OPEN = 5000;

export class StageLog {
  readonly #open = new Map<string, OpenStage>();
  #over = { stages: 0, tasks: 0 };

  /** Takes one line; true if the counts changed. */
  read(line: string): boolean {
    // Most lines are neither: looked for without a pattern first.
    if (line.includes('TaskSetManager: Finished')) return this.#task(TASK.exec(line));
    if (line.includes('TaskSchedulerImpl: Adding')) return this.#taskSet(TASK_SET.exec(line));
    return line.includes('DAGScheduler: ') && this.#scheduler(line);
  }

  /** Null before the first stage. */
  get counts(): StageCounts | null {
    const open = [...this.#open.values()];
    const stages = this.#over.stages + open.length;
    if (stages === 0) return null;
    return {
      stages,
      stagesDone: this.#over.stages,
      tasks: this.#over.tasks + open.reduce((sum, { tasks }) => sum + (tasks ?? 0), 0),
      tasksDone: this.#over.tasks + open.reduce((sum, { done }) => sum + done, 0),
    };
  }

  /** Whether stages wait whose tasks nobody has counted yet. */
  get moreToCome(): boolean {
    return [...this.#open.values()].some(({ tasks }) => tasks === null);
  }

  #task(match: RegExpExecArray | null): boolean {
    const [, stage, done, tasks] = match ?? [];
    if (stage === undefined) return false;
    return this.#hold(stage, { tasks: Number(tasks), done: Number(done) });
  }

  #taskSet(match: RegExpExecArray | null): boolean {
    const [, stage, tasks] = match ?? [];
    return stage !== undefined && this.#hold(stage, { tasks: Number(tasks), done: 0 });
  }

  #scheduler(line: string): boolean {
    const [, stage, end] = STAGE_END.exec(line) ?? [];
    if (stage !== undefined) return this.#close(stage, end === 'finished');
    if (JOB_FAILED.test(line)) return this.#forgetWaiting();
    if (!STAGES_AHEAD.test(line)) return false;
    let changed = false;
    for (const [, ahead] of line.matchAll(STAGE)) {
      if (ahead !== undefined && !this.#open.has(ahead))
        changed = this.#hold(ahead, { tasks: null, done: 0 }) || changed;
    }
    return changed;
  }

  #hold(stage: string, state: OpenStage): boolean {
    if (!this.#open.has(stage) && this.#open.size >= MAX_OPEN) return false;
    this.#open.set(stage, state);
    return true;
  }

  /** What a stage that failed did not do is nobody's work any more. */
  #close(stage: string, finished: boolean): boolean {
    const { tasks, done } = this.#open.get(stage) ?? { tasks: 0, done: 0 };
    this.#open.delete(stage);
    this.#over = { stages: this.#over.stages + 1, tasks: this.#over.tasks + (finished ? (tasks ?? 0) : done) };
    return true;
  }

  #forgetWaiting(): boolean {
    for (const [stage, { tasks }] of this.#open) if (tasks === null) this.#open.delete(stage);
    return true;
  }
}
