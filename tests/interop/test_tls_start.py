"""TLS that cannot be used, wherever that shows between STARTTLS and the reply to EHLO under it: with opportunistic TLS it costs
the TLS and nothing else, with `encrypt` nothing goes in clear."""

import contextlib
import ssl

import pytest

from conftest import message
from harness import MX_PORT
from listening import Server

PATIENT = {"retry": 'schedule = ["1h"]\nexpire = "5d"\ndelay_notice = "0s"'}


class Fault:
    """What goes wrong: the reply to STARTTLS (None: the connection is closed), what comes instead of the handshake, whether a
    certificate is asked for that no client has, and the reply to EHLO and HELO under TLS (None: closed)."""

    def __init__(self, starttls=b"220 go ahead\r\n", handshake=None, client_certificate=False, hello=b"250 tls.example\r\n"):
        self.starttls, self.handshake, self.client_certificate, self.hello = starttls, handshake, client_certificate, hello


FAULTS = {
    "closes at STARTTLS": Fault(starttls=None),
    "is not an SMTP server any more": Fault(starttls=b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "asks for more": Fault(starttls=b"354 go ahead\r\n"),
    "says goodbye": Fault(starttls=b"421 4.3.2 busy\r\n"),
    "refuses for now": Fault(starttls=b"454 4.7.0 TLS not available\r\n"),
    "refuses for good": Fault(starttls=b"502 5.5.1 not implemented\r\n"),
    "continues in clear": Fault(starttls=b"220 go ahead\r\n250 injected\r\n"),
    "closes in the handshake": Fault(handshake=b""),
    "has no TLS": Fault(handshake=b"500 what is this?\r\n"),
    "wants a certificate": Fault(client_certificate=True),
    "closes after the handshake": Fault(hello=None),
    "refuses EHLO for now": Fault(hello=b"454 4.7.0 TLS is broken\r\n"),
    "refuses EHLO and HELO": Fault(hello=b"550 5.7.1 not by TLS\r\n"),
    "says goodbye under TLS": Fault(hello=b"421 4.3.2 bye\r\n"),
    "sends garbage under TLS": Fault(hello=b"\x00\xff\x80\r\n"),
}


class Receiver(Server):
    def __init__(self, host, certificate, fault):
        self.fault = fault
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.certificate, certificate.key)
        if fault.client_certificate:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(certificate.certificate)
        self.taken = []  # whether under TLS
        super().__init__(host)

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"220 tls.example ESMTP\r\n")
            if self.talk(connection, b"250-tls.example\r\n250 STARTTLS\r\n", secured=False) != b"STARTTLS":
                return
            if self.fault.starttls is None:
                return
            connection.sendall(self.fault.starttls)
            if not self.fault.starttls.startswith(b"220"):
                self.talk(connection, b"250 tls.example\r\n", secured=False)
                return
            if self.fault.handshake is not None:
                connection.recv(65536)
                connection.sendall(self.fault.handshake)
                return
            with self.context.wrap_socket(connection, server_side=True) as secured:
                self.talk(secured, self.fault.hello, secured=True)

    def talk(self, connection, hello, secured):
        lines = connection.makefile("rb")
        for line in lines:
            verb = line[:4].upper().strip()
            if verb == b"STAR":
                return b"STARTTLS"
            if verb in (b"EHLO", b"HELO"):
                if hello is None:
                    return None
                connection.sendall(hello)
                if hello.startswith(b"421"):
                    return None
            elif verb == b"DATA":
                connection.sendall(b"354 go ahead\r\n")
                while next(lines) != b".\r\n":
                    pass
                self.taken.append(secured)
                connection.sendall(b"250 taken\r\n")
            else:
                connection.sendall(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
        return None


@pytest.fixture
def receivers(world, certificate):
    """One for each fault, as the mail server of FAULT's number.example."""
    made = {}
    for number, (name, fault) in enumerate(FAULTS.items()):
        made[name] = Receiver(world.address(), certificate, fault)
        world.dns.mx(f"{number}.example", (10, f"mx.{number}.example", made[name].listener.getsockname()[0]))
    yield made
    for one in made.values():
        one.stop()


def test_opportunistic_tls_that_fails_costs_only_the_tls(world, receivers):
    relay = world.start(settings=PATIENT)
    for number in range(len(FAULTS)):
        relay.send("a@shop.example", f"b@{number}.example", message())
    for number, name in enumerate(FAULTS):
        delivered = relay.wait_event("delivered", to=f"b@{number}.example")
        assert not delivered.get("tls") and delivered["attempt"] == 1, name
        assert receivers[name].taken == [False], name
        failures = relay.events("tls_failed", mx=f"mx.{number}.example") + relay.events("tls_refused", mx=f"mx.{number}.example")
        assert [failure["then"] for failure in failures] == ["in clear"], name
    assert not relay.events("deferred")


def test_required_tls_that_fails_leaves_the_mail_waiting(world, receivers):
    relay = world.start(settings={**PATIENT, "delivery": f'port = {MX_PORT}\ntls = "encrypt"'})
    for number in range(len(FAULTS)):
        relay.send("a@shop.example", f"b@{number}.example", message())
    for number, name in enumerate(FAULTS):
        relay.wait_event("deferred", to=f"b@{number}.example")
        assert receivers[name].taken == [], name
