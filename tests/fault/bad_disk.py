#!/usr/bin/python3
"""Disks that fail: what was acknowledged arrives, what is not stored is never acknowledged, and the relay says what is
wrong.

    tests/fault/bad_disk.py LIBRARY [SCENARIO …]     # build/release/tests/fault/libbad_disk.so
"""

import concurrent.futures
import contextlib
import os
import pathlib
import smtplib
import socket
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import harness  # noqa: E402

LIBRARY = pathlib.Path(sys.argv[1]).resolve(strict=True)


def content(number):
    return (f"From: orders@shop.example\r\nTo: r{number}@receiver.example\r\nSubject: {number}\r\n"
            f"Message-ID: <{number}@shop.example>\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\n\r\nThank you.\r\n").encode()


def recipient(number):
    return f"r{number}@receiver.example"


class Scene:
    """A relay whose disk can be made bad, a receiver that can be missing."""

    def __init__(self, settings=None, sink=True, notify=None, manager=None):
        self.folder = harness.scratch("disk")
        self.flag = self.folder / "bad"
        self.dns = harness.NameServer(self.folder / "dns", harness.address(1))
        self.dns.mx("receiver.example", (10, "mx.receiver.example", harness.address(2)))
        self.sink = None
        if sink:
            self.open_receiver()
        self.relay = harness.Relay(self.folder / "relay", harness.address(3), dns=self.dns, settings=settings,
                                   certificate=harness.Certificate(self.folder))
        self.relay.environment = {**os.environ, "LD_PRELOAD": str(LIBRARY), "SIGNPOST_BAD_DISK": str(self.flag)}
        if manager:
            manager.bind(notify)
            self.relay.environment |= {"NOTIFY_SOCKET": notify, "WATCHDOG_USEC": "60000000"}
        self.acknowledged = []

    def __enter__(self):
        self.dns.start()
        self.relay.start()
        return self

    def __exit__(self, *_):
        self.relay.kill()
        for one in filter(None, (self.sink, self.dns)):
            one.stop()

    def open_receiver(self):
        self.sink = harness.Sink(self.folder / "sink", harness.address(2), options=("--delay-ms", "20"))

    def becomes(self, *words):
        changed = self.flag.with_suffix(".new")
        changed.write_text(" ".join(words))
        changed.rename(self.flag)

    def is_good_again(self):
        self.flag.unlink()

    def send(self, number):
        self.relay.send("orders@shop.example", recipient(number), content(number))
        self.acknowledged.append(number)

    def refused(self, number):
        """The reply to a message that cannot be stored."""
        with self.relay.smtp() as client:
            client.ehlo()
            code, text = client.mail("orders@shop.example")
            if code == 250:
                client.rcpt(recipient(number))
                code, text = client.docmd("DATA")
            if code == 354:
                client.send(content(number) + b".\r\n")
                code, text = client.getreply()
            assert 400 <= code < 500, (code, text)
            return f"{code} {text.decode()}"

    def not_ready(self):
        """What /readyz says, once it is red."""
        harness.wait_until(lambda: self.relay.get("/readyz")[0] == 503, "/readyz to be red")
        return self.relay.get("/readyz")[1].strip()

    def all_arrived(self):
        self.relay.wait_empty()
        arrived = [envelope["recipients"][0]["address"] for envelope, _ in self.sink.saved()]
        missing = {recipient(number) for number in self.acknowledged} - set(arrived)
        assert not missing, missing
        duplicates = len(arrived) - len(set(arrived))
        print(f"    {len(self.acknowledged)} acknowledged, {len(set(arrived))} arrived, {duplicates} duplicates")
        return arrived


def error_on_sync():
    """EIO: the client gets a 4xx, the relay ends with an exit code that tells systemd to start it again, and does not
    start while the disk stays bad."""
    error_that_stays("sync", "EIO", "Input/output error")


def error_on_write():
    error_that_stays("write", "EIO", "Input/output error")


def no_space_on_sync():
    """ENOSPC that shows at the sync of the log, as with a quota: what the log holds is uncertain then."""
    error_that_stays("sync", "ENOSPC", "No space left on device")


def read_only():
    """What the kernel makes of a file system with errors."""
    error_that_stays("write", "EROFS", "Read-only file system")


def error_that_stays(call, name, words):
    with Scene() as scene:
        for number in range(100):
            scene.send(number)
        scene.becomes(call, name)
        print("   ", scene.refused("late"))
        # The next write finds that the failure does not pass: a client's, if no removal was before it.
        try:
            print("   ", scene.refused("late"))
        except (OSError, smtplib.SMTPException) as gone:
            print("   ", gone)
        code = scene.relay.process.wait()
        assert code == 1, code
        assert words in scene.relay.events("queue_write_failed")[-1]["detail"]
        assert "only after a restart" in scene.relay.events("restart_needed")[-1]["detail"]

        again = harness.Process([harness.BIN / "signpost", "serve", "-c", scene.relay.config], scene.folder / "again",
                                env=scene.relay.environment)
        assert again.wait() != 0, "it starts on a disk that cannot be written"
        said = harness.start_failures(again.log_text())
        assert said and words in said[-1], again.log_text()
        print("   ", said[-1])

        scene.is_good_again()
        scene.relay.launch()
        # What was refused may have reached the disk before its sync failed: then it is delivered, and the client,
        # which was asked to come back, sends it once more. That is the safe side.
        scene.all_arrived()
        scene.send("after")
        scene.all_arrived()


def full():
    """No space: 4xx and red while it lasts, delivery goes on, and no restart is needed."""
    with Scene(sink=False, settings={"retry": 'schedule = ["5s"]\nexpire = "1h"\ndelay_notice = "0s"'}) as scene:
        for number in range(50):
            scene.send(number)
        harness.wait_until(lambda: any(job["state"] == "deferred" for job in scene.relay.queued_jobs()),
                           "the first attempt to fail")
        scene.open_receiver()
        scene.becomes("write", "ENOSPC")
        print("   ", scene.refused("late"))
        print("   ", scene.not_ready())
        # They are delivered though their removal cannot be stored yet.
        scene.sink.wait_for(50)
        print("   ", scene.refused("late"))
        assert scene.relay.process.alive()
        scene.is_good_again()
        harness.wait_until(scene.relay.ready, "the relay to be ready again")
        scene.relay.wait_event("queue_writable")
        scene.send("after")
        arrived = scene.all_arrived()
        assert len(arrived) == 51, "what was delivered while its removal waited was delivered once more"


def stalled():
    """A sync that does not return: no 250 before it does, everything else goes on, /readyz turns red, and the watchdog is
    not fed."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    with tempfile.TemporaryDirectory() as folder, Scene(notify=f"{folder}/manager", manager=manager) as scene:
        for number in range(20):
            scene.send(number)
        scene.all_arrived()
        scene.becomes("stall")
        waiting = scene.relay.smtp()
        waiting.ehlo()
        waiting.mail("orders@shop.example")
        waiting.rcpt(recipient("stalled"))
        waiting.docmd("DATA")
        waiting.send(content("stalled") + b".\r\n")
        print("   ", scene.not_ready())
        assert scene.relay.get("/healthz")[0] == 200
        manager.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while manager.recv(100):
                pass
        time.sleep(3)
        with contextlib.suppress(BlockingIOError):
            raise AssertionError(f"{manager.recv(100)} though the disk does not answer")
        with scene.relay.smtp(harness.SUBMISSION_PORT, user="shop", starttls=True) as other:  # TLS, AUTH and commands do not wait
            assert other.noop()[0] == 250
        assert "signpost_queue_commit_seconds" in scene.relay.get("/metrics")[1]
        waiting.sock.settimeout(0.2)
        try:
            early = waiting.sock.recv(100)
            assert not early, f"it said {early} before the sync was done"
        except (TimeoutError, socket.timeout):
            pass
        waiting.sock.settimeout(harness.DEADLINE)
        scene.is_good_again()
        code, text = waiting.getreply()
        assert code == 250, text
        manager.settimeout(harness.DEADLINE)
        assert manager.recv(100) == b"WATCHDOG=1"
        scene.acknowledged.append("stalled")
        harness.wait_until(scene.relay.ready, "the relay to be ready again")
        scene.all_arrived()


def slow(milliseconds, clients, messages):
    with Scene() as scene:
        scene.becomes("slow", str(milliseconds))

        def submit(client):
            for number in range(messages):
                scene.send(f"{client}-{number}")

        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            for done in [pool.submit(submit, client) for client in range(clients)]:
                done.result()
        took = time.monotonic() - began
        # One sync a message would take longer by far; each message waits for one, so it cannot be quicker.
        print(f"    {clients * messages} messages over {clients} connections took {took:.1f} s, "
              f"the syncs alone would be {clients * messages * milliseconds / 1000:.0f} s")
        assert took >= messages * milliseconds / 1000, "a 250 came before its sync"
        scene.all_arrived()


def slow_100_ms():
    """Syncs of 100 ms: groups grow, so that many clients wait for one sync together."""
    slow(100, clients=20, messages=5)


def slow_5_s():
    """Syncs of 5 s: the same, nothing times out."""
    slow(5000, clients=10, messages=1)


SCENARIOS = [error_on_sync, error_on_write, no_space_on_sync, read_only, full, stalled, slow_100_ms, slow_5_s]


def main():
    wanted = sys.argv[2:]
    for scenario in SCENARIOS:
        if wanted and scenario.__name__ not in wanted:
            continue
        print(scenario.__name__, flush=True)
        scenario()
    return 0


if __name__ == "__main__":
    sys.exit(main())
