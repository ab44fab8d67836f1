import type { Failure, RunSummary } from '@das/contracts/run';
import { duration } from '../../time/format.ts';
import { DEFAULT_DRIVER_MEMORY, doubled } from './spark-memory.ts';

/** What a re-run is to have differently. */
export type RerunChange = { conf?: Record<string, string>; timeoutMs?: number };

export type Advice = {
  /** What to try, the likeliest first. */
  steps: string[];
  /** A re-run that would help, prepared: a person looks at it before it starts. */
  again?: { label: string; change: RerunChange };
};

const MEMORY = 'spark.driver.memory';
const MIN_TIMEOUT_MS = 60_000;

type Failed = Pick<RunSummary, 'conf' | 'timeoutMs' | 'pyFiles'>;

/** What to do about a failure of each kind. Pure; kinds may grow, so one unknown here gets the general advice. */
export function adviceFor(failure: Failure, run: Failed): Advice {
  switch (failure.kind) {
    case 'out_of_memory':
      return outOfMemory(failure, run);
    case 'timeout':
      return timeout(run);
    case 'python_error':
      return pythonError(failure, run);
    case 'python_syntax':
      return {
        steps: [
          'Mend the line below in HDFS, then run it again with the latest content.',
          'Retries are of no use here: the same bytes fail again.',
        ],
      };
    case 'spark_error':
      return sparkError(failure, run);
    case 'submit_error':
      return {
        steps: [
          'The script did not start: mend what the message names (a setting of the run, or of the worker).',
          'System tells whether spark-submit works here.',
        ],
      };
    case 'exit_code':
      return exitCode(failure, run);
    case 'signal':
      return {
        steps: [
          'Something outside DAS ended spark-submit: was the machine out of memory, or did somebody kill it?',
          'If the machine is fine, run it again: nothing says that the script is at fault.',
        ],
      };
    case 'too_many_losses':
      return {
        steps: [
          'Its workers went away each time: see on Workers which machine it was.',
          'If other runs live on there, this script may take its worker down: look at its memory.',
        ],
      };
    default:
      failure.kind satisfies never;
      return { steps: ['The lines below tell the cause.'] };
  }
}

function moreMemory({ conf }: Failed): Advice['again'] {
  const memory = doubled(conf[MEMORY] ?? DEFAULT_DRIVER_MEMORY);
  return memory === null ? undefined : { label: 'Run again with 2× memory', change: { conf: { [MEMORY]: memory } } };
}

function outOfMemory({ summary }: Failure, run: Failed): Advice {
  // What the kernel kills had more than the machine holds: a larger heap would make that worse.
  if (/kernel killed/.test(summary))
    return {
      steps: [
        'The machine ran out of memory: let fewer runs share it (WORKER_CONCURRENCY), or give it more.',
        'In the script: fewer rows at once, no toPandas() or collect() of everything.',
      ],
    };
  const again = moreMemory(run);
  return {
    steps: [
      `Give Spark more: ${MEMORY} was ${run.conf[MEMORY] ?? `not set (Spark takes ${DEFAULT_DRIVER_MEMORY})`}.`,
      'Or let it need less: no collect() or toPandas() of everything, more partitions, fewer cached tables.',
    ],
    ...(again && { again }),
  };
}

function timeout({ timeoutMs }: Failed): Advice {
  const longer = Math.max(MIN_TIMEOUT_MS, (timeoutMs ?? 0) * 2);
  return {
    steps: [
      'See in the log and in the progress whether it was getting on or hung.',
      `If it was getting on, it needs more than ${duration(timeoutMs ?? 0)} per attempt.`,
    ],
    again: { label: `Run again with ${duration(longer)}`, change: { timeoutMs: longer } },
  };
}

function pythonError({ summary }: Failure, run: Failed): Advice {
  const [, module] = /No module named '([^']+)'/.exec(summary) ?? [];
  if (module !== undefined)
    return {
      steps: [
        `If ${module} is a file of yours, add it to the Python files of the run${run.pyFiles.length > 0 ? ' (it has others)' : ''}.`,
        `Else it has to be installed where the workers run.`,
      ],
    };
  if (/FileNotFoundError/.test(summary))
    return {
      steps: [
        'Python opens files of the worker, not of HDFS: read HDFS with Spark (hdfs:///…).',
        'A small file can travel with the run: add it to its files.',
      ],
    };
  return { steps: ['The marked line of the script raised it: mend the script or its arguments, then run it again.'] };
}

function sparkError({ summary, excerpt }: Failure, { conf }: Failed): Advice {
  const text = `${summary}\n${excerpt}`;
  if (/PATH_NOT_FOUND|Path does not exist|Input path does not exist/.test(text))
    return {
      steps: [
        'The path is not there: compare it with Files on the Scripts page, letter by letter.',
        'Was the run before it, which writes that path, over? Then a retry with a delay would do.',
      ],
    };
  if (/maxResultSize/.test(text)) {
    const key = 'spark.driver.maxResultSize';
    const more = doubled(conf[key] ?? '1g');
    return {
      steps: [
        'More was collected to the driver than it takes: write the result instead of collecting it, or allow more.',
      ],
      ...(more !== null && { again: { label: `Run again with ${key} ${more}`, change: { conf: { [key]: more } } } }),
    };
  }
  if (/UNRESOLVED_COLUMN|TABLE_OR_VIEW_NOT_FOUND/.test(text))
    return {
      steps: ['A column or table of that name is not there: the message above names it, and any that are like it.'],
    };
  if (/PATH_ALREADY_EXISTS|already exists/.test(text))
    return { steps: ['An earlier run has written there: write with mode("overwrite"), or to another path.'] };
  if (/ConnectException|Connection refused|unresponsive/.test(text))
    return {
      steps: [
        'Something that the script reads from does not answer: see which address the lines below name.',
        'If it comes and goes, give the run retries with a delay.',
      ],
    };
  return { steps: ['The last "Caused by" below is the cause; what stands above it only passed it on.'] };
}

function exitCode({ summary }: Failure, run: Failed): Advice {
  if (!/signal 9|runs out of memory/.test(summary))
    return { steps: ['The script ended itself with that code: its last lines tell why.'] };
  const again = moreMemory(run);
  return { steps: ['Such an end most often means that memory ran out.'], ...(again && { again }) };
}
