#!/usr/bin/python3
"""Thousands of clients that hold their sessions with an octet now and then, in all stages of one, while a good client
continues: its latency is measured without and with them, in turn. With --assert-figures its p99 may at most double, as
the median of the rounds.

    tests/fault/slowloris.py                                        # 500 of them
    tests/fault/slowloris.py --sessions 10000 --rounds 5 --assert-figures
"""

import argparse
import heapq
import json
import pathlib
import random
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import harness  # noqa: E402
from harness import BIN  # noqa: E402

PER_ADDRESS = 90  # below limits.sessions_per_client
# What each has sent before it slows down, and what it sends then, an octet at a time.
STAGES = [
    (b"", b"EHLO slow.example with a name that takes its time"),
    (b"EHLO slow.example\r\n", b"MAIL FROM:<someone-with-a-long-name@slow.example>"),
    (b"EHLO slow.example\r\nMAIL FROM:<a@slow.example>\r\n", b"RCPT TO:<someone@receiver.example>" * 3),
    (b"EHLO slow.example\r\nMAIL FROM:<a@slow.example>\r\nRCPT TO:<b@receiver.example>\r\nDATA\r\n",
     b"From: a@slow.example\r\nSubject: in no hurry\r\n\r\n" + b"and so on\r\n" * 100),
]


class Slow(threading.Thread):
    """Keeps `count` sessions, each octet of which comes `pause` seconds after the one before."""

    def __init__(self, relay, count, pause):
        super().__init__(daemon=True)
        self.target = (relay.host, harness.TRUSTED_PORT)
        self.pause = pause
        self.open = 0
        self.closed = 0
        self.full = threading.Event()
        self.done = threading.Event()
        self.count = count

    def run(self):
        dice = random.Random(1)
        selector = selectors.EpollSelector()
        sockets = {}
        for number in range(self.count):
            one = socket.socket()
            one.bind((f"127.{100 + number // PER_ADDRESS // 250}.{number // PER_ADDRESS % 250}.9", 0))
            one.connect(self.target)
            one.setblocking(False)
            said, rest = STAGES[number % len(STAGES)]
            one.sendall(said)
            selector.register(one, selectors.EVENT_READ)
            sockets[one] = [rest, 0, time.monotonic() + dice.random() * self.pause]
            self.open += 1
            if number % 50 == 0:
                self.drain(selector, sockets, 0)
        due = [(state[2], one.fileno(), one) for one, state in sockets.items()]
        heapq.heapify(due)
        self.full.set()
        while not self.done.is_set():
            now = time.monotonic()
            while due and due[0][0] <= now:
                _, _, one = heapq.heappop(due)
                state = sockets.get(one)
                if state is None:
                    continue
                rest, at, _ = state
                try:
                    one.send(rest[at % len(rest):at % len(rest) + 1])
                except (BlockingIOError, OSError):
                    pass
                state[1] = at + 1
                heapq.heappush(due, (now + self.pause, one.fileno(), one))
            self.drain(selector, sockets, 0.02)
        for one in sockets:
            one.close()

    def drain(self, selector, sockets, wait):
        for key, _ in selector.select(wait):
            try:
                if key.fileobj.recv(4096):
                    continue
            except BlockingIOError:
                continue
            except OSError:
                pass
            selector.unregister(key.fileobj)
            sockets.pop(key.fileobj).clear()
            key.fileobj.close()
            self.closed += 1


def measure(relay, messages):
    done = subprocess.run(
        [str(BIN / "signpost-load"), "--to", f"{relay.host}:{harness.TRUSTED_PORT}", "--messages", str(messages),
         "--connections", "10", "--rate", "200/s", "--size", "4096", "--recipient-domains", "receiver.example",
         "--from", "orders@shop.example", "--json"], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--pause", type=float, default=5)
    parser.add_argument("--assert-figures", action="store_true")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)

    folder = harness.scratch("slow")
    dns = harness.NameServer(folder / "dns", harness.address(1))
    sink = harness.Sink(folder / "sink", harness.address(2), save=False)
    dns.mx("receiver.example", (10, "mx.receiver.example", sink.host))
    relay = harness.Relay(folder / "relay", harness.address(3), dns=dns, certificate=harness.Certificate(folder),
                          settings={"limits": f"sessions = {arguments.sessions + 1000}"})
    try:
        dns.start()
        relay.start()
        measure(relay, 200)
        quiet, crowded = [], []
        sent = 200
        for number in range(arguments.rounds):
            quiet.append(measure(relay, arguments.messages))
            slow = Slow(relay, arguments.sessions, arguments.pause)
            slow.start()
            slow.full.wait()
            crowded.append(measure(relay, arguments.messages))
            sent += 2 * arguments.messages
            sessions = relay.metric("signpost_smtp_sessions")
            slow.done.set()
            slow.join()
            print(f"round {number + 1}: p50 {quiet[-1]['reply_ms']['p50']:.2f} ms, p99 {quiet[-1]['reply_ms']['p99']:.2f} ms; "
                  f"with {sessions:.0f} slow sessions p50 {crowded[-1]['reply_ms']['p50']:.2f} ms, "
                  f"p99 {crowded[-1]['reply_ms']['p99']:.2f} ms", flush=True)
            assert sessions >= 0.99 * arguments.sessions, f"{slow.closed} were closed"
            harness.wait_until(lambda: relay.metric("signpost_smtp_sessions") < 10, "the slow sessions to be gone")
        ratio = statistics.median(after["reply_ms"]["p99"] / before["reply_ms"]["p99"]
                                  for before, after in zip(quiet, crowded))
        print(f"p99 with {arguments.sessions} slow sessions / p99 without, median of {arguments.rounds}: {ratio:.2f}")
        if arguments.assert_figures:
            assert ratio <= 2, ratio
        relay.wait_empty()
        assert sink.counts()["messages"] == sent
        return 0
    finally:
        relay.kill()
        for one in (sink, dns):
            one.stop()


if __name__ == "__main__":
    sys.exit(main())
