"""What receivers need of TLS that most do not: versions that are long outdated, a certificate of the relay, an authority that only
this operator trusts."""

import ssl
import warnings

import pytest

import harness
from conftest import message
from harness import MX_PORT
from tls_receivers import Receiver, context_of

PATIENT = {"retry": 'schedule = ["1h"]\nexpire = "5d"\ndelay_notice = "0s"'}


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
