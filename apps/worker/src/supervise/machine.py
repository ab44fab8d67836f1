"""What the system of this machine has that Python's library does not say: clocks that Node shares, prctl, errors in short."""

import ctypes
import errno
import os
import sys
import time

LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 1, 15, 36
DIAGNOSTICS = 2  # the descriptor that the worker's log listens to

libc = ctypes.CDLL(None, use_errno=True)


def prctl(option, value):
    """Linux only; False if the system refuses."""
    return libc.prctl(option, value, 0, 0, 0) == 0


def monotonic_ms():
    """The clock of Node's process.hrtime: CLOCK_MONOTONIC; on macOS it is the raw one."""
    return time.clock_gettime(time.CLOCK_MONOTONIC if LINUX else time.CLOCK_MONOTONIC_RAW) * 1000


def now_ms():
    """The clock deadlines are kept in: unlike CLOCK_MONOTONIC it goes on while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) * 1000 if LINUX else monotonic_ms()


def deadline_of(monotonic):
    return monotonic + (now_ms() - monotonic_ms())


def warn(text):
    try:
        os.write(DIAGNOSTICS, f"das-supervisor: {text}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        pass  # the reader is the worker; that it is gone shows on the control pipe


def describe(error):
    if isinstance(error, OSError) and error.errno:
        return f"{errno.errorcode.get(error.errno, error.errno)}: {error.strerror}: {error.filename or ''}".rstrip(": ")
    return f"EINVAL: {error}"
