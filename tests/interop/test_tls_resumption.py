"""TLS sessions with receivers are continued by the next connections, where that is as good as a new one."""

import contextlib
import socket
import ssl
import threading

import pytest

import harness
from conftest import message
from harness import MX_PORT

ONE_MESSAGE = '[[destination]]\nmatch = ["receiver.example"]\nconnections = 1\nmessages_per_connection = 1\n'


def resumed(relay):
    return relay.metric("signpost_tls_resumed_total", direction="out")


def handshakes(relay, **labels):
    return relay.metric("signpost_tls_handshakes_total", direction="out", **labels)


def send_one_by_one(relay, count):
    for number in range(count):
        queue_id = relay.send("a@shop.example", f"r{number}@receiver.example", message())
        assert relay.wait_event("delivered", id=queue_id)["tls"]


@pytest.mark.parametrize("policy", ["opportunistic", "encrypt"])
def test_later_connections_continue_the_first_ones_session(world, certificate, policy):
    world.receiver("receiver.example", "--tls-cert", certificate.certificate, "--tls-key", certificate.key)
    relay = world.start(workers=1, extra=ONE_MESSAGE + f'tls = "{policy}"\n')
    send_one_by_one(relay, 5)
    assert handshakes(relay) == 5 and handshakes(relay, trust="unverified") == 5
    assert resumed(relay) == 4


def test_postfix_continues_sessions(world, tmp_path, certificate):
    behind = world.sink()
    postfix = harness.Postfix(tmp_path, world.address(), smtp_port=MX_PORT, settings={
        "relayhost": f"[{behind.host}]:{behind.port}", "smtpd_tls_security_level": "may",
        "smtpd_tls_cert_file": certificate.certificate, "smtpd_tls_key_file": certificate.key})
    world.others.append(postfix)
    world.dns.mx("receiver.example", (10, "mx.receiver.example", postfix.host))
    relay = world.start(workers=1, extra=ONE_MESSAGE)
    send_one_by_one(relay, 5)
    # Each ticket is used once, and Postfix gives none to a session that is continued.
    assert handshakes(relay) == 5 and resumed(relay) == 2


def test_a_session_without_verification_is_not_continued_by_who_demands_one(world, certificate):
    """The same host is the receiver of both domains."""
    sink = world.receiver("receiver.example", "--tls-cert", certificate.certificate, "--tls-key", certificate.key)
    world.dns.mx("strict.example", (10, "mx.receiver.example"))
    relay = world.start(workers=1, settings={"retry": 'schedule = ["1h"]\ndelay_notice = "0s"'},
                        extra=ONE_MESSAGE + '[[destination]]\nmatch = ["strict.example"]\ntls = "verify"\n')
    send_one_by_one(relay, 1)
    queue_id = relay.send("a@shop.example", "b@strict.example", message())
    relay.wait_event("deferred", id=queue_id)
    assert handshakes(relay) == 2 and resumed(relay) == 0
    assert len(sink.saved()) == 1


def test_a_continued_session_is_as_verified_as_its_first_handshake(world, tmp_path):
    trusted = harness.Certificate(tmp_path, "mx.receiver.example")
    world.receiver("receiver.example", "--tls-cert", trusted.certificate, "--tls-key", trusted.key)
    relay = world.add_relay(workers=1, extra=ONE_MESSAGE + 'tls = "verify"\n')
    relay.environment = dict(harness.os.environ, SSL_CERT_FILE=str(trusted.certificate))
    world.start()
    send_one_by_one(relay, 3)
    assert handshakes(relay, trust="pkix") == 3 and resumed(relay) == 2
    assert {event["tls"] for event in relay.events("delivered")} == {"TLSv1.3 verified"}


def test_another_machine_of_the_same_name_gets_a_full_handshake(world, certificate):
    options = ("--tls-cert", certificate.certificate, "--tls-key", certificate.key)
    first, later = world.sink(*options), world.address()
    world.dns.mx("receiver.example", (10, "mx.receiver.example", first.host, later))
    relay = world.start(workers=1, extra=ONE_MESSAGE + 'tls = "encrypt"\n')
    send_one_by_one(relay, 1)
    first.stop()
    world.sink(*options, host=later)
    send_one_by_one(relay, 1)
    assert handshakes(relay) == 2 and resumed(relay) == 0
    assert not relay.events("tls_failed") and not relay.events("deferred")


class Choking:
    """Closes in the middle of every second handshake. Each conversation that gets through takes one message."""

    def __init__(self, host, certificate):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.certificate, certificate.key)
        self.connections = 0
        self.delivered = []  # whether under TLS
        self.listener = socket.create_server((host, MX_PORT))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                with connection, contextlib.suppress(OSError):
                    self.serve(connection, chokes=self.connections % 2 == 0)

    def serve(self, connection, chokes):
        connection.sendall(b"220 mx.receiver.example ESMTP\r\n")
        lines = connection.makefile("rb")
        for line in lines:
            verb = line[:4].upper()
            if line.upper().startswith(b"STARTTLS"):
                connection.sendall(b"220 go ahead\r\n")
                if chokes:
                    connection.recv(65536)
                    return
                connection = self.context.wrap_socket(connection, server_side=True)
                with connection:
                    self.serve_secured(connection)
                return
            if verb == b"EHLO":
                connection.sendall(b"250-mx.receiver.example\r\n250 STARTTLS\r\n")
            elif not self.converse(connection, lines, verb):
                return

    def serve_secured(self, connection):
        lines = connection.makefile("rb")
        for line in lines:
            verb = line[:4].upper()
            if verb == b"EHLO":
                connection.sendall(b"250 mx.receiver.example\r\n")
            elif not self.converse(connection, lines, verb):
                return

    def converse(self, connection, lines, verb):
        if verb == b"DATA":
            connection.sendall(b"354 go ahead\r\n")
            for content in lines:
                if content == b".\r\n":
                    break
            self.delivered.append(isinstance(connection, ssl.SSLSocket))
        connection.sendall(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
        return verb != b"QUIT"


def test_a_session_that_fails_costs_neither_tls_nor_the_attempt(world, certificate):
    receiver = Choking(world.address(), certificate)
    world.dns.mx("receiver.example", (10, "mx.receiver.example", receiver.listener.getsockname()[0]))
    relay = world.start(workers=1, extra=ONE_MESSAGE)
    send_one_by_one(relay, 2)
    assert receiver.delivered == [True, True] and receiver.connections == 3
    assert not relay.events("tls_failed") and not relay.events("deferred")
    assert handshakes(relay) == 2 and resumed(relay) == 0
    receiver.listener.close()
