#!/usr/bin/python3
"""Receivers that say nothing more, at each stage of a session: each is given up at the time limit of RFC 5321 section
4.5.3.2 for that stage, its mail waits for another attempt, and mail for others is not held up.

    tests/fault/hanging_receivers.py           # the stages with the shortest limit, a minute
    tests/fault/hanging_receivers.py --all     # all of them, side by side: eleven minutes
"""

import argparse
import contextlib
import pathlib
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import harness  # noqa: E402

# Seconds after which each may be given up, at the earliest and, with some room, at the latest.
LIMITS = {"STARTTLS": 60, "handshake": 60, "greeting": 300, "EHLO": 300, "MAIL": 300, "RCPT": 300, "DATA": 120, "content": 180,
          "dot": 600}
ROOM = 20
# Without an answer to TLS the mail goes in clear, as opportunistic TLS has it.
TLS = ("STARTTLS", "handshake")


class Receiver:
    """Does what is asked up to `stage`, and then nothing, with the connection open."""

    def __init__(self, host, stage):
        self.stage = stage
        self.listener = socket.create_server((host, harness.MX_PORT))
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.hangs_since = None
        self.connections = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def reached(self, stage):
        if stage == self.stage:
            self.hangs_since = self.hangs_since or time.monotonic()
        return stage == self.stage

    def serve(self, connection):
        with contextlib.suppress(OSError):
            if self.reached("greeting"):
                return
            connection.sendall(b"220 hanging.example\r\n")
            lines = connection.makefile("rb", buffering=512)
            for line in lines:
                word = line.split()[0].split(b":")[0].upper().decode() if line.strip() else ""
                if word == "STARTTLS" and not self.reached(word):
                    connection.sendall(b"220 go ahead\r\n")
                    self.reached("handshake")
                    return
                if self.reached(word):
                    return
                if word == "EHLO":
                    connection.sendall(b"250-hanging.example\r\n250 STARTTLS\r\n" if self.stage in TLS
                                       else b"250 hanging.example\r\n")
                elif word == "DATA":
                    connection.sendall(b"354 go ahead\r\n")
                    if self.reached("content"):
                        return  # and read nothing
                    for content in lines:
                        if content == b".\r\n":
                            break
                    if self.reached("dot"):
                        return
                    connection.sendall(b"250 taken\r\n")
                else:
                    connection.sendall(b"250 ok\r\n")


def content(size):
    return (b"From: orders@shop.example\r\nTo: r@receiver.example\r\nSubject: x\r\n\r\n" + (b"x" * 76 + b"\r\n") * (size // 78))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true")
    stages = LIMITS if parser.parse_args().all else {stage: LIMITS[stage] for stage in TLS}
    folder = harness.scratch("hang")
    dns = harness.NameServer(folder / "dns", harness.address(1))
    sink = harness.Sink(folder / "sink", harness.address(2), save=False)
    dns.mx("receiver.example", (10, "mx.receiver.example", sink.host))
    receivers = {}
    for number, stage in enumerate(stages):
        receivers[stage] = Receiver(harness.address(10 + number), stage)
        dns.mx(f"{stage.lower()}.example", (10, f"mx.{stage.lower()}.example", receivers[stage].listener.getsockname()[0]))
    relay = harness.Relay(folder / "relay", harness.address(3), dns=dns, certificate=harness.Certificate(folder),
                          settings={"retry": 'schedule = ["1h"]\nexpire = "2h"\ndelay_notice = "0s"',
                                    "delivery": f'port = {harness.MX_PORT}\ntls = "opportunistic"'})
    try:
        dns.start()
        relay.start()
        # Large enough that the kernel's buffers do not take it all.
        ids = {stage: relay.send("orders@shop.example", f"someone@{stage.lower()}.example", content(8_000_000))
               for stage in stages}
        good = 0
        ended = {}
        last = time.monotonic() + max(stages.values()) + 3 * ROOM
        while len(ended) < len(stages):
            assert time.monotonic() < last, f"not given up: {sorted(set(stages) - set(ended))}"
            relay.send("orders@shop.example", "r@receiver.example", content(10_000))
            good += 1
            harness.wait_until(lambda: sink.counts()["messages"] == good, "mail for a receiver that answers")
            for stage, id in ids.items():
                if stage in ended:
                    continue
                events = relay.events("delivered" if stage in TLS else "deferred", id=id)
                if events:
                    ended[stage] = time.monotonic() - receivers[stage].hangs_since
                    print(f"{stage}: given up after {ended[stage]:.0f} s: {events[0]['reply']}", flush=True)
                    limit = LIMITS[stage]
                    assert limit - 5 <= ended[stage] <= limit + ROOM, (stage, ended[stage])
            time.sleep(1)
        print(f"{good} messages for another receiver were not held up")
        return 0
    finally:
        relay.kill()
        for one in (sink, dns):
            one.stop()


if __name__ == "__main__":
    sys.exit(main())
