"""What a sender asks about reports (RFC 3461), to the end: with next hops that know DSN, which then do the reporting, and
with one that does not. Reports are read as a program would read them."""

import email
import email.policy
import os
import re

import pytest

import harness
from conftest import message
from harness import MX_PORT, SUBMISSION_PORT

SENDER = "orders@shop.example"


def submit(relay, recipients, sender=SENDER, options=(), content=None, **session):
    """One message; `recipients` are (address, options of RCPT). The queue id."""
    client = relay.smtp(**session)
    client.ehlo()
    code, text = client.mail(sender, list(options))
    assert code == 250, text
    for address, wanted in recipients:
        code, text = client.rcpt(address, list(wanted))
        assert code == 250, text
    code, text = client.data(content or message(subject="The original", body="The body.\r\n"))
    assert code == 250, text
    client.close()
    return harness.queue_id(text.decode())


class Report:
    """A delivery status notification, taken apart."""

    def __init__(self, content):
        whole = email.message_from_bytes(content, policy=email.policy.default)
        assert whole.get_content_type() == "multipart/report" and whole.get_param("report-type") == "delivery-status"
        text, status, self.original = whole.get_payload()
        assert text.get_content_type() == "text/plain" and status.get_content_type() == "message/delivery-status"
        self.message, *recipients = status.get_payload()
        self.recipients = {re.split("; *", one["Final-Recipient"])[1]: one for one in recipients}

    def check(self, address, **wanted):
        """The fields of one recipient, named as keywords; None: it must not be there."""
        for name, value in wanted.items():
            assert self.recipients[address][name.replace("_", "-")] == value, (name, str(self.recipients[address]))


def reports(sink, count=1):
    """The reports among what has arrived, once there are that many."""
    found = lambda: [content for envelope, content in sink.saved() if envelope["mail_from"] == ""]
    return [Report(content) for content in
            harness.wait_until(lambda: len(found()) >= count and found(), f"{count} reports")]


@pytest.fixture
def shop(world):
    """The relay, with the receiver of reports, and receiver.example, which does not know DSN."""
    world.mailbox = world.receiver("shop.example")
    world.receiver("receiver.example")
    return world


def test_success_is_reported_as_relayed_where_the_next_hop_knows_no_dsn(shop):
    relay = shop.start()
    submit(relay, [("a@receiver.example", ["NOTIFY=SUCCESS", "ORCPT=rfc822;Alice+2BB@Old.example"]),
                   ("b@receiver.example", ["NOTIFY=SUCCESS,FAILURE"]), ("c@receiver.example", ["NOTIFY=FAILURE"]),
                   ("d@receiver.example", [])], options=["ENVID=QQ+2B314", "RET=FULL"])
    report, = reports(shop.mailbox)
    assert report.message["Reporting-MTA"] == "dns; relay.example"
    assert report.message["Original-Envelope-Id"] == "QQ+314"
    assert email.utils.parsedate_to_datetime(report.message["Arrival-Date"])
    assert set(report.recipients) == {"a@receiver.example", "b@receiver.example"}, "nobody else asked"
    report.check("a@receiver.example", Action="relayed", Status="2.0.0", Remote_MTA="dns; mx.receiver.example",
                 Original_Recipient="rfc822;Alice+B@Old.example", Will_Retry_Until=None)
    assert report.recipients["a@receiver.example"]["Diagnostic-Code"].startswith("smtp; 250 ")
    report.check("b@receiver.example", Action="relayed", Original_Recipient=None)
    assert report.original.get_content_type() == "text/rfc822-headers", "RET is about failures only"
    relay.wait_empty()
    assert len(relay.events("notification")) == 1


def test_postfix_reports_success_itself(shop, tmp_path):
    behind = shop.sink()
    postfix = harness.Postfix(tmp_path, shop.address(), smtp_port=MX_PORT,
                              settings={"relayhost": f"[{behind.host}]:{behind.port}"})
    shop.others.append(postfix)
    shop.dns.mx("postfix.example", (10, "mx.postfix.example", postfix.host))
    relay = shop.start()
    ask_for_all(relay, "postfix.example")
    report, = reports(behind)
    assert report.message["Reporting-MTA"] == "dns; postfix.example"
    assert report.message["Original-Envelope-Id"] == "QQ+314"
    assert set(report.recipients) == {"a@postfix.example"}
    report.check("a@postfix.example", Action="relayed", Original_Recipient="rfc822;Alice+B@Old.example")
    check_no_report(shop, relay)


@pytest.mark.skipif(os.geteuid() != 0, reason="Exim wants root")
def test_exim_takes_over_what_was_asked(shop, tmp_path):
    exim = harness.Exim(tmp_path, shop.address(), settings={"dsn_advertise_hosts": "*", "queue_only": "true"})
    shop.others.append(exim)
    shop.dns.mx("exim.example", (10, "mx.exim.example", exim.host))
    relay = shop.start()
    ask_for_all(relay, "exim.example")
    header, = (tmp_path / "exim/input").glob("*-H")
    kept = header.read_text(errors="replace")
    assert "-dsn_envid QQ+2B314\n" in kept and "-dsn_ret 2\n" in kept
    # The last numbers: success, failure and delay are 4, 8 and 16, never is 2.
    assert "\na@exim.example rfc822;Alice+2BB@Old.example 28,28 " in kept and "\nn@exim.example  0,2 " in kept
    assert "\nd@exim.example\n" in kept, "nothing was added"
    check_no_report(shop, relay)


def ask_for_all(relay, domain):
    submit(relay, [(f"a@{domain}", ["NOTIFY=SUCCESS,FAILURE,DELAY", "ORCPT=rfc822;Alice+2BB@Old.example"]),
                   (f"n@{domain}", ["NOTIFY=NEVER"]), (f"d@{domain}", [])], options=["ENVID=QQ+2B314", "RET=HDRS"])
    relay.wait_events(3, "delivered")


def check_no_report(shop, relay):
    """It is the next hop's now."""
    relay.wait_empty()
    assert not relay.events("notification") and not shop.mailbox.saved()


@pytest.mark.parametrize("ret, login, returned", [("FULL", "bound", "message/rfc822"), ("HDRS", "bound", "text/rfc822-headers"),
                                                  ("FULL", "shop", "text/rfc822-headers"), ("FULL", None, "text/rfc822-headers")])
def test_a_failure_returns_what_was_asked_for(shop, ret, login, returned):
    """The content goes to those alone who could use no other address."""
    relay = shop.add_relay()
    if login:
        relay.add_user(login, harness.PASSWORD, *(["--sender", "@shop.example"] if login == "bound" else []))
    shop.start()
    session = {"port": SUBMISSION_PORT, "starttls": True, "user": login} if login else {}
    submit(relay, [("bounce-a@receiver.example", ["NOTIFY=FAILURE", "ORCPT=x-shop;customer+20seven"])],
           options=[f"RET={ret}", "ENVID=order-7"], **session)
    report, = reports(shop.mailbox)
    assert report.message["Original-Envelope-Id"] == "order-7"
    report.check("bounce-a@receiver.example", Action="failed", Status="5.1.1", Remote_MTA="dns; mx.receiver.example",
                 Original_Recipient="x-shop;customer seven", Diagnostic_Code="smtp; 550 5.1.1 Not here")
    assert report.recipients["bounce-a@receiver.example"]["Last-Attempt-Date"]
    assert report.original.get_content_type() == returned
    assert ("The body." in report.original.as_string()) == (returned == "message/rfc822")
    assert "Subject: The original" in report.original.as_string()


@pytest.mark.parametrize("address", ["bounce-a@receiver.example", "a@receiver.example"])
def test_never_means_never(shop, address):
    relay = shop.start()
    submit(relay, [(address, ["NOTIFY=NEVER"])])
    relay.wait_empty()
    assert not relay.events("notification") and not relay.events("notification_dropped")


def test_a_failure_is_not_reported_to_who_asked_for_success_only(shop):
    relay = shop.start()
    submit(relay, [("bounce-a@receiver.example", ["NOTIFY=SUCCESS,DELAY"]), ("bounce-b@receiver.example", [])])
    report, = reports(shop.mailbox)
    assert set(report.recipients) == {"bounce-b@receiver.example"}


@pytest.mark.parametrize("address", ["bounce-a@receiver.example", "a@receiver.example"])
def test_the_null_sender_gets_no_report(shop, address):
    relay = shop.start()
    submit(relay, [(address, ["NOTIFY=SUCCESS,FAILURE"])], sender="")
    assert relay.wait_event("notification_dropped")["reason"] == "null_sender"
    relay.wait_empty()
    assert not relay.events("notification")


def test_a_delay_is_reported_once_to_who_may_get_such_reports(shop):
    relay = shop.start(settings={"retry": 'schedule = ["1s"]\nexpire = "1h"\ndelay_notice = "1s"'})
    submit(relay, [("tempfail5-a@receiver.example", ["NOTIFY=DELAY"]), ("tempfail5-b@receiver.example", []),
                   ("tempfail5-c@receiver.example", ["NOTIFY=FAILURE,SUCCESS"]), ("tempfail5-d@receiver.example", ["NOTIFY=NEVER"])],
           options=["ENVID=late"])
    report, = reports(shop.mailbox)
    assert set(report.recipients) == {"tempfail5-a@receiver.example", "tempfail5-b@receiver.example"}
    assert report.message["Original-Envelope-Id"] == "late"
    report.check("tempfail5-a@receiver.example", Action="delayed")
    assert report.recipients["tempfail5-a@receiver.example"]["Status"].startswith("4.")
    assert email.utils.parsedate_to_datetime(report.recipients["tempfail5-a@receiver.example"]["Will-Retry-Until"])
