"""The Python that Spark starts for a script, where another one has been started ahead (ahead.py).

If that one agrees that nothing about the two differs, it executes the script, with the streams and the environment of this one, which then only
ends as it does. Whatever else happens means that this one goes on as if there were no other.
"""

import os
import sys

# For what is left of the import: it steps back behind all else, so on a busy machine this Python may be sooner.
PATIENCE_S = 0.3
BEFORE = frozenset(sys.modules)


def turn(word, alike):
    """Returns if this Python is to execute the script itself, with nothing loaded but what it had."""
    pidfd = None
    try:
        name, pid = word.split(":")
        pidfd = os.pidfd_open(int(pid))
        hand_over(name, int(pid), pidfd, alike)
    except Exception:
        if pidfd is not None:
            end(pidfd)
    for module in set(sys.modules).difference(BEFORE):
        del sys.modules[module]


def hand_over(name, pid, pidfd, alike):
    import _signal
    import _socket
    import resource
    from marshal import dumps
    from struct import unpack

    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.settimeout(PATIENCE_S)
    connection.connect(b"\0" + name.encode())
    listener, owner, _ = unpack("3i", connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12))
    if listener != os.getppid() or owner != os.geteuid():
        raise PermissionError("it listens for somebody else")
    blocked = list(map(int, _signal.pthread_sigmask(_signal.SIG_BLOCK, ())))
    theirs = {**alike["facts"](), "only theirs": (list(BEFORE), dict(os.environ), blocked)}
    alike["send_all"](connection, dumps(theirs))
    if connection.recv(1) != b"1" or not says_how_it_ends(pid):
        raise EOFError("refused")
    resource.prlimit(pid, resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE))
    nothing = os.open(os.devnull, os.O_RDWR)
    # From here on there is no way back: the script runs there.
    descriptors = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    connection.sendmsg([b"2"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, descriptors)])
    end_like(pid, pidfd, nothing)


def stat_of(pid):
    """From its third field on."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b") ")[2].split()


def says_how_it_ends(pid):
    """Whether this process will be told the exit code: where it may not, startcode is 1 (or 0), too."""
    fields = stat_of(pid)
    return int(fields[1]) == os.getppid() and int(fields[23]) > 1


def owns(pid):
    with open(f"/proc/{pid}/status", "rb") as file:
        return f"\nUid:\t{os.getuid()}\t{os.geteuid()}\t".encode() in file.read()


def end_like(pid, pidfd, nothing):
    """Signals are for the one that executes the script, so none but SIGKILL ends this one before it."""
    import _signal
    import resource

    try:
        _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        wait(pidfd)
        # It stays a zombie: the JVM, its parent, waits only for children that it has started itself.
        if os.geteuid() and not owns(pid):
            os._exit(1)  # it became a program of another user: the system would say 0, whatever it was
        code = os.waitstatus_to_exitcode(int(stat_of(pid)[-1]))
        if code < 0:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if -code != _signal.SIGKILL:
                _signal.signal(-code, _signal.SIG_DFL)
            os.kill(os.getpid(), -code)
            _signal.pthread_sigmask(_signal.SIG_UNBLOCK, [-code])
        os._exit(code)
    finally:
        os._exit(1)


def wait(pidfd):
    import select

    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    poll.poll()


def end(pidfd):
    """It is not to be there beside the script, nor to keep the run from its end."""
    import _signal

    try:
        _signal.pidfd_send_signal(pidfd, _signal.SIGKILL)
        wait(pidfd)
    except ProcessLookupError:
        pass
    os.close(pidfd)
