"""Failures: what is tried again, what comes back to the sender, and what must not."""

import email
import email.policy
import re

import dkim
import pytest

import harness
from conftest import fields, message

QUICK = {"retry": 'schedule = ["1s"]\nexpire = "1h"\ndelay_notice = "0s"'}


def parsed(content):
    return email.message_from_bytes(content, policy=email.policy.default)


def report_of(content):
    """(per-message fields, [per-recipient fields]) of a delivery status notification."""
    whole = parsed(content)
    assert whole.get_content_type() == "multipart/report"
    assert whole.get_param("report-type") == "delivery-status"
    text, status, original = whole.get_payload()
    assert text.get_content_type() == "text/plain"
    assert status.get_content_type() == "message/delivery-status"
    assert original.get_content_type() in ("message/rfc822", "text/rfc822-headers")
    first, *rest = status.get_payload()
    return first, rest


def test_a_refused_recipient_comes_back_as_a_signed_dsn(world):
    world.receiver("receiver.example")
    bounces = world.receiver("shop.example")
    relay = world.add_relay()
    relay.add_key("shop.example", "s1", "ed25519")
    world.start()
    queue_id = relay.send("orders@shop.example", "bounce-b@receiver.example", message(subject="The original"),
                          options=["ENVID=abc", "RET=HDRS"] if "dsn" in features(relay) else [])
    envelope, content = bounces.wait_for(1)[0]
    assert envelope["mail_from"] == ""
    assert envelope["recipients"][0]["address"] == "orders@shop.example"
    whole = parsed(content)
    assert whole["To"] == "orders@shop.example" and whole["From"].addresses[0].addr_spec == "postmaster@shop.example"
    assert whole["Auto-Submitted"].startswith("auto-")
    first, recipients = report_of(content)
    assert first["Reporting-MTA"] == "dns; relay.example"
    assert len(recipients) == 1
    assert recipients[0]["Final-Recipient"] == "rfc822; bounce-b@receiver.example"
    assert recipients[0]["Action"] == "failed" and recipients[0]["Status"] == "5.1.1"
    assert recipients[0]["Remote-MTA"] == "dns; mx.receiver.example"
    assert recipients[0]["Diagnostic-Code"] == "smtp; 550 5.1.1 Not here"
    assert b"Subject: The original" in content
    assert whole["Subject"] == "Not delivered to bounce-b@receiver.example: The original"
    assert dkim.verify(content, dnsfunc=lambda name, timeout=5: world.dns.txt(name.decode()))
    relay.wait_empty()
    assert relay.metric("signpost_bounces_total") == 1
    assert relay.wait_event("notification", about=queue_id)["to"] == "orders@shop.example"


def several_failures(world):
    """One message for four domains: two fail, in one of them beside a recipient that is delivered to."""
    sink = world.receiver("receiver.example")
    bounces = world.receiver("shop.example")
    relay = world.start()
    queue_id = relay.send("orders@shop.example", ["b@receiver.example", "bounce-c@receiver.example", "x@nowhere.example",
                                                  "x@nullmx.example", "y@shop.example"], message())
    sink.wait_for(1)
    harness.wait_until(lambda: relay.metric("signpost_delivery_seconds_count") == 2 and
                       relay.metric("signpost_queue_messages", state="active") == 3 and
                       len(relay.events("delivered", id=queue_id)) == 2, "three failures that wait")
    return sink, bounces, relay, queue_id


def check_one_report(sink, bounces, relay, queue_id):
    reports = [content for envelope, content in bounces.wait_for(2) if envelope["mail_from"] == ""]
    assert len(reports) == 1
    _, recipients = report_of(reports[0])
    assert sorted(one["Final-Recipient"].split("; ")[1] for one in recipients) == [
        "bounce-c@receiver.example", "x@nowhere.example", "x@nullmx.example"]
    relay.wait_event("notification", about=queue_id)
    assert len(relay.events("notification", about=queue_id)) == 1
    assert len(sink.saved()) == 1, "b@receiver.example was delivered to once"
    relay.wait_events(2, "delivered", id=queue_id)


def test_what_fails_together_is_in_one_report(world):
    sink, bounces, relay, queue_id = several_failures(world)
    check_one_report(sink, bounces, relay, queue_id)
    relay.wait_empty()


def test_failures_that_wait_for_others_are_active_and_not_counted_as_given_up(world):
    _, _, relay, queue_id = several_failures(world)
    assert [job["state"] for job in relay.queued_jobs()] == ["active"] * 3
    assert relay.metric("signpost_recipients_accepted_total") == 5
    assert relay.metric("signpost_queue_recipients") == 3
    assert relay.metric("signpost_bounces_total") == 0 and not relay.events("bounced", id=queue_id)
    relay.wait_event("notification", about=queue_id)
    assert relay.metric("signpost_bounces_total") == 3 and len(relay.events("bounced", id=queue_id)) == 3
    relay.wait_empty()


def test_a_waiting_report_is_sent_before_the_end(world):
    sink, bounces, relay, queue_id = several_failures(world)
    assert not relay.events("notification", about=queue_id), "it waits for others"
    assert relay.stop() == 0
    assert len(relay.events("notification", about=queue_id)) == 1
    relay.launch()
    relay.wait_event("delivered", to="orders@shop.example")
    check_one_report(sink, bounces, relay, queue_id)
    relay.wait_empty()


def test_after_a_crash_unreported_failures_are_tried_again(world):
    sink, bounces, relay, queue_id = several_failures(world)
    relay.kill()
    assert not relay.events("notification", about=queue_id)
    relay.launch()
    relay.wait_event("delivered", to="orders@shop.example")
    check_one_report(sink, bounces, relay, queue_id)
    relay.wait_empty()


def test_a_report_from_below_a_signed_domain_is_signed_by_that(world):
    world.receiver("receiver.example")
    bounces = world.receiver("shop.example")
    relay = world.add_relay()
    relay.postmaster = "postmaster@mail.shop.example"
    relay.add_key("shop.example", "s1", "ed25519")
    world.start()
    relay.send("orders@shop.example", "bounce-b@receiver.example", message())
    content = bounces.wait_for(1)[0][1]
    assert b"From: Mail Delivery System <postmaster@mail.shop.example>" in content and b"d=shop.example;" in content
    assert dkim.verify(content, dnsfunc=lambda name, timeout=5: world.dns.txt(name.decode()))


def features(relay):
    client = relay.smtp()
    client.ehlo()
    return client.esmtp_features


@pytest.mark.parametrize("address, status", [("databounce-x@receiver.example", "5.6.0"), ("x@nowhere.example", "5.1.2"),
                                             ("x@nullmx.example", "5.1.10")])
def test_hopeless_mail_bounces_at_once(world, address, status):
    world.receiver("receiver.example")
    world.dns.add("nullmx.example. 60 IN MX 0 .", f"nullmx.example. 60 IN A {world.address()}")
    bounces = world.receiver("shop.example")
    relay = world.start(settings={"retry": 'schedule = ["1h"]\ndelay_notice = "0s"'})
    relay.send("orders@shop.example", address, message())
    _, recipients = report_of(bounces.wait_for(1)[0][1])
    assert recipients[0]["Status"] == status
    relay.wait_empty()


def test_a_null_reverse_path_gets_no_bounce(world):
    world.receiver("receiver.example")
    bounces = world.receiver("shop.example")
    relay = world.start()
    queue_id = relay.send("", "bounce-b@receiver.example", message())
    relay.wait_event("bounced", id=queue_id)
    relay.wait_empty()
    assert bounces.saved() == []
    assert relay.events("notification") == []


def test_a_bounce_that_bounces_ends_there(world):
    world.receiver("receiver.example")
    world.receiver("shop.example")
    relay = world.start()
    relay.send("bounce-me@shop.example", "bounce-b@receiver.example", message())
    harness.wait_until(lambda: len(relay.events("bounced")) == 2, "two bounces")
    relay.wait_empty()
    harness.wait_until(lambda: relay.events("notification"), "the notification in the log")
    assert len(relay.events("notification")) == 1


@pytest.mark.parametrize("local", ["tempfail2-a", "datafail2-a", "dropdot1-a"])
def test_what_fails_for_now_is_tried_again_until_it_works(world, local):
    sink = world.receiver("receiver.example")
    relay = world.start(settings=QUICK)
    queue_id = relay.send("a@shop.example", f"{local}@receiver.example", message())
    sink.wait_for(1)
    delivered = relay.wait_event("delivered", id=queue_id)
    tries = int(re.search(r"\d", local).group()) + 1
    assert delivered["attempt"] == tries
    harness.wait_until(lambda: len(relay.events("deferred", id=queue_id)) >= tries - 1, "the attempts in the log")
    assert len(relay.events("deferred", id=queue_id)) == tries - 1
    assert relay.metric("signpost_delivery_attempts_total", result="deferred") == tries - 1
    relay.wait_empty()
    if local.startswith("dropdot"):
        assert relay.wait_event("possibly_delivered", id=queue_id)


def test_a_receiver_that_comes_back_gets_its_mail(world):
    host = world.address()
    world.dns.mx("receiver.example", (10, "mx.receiver.example", host))
    relay = world.start(settings=QUICK)
    queue_id = relay.send("a@shop.example", "b@receiver.example", message())
    relay.wait_event("deferred", id=queue_id)
    sink = world.sink(host=host)
    sink.wait_for(1)


def test_dns_trouble_is_temporary(world):
    sink = world.receiver("receiver.example")
    relay = world.start(settings=QUICK)
    queue_id = relay.send("a@shop.example", "b@outside.invalid", message())  # the server says REFUSED
    relay.wait_event("deferred", id=queue_id)
    relay.send("a@shop.example", "b@receiver.example", message())
    sink.wait_for(1)


def test_mail_that_expires_comes_back_with_its_last_reply(world):
    world.receiver("receiver.example")
    bounces = world.receiver("shop.example")
    relay = world.start(settings={"retry": 'schedule = ["1s"]\nexpire = "3s"\ndelay_notice = "0s"'})
    queue_id = relay.send("orders@shop.example", "tempfail-a@receiver.example", message())
    _, recipients = report_of(bounces.wait_for(1)[0][1])
    assert recipients[0]["Action"] == "failed"
    assert recipients[0]["Diagnostic-Code"] == "smtp; 451 4.3.0 Not now"
    assert relay.wait_event("expired", id=queue_id)
    relay.wait_empty()


def test_one_delay_notice(world):
    world.receiver("receiver.example")
    bounces = world.receiver("shop.example")
    relay = world.start(settings={"retry": 'schedule = ["1s"]\nexpire = "1h"\ndelay_notice = "1s"'})
    queue_id = relay.send("orders@shop.example", "tempfail5-a@receiver.example", message())
    _, recipients = report_of(bounces.wait_for(1)[0][1])
    assert recipients[0]["Action"] == "delayed" and recipients[0]["Status"].startswith("4.")
    relay.wait_event("delivered", id=queue_id)
    assert len(bounces.saved()) == 1


def test_an_eight_bit_original_makes_a_report_that_can_be_read(world):
    world.receiver("receiver.example")
    bounces = world.receiver("shop.example")
    relay = world.start()
    relay.send("orders@shop.example", "bounce-x@receiver.example", message(subject="x", body="gr\u00fc\u00df\r\n"), options=["BODY=8BITMIME"])
    envelope, content = bounces.wait_for(1)[0]
    report_of(content)
    assert "dkim-signature" not in fields(content)  # no key for the postmaster's domain here
