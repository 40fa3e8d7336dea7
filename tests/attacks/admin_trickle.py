#!/usr/bin/python3
"""Four strangers send the admin port an octet now and then, and a fifth holds a request's body back.

Before: each held a thread of four, so that nobody else was answered, health neither: the probe below ran into its
limit of 10 s each time. After: health, metrics and commands are answered all the while, and each stranger is cut off 10 s
after it has connected, however busy it looks.
"""

import socket
import time
import urllib.request

import arena
import harness

given = arena.options(__doc__, clients=(5, 200))
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx"


def open_ones(connections):
    left = []
    for connection in connections:
        try:
            connection.send(b"x")
            connection.setblocking(False)
            try:
                if connection.recv(4096) == b"":
                    continue
            except BlockingIOError:
                left.append(connection)
            finally:
                connection.setblocking(True)
        except OSError:
            continue
    return left


def probe(relay, path):
    with urllib.request.urlopen(f"http://{relay.host}:{harness.ADMIN_PORT}{path}", timeout=10 * harness.PATIENCE) as reply:
        return reply.read()


with arena.Arena("admin-trickle") as scene:
    with scene.watch() as seen:
        strangers = []
        for number in range(given.clients):
            connection = socket.create_connection((scene.relay.host, harness.ADMIN_PORT))
            connection.sendall(BODY if number == 4 else HEAD)
            strangers.append(connection)
        end = time.monotonic() + 14
        slowest = 0.0
        while time.monotonic() < end:
            strangers = open_ones(strangers)
            began = time.monotonic()
            probe(scene.relay, "/healthz")
            probe(scene.relay, "/readyz")
            probe(scene.relay, "/metrics")
            slowest = max(slowest, time.monotonic() - began)
            assert "jobs" in scene.relay.queue("list")
            time.sleep(0.5)
    seen.tell(f"{given.clients} trickling clients, {len(strangers)} left after 14 s, slowest probe {slowest * 1e3:.0f} ms")
    seen.check()
    assert not strangers, "they hold their connections for ever"
