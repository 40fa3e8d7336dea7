"""Where mail goes and how it gets there."""

import glob
import os
import socket
import time

import pytest

import harness
from conftest import field, message
from harness import MX_PORT


def test_hosts_are_tried_in_the_order_of_their_preference(world):
    first, second = world.sink(), world.sink()
    world.dns.mx("receiver.example", (20, "b.receiver.example", second.host), (10, "a.receiver.example", first.host))
    relay = world.start()
    for number in range(5):
        relay.send("a@shop.example", f"r{number}@receiver.example", message())
    first.wait_for(5)
    assert second.saved() == []


def test_a_host_that_is_down_is_skipped(world):
    alive = world.sink()
    world.dns.mx("receiver.example", (10, "dead.receiver.example", world.address()), (20, "alive.receiver.example", alive.host))
    relay = world.start()
    queue_id = relay.send("a@shop.example", "b@receiver.example", message())
    alive.wait_for(1)
    assert relay.wait_event("delivered", id=queue_id)["mx"] == "alive.receiver.example"
    assert relay.wait_event("connection_failed")["mx"] == "dead.receiver.example"


@pytest.mark.parametrize("greeting", ["421 4.3.2 busy", "554 5.3.2 go away"])
def test_a_host_that_refuses_the_session_is_skipped(world, greeting):
    grumpy, friendly = world.sink("--greeting", greeting), world.sink()
    world.dns.mx("receiver.example", (10, "a.receiver.example", grumpy.host), (20, "b.receiver.example", friendly.host))
    relay = world.start()
    relay.send("a@shop.example", "b@receiver.example", message())
    friendly.wait_for(1)


def test_all_addresses_of_a_host_are_tried(world):
    alive = world.sink()
    world.dns.mx("receiver.example", (10, "mx.receiver.example", world.address(), alive.host))
    relay = world.start()
    for number in range(4):
        relay.send("a@shop.example", f"r{number}@receiver.example", message())
    alive.wait_for(4)


def test_a_domain_without_mx_is_its_own_host(world):
    sink = world.sink()
    world.dns.add(f"implicit.example. 60 IN A {sink.host}")
    relay = world.start()
    relay.send("a@shop.example", "b@implicit.example", message())
    sink.wait_for(1)


def test_an_mx_that_is_an_alias_works(world):
    sink = world.sink()
    world.dns.add("receiver.example. 60 IN MX 10 alias.receiver.example.", "alias.receiver.example. 60 IN CNAME real.receiver.example.",
                  f"real.receiver.example. 60 IN A {sink.host}")
    relay = world.start()
    relay.send("a@shop.example", "b@receiver.example", message())
    sink.wait_for(1)


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def test_ipv6(world):
    if not has_ipv6():
        return  # a machine without ::1 can deliver to nobody there
    # Everybody has the same ::1: its port must be this process's own.
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        probe.bind(("::1", 0))
        port = probe.getsockname()[1]
    sink = world.sink(host="::1", port=port)
    world.dns.mx("receiver.example", (10, "mx.receiver.example", "::1"))
    relay = world.start(settings={"delivery": f"port = {port}"})
    queue_id = relay.send("a@shop.example", "b@receiver.example", message())
    sink.wait_for(1)
    assert "::1" in relay.wait_event("delivered", id=queue_id)["address"]


def test_one_transaction_for_the_recipients_of_a_domain(world):
    sink, other = world.receiver("receiver.example"), world.receiver("other.example")
    relay = world.start()
    recipients = [f"r{i}@receiver.example" for i in range(5)] + ["x@other.example"]
    queue_id = relay.send("a@shop.example", recipients, message())
    envelope, _ = sink.wait_for(1)[0]
    assert sorted(r["address"] for r in envelope["recipients"]) == recipients[:5]
    assert len(other.wait_for(1)[0][0]["recipients"]) == 1
    relay.wait_empty()
    harness.wait_until(lambda: len(relay.events("delivered", id=queue_id)) == 6, "six deliveries in the log")
    assert sink.counts()["messages"] == 1


def test_connections_are_used_again(world):
    sink = world.receiver("receiver.example")
    relay = world.start(workers=1, extra='[[destination]]\nmatch = ["*"]\nconnections = 1\n')
    for number in range(10):
        relay.send("a@shop.example", f"r{number}@receiver.example", message())
    sink.wait_for(10)
    assert sink.counts()["connections"] == 1


def test_a_connection_is_closed_after_as_many_messages_as_configured(world):
    sink = world.receiver("receiver.example")
    relay = world.start(workers=1, extra='[[destination]]\nmatch = ["*"]\nconnections = 1\nmessages_per_connection = 3\n')
    for number in range(7):
        relay.send("a@shop.example", f"r{number}@receiver.example", message())
    connections = [envelope["connection"] for envelope, _ in sink.wait_for(7)]
    assert max(connections.count(number) for number in set(connections)) <= 3


def test_no_more_messages_in_a_time_than_configured(world):
    sink = world.receiver("receiver.example")
    relay = world.start(extra='[[destination]]\nmatch = ["receiver.example"]\nrate = "2/s"\n')
    began = time.monotonic()
    for number in range(5):
        relay.send("a@shop.example", f"r{number}@receiver.example", message())
    sink.wait_for(5)
    assert time.monotonic() - began > 1.4  # two at once, then one each half second


def test_no_more_connections_than_configured(world):
    sink = world.receiver("receiver.example", "--delay-ms", "100")
    relay = world.start(extra='[[destination]]\nmatch = ["receiver.example"]\nconnections = 2\n')
    for number in range(12):
        relay.send("a@shop.example", f"r{number}@receiver.example", message())
    sink.wait_for(12)
    assert sink.counts()["connections"] <= 2


def test_tls_is_used_when_offered(world, certificate):
    sink = world.receiver("receiver.example", "--tls-cert", certificate.certificate, "--tls-key", certificate.key)
    relay = world.start()
    queue_id = relay.send("a@shop.example", "b@receiver.example", message())
    envelope, _ = sink.wait_for(1)[0]
    assert envelope["tls_version"] == "TLSv1.3"
    assert relay.wait_event("delivered", id=queue_id)["tls"]
    assert relay.metric("signpost_tls_handshakes_total", direction="out", trust="unverified") == 1


def test_a_failed_handshake_is_followed_by_clear_text_at_once(world):
    sink = world.receiver("receiver.example", "--tls-broken")
    relay = world.start(settings={"retry": 'schedule = ["1h"]\ndelay_notice = "0s"'})
    queue_id = relay.send("a@shop.example", "b@receiver.example", message())
    envelope, _ = sink.wait_for(1)[0]
    assert envelope["tls_version"] == ""
    assert not relay.wait_event("delivered", id=queue_id).get("tls")
    failure = relay.wait_event("tls_failed", direction="out")
    assert failure["then"] == "in clear"
    assert relay.metric("signpost_tls_handshake_failures_total", direction="out") == 1


@pytest.mark.parametrize("options", [(), ("--tls-broken",)], ids=["not-offered", "broken"])
def test_where_tls_is_required_nothing_goes_in_clear(world, options):
    sink = world.receiver("receiver.example", *options)
    relay = world.start(settings={"delivery": f'port = {MX_PORT}\ntls = "encrypt"', "retry": 'schedule = ["1h"]\ndelay_notice = "0s"'})
    queue_id = relay.send("a@shop.example", "b@receiver.example", message())
    deferred = relay.wait_event("deferred", id=queue_id)
    assert "4.7." in deferred["reply"] or "TLS" in deferred["reply"], deferred
    assert sink.saved() == []


def test_verify_takes_no_self_signed_certificate(world, certificate):
    sink = world.receiver("receiver.example", "--tls-cert", certificate.certificate, "--tls-key", certificate.key)
    relay = world.start(settings={"retry": 'schedule = ["1h"]\ndelay_notice = "0s"'},
                        extra='[[destination]]\nmatch = ["receiver.example"]\ntls = "verify"\n')
    queue_id = relay.send("a@shop.example", "b@receiver.example", message())
    relay.wait_event("deferred", id=queue_id)
    assert sink.saved() == []


def test_a_route_overrides_mx(world):
    wrong = world.receiver("receiver.example")
    inside, tenant = world.sink(), world.sink(port=2599)
    relay = world.start(extra=f"""
[[route]]
recipients = ["internal.example", "*.internal.example"]
via = "smtp://{inside.host}:{MX_PORT}"
[[route]]
senders = ["@tenant.example"]
via = "smtp://{tenant.host}:2599"
""")
    relay.send("a@shop.example", "b@internal.example", message())
    relay.send("a@shop.example", "b@deep.internal.example", message())
    relay.send("a@tenant.example", "b@receiver.example", message(sender="a@tenant.example"))
    inside.wait_for(2)
    tenant.wait_for(1)
    assert wrong.saved() == []


def test_a_message_too_large_for_the_receiver_is_not_sent(world):
    sink = world.receiver("receiver.example", "--size-limit", "10000")
    world.receiver("shop.example")
    relay = world.start()
    queue_id = relay.send("a@shop.example", "b@receiver.example", message(body="x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 300))
    bounced = relay.wait_event("bounced", id=queue_id)
    assert "5.3.4" in bounced["reply"], bounced
    assert sink.saved() == []


def test_a_receiver_without_pipelining(world):
    sink = world.receiver("receiver.example", "--no-pipelining")
    relay = world.start()
    relay.send("a@shop.example", ["b@receiver.example", "c@receiver.example"], message())
    sink.wait_for(1)
    assert sink.counts()["pipelining_errors"] == 0


def test_a_receiver_that_knows_helo_only(world):
    sink = world.receiver("receiver.example", "--no-esmtp")
    relay = world.start()
    relay.send("a@shop.example", "b@receiver.example", message())
    envelope, _ = sink.wait_for(1)[0]
    assert not envelope["esmtp"] and envelope["mail_parameters"] == ""


def test_size_and_body_are_announced_where_the_receiver_knows_them(world):
    sink, plain = world.receiver("receiver.example"), world.receiver("plain.example", "--no-8bitmime")
    relay = world.start()
    content = message(body="gr\u00fc\u00df dich\r\n")
    relay.send("a@shop.example", "b@receiver.example", content, options=["BODY=8BITMIME"])
    relay.send("a@shop.example", "b@plain.example", content, options=["BODY=8BITMIME"])
    envelope, received = sink.wait_for(1)[0]
    assert f"SIZE={len(received)}" in envelope["mail_parameters"]
    assert "BODY=8BITMIME" in envelope["mail_parameters"]
    assert "BODY" not in plain.wait_for(1)[0][0]["mail_parameters"]


def test_recipients_are_decided_one_by_one(world):
    sink = world.receiver("receiver.example")
    bounces = world.receiver("shop.example")
    relay = world.start(settings={"retry": 'schedule = ["1h"]\ndelay_notice = "0s"'})
    queue_id = relay.send("a@shop.example", ["good@receiver.example", "bounce-x@receiver.example", "tempfail-x@receiver.example"], message())
    envelope, _ = sink.wait_for(1)[0]
    assert [r["address"] for r in envelope["recipients"]] == ["good@receiver.example"]
    assert relay.wait_event("delivered", id=queue_id)["to"] == "good@receiver.example"
    assert relay.wait_event("bounced", id=queue_id)["to"] == "bounce-x@receiver.example"
    assert relay.wait_event("deferred", id=queue_id)["to"] == "tempfail-x@receiver.example"
    bounces.wait_for(1)
    waiting = [["tempfail-x@receiver.example"]]
    harness.wait_until(lambda: [job["to"] for job in relay.queued_jobs()] == waiting,
                       lambda: f"{waiting} alone in the queue, there is {relay.queued_jobs()}")
