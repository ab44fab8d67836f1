import { spawn } from 'node:child_process';

/** A command ended badly: says which, how, and its last lines. */
export class CommandError extends Error {
  override name = 'CommandError';
}

export interface CommandResult {
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  env?: NodeJS.ProcessEnv | undefined;
  cwd?: string | undefined;
  signal?: AbortSignal | undefined;
  /** The error tells all that was printed, not only the last lines. */
  inFull?: boolean;
}

/** Runs a command to its end. Throws CommandError unless it ends with 0; the abort signal kills it with all it started. */
export function run(
  command: string,
  args: string[],
  { env, cwd, signal, inFull = false }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const child = spawn(command, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const abort = () => child.pid !== undefined && killGroup(child.pid);
    signal?.addEventListener('abort', abort);
    child.once('error', (error) => reject(new CommandError(`${command}: ${error.message}`)));
    child.once('close', (code, ended) => {
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted) reject(signal.reason as Error);
      else if (code === 0) resolve(output);
      else
        reject(
          new CommandError(
            `${[command, ...args].join(' ')}\n${told(output, inFull)}\n(${ended ?? `exit code ${code}`})`,
          ),
        );
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ended a moment ago
  }
}

function told({ stdout, stderr }: CommandResult, inFull: boolean): string {
  if (inFull) return `${stdout.trimEnd()}\n${stderr.trimEnd()}`;
  return (stderr.trim() || stdout.trim()).split('\n').slice(-12).join('\n');
}
