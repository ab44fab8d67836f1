"""A driver's Python, started by DAS while the JVM boots (supervise/ahead.py): what its script imports of PySpark is there by then.

Spark starts its own Python for the script all the same. That one becomes the relay (relay.py): if everything about it is as it is here, this
one gets its streams and environment and goes on, natively, as the process that executes the script. Otherwise this one just ends.

Until then it has: 3 a listening socket, 4 what was written to its own stdout and stderr.
"""

import _signal
import _socket
import os
import select
import sys
from marshal import loads
from struct import unpack

LISTENING, SAID = 3, 4
ALLOWED = ("pyspark", "pyspark.sql")
NICE = 15  # the JVM's compilers want the second core, too


def turn(_word, alike):
    """Returns as the process that Spark's own would have been, or not at all."""
    try:
        missed = Missed()
        sys.meta_path.append(missed)
        passed = import_what_the_script_imports(sys.orig_argv[1])
        sys.meta_path.remove(missed)
        connection = wait_for_the_relay()
        theirs = loads(alike["receive_all"](connection))
        modules, environment, blocked = theirs.pop("only theirs")
        names = {name.split(".", 1)[0] for name in {*sys.modules, *missed.names}.difference(modules)} | passed
        if theirs != alike["facts"]() or was_said() or shadows(os.path.dirname(sys.orig_argv[1]), names):
            os._exit(1)
        connection.send(b"1")
        take_over(connection, environment, blocked)
    except BaseException:
        os._exit(1)


class Missed:
    """The last of all finders: notes what no other has found, as a module beside the script would have been."""

    def __init__(self):
        self.names = set()

    def find_spec(self, name, path=None, target=None):
        self.names.add(name)


def import_what_the_script_imports(script):
    """PySpark, if it is imported before the script has done anything but import of Python's own library: whatever else it does (set a
    variable, add a path) might be for PySpark. Gives the names that were passed by."""
    import ast
    import warnings

    with open(script, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        statements = ast.parse(file.read()).body
    passed, wanted = set(), []
    for at, statement in enumerate(statements):
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            names = [statement.module] + [f"{statement.module}.{alias.name}" for alias in statement.names]
        elif at == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        else:
            break
        tops = {name.split(".", 1)[0] for name in names}
        if not tops <= sys.stdlib_module_names | {"pyspark"}:
            break
        passed |= tops
        wanted += [name for name in ALLOWED if any(f"{given}.".startswith(f"{name}.") for given in names)]
    if not wanted:
        os._exit(0)
    behind_the_jvm(lambda: [__import__(name) for name in wanted])
    return passed


def behind_the_jvm(work):
    """Does it when nobody else needs the core; on a thread of its own, as nobody but root gets back what was given up of one's priority."""
    import _thread
    import threading  # here: it takes the thread that imports it for the main one

    done, failed = _thread.allocate_lock(), []

    def step_back_and_work():
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            done.release()

    done.acquire()
    _thread.start_new_thread(step_back_and_work, ())
    done.acquire()
    if failed:
        raise failed[0]
    while len(os.listdir("/proc/self/task")) > 1:
        os.sched_yield()  # it is on its last steps


def wait_for_the_relay():
    """The JVM may end without ever starting a Python: then this one does, too."""
    listening = _socket.socket(fileno=LISTENING)
    parent, _, _ = credentials(listening)  # it was this process's parent that listened first, before it became the JVM
    jvm = os.pidfd_open(parent)
    if os.getppid() != parent:
        raise ProcessLookupError("the JVM is gone")
    poll = select.poll()
    poll.register(LISTENING, select.POLLIN)
    poll.register(jvm, select.POLLIN)
    if any(descriptor == jvm for descriptor, _ in poll.poll()):
        raise ProcessLookupError("the JVM is gone")
    os.close(jvm)
    connection = _socket.socket(fileno=listening._accept()[0])
    listening.close()
    if credentials(connection)[1] != os.geteuid():
        raise PermissionError("somebody else asks")
    return connection


def credentials(socket):
    return unpack("3i", socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12))


def was_said():
    """Anything on stdout or stderr until now, which nobody would get to read."""
    poll = select.poll()
    poll.register(SAID, select.POLLIN)
    return any(events & select.POLLIN for _, events in poll.poll(0))


def shadows(folder, names):
    """The script's folder is the first that Python searches, once the script runs: is there one of these modules?"""
    return any(entry.split(".", 1)[0] in names for entry in os.listdir(folder or "."))


def take_over(connection, environment, blocked):
    from array import array

    data, ancillary, _, _ = connection.recvmsg(1, _socket.CMSG_SPACE(3 * 4))
    if data != b"2":
        raise EOFError("the relay is gone")
    streams = array("i", ancillary[0][2])
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    os.close(SAID)
    connection.close()
    os.environ.clear()
    os.environ.update(environment)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, blocked)
