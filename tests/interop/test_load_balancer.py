"""Behind HAProxy: PROXY headers of both versions, in every mode of a listener, and its health checks."""

import contextlib
import smtplib
import socket
import ssl

import pytest

import harness
from conftest import field, message

STARTTLS, IMPLICIT, PLAIN = 2530, 2531, 2532
FRONTENDS = {"starttls-1": 2601, "starttls-2": 2602, "implicit-1": 2603, "implicit-2": 2604, "terminated": 2605}


# What the balancer says of the client that may relay, whose own address is one of the balancer's loopback.
NAMED = "192.0.2.77"


class HAProxy:
    """From its unpacked package; it connects to the relay from its own address. `trusted` is NAMED there."""

    def __init__(self, folder, host, relay, certificate, trusted):
        folder.mkdir()
        pair = folder / "pair.pem"
        pair.write_text(certificate.certificate.read_text() + certificate.key.read_text())
        servers = {
            "starttls-1": (STARTTLS, "send-proxy", "option smtpchk EHLO balancer.example"),
            "starttls-2": (STARTTLS, "send-proxy-v2", "option smtpchk EHLO balancer.example"),
            "implicit-1": (IMPLICIT, "send-proxy", "option tcp-check"),
            "implicit-2": (IMPLICIT, "send-proxy-v2 proxy-v2-options crc32c", "option tcp-check"),
            "terminated": (PLAIN, "send-proxy-v2-ssl-cn proxy-v2-options ssl-cipher,crc32c", "option smtpchk EHLO balancer.example"),
        }
        lines = ["global", "log stdout format raw local0", "defaults", "mode tcp", "log global", "option log-health-checks",
                 "timeout connect 5s", "timeout client 1m", "timeout server 1m"]
        for name, (port, options, check) in servers.items():
            tls = f" ssl crt {pair} ca-file {certificate.certificate} verify optional" if name == "terminated" else ""
            lines += [f"listen {name}", f"bind {host}:{FRONTENDS[name]}{tls}", check,
                      f"tcp-request connection set-src str({NAMED}) if {{ src {trusted} }}",
                      f"server relay {relay}:{port} source {host} check inter 200ms rise 1 {options}"]
        configuration = folder / "haproxy.cfg"
        configuration.write_text("\n".join(lines) + "\n")
        self.host = host
        self.process = harness.Process([harness.peer_program("usr/sbin/haproxy"), "-db", "-f", configuration],
                                       folder / "haproxy.log", env=harness.peer_environment())
        harness.wait_until(lambda: self.process.check_alive() and self.healthy() == set(servers),
                           lambda: "all servers to be healthy:\n" + self.process.log_text())

    def healthy(self):
        """The frontends whose relay has passed its check."""
        return {name for name in FRONTENDS if f"Health check for server {name}/relay succeeded" in self.process.log_text()}

    def stop(self):
        self.process.kill()


@pytest.fixture(scope="module")
def behind(tmp_path_factory, certificate):
    """(world, balancer, an address that may relay, one that may not)"""
    from conftest import World
    world = World(tmp_path_factory.mktemp("balancer"), certificate)
    world.receiver("receiver.example")
    balancer, trusted, stranger = world.address(), world.address(), world.address()
    relay = world.add_relay(settings={"log": 'level = "debug"\nformat = "json"', "limits": "sessions_per_client = 3"})
    relay.extra = "".join(
        f'[[listener]]\nbind = "{relay.host}:{port}"\nmode = "{mode}"\ntrusted_networks = ["{NAMED}", "127.0.0.0/8"]\n'
        f'proxy_protocol_from = ["{balancer}"]\n'
        for port, mode in ((STARTTLS, "starttls"), (IMPLICIT, "implicit"), (PLAIN, "plain")))
    world.start()
    haproxy = HAProxy(world.folder / "haproxy", balancer, relay.host, certificate, trusted)
    world.others.append(haproxy)
    yield world, haproxy, trusted, stranger
    world.stop()


@contextlib.contextmanager
def session(host, frontend, source, certificate):
    context = ssl.create_default_context(cafile=str(certificate.certificate))
    context.check_hostname = False
    port = FRONTENDS[frontend]
    if frontend.startswith("starttls"):
        client = smtplib.SMTP(host, port, "client.example", timeout=harness.DEADLINE, source_address=(source, 0))
        client.starttls(context=context)
    else:
        client = smtplib.SMTP_SSL(host, port, "client.example", timeout=harness.DEADLINE, source_address=(source, 0),
                                  context=context)
    with client:
        client.ehlo()
        yield client


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_mail_comes_from_the_client_and_not_from_the_balancer(behind, frontend, certificate):
    world, haproxy, trusted, stranger = behind
    recipient = f"{frontend}@receiver.example"
    with session(haproxy.host, frontend, trusted, certificate) as client:
        client.sendmail("a@shop.example", recipient, message(to=recipient))
    _, content = world.sinks[0].message_to(recipient)
    received = field(content, "Received")
    assert received.startswith(f"from client.example ([{NAMED}])"), received
    assert "with ESMTPS" in received and "TLS_AES_" in received, received
    accepted = world.relay.wait_event("accepted", to=recipient)
    assert accepted["address"].startswith(NAMED + ":")
    assert accepted["proxy"].startswith(haproxy.host + ":")
    assert accepted["tls"] == "TLSv1.3"
    with session(haproxy.host, frontend, stranger, certificate) as client:
        assert client.mail("a@shop.example")[0] == 530
        client.login("shop", harness.PASSWORD)
        assert client.mail("a@shop.example")[0] == 250


def test_each_client_has_its_own_limit_of_sessions(behind, certificate):
    world, haproxy, trusted, stranger = behind
    with contextlib.ExitStack() as stack:
        for frontend in ("starttls-1", "starttls-2", "terminated"):
            stack.enter_context(session(haproxy.host, frontend, stranger, certificate))
        with pytest.raises(smtplib.SMTPConnectError, match="421"):
            with session(haproxy.host, "starttls-1", stranger, certificate):
                pass
        other = world.address()
        with session(haproxy.host, "starttls-1", other, certificate) as client:
            assert client.noop()[0] == 250
    rejected = world.relay.wait_event("rejected", reason="sessions")
    assert rejected["address"].startswith(stranger + ":")
    assert rejected["proxy"].startswith(haproxy.host + ":")


def test_guesses_are_counted_against_the_client(behind, certificate):
    world, haproxy, trusted, stranger = behind
    guesser = world.address()
    for _ in range(20):
        with session(haproxy.host, "terminated", guesser, certificate) as client:
            with pytest.raises((smtplib.SMTPAuthenticationError, smtplib.SMTPServerDisconnected)):
                client.login("shop", "a guess")
        if world.relay.events("auth_locked", address=guesser):
            break
    world.relay.wait_event("auth_locked", address=guesser)
    with session(haproxy.host, "terminated", stranger, certificate) as client:
        client.login("shop", harness.PASSWORD)


def test_the_balancers_checks_are_its_own(behind):
    world, haproxy, trusted, stranger = behind
    checks = [each for each in world.relay.events("client_proxied") if "address" not in each]
    assert checks and all(each["proxy"].startswith(haproxy.host + ":") for each in checks)
    assert not world.relay.events("proxy_header_refused")
    assert haproxy.healthy() == set(FRONTENDS)
    assert " DOWN" not in haproxy.process.log_text()


def test_facts_of_tls_that_the_balancer_has_ended_are_in_the_log(behind, certificate):
    world, haproxy, trusted, stranger = behind
    context = ssl.create_default_context(cafile=str(certificate.certificate))
    context.check_hostname = False
    context.load_cert_chain(certificate.certificate, certificate.key)
    with smtplib.SMTP_SSL(haproxy.host, FRONTENDS["terminated"], "client.example", timeout=harness.DEADLINE,
                          source_address=(trusted, 0), context=context) as client:
        client.ehlo()
    shown = world.relay.wait_event("client_proxied", certificate="relay.example")
    assert (shown["tls"], shown["verified"]) == ("TLSv1.3", True)
    assert shown["cipher"].startswith("TLS_")


def test_only_the_balancer_is_believed_and_only_with_a_header(behind):
    world, haproxy, trusted, stranger = behind
    relay = world.relay
    talk = relay.raw(STARTTLS)  # from another address
    assert talk.reply()[0] == 220
    assert talk.say(f"PROXY TCP4 {trusted} {relay.host} 1 2")[0] == 500
    with socket.create_connection((relay.host, STARTTLS), timeout=harness.DEADLINE,
                                  source_address=(haproxy.host, 0)) as bare:
        bare.sendall(b"EHLO client.example\r\n")
        with contextlib.suppress(ConnectionResetError):  # what it sent was not read
            assert bare.recv(100) == b""
    refused = relay.wait_event("proxy_header_refused")
    assert refused["detail"] == "no PROXY header"
