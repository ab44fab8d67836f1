"""Starts the driver's Python ahead: beside the JVM that is about to start it, and as its child (spark-start/python/ahead.py).

The two find each other by the kernel's word only: an abstract socket, and who began to listen there. There is no file to be left behind.
"""

import os
import socket

VARIABLE = b"DAS_AHEAD"
LISTENING, SAID = 3, 4  # in the child


def start_ahead(argv, env):
    """Called by a process that then becomes the JVM. Gives what the JVM's environment shall say, by which Spark's own Python finds this one."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("")  # the kernel chooses a name
    listener.listen(1)
    said, say = os.pipe()
    nothing, closed = os.pipe()
    os.close(closed)
    # Pipes as Spark's own has, so that Python treats them alike. posix_spawn as the JVM does: it leaves its own mark among the ignored signals.
    streams = ((nothing, 0), (say, 1), (say, 2), (listener.fileno(), LISTENING), (said, SAID))
    moves = [(os.POSIX_SPAWN_DUP2, source, target) for source, target in streams]
    pid = os.posix_spawn(argv[0], argv, {**env, VARIABLE: b"wait"}, file_actions=moves)
    return b"%s:%d" % (listener.getsockname()[1:], pid)
