import type { ManifestEntry } from '@das/core/domain/version';
import { Spool } from '../logs/spool.ts';
import type { DiskShare } from './disk-share.ts';
import { watchDisk } from './disk-share.ts';
import { fetchFiles, placesOf } from './fetch.ts';
import type { Fetched, Places, Sources } from './fetch.ts';
import type { ForkServer } from './fork-server.ts';
import { watchOomKills } from './oom-kills.ts';
import type { Supervisor } from './supervisor.ts';
import type { Workspace } from './workspace.ts';

/** All that an attempt needs before it can start. */
export type Prepared = {
  supervisor: Supervisor;
  fetched: Fetched;
  spool: Spool;
  oomKilled: () => boolean;
  disk: DiskShare;
};

export type PreparationContext = Sources & { supervisors: ForkServer; logMaxBytes: number };

/**
 * What an attempt needs, begun all at once when its run is known to be free and the claim is on its way (it goes first: it takes
 * longest). Should somebody else win, it is thrown away. Nothing of the script starts here.
 */
export class Preparation implements AsyncDisposable {
  readonly workspace: Workspace;
  readonly places: Places;
  /** Rejects with what any of it failed of, or with the reason it was stopped for. */
  readonly done: Promise<Prepared>;
  readonly #stopping = new AbortController();
  #parts: { supervisor: Promise<Supervisor>; fetched: Promise<Fetched>; spool: Spool } | null = null;
  /** The workspace could not be removed. */
  readonly #onResidue: (error: unknown) => void;
  #disposal: Promise<void> | null = null;

  constructor(
    context: PreparationContext,
    manifest: readonly ManifestEntry[],
    workspace: Workspace,
    onResidue: (error: unknown) => void,
  ) {
    this.#onResidue = onResidue;
    this.workspace = workspace;
    this.places = placesOf(manifest, workspace);
    const begun = new Promise<void>((resolve) => setImmediate(resolve));
    this.done = begun.then(() => this.#begin(context, manifest));
    this.done.catch(() => undefined); // whoever waits is told, and nobody need
  }

  async #begin(context: PreparationContext, manifest: readonly ManifestEntry[]): Promise<Prepared> {
    const { workspace } = this;
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    workspace.make();
    const disk = watchDisk(workspace.directory);
    const spool = Spool.open(workspace.spoolFile, context.logMaxBytes);
    const supervisor = context.supervisors.launch();
    const fetched = fetchFiles(context, manifest, workspace, this.places, signal);
    this.#parts = { supervisor, fetched, spool };
    const all = await Promise.all([supervisor, fetched]);
    return { supervisor: all[0], fetched: all[1], spool, disk, oomKilled: watchOomKills() };
  }

  /** Files that are not there yet are not waited for any longer. */
  stop(reason: unknown): void {
    this.#stopping.abort(reason);
  }

  /** The supervisor was told to start the script. */
  async isStarted(): Promise<boolean> {
    return this.done.then(({ supervisor }) => supervisor.isStarted, () => false); // prettier-ignore
  }

  /** Ends the supervisor with all that it governs, and removes the workspace. Again: waits for the same. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#disposal ??= this.#dispose());
  }

  async #dispose(): Promise<void> {
    this.stop(new Error('the preparation is over'));
    await this.done.catch(() => undefined);
    if (this.#parts) {
      const { supervisor, fetched, spool } = this.#parts;
      const [launched] = await Promise.allSettled([supervisor, fetched]);
      if (launched.status === 'fulfilled') await launched.value[Symbol.asyncDispose]();
      await spool.close();
    }
    await this.workspace[Symbol.asyncDispose]().catch(this.#onResidue);
  }
}
