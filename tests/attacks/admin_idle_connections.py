#!/usr/bin/python3
"""Strangers keep the admin port's connections open: as many as it carries, and then twice as many.

Before: four idle connections held the four threads, and health was not answered within 10 s. After: 1,000 connections are
carried in 1.1 MiB; beyond them the idlest one goes for each that comes, so that health, metrics and commands go on
(--full, 5,000 more: slowest answer 0.6 s in a debug build, after the connections that came before it).
"""

import resource
import socket
import time
import urllib.request

import arena
import harness

given = arena.options(__doc__, connections=(1000, 1000), more=(1100, 5000))


def probe(relay, path):
    began = time.monotonic()
    with urllib.request.urlopen(f"http://{relay.host}:{harness.ADMIN_PORT}{path}", timeout=10 * harness.PATIENCE) as reply:
        reply.read()
    return (time.monotonic() - began) * 1e3


def is_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


with arena.Arena("admin-idle") as scene:
    with scene.watch() as seen:
        began = time.monotonic()
        idle = [socket.create_connection((scene.relay.host, harness.ADMIN_PORT)) for _ in range(given.connections)]
        times = [probe(scene.relay, path) for path in ("/healthz", "/readyz", "/metrics")]
        assert "jobs" in scene.relay.queue("list")
        carried = sum(map(is_open, idle))
        in_time = time.monotonic() - began < 9  # else the first of them have had their 10 s
        for _ in range(given.more):
            idle.append(socket.create_connection((scene.relay.host, harness.ADMIN_PORT)))
        times += [probe(scene.relay, path) for path in ("/healthz", "/readyz", "/metrics")]
        assert "jobs" in scene.relay.queue("list")
        after = sum(map(is_open, idle))
    seen.tell(f"{given.connections} idle connections, {carried} carried; with {given.more} more, {after}; "
              f"slowest probe {max(times):.0f} ms")
    seen.check()
    # Two fifths of the descriptors that are kept aside, which are fewer where few are allowed.
    most = min(1000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] // 10)
    assert carried >= min(given.connections, most) or not in_time, carried
    assert after <= 1056, after
    assert seen.opened < 1200, seen.opened
    assert seen.grown < 48 << 20, seen.grown
