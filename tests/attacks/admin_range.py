#!/usr/bin/python3
"""A stranger asks for /metrics in a thousand ranges at once.

Before: `Range: bytes=0-,0-,…` of 8 KB was answered with the page once for each: 67 MB, and the relay grew by 106 MiB.
After: ranges are not served; the page comes once, 26 KB.
"""

import socket
import time

import arena
import harness

given = arena.options(__doc__, requests=(1, 20))


def answer(relay, ranges):
    with socket.create_connection((relay.host, harness.ADMIN_PORT), timeout=20) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                           + (b"Range: bytes=%s\r\n" % b",".join([b"0-"] * ranges) if ranges else b"") + b"\r\n")
        size = 0
        while piece := connection.recv(1 << 20):
            size += len(piece)
    return size


with arena.Arena("admin-range") as scene:
    once = answer(scene.relay, 0)
    with scene.watch() as seen:
        sizes = [answer(scene.relay, 2600) for _ in range(given.requests)]
        time.sleep(0.5)  # for the good client
    seen.tell(f"/metrics of {once} octets in 2,600 ranges: {max(sizes)} octets")
    seen.check()
    assert max(sizes) < 2 * once, max(sizes)
    assert seen.grown < 16 << 20, seen.grown
