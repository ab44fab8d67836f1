/**
 * Ends what escaped a supervisor: the tree of one that was itself killed (SIGKILL, out of memory).
 *
 * The rule: a process whose environment names a run is left over if no living supervisor is among its
 * ancestors. A supervisor is child subreaper, so whatever it governs, however it was daemonised, has it as
 * ancestor, and it ends that by itself even if its worker is dead. So no identity of a worker is needed,
 * and live attempts of other workers on the host are safe.
 *
 * Linux only: elsewhere there is no /proc, and nothing is swept. A process that cleared its environment is
 * found while one of its ancestors still has it, or lives below the (frozen) supervisor of a matching attempt.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the environment of an attempt's child says of it. */
export interface AttemptMarks {
  DAS_RUN_ID: string;
  DAS_ATTEMPT: string;
  DAS_FENCING_TOKEN: string;
}

export interface SweepOptions {
  /** Between SIGTERM and SIGKILL; 0 kills outright. */
  graceMs: number;
  /**
   * Sweep matching processes below living supervisors too: for a run whose lease one holds oneself, and marks
   * of a lower fencing token (their supervisor may be frozen past its deadline).
   */
  evenGoverned?: boolean;
}

interface Process {
  pid: number;
  parent: number;
  name: string;
  /** In clock ticks since boot: together with the pid it names one process for ever. */
  startedAt: string;
  /** A zombie may be in the line of ancestors still, while other threads of it run. */
  zombie: boolean;
}

type ProcessTable = Map<number, Process>;

/** Set by supervisor.py for itself (PR_SET_NAME). */
const SUPERVISOR_NAME = 'das-supervisor';
/** In a supervisor's own environment, which its child does not inherit, blanks behind: run, attempt and token of what it governs. */
const SUPERVISED = 'DAS_SUPERVISED';
const POLL_MS = 50;
/** SIGKILLed processes that take longer are stuck in the kernel; nobody can end them. */
const DEATH_MS = 5_000;

/** The environment that supervisors are forked with: room for the marks, which each writes over it when it starts its attempt. */
export const SUPERVISED_PLACEHOLDER = { [SUPERVISED]: '.'.repeat(96) };

/** What a supervisor is told to wear, so that a sweep knows whose it is. */
export function supervisorMarks(marks: AttemptMarks): string {
  return `${marks.DAS_RUN_ID} ${marks.DAS_ATTEMPT} ${marks.DAS_FENCING_TOKEN}`;
}

/** Ends the leftovers that match, and all below them. Resolves, at most graceMs + 5 s later, to their pids. */
export async function sweepLeftovers(
  match: (marks: AttemptMarks) => boolean,
  options: SweepOptions,
): Promise<number[]> {
  const doomed: ProcessTable = new Map();
  const find = () => addLeftovers(doomed, match, options.evenGoverned ?? false);
  const killAt = performance.now() + options.graceMs;
  const giveUpAt = killAt + DEATH_MS;
  const told = new Set<Process>();

  for (let alive = await find(); alive.length > 0; alive = await find()) {
    const now = performance.now();
    if (now >= giveUpAt) break;
    for (const process of alive) {
      if (now >= killAt) send(process.pid, 'SIGKILL');
      else if (!told.has(process)) {
        send(process.pid, 'SIGTERM');
        send(process.pid, 'SIGCONT'); // the stopped would not hear it
        told.add(process);
      }
    }
    await sleep(POLL_MS);
  }
  return [...doomed.keys()];
}

/** Adds to `doomed` what is left over now; returns those of `doomed` that live. */
async function addLeftovers(
  doomed: ProcessTable,
  match: (marks: AttemptMarks) => boolean,
  evenGoverned: boolean,
): Promise<Process[]> {
  const table = await readProcesses();
  const ours = lineage(process.pid, table);
  const isDoomed = ({ pid, startedAt }: Process) => doomed.get(pid)?.startedAt === startedAt;

  const isLeftover = async (candidate: Process): Promise<boolean> => {
    if (ours.includes(candidate) || candidate.name === SUPERVISOR_NAME) return false;
    const marks = await readMarks(candidate.pid);
    return marks !== undefined && match(marks) && (evenGoverned || !(await isGoverned(candidate)));
  };
  /** A supervisor is left to end by itself; what it governs is not. */
  const governsDoomed = async (candidate: Process): Promise<boolean> => {
    if (!evenGoverned || candidate.name !== SUPERVISOR_NAME) return false;
    const marks = await readSupervised(candidate.pid);
    return marks !== undefined && match(marks);
  };
  const candidates = [...table.values()];
  const found = await Promise.all(candidates.map(isLeftover));
  const governs = await Promise.all(candidates.map(governsDoomed));
  const governors = candidates.filter((_, i) => governs[i]);
  for (const [i, candidate] of candidates.entries()) {
    if (found[i] && !isDoomed(candidate)) doomed.set(candidate.pid, candidate);
  }
  const isAboveDoomed = (ancestor: Process) => isDoomed(ancestor) || governors.includes(ancestor);
  for (const candidate of candidates) {
    if (isDoomed(candidate) || governors.includes(candidate)) continue;
    if (lineage(candidate.pid, table).some(isAboveDoomed)) doomed.set(candidate.pid, candidate);
  }
  return [...doomed.values()].filter(({ pid, startedAt }) => table.get(pid)?.startedAt === startedAt);
}

/** Whether a living supervisor, or this very process, is above `leaf`. Asks anew at every step: in a table of
 * processes a parent that just ended would hide the supervisor that inherited its child. */
async function isGoverned(leaf: Process): Promise<boolean> {
  let at = leaf;
  for (;;) {
    if (at.name === SUPERVISOR_NAME || at.pid === process.pid) return true;
    const parent = await readProcess(at.parent);
    if (parent) {
      at = parent;
      continue;
    }
    const again = await readProcess(at.pid);
    // No such parent, and yet it is the parent: the first process, or one that is hidden from us.
    if (again?.parent === at.parent) return false;
    const fresh = again ?? (await readProcess(leaf.pid));
    if (!fresh) return true; // ended by itself
    at = fresh;
  }
}

/** The process and its ancestors, nearest first. */
function lineage(pid: number, table: ProcessTable): Process[] {
  const line: Process[] = [];
  for (let at = table.get(pid); at && !line.includes(at); at = table.get(at.parent)) line.push(at);
  return line;
}

/** All living processes that can be seen. */
async function readProcesses(): Promise<ProcessTable> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const processes = await Promise.all(pids.map(readProcess));
  return new Map(processes.flatMap((found) => (found && !found.zombie ? [[found.pid, found]] : [])));
}

/** See proc_pid_stat(5): `pid (name) state ppid ... starttime ...`; the name may hold blanks and parentheses. */
async function readProcess(pid: number): Promise<Process | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined); // gone meanwhile
  if (stat === undefined) return undefined;
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' ');
  const [state, parent] = fields;
  const startedAt = fields[19];
  if (parent === undefined || startedAt === undefined) return undefined;
  const name = stat.slice(stat.indexOf('(') + 1, end);
  return { pid, parent: Number(parent), name, startedAt, zombie: state === 'Z' };
}

/** Undefined for a process of another user, too: that one is none of ours. */
async function readMarks(pid: number): Promise<AttemptMarks | undefined> {
  const env = await readEnvironment(pid);
  return marksOf(['DAS_RUN_ID', 'DAS_ATTEMPT', 'DAS_FENCING_TOKEN'].map((name) => env.get(name)));
}

/** What a supervisor governs, as it was told at its start. */
async function readSupervised(pid: number): Promise<AttemptMarks | undefined> {
  return marksOf((await readEnvironment(pid)).get(SUPERVISED)?.split(' ') ?? []);
}

function marksOf([run, attempt, token]: (string | undefined)[]): AttemptMarks | undefined {
  if (run === undefined || attempt === undefined || token === undefined) return undefined;
  return { DAS_RUN_ID: run, DAS_ATTEMPT: attempt, DAS_FENCING_TOKEN: token };
}

async function readEnvironment(pid: number): Promise<Map<string, string>> {
  const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  if (!environ.includes('DAS_')) return new Map();
  return new Map(
    environ.split('\0').map((entry): [string, string] => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone meanwhile
  }
}
