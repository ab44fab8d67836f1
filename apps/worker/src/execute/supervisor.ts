/**
 * Drives supervisor.py, the small process that is the parent of one attempt's spark-submit and the end of
 * everything that comes of it. Its protocol and its promises stand at the top of that file.
 *
 *   forked -> ready -> (start) -> spawned -> exited -> ended
 *
 * `ended` is the word that counts: it resolves once no descendant lives. If the supervisor dies without
 * saying so, every open promise rejects with SupervisorLost; if that says `treeMayLive`, sweep (sweep.ts).
 */
import { execFile } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

/** What ended the attempt first: itself, our stop, the deadline, or a control pipe that ended. */
export type EndedBy = 'none' | 'stop' | 'deadline' | 'pipe';

export interface ExitStatus {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** code and signal are both null if the main child never ran. */
export interface Ended extends ExitStatus {
  by: EndedBy;
  /** How many processes were alive when they were signalled. */
  killed: number;
}

export interface StartOrder {
  argv: readonly string[];
  /** The child's whole environment; argv[0] is looked up in its PATH. */
  env: Readonly<Record<string, string>>;
  cwd: string;
  /** On the clock of monotonicMs(): at this time every descendant is killed outright. */
  deadline: number;
  /** Between SIGTERM and SIGKILL, after a stop or the end of the worker. */
  killGraceMs: number;
  /** What a sweep shall know the supervisor by (sweep.ts). */
  marks?: string;
}

/** The supervisor died, or could not be run, before it said that all is dead. */
export class SupervisorLost extends Error {
  override name = 'SupervisorLost';
  readonly treeMayLive: boolean;

  constructor(message: string, treeMayLive: boolean, options?: ErrorOptions) {
    super(message, options);
    this.treeMayLive = treeMayLive;
  }
}

/** argv could not be executed. `code` is the errno's name (`ENOENT`), `ETIME` if the deadline had passed. */
export class SpawnFailed extends Error {
  override name = 'SpawnFailed';
  readonly code: string;

  constructor(error: string) {
    super(error);
    this.code = error.split(':', 1)[0] ?? error;
  }
}

/** The supervisor ended, as it was told to, without anything having been started. */
export class NeverStarted extends Error {
  override name = 'NeverStarted';
}

type Event =
  | { ev: 'ready' }
  | { ev: 'spawned'; pid: number }
  | { ev: 'spawn_failed'; error: string }
  | ({ ev: 'exited' } & ExitStatus)
  | { ev: 'dead'; killed: number; by: EndedBy };

type Order = ({ op: 'start' } & StartOrder) | { op: 'deadline'; at: number } | { op: 'stop' };

/** Milliseconds of CLOCK_MONOTONIC, the clock of every deadline here; the same in all processes of a host. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * The interpreter behind `command`, as an absolute path; throws if it is older than 3.10. Ask once per worker:
 * starting a pyenv or conda shim takes long.
 */
export async function findPython(command: string): Promise<string> {
  const ask = 'import sys; print(sys.version_info >= (3, 10), sys.executable, sep="\\n")';
  const { stdout } = await promisify(execFile)(command, ['-I', '-S', '-E', '-c', ask], { timeout: 30_000 });
  const [recent, path] = stdout.split('\n');
  if (recent !== 'True' || !path) throw new Error(`${command} is older than Python 3.10`);
  return path;
}

/** The connections of a supervisor that was forked for this worker (fork-server.ts). */
export interface SupervisorConnections {
  pid: number;
  control: Socket;
  events: Socket;
  stdout: Socket;
  stderr: Socket;
}

export class Supervisor implements AsyncDisposable {
  /** The child's streams. Read them from the start; they end with the last process that holds them, which
   * may be a little after `ended`, so read to the end before you finish. After SupervisorLost they may never end. */
  readonly stdout: Readable;
  readonly stderr: Readable;

  readonly ready: Promise<void>;
  /** The main child's pid. Rejects with SpawnFailed, NeverStarted or SupervisorLost. */
  readonly spawned: Promise<number>;
  /** The end of the main child; others may live on for a moment. Rejects like `spawned`. */
  readonly exited: Promise<ExitStatus>;
  /** No descendant lives. Resolves after a failed spawn too. Rejects with SupervisorLost. */
  readonly ended: Promise<Ended>;

  /** Of the supervisor itself. */
  readonly pid: number;

  readonly #control: Socket;
  readonly #ready = Promise.withResolvers<void>();
  readonly #spawned = Promise.withResolvers<number>();
  readonly #exited = Promise.withResolvers<ExitStatus>();
  readonly #ended = Promise.withResolvers<Ended>();
  /** The supervisor is gone and all it said is read. */
  readonly #gone = Promise.withResolvers<void>();
  #isReady = false;
  #started = false;
  #over = false;
  #status: ExitStatus = { code: null, signal: null };

  constructor({ pid, control, events, stdout, stderr }: SupervisorConnections, log?: (line: string) => void) {
    this.pid = pid;
    this.#control = control;
    this.stdout = stdout;
    this.stderr = stderr;
    this.ready = handled(this.#ready.promise);
    this.spawned = handled(this.#spawned.promise);
    this.exited = handled(this.#exited.promise);
    this.ended = handled(this.#ended.promise);

    // A write after the supervisor's end fails; that end is told by #lose or `dead`.
    control.on('error', () => undefined);
    this.#follow(events, log);
  }

  /** It was told to start the attempt. */
  get isStarted(): boolean {
    return this.#started;
  }

  /** It is gone, or has said that nothing of its attempt lives. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Starts the attempt, once. Resolves like `spawned`. */
  start(order: StartOrder): Promise<number> {
    if (this.#started) throw new Error('a supervisor starts one attempt only');
    this.#started = true;
    this.#say({ op: 'start', ...order });
    return this.spawned;
  }

  /** Moves the deadline (on the clock of monotonicMs()). */
  extend(deadline: number): void {
    this.#say({ op: 'deadline', at: deadline });
  }

  /** SIGTERM to every descendant, SIGKILL after the grace. May be said again. */
  stop(): void {
    this.#say({ op: 'stop' });
  }

  /** Kills every descendant outright: for a lease that is lost. */
  kill(): void {
    this.extend(0);
  }

  /** Ends what still runs (SIGTERM, SIGKILL after the grace) and waits for the supervisor's own end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#control.end();
    this.#wake();
    await this.#gone.promise;
    this.stdout.destroy();
    this.stderr.destroy();
  }

  #say(order: Order): void {
    if (this.#over || !this.#control.writable) return;
    this.#control.write(`${JSON.stringify(order)}\n`);
    this.#wake();
  }

  /** One that was stopped (SIGSTOP; a script may do that to all that its user runs) would hear nothing, and its run would never end. */
  #wake(): void {
    if (this.#over) return;
    try {
      process.kill(this.pid, 'SIGCONT');
    } catch {
      // gone meanwhile: #lose tells
    }
  }

  #follow(events: Socket, log: ((line: string) => void) | undefined): void {
    let rest = '';
    events.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = parseEvent(line);
        if (event) this.#hear(event);
        else log?.(`not an event: ${line}`);
      }
    });
    // Nobody but the supervisor holds its end of it: that is closed when it is gone.
    events.on('close', () => {
      this.#lose();
      this.#gone.resolve();
    });
  }

  #hear(event: Event): void {
    switch (event.ev) {
      case 'ready':
        this.#isReady = true;
        return this.#ready.resolve();
      case 'spawned':
        return this.#spawned.resolve(event.pid);
      case 'spawn_failed':
        return this.#neverRan(new SpawnFailed(event.error));
      case 'exited':
        this.#status = { code: event.code, signal: event.signal };
        return this.#exited.resolve(this.#status);
      case 'dead':
        this.#over = true;
        this.#neverRan(new NeverStarted('the supervisor ended before anything was started'));
        return this.#ended.resolve({ ...this.#status, by: event.by, killed: event.killed });
      default:
        event satisfies never;
    }
  }

  /** The supervisor is gone. If it had said `dead`, nothing is left to reject. Before it was ready it read no order. */
  #lose(): void {
    const treeMayLive = this.#started && this.#isReady && !this.#over;
    this.#over = true;
    const lost = new SupervisorLost('the supervisor is gone', treeMayLive);
    this.#ready.reject(lost);
    this.#neverRan(lost);
    this.#ended.reject(lost);
  }

  #neverRan(error: Error): void {
    this.#spawned.reject(error);
    this.#exited.reject(error);
  }
}

function parseEvent(line: string): Event | undefined {
  try {
    return JSON.parse(line) as Event;
  } catch {
    return undefined;
  }
}

/** Nobody need wait for a promise of a Supervisor: each failure is told by `ended` as well. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
