

# ---- Put after the end of pyspark/accumulators.py by DAS (sitecustomize.py beside this file says how) -----------------


def _woken_at_its_end(server_class):  # type: ignore[no-untyped-def]
    """Its loop looks every half second whether it shall end, and spark.stop() waits for that. A connection wakes it at once."""
    shutdown = server_class.shutdown

    def shutdown_at_once(self):  # type: ignore[no-untyped-def]
        import socket

        self._BaseServer__shutdown_request = True  # so that it ends without a look at the connection
        try:
            with socket.socket(self.address_family) as waking:
                waking.setblocking(False)
                waking.connect_ex(self.server_address)
        except Exception:
            pass  # it looks by itself
        shutdown(self)

    server_class.shutdown = shutdown_at_once


for _served in ("AccumulatorTCPServer", "AccumulatorUnixServer", "AccumulatorServer"):
    if hasattr(globals().get(_served), "shutdown"):
        _woken_at_its_end(globals()[_served])
del _served, _woken_at_its_end
