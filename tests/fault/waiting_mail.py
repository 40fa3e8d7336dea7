#!/usr/bin/python3
"""Mail that cannot go costs nothing while it waits, and attempts are counted as they were made.

  - many messages for one receiver that has one connection and does not answer: the queue changes nothing, and the relay
    reads next to nothing and hardly runs;
  - large messages for a receiver that is down, tried again each second: their contents are not read for it;
  - attempts shown, stored and logged are the connections that were tried.

What it takes is printed; the bounds are for the numbers given.

    tests/fault/waiting_mail.py                                                 # a short one
    tests/fault/waiting_mail.py --messages 60000 --idle 30 --large 30 --dead 20  # the figures of docs/performance.md
"""

import argparse
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import harness  # noqa: E402
from harness import BIN  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
LARGE = 10_000_000  # octets of a large message


def say(text):
    print(text, flush=True)


class SilentReceiver:
    """Greets, says what it can, and answers no MAIL."""

    def __init__(self, host):
        self.listener = socket.create_server((host, harness.MX_PORT))
        self.open = []
        self.connections = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(connection)
            connection.sendall(b"220 silent.example ESMTP\r\n")
            connection.recv(1000)
            connection.sendall(b"250-silent.example\r\n250 PIPELINING\r\n")

    def stop(self):
        self.listener.close()
        for connection in self.open:
            connection.close()


class Cost:
    """What a process has done since it was asked last."""

    def __init__(self, relay):
        self.relay = relay
        self.before = self.now()

    def now(self):
        pid = self.relay.process.process.pid
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        io = dict(line.split(": ") for line in pathlib.Path(f"/proc/{pid}/io").read_text().splitlines())
        return {"octets read": int(io["rchar"]), "CPU s": (int(stat[11]) + int(stat[12])) / TICKS,
                "changes committed": self.relay.metric("signpost_queue_commit_messages_sum")}

    def since(self):
        after = self.now()
        return {name: after[name] - self.before[name] for name in after}


def load(relay, domain, messages, size):
    done = subprocess.run(
        [str(BIN / "signpost-load"), "--to", f"{relay.host}:{harness.TRUSTED_PORT}", "--messages", str(messages), "--connections", "20",
         "--size", str(size), "--recipient-domains", domain, "--from", "orders@shop.example", "--json"],
        stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout


def one_silent_receiver(relay, arguments):
    load(relay, "silent.example", arguments.messages, 4096)
    harness.wait_until(lambda: relay.metric("signpost_queue_messages", state="active") >= 1, "the one transaction")
    cost = Cost(relay)
    for _ in range(12):  # what the acceptance left to do, and the count of what waits, for signpost_queue_jobs
        time.sleep(6)
        if cost.since()["octets read"] < 100_000:
            break
        cost = Cost(relay)
    assert relay.metric("signpost_queue_jobs") >= arguments.messages, "the count is not done"
    cost = Cost(relay)
    time.sleep(arguments.idle)
    spent = cost.since()
    say(f"{arguments.messages} messages for one connection, {arguments.idle} s: {spent}")
    assert spent["changes committed"] == 0, spent
    assert spent["octets read"] < 100_000, spent
    assert spent["CPU s"] < 0.2 * harness.PATIENCE, spent


def dead_receiver(relay, arguments):
    load(relay, "dead.example", arguments.large, LARGE)
    cost = Cost(relay)
    time.sleep(arguments.dead)
    spent = cost.since()
    say(f"{arguments.large} messages of 10 MB for a receiver that is down, {arguments.dead} s: {spent}")
    # A try changes one job, and one at a time is tried: 1 s, 2 s, 4 s, 4 s, … after the one before.
    assert spent["changes committed"] <= 3 + arguments.dead / 4, spent
    # Each retry changes the queue, and what waits is counted anew for signpost_queue_jobs, in a bounded share of the time: some
    # 60 octets a job, every five seconds at most. That is less than the content of one message.
    counted = 60 * arguments.messages * (arguments.dead // 5 + 1)
    assert spent["octets read"] < min(500_000 + counted, LARGE - 1_000_000), spent


def honest_attempts(relay):
    before = len(relay.events("connection_failed", mx="mx.away.example"))
    assert before == 0
    relay.send("a@shop.example", ["b@away.example"], "From: a@shop.example\r\nSubject: honest\r\n\r\nwords\r\n")
    harness.wait_until(lambda: len(relay.events("deferred", to="b@away.example")) >= 3, "three attempts", 40)
    job = next(job for job in relay.queue("list", "--to", "away.example")["jobs"])
    tried = relay.events("connection_failed", mx="mx.away.example")
    logged = relay.events("deferred", to="b@away.example")
    say(f"attempts: {len(tried)} connections tried, {len(logged)} logged, {job['attempts']} stored")
    assert [event["attempt"] for event in logged] == list(range(1, len(logged) + 1)), logged
    assert len(tried) == len(logged) == job["attempts"], (tried, logged, job)
    assert all(event["session"] and event["next_attempt"] for event in logged), logged


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--messages", type=int, default=25_000)
    options.add_argument("--idle", type=int, default=8, help="seconds of waiting that are measured")
    options.add_argument("--large", type=int, default=10)
    options.add_argument("--dead", type=int, default=8, help="seconds of retries that are measured")
    arguments = options.parse_args()

    folder = harness.scratch("waiting")
    dns = harness.NameServer(folder / "dns", harness.address(1))
    relay = harness.Relay(folder / "relay", harness.address(2), dns=dns, certificate=harness.Certificate(folder),
                          settings={"log": 'level = "debug"\nformat = "json"'},  # every attempt has its line
                          extra='[[destination]]\nmatch = ["silent.example"]\nconnections = 1\n')
    relay.add_key("shop.example", "s1", "ed25519")
    dns.mx("silent.example", (10, "mx.silent.example", harness.address(10)))
    dns.mx("dead.example", (10, "mx.dead.example", harness.address(11)))
    dns.mx("away.example", (10, "mx.away.example", harness.address(12)))
    receiver = SilentReceiver(harness.address(10))
    try:
        dns.start()
        relay.start()
        one_silent_receiver(relay, arguments)
        dead_receiver(relay, arguments)
        honest_attempts(relay)
        assert receiver.connections == 1, receiver.connections
        return 0
    except BaseException:
        if relay.process:
            say(f"the relay: exit code {relay.process.process.poll()}, its log ends\n{relay.log_end()}")
        raise
    finally:
        relay.kill()
        receiver.stop()
        dns.stop()


if __name__ == "__main__":
    sys.exit(main())
