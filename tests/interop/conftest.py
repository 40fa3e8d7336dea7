"""Fixtures: a world is a relay with a name server and receivers, on addresses of its own."""

import itertools
import os
import pathlib
import re
import sys
import tempfile

import pytest

import harness

_hosts = itertools.count(1)
_letters = itertools.count(1)


def message(subject="Your order", sender="orders@shop.example", to="someone@receiver.example",
            body="Thank you.\r\n", extra=""):
    """A complete message: nothing for the relay to repair."""
    return (f"From: Shop <{sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\n"
            "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
            f"Message-ID: <letter-{next(_letters)}@shop.example>\r\n{extra}\r\n{body}").encode()


class World:
    def __init__(self, folder, certificate):
        self.folder = folder
        self.certificate = certificate
        self.dns = harness.NameServer(folder / "dns", harness.address(next(_hosts)))
        self.relay = None
        self.sinks = []
        self.others = []

    def address(self):
        return harness.address(next(_hosts))

    def sink(self, *options, host=None, **more):
        sink = harness.Sink(self.folder / f"sink{len(self.sinks)}", host or self.address(),
                            options=options, **more)
        self.sinks.append(sink)
        return sink

    def receiver(self, domain, *options):
        """A sink that is the only MX of `domain`."""
        sink = self.sink(*options)
        self.dns.mx(domain, (10, f"mx.{domain}", sink.host))
        return sink

    def add_relay(self, **options):
        """A relay that is not started yet."""
        self.relay = harness.Relay(self.folder / "relay", self.address(), dns=self.dns,
                                   certificate=self.certificate, **options)
        return self.relay

    def start(self, **options):
        """The name server and the relay, with what was said before."""
        if not self.relay:
            self.add_relay(**options)
        self.dns.start()
        self.relay.start()
        return self.relay

    def stop(self):
        for one in [self.relay, *self.others]:
            if one:
                one.kill() if hasattr(one, "kill") else one.stop()
        self.dns.stop()
        for sink in self.sinks:
            sink.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return harness.Certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def world(tmp_path, certificate):
    """A world to be arranged by one test."""
    made = World(tmp_path, certificate)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory, certificate):
    """A world that the tests of one file share: receiver.example takes everything, the local part of
    an address can script it; mail of shop.example is signed with two keys."""
    made = World(tmp_path_factory.mktemp("shared"), certificate)
    made.receiver("receiver.example")
    made.receiver("shop.example")  # where bounces go
    relay = made.add_relay()
    relay.add_key("shop.example", "r1", "rsa")
    relay.add_key("shop.example", "e1", "ed25519")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def open_folder():
    """One that other accounts may look into: pytest's own are for root alone."""
    with tempfile.TemporaryDirectory(prefix="signpost-open-") as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(folder)


@pytest.fixture(scope="module")
def clients_shop(tmp_path_factory):
    """What the mail libraries of tests/clients need around them."""
    sys.path.append(str(harness.ROOT / "tests/clients"))
    import client
    made = World(tmp_path_factory.mktemp("clients"), None)
    try:
        yield client.Shop(made)
    finally:
        made.stop()


def field(content, name):
    """The body of the first header field of that name, unfolded; None if there is none."""
    header = content.split(b"\r\n\r\n", 1)[0] + b"\r\n"
    found = re.search(rb"(?im)^" + name.encode() + rb":((?:.*\r\n)(?:[ \t].*\r\n)*)", header)
    return re.sub(rb"\r\n([ \t])", rb"\1", found.group(1)).strip().decode("utf-8", "replace") if found else None


def fields(content):
    """The names of all header fields, in order, in lower case."""
    header = content.split(b"\r\n\r\n", 1)[0]
    return [line.split(b":", 1)[0].decode().lower() for line in header.split(b"\r\n")
            if line[:1] not in (b" ", b"\t")]


def body(content):
    return content.split(b"\r\n\r\n", 1)[1]
