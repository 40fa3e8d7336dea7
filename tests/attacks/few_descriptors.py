#!/usr/bin/python3
"""A machine that allows the relay 256 descriptors, and 400 clients that hold what they can.

The descriptors are shared out at the start, by the limit that the system gives, with a warning: clients beyond their
share get 421, and store and deliveries keep theirs. Before, there was no warning and no 421: the store could not open
its next file, and the relay ended.
"""

import socket
import sys

import arena


def greeting(relay, source):
    one = socket.socket()
    one.bind((source, 0))
    one.settimeout(10)
    try:
        one.connect((relay.host, arena.harness.TRUSTED_PORT))
        return one, one.recv(200)
    except OSError as error:
        return one, str(error).encode()


def main():
    given = arena.options(__doc__, clients=(400, 400), descriptors=(256, 256))
    with arena.Arena("few") as scene:
        relay = scene.relay
        relay.kill()
        relay.program = ["/usr/bin/prlimit", f"--nofile={given.descriptors}:{given.descriptors}", *relay.program]
        relay.launch()
        relay.wait_event("descriptors_short", wanted=10_000)
        with scene.watch() as seen:
            arena.harness.wait_until(lambda: seen.good.seconds, "the good client to be served")
            # Of the trusted networks, whose number is bounded in all alone.
            answers = [greeting(relay, f"127.210.{number // 100}.{1 + number % 100}") for number in range(given.clients)]
            arena.harness.wait_until(lambda: len(seen.good.seconds) > 20, "the good client to go on")
        seen.tell(f"{given.clients} clients at {given.descriptors} descriptors")
        welcome = sum(answer.startswith(b"220") for _, answer in answers)
        away = sum(answer.startswith(b"421 4.7.0") for _, answer in answers)
        for one, _ in answers:
            one.close()
        print(f"{welcome} were greeted, {away} sent away with 421", flush=True)
        seen.check()
        assert welcome + away == given.clients, [answer for _, answer in answers if answer[:3] not in (b"220", b"421")][:3]
        assert 50 <= welcome < given.descriptors and away > 0
        relay.wait_empty()
        assert not relay.events("queue_write_failed") and not relay.events("restart_needed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
