#!/usr/bin/python3
"""Connections to the port of implicit TLS that say nothing, from many addresses, beyond what the system allows.

Each that is not admitted is closed at once and costs nothing: the descriptors that the queue, the name servers and the
receivers need stay free. --full: 22,000 connections at a limit of 20,000 descriptors and 200 sessions; before, each had
its handshake's 30 s, 19,999 descriptors were taken, and the relay ended when the store could open no file. Now 245 are
taken at most.
"""

import socket
import sys

import arena

PER_ADDRESS = 90  # below limits.sessions_per_client


def main():
    given = arena.options(__doc__, connections=(3000, 22_000), descriptors=(1024, 20_000), sessions=(200, 200))
    with arena.Arena("idle", settings={"limits": f"sessions = {given.sessions}"}) as scene:
        relay = scene.relay
        relay.kill()
        limit = f"--nofile={given.descriptors}:{given.descriptors}"
        relay.program = ["/usr/bin/prlimit", limit, *relay.program]
        relay.launch()
        held = []
        with scene.watch() as seen:
            for number in range(given.connections):
                one = socket.socket()
                address = number // PER_ADDRESS
                one.bind((f"127.{200 + address // 250}.{address % 250}.7", 0))
                one.settimeout(5)
                one.connect((relay.host, arena.harness.IMPLICIT_TLS_PORT))
                held.append(one)
            # A new file of the store, now.
            relay.run("queue", "list")
            arena.harness.wait_until(lambda: seen.good.seconds, "the good client to be served")
        seen.tell(f"{given.connections} idle connections")
        for one in held:
            one.close()
        seen.check()
        assert seen.opened < given.sessions + 100, f"{seen.opened} descriptors"
        assert relay.metric("signpost_messages_rejected_total", reason="sessions") > given.connections / 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
