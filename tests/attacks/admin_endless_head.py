#!/usr/bin/python3
"""A stranger sends the admin port a request without end: one line, then header fields, each on a connection of its own.

Before: the relay kept it all and did not stop reading: 300 MiB of a line grew it by 494 MiB, 300 MiB of header fields by
610 MiB (64 MiB: 66 and 130 MiB). After: a connection is given up when its 16 KiB are full, and the relay grows by 0.3 MiB.
"""

import socket
import time

import arena
import harness

given = arena.options(__doc__, mebibytes=(64, 300))


def flood(relay, start, piece):
    """Sends until it is cut off or done; how many octets were taken."""
    with socket.create_connection((relay.host, harness.ADMIN_PORT), timeout=10) as connection:
        sent = 0
        try:
            connection.sendall(start)
            while sent < given.mebibytes << 20:
                connection.sendall(piece)
                sent += len(piece)
        except OSError:
            pass
    return sent


for name, start, piece in (("one line", b"GET /", b"x" * 65536),
                           ("header fields", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n",
                            b"".join(b"X-%d: %s\r\n" % (i, b"y" * 1000) for i in range(64)))):
    with arena.Arena("admin-head") as scene:
        with scene.watch() as seen:
            sent = flood(scene.relay, start, piece)
            time.sleep(0.5)  # for the good client
        seen.tell(f"{name} of {given.mebibytes} MiB, {sent >> 20} of them taken")
        seen.check()
        assert sent < 8 << 20, "the relay reads on"
        assert seen.grown < 16 << 20, seen.grown
