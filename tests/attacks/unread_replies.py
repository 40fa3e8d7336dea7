#!/usr/bin/python3
"""Clients that send commands as fast as they can and never read a reply.

A session whose replies are not read gets no further ones: of its commands no more is read than one command line needs,
and what waits in either direction counts as memory. --full: 180 sessions; before, their replies took 266 MiB beyond
limits.memory. Now 1 MiB.
"""

import socket
import sys

import arena


def main():
    given = arena.options(__doc__, sessions=(60, 180))
    with arena.Arena("unread", settings={"limits": 'memory = "64MiB"'}) as scene:
        relay = scene.relay
        with scene.watch() as seen:
            arena.harness.wait_until(lambda: seen.good.seconds, "the good client to be served")
            for number in range(given.sessions):
                one = socket.socket()
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                one.bind((f"127.220.0.{1 + number % 200}", 0))
                one.connect((relay.host, arena.harness.TRUSTED_PORT))
                scene_sockets.append(one)
                one.settimeout(0.2)
                try:
                    for _ in range(40):
                        one.sendall(b"EHLO a\r\n" * 8000)
                except OSError:
                    pass  # it takes no more
        seen.tell(f"{given.sessions} clients that read nothing")
        for one in scene_sockets:
            one.close()
        seen.check()
        assert seen.grown < given.sessions * 150_000, f"{seen.grown >> 20} MiB"
    return 0


scene_sockets = []

if __name__ == "__main__":
    sys.exit(main())
