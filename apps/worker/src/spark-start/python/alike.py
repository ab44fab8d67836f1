"""What a driver's Python that was started ahead, and the one that Spark starts, must have in common (ahead.py, relay.py).

Neither of them may load a module for it that a script would then find loaded.
"""

import os
import sys

# What Spark's PythonRunner adds that only it knows. Nothing reads them while PySpark is imported.
TOLD_BY_SPARK = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET", "MASTER")
# Of /proc/self/status: who one is, and what one may do. Blocked signals are not among it: they are handed over.
STATUS = ("Umask", "PPid", "Uid", "Gid", "Groups", "NSpgid", "NSsid", "CapInh", "CapPrm", "CapEff", "CapBnd",
          "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters", "Cpus_allowed", "Mems_allowed")  # fmt: skip
# 32 and 33, which nobody else may use: posix_spawn leaves them ignored, and the first thread takes them.
C_LIBRARY_SIGNALS = 0b11 << 31
# Of /proc/self/limits: the JVM raises its own, and its children's with it. It is handed over.
HANDED_OVER = "Max open files"


def facts():
    """All that must be equal, as simple values."""
    status = read("/proc/self/status").split("\n")
    return {
        "argv": sys.orig_argv,
        "python": (sys.executable, sys.prefix, sys.version, tuple(sys.flags), sys._xoptions, sys.warnoptions),
        "path": sys.path,
        "cwd": os.getcwd(),
        "environment": {name: value for name, value in os.environ.items() if name not in TOLD_BY_SPARK},
        "status": [line for line in status if line.split(":", 1)[0] in STATUS],
        "signals": [int(line.split()[1], 16) & ~C_LIBRARY_SIGNALS for line in status if line.startswith(("SigIgn:", "SigCgt:"))],
        "limits": [line for line in read("/proc/self/limits").split("\n") if not line.startswith(HANDED_OVER)],
        "oom": read("/proc/self/oom_score_adj"),
        "streams": [(stream.st_mode & 0o170000, stream.st_blksize) for stream in map(os.fstat, (0, 1, 2))],
        "threads": len(os.listdir("/proc/self/task")),
    }


def read(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def send_all(connection, data):
    for part in (len(data).to_bytes(8, "big"), data):
        while part:
            part = part[connection.send(part) :]


def receive_all(connection):
    return receive(connection, int.from_bytes(receive(connection, 8), "big"))


def receive(connection, length):
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            raise EOFError("the other one is gone")
        data += part
    return data
