#!/usr/bin/python3
"""A queue on small file systems, filled to the last octet, in a mount namespace of its own.

300 MB, with the room that limits.disk_free keeps: new mail gets 452 there, delivery goes on and makes room, mail is
accepted again. Then another program takes all that is left: 4xx, and the relay recovers when the space comes back.
At last the file system is mounted read-only: the relay does not start, and says why.

48 and 96 MB: 452 and never 451, a start on what is left, everything is delivered, mail is accepted again. Then another
program takes all that is left while the relay is dead: it starts and delivers what is queued.

    tests/fault/small_disk.py [MEGABYTES …]
"""

import os
import pathlib
import random
import smtplib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import harness  # noqa: E402

SIZE = 300 << 20


def enter_namespace():
    """Runs this again where it may mount something that nobody else sees."""
    if os.environ.get("SIGNPOST_IN_NAMESPACE"):
        return
    words = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*words, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        print("no mount namespace is to be had here")
        sys.exit(77)  # ctest's SKIP_RETURN_CODE
    os.environ["SIGNPOST_IN_NAMESPACE"] = "1"
    os.execvp("unshare", [*words, sys.executable, *sys.argv])


def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True)


def content(number, dice, size):
    body = "".join("%x" % dice.getrandbits(256) + "\r\n" for _ in range(size // 66))
    return (f"From: orders@shop.example\r\nTo: r{number}@receiver.example\r\nSubject: {number}\r\n"
            f"Message-ID: <{number}@shop.example>\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\n\r\n{body}").encode()


class Client:
    """Sends and remembers what was acknowledged."""

    def __init__(self, relay):
        self.relay = relay
        self.dice = random.Random(1)
        self.acknowledged = []
        self.number = 0

    def send(self, size=500_000):
        """The reply; a 250 is remembered."""
        self.number += 1
        with self.relay.smtp() as client:
            try:
                client.sendmail("orders@shop.example", f"r{self.number}@receiver.example",
                                content(self.number, self.dice, size))
            except smtplib.SMTPSenderRefused as refused:
                return refused.smtp_code, refused.smtp_error.decode()
            except smtplib.SMTPDataError as refused:
                return refused.smtp_code, refused.smtp_error.decode()
        self.acknowledged.append(f"r{self.number}@receiver.example")
        return 250, ""

    def send_until_refused(self):
        for _ in range(2 * SIZE // 500_000):
            code, text = self.send()
            if code != 250:
                assert 400 <= code < 500, (code, text)
                return f"{code} {text}"
        raise AssertionError("the disk does not get full")

    def send_until_accepted(self, size=1000):
        harness.wait_until(lambda: self.send(size)[0] == 250, "mail to be accepted again")


def free(disk):
    facts = os.statvfs(disk)
    return facts.f_bavail * facts.f_frsize


def fill(disk):
    """Another program takes all that is left; returns its file."""
    hog = disk / "hog"
    file = os.open(hog, os.O_CREAT | os.O_WRONLY)
    try:
        while os.write(file, b"x" * 65536):
            pass
    except OSError:
        os.close(file)
    return hog


class Place:
    """A relay on a file system of its own."""

    def __init__(self, size, settings=None):
        self.folder = harness.scratch("small")
        self.dns = harness.NameServer(self.folder / "dns", harness.address(1))
        self.dns.mx("receiver.example", (10, "mx.receiver.example", harness.address(2)))
        self.relay = harness.Relay(self.folder / "relay", harness.address(3), dns=self.dns,
                                   certificate=harness.Certificate(self.folder), settings=settings)
        self.disk = self.folder / "relay" / "data"
        self.disk.mkdir(parents=True)
        mount("-t", "tmpfs", "-o", f"size={size}", "signpost-test", self.disk)
        self.sinks = []

    def __enter__(self):
        self.dns.start()
        self.relay.start()
        return self

    def __exit__(self, *_):
        self.relay.kill()
        for one in [*self.sinks, self.dns]:
            one.stop()
        subprocess.run(["umount", "--lazy", self.disk])

    def start_again(self):
        """After a kill; on a full disk it lives, and is not ready."""
        relay = self.relay
        relay.process = harness.Process([*relay.program, "serve", "-c", relay.config], relay.log)
        harness.wait_until(lambda: relay.process.check_alive() and harness.listening(relay.host, harness.ADMIN_PORT),
                           "the relay to listen")
        assert relay.get("/healthz")[0] == 200

    def open_receiver(self):
        self.sinks.append(harness.Sink(self.folder / f"sink{len(self.sinks)}", harness.address(2)))
        return self.sinks[-1]

    def deliver(self):
        receiver = self.open_receiver()
        if self.relay.run("queue", "retry", "--to", "receiver.example").returncode != 0:
            self.relay.wait_empty()  # nothing was left that could be retried
        return receiver

    def check_arrived(self, client):
        arrived = {envelope["recipients"][0]["address"] for sink in self.sinks
                   for envelope in harness.saved_in(sink.folder / "mail")}
        missing = set(client.acknowledged) - arrived
        assert not missing, missing
        print(f"    {len(client.acknowledged)} acknowledged, all arrived")


def tiny(megabytes):
    with Place(megabytes << 20, settings={"limits": 'disk_free = "5%"'}) as place:
        relay, disk = place.relay, place.disk
        client = Client(relay)
        refusal = client.send_until_refused()
        print(f"{megabytes} MB:", refusal, f"({len(client.acknowledged)} messages, {free(disk) >> 10} KiB free)")
        assert refusal.startswith("452 "), refusal
        assert len(client.acknowledged) > megabytes, "most of the disk is not for mail"
        relay.kill()
        place.start_again()
        place.deliver()
        relay.wait_empty()
        client.send_until_accepted()
        relay.wait_empty()
        print(f"    started again, delivered, accepted again; {free(disk) >> 20} MiB free")
        place.sinks[0].stop()

        for _ in range(20):  # the space that removed mail gives back may come after the first of them
            client.send_until_accepted(100_000)
        relay.kill()
        hog = fill(disk)
        place.start_again()
        assert relay.events("queue_reserve_used")
        print(f"    killed, and started with {free(disk) >> 10} KiB free")
        assert client.send(1000)[0] == 452
        receiver = place.deliver()
        receiver.wait_for(20)
        relay.wait_empty()
        hog.unlink()
        client.send_until_accepted()
        relay.wait_empty()
        place.check_arrived(client)


def main():
    enter_namespace()
    wanted = [int(word) for word in sys.argv[1:]] or [300, 48, 96]
    for megabytes in wanted:
        if megabytes == SIZE >> 20:
            filled_and_read_only()
        else:
            tiny(megabytes)
    return 0


def filled_and_read_only():
    folder = harness.scratch("small")
    dns = harness.NameServer(folder / "dns", harness.address(1))
    dns.mx("receiver.example", (10, "mx.receiver.example", harness.address(2)))
    relay = harness.Relay(folder / "relay", harness.address(3), dns=dns, certificate=harness.Certificate(folder),
                          settings={"limits": 'disk_free = "60MiB"'})
    disk = folder / "relay" / "data"
    disk.mkdir(parents=True)
    mount("-t", "tmpfs", "-o", f"size={SIZE}", "signpost-test", disk)
    sink = None
    try:
        dns.start()
        relay.start()
        client = Client(relay)

        print("limits.disk_free:", client.send_until_refused())
        print("   ", relay.get("/readyz")[1].strip(), f"({len(client.acknowledged)} messages, {free(disk) >> 20} MiB free)")
        assert free(disk) > 40 << 20, "the room that was to be kept is gone"
        sink = harness.Sink(folder / "sink", harness.address(2))
        assert relay.run("queue", "retry", "--to", "receiver.example").returncode == 0
        relay.wait_empty()
        client.send_until_accepted()
        print(f"    delivered, accepted again; {free(disk) >> 20} MiB free")

        relay.wait_empty()  # nothing that is retried shows that the disk has room again
        sink.stop()
        hog = fill(disk)
        print(f"taken by another program: {free(disk)} octets free")
        print("   ", client.send_until_refused())
        harness.wait_until(lambda: relay.get("/readyz")[0] == 503, "/readyz to be red")
        print("   ", relay.get("/readyz")[1].strip())
        assert relay.process.alive()
        hog.unlink()
        harness.wait_until(relay.ready, "the relay to be ready again")
        client.send_until_accepted()
        sink = harness.Sink(folder / "sink2", harness.address(2))
        relay.run("queue", "retry", "--to", "receiver.example")
        relay.wait_empty()
        print("    given back, accepted and delivered again, without a restart")

        arrived = {envelope["recipients"][0]["address"] for name in ("sink", "sink2")
                   for envelope in harness.saved_in(folder / name / "mail")}
        missing = set(client.acknowledged) - arrived
        assert not missing, missing
        print(f"    {len(client.acknowledged)} acknowledged, all arrived")

        relay.stop()
        mount("-o", "remount,ro", disk)
        refused = relay.run("serve")
        print("read-only:", harness.start_failures(refused.stderr)[0])
        assert refused.returncode == 1 and "Read-only file system" in refused.stderr, refused.stderr
    finally:
        relay.kill()
        for one in filter(None, (sink, dns)):
            one.stop()
        subprocess.run(["umount", disk])


if __name__ == "__main__":
    sys.exit(main())
