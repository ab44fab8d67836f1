import { readFile } from 'node:fs/promises';

/**
 * A script that keeps a ledger of who drives a run: arguments `ledger seconds mode`, where the file is shared by all runs
 * (appended, a line at a time). It says `start`, then looks whether any earlier process of its run still lives and says `beside:PID` for
 * each; two that start at once both write before they read, so at least one sees the other. At the end it says `end`.
 *
 * Modes, several joined by `+`: `fail` exits 3; `stubborn` ignores SIGTERM; `family` leaves a child behind in a session of its own with
 * an empty environment, which is a process of the run, too; `once` is slow (`seconds`) in attempt 1 only.
 */
export const LEDGER_SCRIPT = `import os, signal, sys, time

ledger, seconds, modes = sys.argv[1], float(sys.argv[2]), sys.argv[3].split("+")
run, attempt, token = (os.environ[name] for name in ("DAS_RUN_ID", "DAS_ATTEMPT", "DAS_FENCING_TOKEN"))
fd = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def born(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            stat = file.read()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else fields[19]


def note(what):
    pid = os.getpid()
    os.write(fd, f"{run} {attempt} {token} {pid} {born(pid)} {what}\\n".encode())


if "stubborn" in modes:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
note("start")
with open(ledger) as file:
    for line in file:
        of, _, _, pid, birth, what = line.split()
        if of == run and what in ("start", "child") and int(pid) != os.getpid() and born(pid) == birth:
            note(f"beside:{pid}")
if "family" in modes and os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        note("child")
        os.execve(sys.executable, [sys.executable, "-S", "-c", f"import time; time.sleep({seconds})"], {})
    os._exit(0)
print("up", flush=True)
if "once" not in modes or attempt == "1":
    time.sleep(seconds)
note("end")
sys.exit(3 if "fail" in modes else 0)
`;

export type Entry = { runId: string; attempt: number; token: number; pid: number; what: string };

/** What has been written so far; nothing if no script has started yet. */
export async function readLedger(path: string): Promise<Entry[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .slice(0, -1) // what follows the last newline is not whole
    .map((line) => {
      const [runId = '', attempt, token, pid, , what = ''] = line.split(' ');
      return { runId, attempt: Number(attempt), token: Number(token), pid: Number(pid), what };
    });
}

/** What of a ledger must never be: two drivers of a run at once, an attempt started twice, a token that did not rise. */
export function breaches(ledger: readonly Entry[]): string[] {
  const found = ledger
    .filter(({ what }) => what.startsWith('beside:'))
    .map(({ runId, attempt, what }) => `run ${runId}: attempt ${attempt} ran beside process ${what.split(':')[1]}`);
  const starts = Map.groupBy(
    ledger.filter(({ what }) => what === 'start'),
    ({ runId }) => runId,
  );
  for (const [runId, entries] of starts) {
    for (const [index, entry] of entries.entries()) {
      const before = entries[index - 1];
      if (before && (before.attempt >= entry.attempt || before.token >= entry.token))
        found.push(`run ${runId}: attempt ${entry.attempt} (token ${entry.token}) began after attempt ${before.attempt} (token ${before.token})`); // prettier-ignore
    }
  }
  return found;
}
