"""What receivers need of TLS that most do not: versions that are long outdated, a certificate of the relay, an authority that only
this operator trusts."""

import contextlib
import socket
import ssl
import threading
import warnings

import pytest

import harness
from conftest import message
from harness import MX_PORT

PATIENT = {"retry": 'schedule = ["1h"]\nexpire = "5d"\ndelay_notice = "0s"'}


class Receiver:
    """An SMTP server that offers STARTTLS with `context`, and keeps of each message the version of TLS (None: in clear) and whose
    certificate its client showed."""

    def __init__(self, host, context, port=MX_PORT):
        self.context, self.host = context, host
        self.taken = []
        self.listener = socket.create_server((host, port))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, contextlib.suppress(OSError, StopIteration):
            connection.sendall(b"220 tls.example ESMTP\r\n")
            if self.talk(connection, b"250-tls.example\r\n250 STARTTLS\r\n", None):
                connection.sendall(b"220 go ahead\r\n")
                with self.context.wrap_socket(connection, server_side=True) as secured:
                    self.talk(secured, b"250 tls.example\r\n", secured)

    def talk(self, connection, hello, secured):
        lines = connection.makefile("rb")
        for line in lines:
            verb = line[:4].upper().strip()
            if verb == b"STAR":
                return True
            if verb == b"DATA":
                connection.sendall(b"354 go ahead\r\n")
                while next(lines) != b".\r\n":
                    pass
                shown = secured and secured.getpeercert()
                self.taken.append((secured and secured.version(), shown and dict(shown["subject"][0])["commonName"]))
            connection.sendall(hello if verb == b"EHLO" else b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
        return False

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def context_of(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context


@pytest.fixture
def old(world, certificate):
    """old.example's, which knows TLS 1.0 and 1.1."""
    context = context_of(certificate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    receiver = Receiver(world.address(), context)
    world.dns.mx("old.example", (10, "mx.old.example", receiver.host))
    yield receiver
    receiver.stop()


@pytest.mark.parametrize("policy", ["opportunistic", "encrypt"])
def test_an_outdated_receiver_gets_the_best_that_it_has(world, old, policy):
    relay = world.start(settings={**PATIENT, "delivery": f'port = {MX_PORT}\ntls = "{policy}"'})
    relay.send("a@shop.example", "b@old.example", message())
    delivered = relay.wait_event("delivered", to="b@old.example")
    assert old.taken == [("TLSv1.1", None)]
    assert (delivered["tls"], delivered["tls_wanted"], delivered["tls_reached"]) == ("TLSv1.1 unverified", policy, "unverified")
    assert delivered["attempt"] == 1
    assert [event["then"] for event in relay.events("tls_failed")] == ["with an older version"]
    assert relay.metric("signpost_tls_handshakes_total", direction="out", version="TLSv1.1", trust="unverified") == 1
    assert relay.metric("signpost_delivered_tls_total", wanted=policy, reached="unverified") == 1


def test_outdated_versions_can_be_refused(world, old):
    world.dns.mx("strict.example", (10, "mx.old.example", old.host))
    relay = world.start(settings={**PATIENT, "delivery": f"port = {MX_PORT}\nold_tls = false"},
                        extra='[[destination]]\nmatch = ["strict.example"]\ntls = "encrypt"\n')
    relay.send("a@shop.example", "b@old.example", message())
    delivered = relay.wait_event("delivered", to="b@old.example")
    assert (delivered["tls_wanted"], delivered["tls_reached"]) == ("opportunistic", "clear")
    relay.send("a@shop.example", "b@strict.example", message())
    relay.wait_event("deferred", to="b@strict.example")
    assert old.taken == [(None, None)]


def test_a_route_has_an_authority_and_a_certificate_of_its_own(world, tmp_path):
    host = world.address()
    server = harness.Certificate(tmp_path, "inside.example", addresses=[host])
    client = harness.Certificate(tmp_path, "signpost.shop.example")
    context = context_of(server)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(client.certificate)
    receiver = Receiver(host, context, MX_PORT)
    try:
        relay = world.start(settings=PATIENT, extra=f'''
[[route]]
recipients = ["inside.example"]
via = "smtp://{host}:{MX_PORT}"
tls = "verify"
ca_file = "{server.certificate}"
client_certificate = "{client.certificate}"
client_key = "{client.key}"

[[route]]
recipients = ["public.example"]
via = "smtp://{host}:{MX_PORT}"
tls = "verify"
client_certificate = "{client.certificate}"
client_key = "{client.key}"
''')
        relay.send("a@shop.example", "b@inside.example", message())
        delivered = relay.wait_event("delivered", to="b@inside.example")
        assert receiver.taken == [("TLSv1.3", "signpost.shop.example")]
        assert (delivered["tls_wanted"], delivered["tls_reached"]) == ("verify", "pkix")
        relay.send("a@shop.example", "b@public.example", message())
        assert "not trusted" in relay.wait_event("deferred", to="b@public.example")["reply"]
        assert len(receiver.taken) == 1
    finally:
        receiver.stop()
