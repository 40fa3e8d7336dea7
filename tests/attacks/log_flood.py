#!/usr/bin/python3
"""Clients whose commands are refused, as fast as they can send them, and again on a new connection.

Each refusal counts as an error, and twenty end the session; a session has 50 lines at most, a worker 200 a second; what
was left out is counted. --full: 25 MiB of STARTTLS that is refused; before, they made 383 MiB of log in 5 s, and the
lines of others were lost. Now 0.3 MiB.
"""

import socket
import sys

import arena
from arena import harness


def main():
    given = arena.options(__doc__, megabytes=(3, 25))
    with arena.Arena("flood") as scene:
        relay = scene.relay
        with scene.watch() as seen:
            harness.wait_until(lambda: seen.good.seconds, "the good client to be served")
            before = relay.log.stat().st_size
            sent = connections = 0
            piece = b"EHLO a\r\n" + b"STARTTLS\r\n" * 6000
            while sent < given.megabytes << 20:
                one = socket.socket()
                one.bind((f"127.240.0.{1 + connections % 200}", 0))
                one.settimeout(10)
                one.connect((relay.host, harness.TRUSTED_PORT))
                connections += 1
                try:
                    one.sendall(piece)
                    sent += len(piece)
                    while one.recv(1 << 16):
                        pass
                except OSError:
                    pass  # closed while we still talk
                one.close()
            harness.wait_until(lambda: relay.metric("signpost_smtp_sessions") < 5, "the sessions to be gone")
            written = relay.log.stat().st_size - before
        seen.tell(f"{sent >> 20} MiB of refused commands on {connections} connections, {written / (1 << 20):.1f} MiB of log")
        seen.check()
        assert not relay.events("log_dropped")
        refused = relay.metric("signpost_messages_rejected_total", reason="policy")
        lines = len(relay.events("rejected"))

        def left_out():
            return sum(event["lines"] for event in relay.events("lines_left_out"))
        harness.wait_until(lambda: lines + left_out() >= refused, lambda: f"{lines} + {left_out()} of {refused}")
        print(f"{refused:.0f} refusals, {lines} lines, {left_out()} left out", flush=True)
        assert refused >= 20 * connections * 0.9, refused
        assert lines <= 50 * connections and written < sent / 3, written
    return 0


if __name__ == "__main__":
    sys.exit(main())
