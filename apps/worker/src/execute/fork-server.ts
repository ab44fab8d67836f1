/**
 * The source of supervisors: a Python process (fork_server.py) that forks one whenever an attempt wants it, so that nobody
 * waits for Python to start, and no run pays for it. What it forks connects back to this worker.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ownFile } from '../own-files.ts';
import { Supervisor, SupervisorLost } from './supervisor.ts';
import { SUPERVISED_PLACEHOLDER } from './sweep.ts';

const SCRIPT = ownFile('supervise/fork_server.py');
/** What a connection begins with: the name, which one it is, and the pid. */
const NAME_BYTES = 32;
const HELLO_BYTES = NAME_BYTES + 1 + 10;
/** A Unix socket's address holds no more; a longer WORKER_DIR gets its socket in the system's temporary folder. */
const ADDRESS_BYTES = 100;
/** A machine that takes longer to fork is in no state to run anything. */
const LAUNCH_MS = 30_000;
/** Before each supervisor that is forked for an attempt to come: what starts now goes first. */
const REFILL_MS = 25;
/** How often a request is repeated because the fork server died. */
const TRIES = 3;

export type ForkServerOptions = {
  /** Absolute: it has no PATH. See findPython. */
  python: string;
  /** Private to this worker (0700): the socket is made there. */
  directory: string;
  /** How many wait for attempts to come, once there is time to fork them; one unless told. */
  spares?: number;
  /** Gets diagnostics, a line at a time. */
  log: (line: string) => void;
};

/** A supervisor that is on its way. */
type Expected = {
  /** By kind and pid: of one that was asked for again, two may come. */
  connections: Map<string, Socket>;
  tries: number;
  resolve: (supervisor: Supervisor) => void;
  reject: (error: SupervisorLost) => void;
};

export class ForkServer implements AsyncDisposable {
  readonly #options: ForkServerOptions;
  readonly #server: Server;
  readonly #address: string;
  readonly #ownFolder: string | null;
  readonly #expected = new Map<string, Expected>();
  #process: ChildProcess | null = null;
  /** They wait for attempts to come. */
  #spares: Supervisor[] = [];
  #refill: NodeJS.Timeout | undefined;
  #closing = false;

  static async start(options: ForkServerOptions): Promise<ForkServer> {
    const wanted = join(options.directory, 'supervisors');
    const folder = Buffer.byteLength(wanted) > ADDRESS_BYTES ? await mkdtemp(join(tmpdir(), 'das-')) : null;
    const server = createServer();
    const address = folder ? join(folder, 's') : wanted;
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(address, resolve));
    return new ForkServer(options, server, address, folder);
  }

  private constructor(options: ForkServerOptions, server: Server, address: string, ownFolder: string | null) {
    this.#options = options;
    this.#server = server;
    this.#address = address;
    this.#ownFolder = ownFolder;
    server.on('connection', (socket) => this.#greet(socket));
    server.on('error', (error) => options.log(error.message));
    this.#run();
    this.#refillSoon();
  }

  /** A supervisor that waits for its start: a spare one, if there is one. Rejects with SupervisorLost. */
  async launch(): Promise<Supervisor> {
    const supervisor = this.#liveSpares().shift() ?? (await this.#fork());
    // Not while its attempt starts: that is waited for, and forking takes a core.
    const refill = () => this.#refillSoon();
    supervisor.spawned.then(refill, refill);
    return supervisor;
  }

  /** Whether this machine still can: forks one that could start an attempt. It waits for one, unless enough do. Rejects with SupervisorLost. */
  async forkOneMore(): Promise<void> {
    const supervisor = await this.#fork();
    await supervisor.ready;
    await this.#keep(supervisor);
  }

  #liveSpares(): Supervisor[] {
    return (this.#spares = this.#spares.filter(({ isOver }) => !isOver));
  }

  get #wantsSpare(): boolean {
    return !this.#closing && this.#liveSpares().length < (this.#options.spares ?? 1);
  }

  /** One after the other. Where none is to be had, the next launch tells. */
  #refillSoon(): void {
    if (this.#refill || !this.#wantsSpare) return;
    this.#refill = setTimeout(() => void this.#addSpare(), REFILL_MS);
  }

  async #addSpare(): Promise<void> {
    const supervisor = await this.#fork().catch(() => null);
    if (supervisor) await this.#keep(supervisor);
    this.#refill = undefined;
    if (supervisor) this.#refillSoon();
  }

  /** As a spare one, unless there are enough by now. */
  async #keep(supervisor: Supervisor): Promise<void> {
    if (this.#wantsSpare) this.#spares.push(supervisor);
    else await supervisor[Symbol.asyncDispose]();
  }

  #fork(): Promise<Supervisor> {
    const name = randomBytes(NAME_BYTES / 2).toString('hex');
    const { promise, resolve, reject } = Promise.withResolvers<Supervisor>();
    const timer = setTimeout(() => this.#giveUp(name, `it took longer than ${LAUNCH_MS} ms`), LAUNCH_MS);
    this.#expected.set(name, { connections: new Map(), tries: 0, resolve, reject });
    this.#ask(name);
    return promise.finally(() => clearTimeout(timer));
  }

  /** Ends the fork server; supervisors live on, until their own connections end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#refill);
    await Promise.all(this.#spares.map((spare) => spare[Symbol.asyncDispose]()));
    for (const name of this.#expected.keys()) this.#giveUp(name, 'the worker ends');
    const process = this.#process;
    if (process) {
      const ended = new Promise((resolve) => process.once('exit', resolve).once('error', resolve));
      process.stdin?.end();
      await ended;
    }
    this.#server.close();
    if (this.#ownFolder) await rm(this.#ownFolder, { recursive: true, force: true });
  }

  #run(): ChildProcess {
    const { python, log } = this.#options;
    const child = spawn(python, ['-I', '-S', '-E', SCRIPT, this.#address], {
      detached: true, // a session of its own: a Ctrl-C in the worker's terminal is not for it
      env: SUPERVISED_PLACEHOLDER,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    // Without a descriptor left it has neither, and `error` follows.
    if (child.stderr) createInterface({ input: child.stderr }).on('line', log);
    child.stdin?.on('error', () => undefined); // told by `exit`
    const gone = (how: string) => {
      if (this.#process !== child) return;
      this.#process = null;
      if (!this.#closing) this.#askAgain(how);
    };
    child.once('error', (error) => gone(error.message));
    child.once('exit', (code, signal) => gone(`it ended with ${signal ?? `code ${code}`}`));
    this.#process = child;
    return child;
  }

  #ask(name: string): void {
    try {
      const { stdin } = this.#process ?? this.#run();
      stdin?.write(`${name}\n`);
    } catch (error) {
      // Some errors of a spawn are thrown, not told.
      this.#giveUp(name, error instanceof Error ? error.message : String(error));
    }
  }

  /** It died: what it was asked for, and has not given yet, is asked of the next one. */
  #askAgain(how: string): void {
    this.#options.log(`the fork server is gone: ${how}`);
    for (const [name, expected] of this.#expected) {
      expected.tries += 1;
      if (expected.tries >= TRIES) this.#giveUp(name, how);
      else this.#ask(name);
    }
  }

  #giveUp(name: string, why: string): void {
    const expected = this.#expected.get(name);
    this.#expected.delete(name);
    for (const socket of expected?.connections.values() ?? []) socket.destroy();
    expected?.reject(new SupervisorLost(`there is no supervisor to be had: ${why}`, false));
  }

  #greet(socket: Socket): void {
    socket.on('error', () => undefined); // `close` follows
    const read = () => {
      const hello = socket.read(HELLO_BYTES) as Buffer | null;
      if (!hello) return;
      socket.off('readable', read);
      this.#admit(socket, hello.toString());
    };
    socket.on('readable', read);
  }

  #admit(socket: Socket, hello: string): void {
    const name = hello.slice(0, NAME_BYTES);
    const expected = this.#expected.get(name);
    if (!expected) return void socket.destroy();
    expected.connections.set(hello.slice(NAME_BYTES), socket);
    const pid = hello.slice(NAME_BYTES + 1);
    const [control, events, stdout, stderr] = ['c', 'v', 'o', 'e'].map((kind) => expected.connections.get(kind + pid));
    if (!control || !events || !stdout || !stderr) return;
    this.#expected.delete(name);
    for (const [of, other] of expected.connections) if (!of.endsWith(pid)) other.destroy();
    expected.resolve(new Supervisor({ pid: Number(pid), control, events, stdout, stderr }, this.#options.log));
  }
}
