"""MTA-STS against real policies over HTTPS: which receivers get mail, with which TLS, by the mode of the recipient domain's policy and
by what is wrong with the receiver (docs/tls.md has the table)."""

import functools
import http.server
import os
import ssl
import threading

import pytest

from conftest import message
from harness import MX_PORT
from tls_receivers import Certificate, Receiver, context_of

HTTPS_PORT = 8443
PATIENT = {"retry": 'schedule = ["1h"]\nexpire = "5d"\ndelay_notice = "0s"'}

MODES = ("none", "testing", "enforce")
FAULTS = ("good", "other name", "expired", "no starttls", "handshake fails")
SENT, CLEAR, WAITS = "sent", "clear", "waits"


def outcome(mode, fault):
    if mode == "enforce":
        return SENT if fault == "good" else WAITS
    return CLEAR if fault in ("no starttls", "handshake fails") else SENT


class PolicyHost(http.server.BaseHTTPRequestHandler):
    """Serves the policies of `policies`, by the names that are asked."""

    policies = None

    def do_GET(self):
        domain = self.headers["Host"].split(":")[0].removeprefix("mta-sts.")
        found = self.policies.get(domain) if self.path == "/.well-known/mta-sts.txt" else None
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write((found or "none").encode())

    def log_message(self, *words):
        pass


class Policies:
    """The policies of domains, announced in the DNS and served over HTTPS by one host."""

    def __init__(self, world, certificate):
        self.dns, self.host, self.texts = world.dns, world.address(), {}
        self.server = http.server.ThreadingHTTPServer(
            (self.host, HTTPS_PORT), type("Host", (PolicyHost,), {"policies": self.texts}))
        self.server.socket = context_of(certificate).wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, domain, mode, *patterns):
        self.dns.add(f'_mta-sts.{domain}. 60 IN TXT "v=STSv1; id=1;"')
        self.dns.add(f"mta-sts.{domain}. 60 IN A {self.host}")
        lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {pattern}" for pattern in patterns), "max_age: 86400"]
        self.texts[domain] = "\r\n".join(lines) + "\r\n"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def authority(tmp_path):
    return Certificate(tmp_path, "authority.example", authority=True)


@pytest.fixture
def arranged(world, tmp_path, authority):
    """A receiver for each fault, and for each a domain of each mode: MODE.FAULT's number.example."""
    issue = functools.partial(Certificate, tmp_path, issuer=authority)
    names = [f"mta-sts.{mode}{number}.example" for mode in MODES for number in range(len(FAULTS))]
    policies = Policies(world, issue("policies.example", *names, "mta-sts.strange.example"))
    receivers = []
    for number, fault in enumerate(FAULTS):
        mx = f"mx{number}.hoster.example"
        certificate = issue("elsewhere.example") if fault == "other name" else \
            issue(mx, days=(-9, -1)) if fault == "expired" else issue(mx)
        context = None if fault == "no starttls" else context_of(certificate)
        receiver = Receiver(world.address(), context, breaks=fault == "handshake fails")
        receivers.append(receiver)
        for mode in MODES:
            world.dns.mx(f"{mode}{number}.example", (10, mx, receiver.host))
            policies.add(f"{mode}{number}.example", mode, "*.hoster.example")
    world.dns.mx("strange.example", (10, "mx0.hoster.example", receivers[0].host))
    policies.add("strange.example", "enforce", "mx.elsewhere.example")
    relay = world.add_relay(settings={**PATIENT, "delivery": "\n".join([
        f"port = {MX_PORT}", f"mta_sts_port = {HTTPS_PORT}", f'ca_file = "{authority.certificate}"'])})
    relay.environment = {**os.environ, "SSL_CERT_FILE": str(authority.certificate)}
    world.start()
    yield relay, receivers
    policies.stop()
    for receiver in receivers:
        receiver.stop()


def test_a_policy_in_force_decides_who_gets_mail(arranged):
    relay, receivers = arranged
    for mode in MODES:
        for number in range(len(FAULTS)):
            relay.send("a@shop.example", f"b@{mode}{number}.example", message())
    relay.send("a@shop.example", "b@strange.example", message())
    for mode in MODES:
        for number, fault in enumerate(FAULTS):
            wanted, case = outcome(mode, fault), f"{mode}, {fault}"
            event = relay.wait_event("deferred" if wanted == WAITS else "delivered", to=f"b@{mode}{number}.example")
            assert event["tls_wanted"] == ("sts" if mode == "enforce" else "opportunistic"), case
            if wanted != WAITS:
                assert event["tls_reached"] == ("clear" if wanted == CLEAR else "pkix" if fault == "good" else "unverified"), case
    assert "names none" in relay.wait_event("deferred", to="b@strange.example")["reply"]
    for number, fault in enumerate(FAULTS):
        assert len(receivers[number].taken) == sum(outcome(mode, fault) != WAITS for mode in MODES), fault
        assert all((version is None) == (outcome("none", fault) == CLEAR) for version, _ in receivers[number].taken), fault
    assert relay.metric("signpost_delivered_tls_total", wanted="sts", reached="pkix") == 1


def test_a_policy_outlives_a_restart_and_its_host(arranged):
    relay, receivers = arranged
    relay.send("a@shop.example", "b@enforce1.example", message())
    relay.wait_event("deferred", to="b@enforce1.example")
    relay.stop()
    relay.environment["SSL_CERT_FILE"] = "/nonexistent"  # nothing can be fetched any more
    relay.start()
    relay.send("a@shop.example", "c@enforce1.example", message())
    assert relay.wait_event("deferred", to="c@enforce1.example")["tls_wanted"] == "sts"
    assert receivers[1].taken == []


def test_policies_can_be_ignored_for_a_domain(world, arranged):
    relay, receivers = arranged
    relay.stop()
    relay.extra += '\n[[destination]]\nmatch = ["enforce1.example"]\nmta_sts = false\n'
    relay.start()
    relay.send("a@shop.example", "b@enforce1.example", message())
    assert relay.wait_event("delivered", to="b@enforce1.example")["tls_wanted"] == "opportunistic"
    assert len(receivers[1].taken) == 1
