"""The main child of an attempt, forked before there is a run: once it has its order it becomes spark-submit.

A fork, and the page faults after it, take some milliseconds that no run has to wait for (docs/performance.md, S1). Until its order is
complete, the child only waits for it: it has no name of a run, and no script. It ends with its supervisor, by its death signal, or (where the system has none)
as its pipe ends.
"""

import _signal as signal  # see supervisor.py
import errno
import marshal
import os

from machine import LINUX, PR_SET_NAME, PR_SET_PDEATHSIG, describe, now_ms, prctl

PROCESS_NAME = b"das-main-child"  # until it is something else
CHILD_STDOUT, CHILD_STDERR = 3, 4

# Only the worker ends a supervisor. (SIGPIPE and SIGXFSZ are ignored by Python itself.)
IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
RESET = IGNORED + (signal.SIGPIPE, signal.SIGXFSZ)


class MainChild:
    """`pid`, and the descriptor `report`: it reads the error that kept argv from being executed, or just ends once it was."""

    def __init__(self):
        self.discarded = False
        supervisor = os.getpid()
        order, self.order = os.pipe()  # all four close on exec
        self.report, report = os.pipe()
        os.set_blocking(self.report, False)
        # Signals that arrive before the exec wait until the child no longer ignores them.
        signal.pthread_sigmask(signal.SIG_BLOCK, RESET)
        try:
            self.pid = os.fork()
            if self.pid == 0:
                os.close(self.order)
                wait_and_become(order, report, supervisor)
        finally:
            os.close(order)
            os.close(report)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, RESET)

    def go(self, argv, env, cwd, deadline):
        """Lets it become argv, unless the deadline has passed by then. Once."""
        order = [arg.encode() for arg in argv], {name.encode(): value.encode() for name, value in env.items()}, cwd, deadline
        data = marshal.dumps(order)
        while data:
            data = data[os.write(self.order, data) :]
        os.close(self.order)

    def discard(self):
        """Nothing will be started. Again: nothing; its pid may be somebody else's by then."""
        if self.discarded:
            return
        self.discarded = True
        os.close(self.order)
        os.close(self.report)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def wait_and_become(order, report, supervisor):
    """In the forked child; never returns."""
    try:
        os.setsid()
        if LINUX:
            prctl(PR_SET_NAME, PROCESS_NAME)
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != supervisor:
                os._exit(127)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(CHILD_STDOUT, 1)
        os.dup2(CHILD_STDERR, 2)
        for number in RESET:
            signal.signal(number, signal.SIG_DFL)
        become(*marshal.loads(read_all(order)))
    except EOFError:
        pass  # the supervisor is gone, and this was no order
    except BaseException as error:
        os.write(report, describe(error).encode("utf-8", "backslashreplace"))
    finally:
        os._exit(127)


def read_all(descriptor):
    data = b""
    while part := os.read(descriptor, 1 << 20):
        data += part
    return data


def become(argv, env, cwd, deadline):
    if now_ms() >= deadline:
        raise OSError(errno.ETIME, "the deadline passed before the start")
    os.chdir(cwd)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        os.execvpe(argv[0], argv, env)
    except OSError as error:
        error.filename = os.fsdecode(argv[0])  # not the last directory of PATH that was tried
        raise
