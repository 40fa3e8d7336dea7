#!/usr/bin/python3
"""A receiver that was away for a while gets its mail again within seconds.

Much mail waits for a receiver that goes away in the middle of it and comes back: how long until the first message
arrives, and until the last. Mail that the receiver itself deferred meanwhile keeps its schedule.

    tests/fault/receiver_away.py                              # a short one
    tests/fault/receiver_away.py --messages 33440 --away 60
"""

import argparse
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import harness  # noqa: E402
from harness import BIN  # noqa: E402


def say(text):
    print(text, flush=True)


def load(relay, messages):
    done = subprocess.run(
        [str(BIN / "signpost-load"), "--to", f"{relay.host}:{harness.TRUSTED_PORT}", "--messages", str(messages), "--connections", "20",
         "--size", "1024", "--recipient-domains", "receiver.example", "--from", "orders@shop.example", "--json"],
        stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--messages", type=int, default=3000)
    options.add_argument("--away", type=float, default=1, help="seconds")
    options.add_argument("--delay", type=int, default=20, help="milliseconds that the receiver takes for a message")
    options.add_argument("--patience", type=float, default=120, help="seconds for all of it after its return")
    arguments = options.parse_args()

    folder = harness.scratch("away")
    dns = harness.NameServer(folder / "dns", harness.address(1))
    relay = harness.Relay(folder / "relay", harness.address(2), dns=dns, certificate=harness.Certificate(folder),
                          settings={"retry": 'schedule = ["5m"]\nexpire = "5d"'})
    dns.mx("receiver.example", (10, "mx.receiver.example", harness.address(10)))

    def sink():
        return harness.Sink(folder / "sink", harness.address(10), options=["--delay-ms", str(arguments.delay)], save=False)

    receiver = sink()
    try:
        dns.start()
        relay.start()
        delivered = lambda: relay.metric("signpost_delivery_seconds_count")  # noqa: E731
        waiting = lambda: sum(relay.metric("signpost_queue_messages", state=state) for state in ("ready", "active", "deferred"))  # noqa: E731
        relay.send("a@shop.example", ["tempfail1-x@receiver.example"], "From: a@shop.example\r\nSubject: greylisted\r\n\r\nwords\r\n")
        load(relay, arguments.messages)
        harness.wait_until(lambda: delivered() > 0, "the first delivery")
        receiver.stop()
        time.sleep(arguments.away)
        before, jobs = delivered(), waiting()
        receiver = sink()
        back = time.monotonic()
        harness.wait_until(lambda: delivered() > before, "the first delivery after the return", 400)
        first = time.monotonic() - back
        say(f"away for {arguments.away:g} s while {jobs:.0f} jobs waited: the first delivery {first:.1f} s after the return, "
            f"{sum(event['attempts'] for event in relay.events('site_up'))} connections failed")
        try:
            harness.wait_until(lambda: waiting() <= 1, lambda: f"the rest, {waiting():.0f} wait", arguments.patience)
        finally:
            say(f"after {time.monotonic() - back:.1f} s {waiting():.0f} wait; {len(relay.log.read_text().splitlines())} lines in the log")
        # After a minute a wait is a sixteenth of the time away, stretched by up to a quarter.
        assert first < max(5, arguments.away / 12) * harness.PATIENCE, first
        # The job that the receiver deferred waits for its own time.
        waits = relay.queue("list", "--to", "receiver.example")["jobs"]
        assert [job["to"] for job in waits] == [["tempfail1-x@receiver.example"]], waits
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
