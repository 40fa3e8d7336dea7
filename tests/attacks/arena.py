"""What every attack has in common: a relay with a name server and a receiver, a good client that keeps
sending all the while, and the relay's memory and descriptors, watched.

An attack is one file, `tests/attacks/NAME.py`:

    with arena.Arena("name", settings={…}) as scene:
        with scene.watch() as seen:
            …attack scene.relay…
        seen.tell("what was done")
        seen.check()
        assert seen.memory < …

It is bounded and ends by itself. `--full` is the size that the figures in its docstring were taken with; without it the
attack is as small as it can be and still show the fault.
"""

import argparse
import os
import pathlib
import re
import resource
import shutil
import smtplib
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import harness  # noqa: E402

LETTER = ("From: Shop <orders@shop.example>\r\nTo: <someone@receiver.example>\r\nSubject: Your order\r\n"
          "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nMessage-ID: <{}@shop.example>\r\n\r\nThank you.\r\n")


def options(description, **sizes):
    """The parsed command line. sizes: name=(short, full), each an option of its own as well."""
    parser = argparse.ArgumentParser(description=description.strip().splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the size that the figures were taken with")
    for name, (short, full) in sizes.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(short), help=f"{short}, or {full} with --full")
    given = parser.parse_args()
    for name, (short, full) in sizes.items():
        if getattr(given, name) is None:
            setattr(given, name, full if given.full else short)
    return given


def raise_descriptor_limit():
    """For the attacker, whose connections need as many as the relay's."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)


class GoodClient(threading.Thread):
    """Sends a message every 50 ms from a trusted network, over one connection, and notes how long each 250 takes. It
    reconnects when necessary, and counts refusals."""

    def __init__(self, relay, source, domain="receiver.example"):
        super().__init__(daemon=True)
        self.relay = relay
        self.source = source
        self.domain = domain
        self.seconds = []
        self.refused = []
        self.done = threading.Event()

    def run(self):
        session = None
        number = 0
        while not self.done.wait(0.05):
            number += 1
            began = time.monotonic()
            try:
                if session is None:
                    session = smtplib.SMTP(self.relay.host, harness.TRUSTED_PORT, timeout=30,
                                           source_address=(self.source, 0), local_hostname="good.example")
                session.sendmail("orders@shop.example", [f"someone@{self.domain}"], LETTER.format(f"good-{number}"))
                self.seconds.append(time.monotonic() - began)
            except (OSError, smtplib.SMTPException) as error:
                self.refused.append(f"{type(error).__name__}: {error}")
                if session is not None:
                    session.close()
                session = None
        if session is not None:
            session.close()

    @property
    def answered(self):
        return len(self.seconds) + len(self.refused)

    def stop(self):
        self.done.set()
        self.join()


class Watched:
    """What was seen while an attack went on; memory in octets."""

    def __init__(self, relay, source):
        self.relay = relay
        self.pid = relay.process.process.pid
        self.memory_before = self.memory = self._memory()
        self.descriptors_before = self.descriptors = self._descriptors()
        self.good = GoodClient(relay, source)
        self._done = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)

    def _memory(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024

    def _descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def _sample(self):
        while not self._done.wait(0.05):
            try:
                self.memory = max(self.memory, self._memory())
                self.descriptors = max(self.descriptors, self._descriptors())
            except OSError:
                return  # it has ended: relay.process.check_alive() says so

    def __enter__(self):
        self._sampler.start()
        self.good.start()
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:  # a quick attack, too, is seen by its good client
                answered = self.good.answered
                harness.wait_until(lambda: self.good.answered > answered, "the good client's next message", 60)
        finally:
            self.good.stop()
            self._done.set()
            self._sampler.join()

    @property
    def grown(self):
        """Octets of memory above what there was before, at the peak."""
        return self.memory - self.memory_before

    @property
    def opened(self):
        """Descriptors above those before, at the peak."""
        return self.descriptors - self.descriptors_before

    @property
    def p99(self):
        """Seconds in which 99 of 100 messages of the good client had their 250."""
        times = sorted(self.good.seconds) or [0.0]
        return times[min(len(times) - 1, int(len(times) * 0.99))]

    def tell(self, what):
        times = self.good.seconds or [0.0]
        print(f"{what}: {self.grown / (1 << 20):.1f} MiB and {self.opened} descriptors at the peak; a good client sent "
              f"{len(self.good.seconds)} messages, p50 {statistics.median(times) * 1e3:.1f} ms, p99 {self.p99 * 1e3:.1f} ms, "
              f"{len(self.good.refused)} refused{' (' + self.good.refused[0] + ')' if self.good.refused else ''}",
              flush=True)

    def check(self):
        """The relay still runs, and its good client was served all the while."""
        self.relay.process.check_alive()
        assert self.good.seconds, "the good client sent nothing"
        assert not self.good.refused, self.good.refused[:3]


class Arena:
    """A relay for receiver.example, whose MX is a sink, with a login "shop" and no keys. Addresses: scene.address()."""

    def __init__(self, name, **relay_options):
        raise_descriptor_limit()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"signpost-{name}-"))
        self._hosts = iter(range(1, 200))
        self.certificate = harness.Certificate(self.folder)
        self.dns = harness.NameServer(self.folder / "dns", self.address())
        self.sink = harness.Sink(self.folder / "sink", self.address(), save=False)
        self.dns.mx("receiver.example", (10, "mx.receiver.example", self.sink.host))
        self.relay = harness.Relay(self.folder / "relay", self.address(), dns=self.dns, certificate=self.certificate,
                                   **relay_options)

    def address(self):
        return harness.address(next(self._hosts))

    def __enter__(self):
        try:
            self.dns.start()
            self.relay.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is None:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"the log is in {self.folder}", file=sys.stderr)

    def stop(self):
        if self.relay.process:
            self.relay.kill()
        self.sink.stop()
        self.dns.stop()

    def watch(self):
        return Watched(self.relay, self.address())
