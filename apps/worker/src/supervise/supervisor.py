"""The supervisor of one attempt: parent of spark-submit, and the end of every process that came of it.

Why a process of its own: the promise "at most one live driver per run" must hold while the worker is
frozen, killed, or cut off from MongoDB. As child subreaper this process inherits every orphan below it
(daemons, setsid'd children, pyspark.daemon), so "no child is left" means "no descendant is left".

Forked by fork_server.py, in a session of its own, with these descriptors:
  0 control in, 1 events out, 2 own diagnostics, 3 the child's stdout, 4 the child's stderr.

Control, one JSON object a line (times: CLOCK_MONOTONIC, ms):
  {"op":"start","marks":"...","argv":[...],"env":{...},"cwd":"...","deadline":ms,"killGraceMs":n}
      `marks`: what a sweep shall read in this process's own environment, see wear()
  {"op":"deadline","at":ms}   the newest one holds; one in the past kills at once
  {"op":"stop"}               SIGTERM to all, SIGKILL after killGraceMs
Events, likewise:
  {"ev":"ready"}
  {"ev":"spawned","pid":n} or {"ev":"spawn_failed","error":"ENOENT: ..."}
  {"ev":"exited","code":n|null,"signal":"SIGTERM"|null}      the main child only
  {"ev":"dead","killed":n,"by":"none"|"stop"|"deadline"|"pipe"}   no descendant lives; `by` is what ended
                 the attempt first, `killed` how many processes were still alive when signalled

A control pipe that ends before `start` just ends the supervisor; after it, it is a stop. Nothing outlives the
deadline: it is looked at first on every turn, so one who was frozen past it kills before all else.

Standard library only, Python >= 3.10. On macOS there is neither a subreaper nor /proc: descendants are found
through `ps`, and a daemon whose parent has gone escapes; there the promise is best effort.
"""

import _signal as signal  # signal.py makes enums of what passes it: half a millisecond of each run
import ctypes
import json
import os
import select
import time

from machine import LINUX, PR_SET_CHILD_SUBREAPER, PR_SET_NAME, deadline_of, describe, libc, now_ms, prctl, warn
from main_child import CHILD_STDERR, CHILD_STDOUT, IGNORED, MainChild

PROCESS_NAME = b"das-supervisor"  # in /proc/PID/comm; execute/sweep.ts knows a supervisor by it
PLACEHOLDER = b"DAS_SUPERVISED="  # see wear()

CONTROL, EVENTS = 0, 1
LINGER_MS = 100  # what is left when the main child exits may end by itself for so long (a `tee` that drains)
LEFTOVER_GRACE_MS = 2000
LONGEST_WAIT_MS = 1000  # poll's clock stands still in a suspend, so it is never trusted for longer
KILL_PAUSE_MS = 10
NEVER = float("inf")
# Of two names for one signal the first (SIGCHLD, not SIGCLD).
SIGNAL_NAMES = {getattr(signal, name): name for name in sorted(dir(signal), reverse=True) if name.startswith("SIG") and name[3] != "_"}

# ---- Processes -------------------------------------------------------------------------------------


def processes():
    """Yields (pid, parent's pid, is zombie) of every process one can see."""
    if not os.path.exists("/proc/self/stat"):
        with os.popen("ps -axo pid=,ppid=,stat=") as table:
            for line in table:
                pid, parent, state = line.split(None, 2)
                yield int(pid), int(parent), state.startswith("Z")
        return
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb", 0) as file:
                    stat = file.read(4096)
            except OSError:
                continue  # gone meanwhile
            # "pid (comm) state ppid ...": comm may hold anything, so count from its last parenthesis.
            state, parent = stat[stat.rindex(b")") + 2 :].split(b" ", 2)[:2]
            yield int(name), int(parent), state == b"Z"


def descendants():
    """All that came of this process: [(pid, is zombie)], parents before their children."""
    children = {}
    for pid, parent, zombie in processes():
        children.setdefault(parent, []).append((pid, zombie))
    found = list(children.get(os.getpid(), ()))
    for pid, _ in found:  # grows while it is walked
        found.extend(children.get(pid, ()))
    return found


def send(pid, number):
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # gone meanwhile; or changed its user (setuid), which only root could end


def find_placeholder():
    """Its address in this process's environment, which a fork has at the same one, and the room behind it; None where nothing is swept."""
    entries = ctypes.POINTER(ctypes.c_void_p).in_dll(libc, "environ") if LINUX else None
    at = 0
    while entries and entries[at]:
        entry = ctypes.string_at(entries[at])
        if entry.startswith(PLACEHOLDER):
            return entries[at] + len(PLACEHOLDER), len(entry) - len(PLACEHOLDER)
        at += 1
    return None


MARKS_PLACE = find_placeholder()


def wear(marks):
    """Writes `marks` over the placeholder in this process's environment as the kernel shows it (/proc/PID/environ):
    a sweep tells by it what a supervisor governs. The children get an environment of their own."""
    if MARKS_PLACE is None:
        return
    address, room = MARKS_PLACE
    text = marks.encode().ljust(room)
    if len(text) > room:
        raise ValueError("the marks are too long")
    ctypes.memmove(address, text, room)


# ---- The attempt -----------------------------------------------------------------------------------


class Attempt:
    def __init__(self, wakeups):
        self.child = MainChild()
        self.wakeups = wakeups  # readable after a SIGCHLD
        self.control = b""  # the start of a line that is still to come
        self.control_open = True
        self.finished = False  # nothing was started, and nothing will be
        self.main = None  # pid of the main child while it is unreaped
        self.started = False
        self.report = None  # reads whether argv could be executed, see MainChild
        self.failed = False
        self.kill_grace = 0
        self.deadline = self.term_at = self.kill_at = NEVER
        self.by = None
        self.stopped = False  # the worker has said so; that it says it again changes nothing
        self.signalled = set()

    def supervise(self):
        """Returns once nothing lives."""
        self.emit(ev="ready")
        while not self.finished:
            self.read_control()
            if self.started and not self.reap():
                self.emit(ev="dead", killed=len(self.signalled), by=self.by)
                return
            self.enforce()
            self.wait()

    # -- what the worker says

    def read_control(self):
        """Takes all that waits in the pipe: an extension that came in time counts even if it is read late."""
        while self.control_open:
            try:
                data = os.read(CONTROL, 65536)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.worker_gone()
                return
            *lines, self.control = (self.control + data).split(b"\n")
            for line in lines:
                try:
                    self.obey(json.loads(line))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    warn(f"cannot follow the worker, so treat it as gone: {error!r}")
                    self.worker_gone()
                    return

    def obey(self, message):
        op = message["op"]
        if op == "start" and not self.started and not self.finished:
            self.start(message)
        elif op == "deadline":
            self.deadline = deadline_of(message["at"])
        elif op == "stop" and self.started:
            if not self.stopped:
                self.end("stop", 0, self.kill_grace)
            self.stopped = True
        elif op == "stop":
            self.finish_unstarted("stop")
        else:
            raise ValueError(f"unexpected op {op!r}")

    def worker_gone(self):
        self.control_open = False
        if self.started:
            self.end("pipe", 0, self.kill_grace)
        else:
            self.finish_unstarted("pipe")

    def start(self, message):
        deadline, self.kill_grace = deadline_of(message["deadline"]), float(message["killGraceMs"])
        if now_ms() >= deadline:
            self.emit(ev="spawn_failed", error="ETIME: the deadline passed before the start")
            self.finish_unstarted("deadline")
            return
        try:
            wear(message.get("marks", ""))
            self.go(message["argv"], message["env"], message["cwd"], deadline)
        except (OSError, ValueError) as error:
            self.emit(ev="spawn_failed", error=describe(error))
            self.finish_unstarted("none")
            return
        self.main, self.report = self.child.pid, self.child.report
        self.started, self.deadline = True, deadline
        # The child's streams are to end with the last process that holds them.
        os.close(CHILD_STDOUT)
        os.close(CHILD_STDERR)

    def go(self, *order):
        try:
            self.child.go(*order)
        except BrokenPipeError:  # something has killed it while it waited
            self.child.discard()
            self.child = MainChild()
            self.child.go(*order)

    def finish_unstarted(self, by):
        if self.finished:
            return
        self.finished = True
        self.child.discard()
        self.emit(ev="dead", killed=0, by=by)

    # -- what the worker hears

    def emit(self, **event):
        data = json.dumps(event).encode() + b"\n"
        try:
            while data:
                data = data[os.write(EVENTS, data) :]
        except OSError:
            if self.control_open:
                self.worker_gone()

    # -- life and death

    def end(self, by, linger, grace):
        """SIGTERM to all after `linger` ms, SIGKILL `grace` ms later, or earlier if so was said before."""
        self.by = self.by or by
        term_at = now_ms() + linger
        self.term_at = min(self.term_at, term_at)
        self.kill_at = min(self.kill_at, term_at + grace)

    def enforce(self):
        now = now_ms()
        if self.started and now >= min(self.deadline, self.kill_at):
            self.by = self.by or "deadline"
            self.kill_all()
        elif self.started and now >= self.term_at:
            self.term_at = NEVER
            for pid, zombie in descendants():
                self.note(pid, zombie)
                send(pid, signal.SIGTERM)
                send(pid, signal.SIGCONT)  # the stopped would not hear it

    def kill_all(self):
        """Kills every descendant that can be seen; called again until none is left. They are frozen first, so
        that one that forks faster than we kill runs dry."""
        frozen = set()
        for _ in range(10):
            new = [(pid, zombie) for pid, zombie in descendants() if pid not in frozen]
            if not new:
                break
            for pid, zombie in new:
                self.note(pid, zombie)
                send(pid, signal.SIGSTOP)
                frozen.add(pid)
        for pid in frozen:
            send(pid, signal.SIGKILL)
        if not LINUX and self.main:
            try:
                os.killpg(self.main, signal.SIGKILL)
            except OSError:
                pass

    def note(self, pid, zombie):
        # A zombie is signalled too: its other threads may still run. It is not counted.
        if not zombie:
            self.signalled.add(pid)

    def reap(self):
        """Collects all that ended. False: no child is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                self.read_report()
                return True
            if pid == self.main:
                self.main_exited(os.waitstatus_to_exitcode(status))

    def main_exited(self, code):
        """code: as Python gives it, a signal's number negated."""
        self.read_report()
        self.main = None
        if not self.failed and code >= 0:
            self.emit(ev="exited", code=code, signal=None)
        elif not self.failed:
            self.emit(ev="exited", code=None, signal=signal_name(-code))
        self.end("none", LINGER_MS, min(self.kill_grace, LEFTOVER_GRACE_MS))

    def read_report(self):
        if self.report is None:
            return
        try:
            error = os.read(self.report, 4096)
        except BlockingIOError:
            return
        os.close(self.report)
        self.report = None
        if error:
            self.failed = True
            self.emit(ev="spawn_failed", error=error.decode(errors="replace"))
        else:
            self.emit(ev="spawned", pid=self.main)

    def wait(self):
        """Until something happens or is due."""
        if self.finished:
            return
        poll = select.poll()
        poll.register(self.wakeups, select.POLLIN)
        if self.control_open:
            poll.register(CONTROL, select.POLLIN)
        if self.report is not None:
            poll.register(self.report, select.POLLIN)
        if self.started:
            now, kill_at = now_ms(), min(self.deadline, self.kill_at)
            due = now + KILL_PAUSE_MS if now >= kill_at else min(kill_at, self.term_at)
            poll.poll(max(0, min(due - now, LONGEST_WAIT_MS)))
        else:
            poll.poll()  # a spare one may wait for days
        try:
            os.read(self.wakeups, 4096)
        except BlockingIOError:
            pass


def signal_name(number):
    return SIGNAL_NAMES.get(number, f"SIG{number}")  # a real-time signal has none


def main():
    """Supervises one attempt; returns once nothing of it lives, or nothing was started and nothing will be."""
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    if LINUX:
        prctl(PR_SET_NAME, PROCESS_NAME)
        if not prctl(PR_SET_CHILD_SUBREAPER, 1):
            raise OSError(ctypes.get_errno(), "cannot become child subreaper")
    os.set_blocking(CONTROL, False)
    wakeups, wake = os.pipe()
    os.set_blocking(wakeups, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)

    attempt = Attempt(wakeups)
    try:
        attempt.supervise()
    except BaseException:
        # A fault of ours must not leave a driver behind. `dead` stays unsaid: the worker then sweeps.
        import traceback

        warn(traceback.format_exc())
        while attempt.reap():
            attempt.kill_all()
            time.sleep(KILL_PAUSE_MS / 1000)
        os._exit(70)
