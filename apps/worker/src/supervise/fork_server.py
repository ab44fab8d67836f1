"""Forks supervisors (supervisor.py), one per attempt: that takes 2 ms of CPU, a Python of its own 20.

Run as `python3 -I -S -E fork_server.py SOCKET`, once per worker. Each line on stdin, 32 characters, names a supervisor that
is wanted. It connects to SOCKET four times: for its control, its events, its child's stdout and its stderr; the first bytes of each
connection are the name, which of them it is (c, v, o or e) and its pid in ten digits. (Control and events are two, as a write
that comes too late for the one must not cost what is still to be read from the other.)

A supervisor owes nothing to this process: it has a session of its own, and the end of its worker shows on its own control
connection. When stdin ends, this process ends, and what it forked does not.
"""

import gc
import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import _signal as signal  # noqa: E402  (see supervisor.py)
import machine  # noqa: E402
import main_child  # noqa: E402
import supervisor  # noqa: E402

PROCESS_NAME = b"das-fork-server"
CONNECTIONS = {"c": supervisor.CONTROL, "v": supervisor.EVENTS, "o": main_child.CHILD_STDOUT, "e": main_child.CHILD_STDERR}
ABOVE_ALL = 10  # no descriptor of a supervisor is as high


def become_supervisor(path, name):
    """In the forked child."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    descriptors = {}
    for kind in CONNECTIONS:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        connection.sendall(f"{name}{kind}{os.getpid():010}".encode())
        descriptors[kind] = connection.detach()
    moved = {kind: os.dup2(fd, ABOVE_ALL + at) for at, (kind, fd) in enumerate(descriptors.items())}
    os.closerange(machine.DIAGNOSTICS + 1, ABOVE_ALL)
    for kind, target in CONNECTIONS.items():
        os.dup2(moved[kind], target, inheritable=target <= machine.DIAGNOSTICS)
    os.closerange(ABOVE_ALL, ABOVE_ALL + len(moved))
    supervisor.main()


def reap(*_):
    """Collects supervisors that have ended; nobody here waits for one."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def keep_from_children():
    """Whatever descriptor it was left is nobody's below it."""
    for name in os.listdir("/dev/fd"):
        if int(name) > machine.DIAGNOSTICS:
            try:
                os.set_inheritable(int(name), False)
            except OSError:
                pass  # the descriptor of this very listing


def main():
    path = sys.argv[1]
    keep_from_children()
    for number in main_child.IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, reap)
    if machine.LINUX:
        machine.prctl(machine.PR_SET_NAME, PROCESS_NAME)
    gc.freeze()  # what is there by now is shared with every supervisor, and stays so
    requests = b""
    while data := os.read(0, 65536):
        *names, requests = (requests + data).split(b"\n")
        for name in names:
            if os.fork() == 0:
                status = 1
                try:
                    become_supervisor(path, name.decode())
                    status = 0
                except OSError as error:  # the worker is gone
                    machine.warn(f"cannot reach the worker: {machine.describe(error)}")
                finally:
                    os._exit(status)


if __name__ == "__main__":
    main()
