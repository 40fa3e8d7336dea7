#!/usr/bin/python3
"""A calendar clock that jumps while mail waits: by an hour and by a month, ahead and back, with and without a restart
in between. Mail is still tried by the schedule, none is given up because of the jump, and none is tried without a pause.

    tests/fault/clock_jump.py LIBRARY      # build/release/tests/fault/libset_clock.so
"""

import datetime
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import harness  # noqa: E402

HOUR = 3600
MONTH = 30 * 24 * HOUR
DELAY = 2  # seconds of the retry schedule


def content(number):
    return (f"From: orders@shop.example\r\nTo: r{number}@receiver.example\r\nSubject: {number}\r\n"
            f"Message-ID: <{number}@shop.example>\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\n\r\nThank you.\r\n").encode()


def scene(library, jumps, restart):
    """`jumps`: the clock's errors, one after the other, while the receiver takes no mail."""
    folder = harness.scratch("clock")
    # Mail that is a month old by the only clock there is may be given up: that is not what is asked here.
    expire = "60d" if MONTH in jumps else "5d"
    clock = folder / "clock"
    clock.write_text("0")
    dns = harness.NameServer(folder / "dns", harness.address(1))
    dns.mx("receiver.example", (10, "mx.receiver.example", harness.address(2)))
    relay = harness.Relay(folder / "relay", harness.address(3), dns=dns, certificate=harness.Certificate(folder),
                          settings={"retry": f'schedule = ["{DELAY}s"]\nexpire = "{expire}"\ndelay_notice = "0s"'})
    relay.environment = {**os.environ, "LD_PRELOAD": str(library), "SIGNPOST_CLOCK": str(clock)}
    # It defers each of them: mail for a receiver that is down waits for that, not for its own time.
    sink = harness.Sink(folder / "busy", harness.address(2), options=("--defer-rcpt", "1:451"), save=False)
    sent = 0
    attempts = {}

    def send():
        nonlocal sent
        sent += 1
        return relay.send("orders@shop.example", f"r{sent}@receiver.example", content(sent))

    def goes_on(ids):
        """Each is tried twice more."""
        before = {id: len(relay.events("deferred", id=id)) for id in ids}
        began = time.monotonic()
        harness.wait_until(lambda: all(len(relay.events("deferred", id=id)) >= before[id] + 2 for id in ids),
                           lambda: f"two more attempts for each: {relay.queued_jobs()}")
        took = time.monotonic() - began
        for id in ids:
            tried = len(relay.events("deferred", id=id)) - before[id]
            # By the schedule, give or take what a jump brings forward.
            assert tried <= took + 3, f"{tried} attempts in {took:.1f} s"

    try:
        dns.start()
        relay.start()
        ids = [send(), send()]
        for id in ids:
            relay.wait_event("deferred", id=id)
        for wrong_by in jumps:
            new = clock.with_suffix(".new")
            new.write_text(str(wrong_by))
            new.rename(clock)
            if restart:
                relay.stop()
                relay.launch()
            ids.append(send())
            seen = datetime.datetime.fromisoformat(relay.wait_event("accepted", id=ids[-1])["time"]).timestamp() - time.time()
            assert abs(seen - wrong_by) < 60, f"its clock is wrong by {seen} s, not {wrong_by}"
            goes_on(ids if not restart else ids[-1:])
        sink.stop()
        sink = harness.Sink(folder / "sink", harness.address(2))
        if restart:
            # What an hour separates from its time waits for that, at most as long as the schedule's delays are
            # known to be; an operator need not.
            assert relay.run("queue", "retry", "--to", "receiver.example").returncode == 0
        relay.wait_empty(330)  # a receiver that was away in between is tried after five minutes at most
        arrived = [envelope["recipients"][0]["address"] for envelope, _ in sink.saved()]
        assert sorted(arrived) == sorted(f"r{number}@receiver.example" for number in range(1, sent + 1)), arrived
        assert not relay.events("expired") and not relay.events("bounced")
        print(f"    {sent} messages waited through it and arrived once", flush=True)
    finally:
        relay.kill()
        for one in filter(None, (sink, dns)):
            one.stop()


SCENES = {
    "an hour ahead, then right": ([HOUR, 0], False),
    "an hour back": ([-HOUR], False),
    "more than a day back": ([-30 * HOUR], False),
    "a month ahead, then right, with restarts": ([MONTH, 0], True),
}


def main():
    library = pathlib.Path(sys.argv[1]).resolve(strict=True)
    for name, (jumps, restart) in SCENES.items():
        print(name, flush=True)
        scene(library, jumps, restart)
    return 0


if __name__ == "__main__":
    sys.exit(main())
