#!/usr/bin/python3
"""SIGTERM while strangers hold connections of the admin port: idle ones, half requests, and one that does not take its
answer.

Before: the relay did not end before they let go; it still ran 15 s later. After: it ends with exit code 0 after the
2 s that the last one is given, however many they are (--full: 1,000), and its socket is gone.
"""

import socket
import time

import arena
import harness

given = arena.options(__doc__, connections=(20, 1000))

with arena.Arena("admin-stop") as scene:
    relay = scene.relay
    held = []
    with scene.watch() as seen:
        for number in range(given.connections):
            connection = socket.create_connection((relay.host, harness.ADMIN_PORT))
            if number % 2:
                connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: local")
            held.append(connection)
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((relay.host, harness.ADMIN_PORT))
        for _ in range(100):
            deaf.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(0.5)
    seen.tell(f"{len(held)} held connections")
    seen.check()
    began = time.monotonic()
    relay.process.process.terminate()
    # A stranger that lives on octet by octet: what keeps a thread busy for ever.
    while relay.process.alive() and time.monotonic() < began + 15:
        for connection in held:
            try:
                connection.send(b"x")
            except OSError:
                pass
        time.sleep(0.2)
    took = time.monotonic() - began
    print(f"{given.connections} held connections: ended after {took:.1f} s" if not relay.process.alive() else
          f"{given.connections} held connections: still running after {took:.1f} s")
    assert relay.process.process.poll() == 0, "SIGTERM waits for strangers"
    assert took < 5, took
    assert not relay.admin_socket.exists()
