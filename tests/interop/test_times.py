"""What a sender asks about time: when its message is to be sent (FUTURERELEASE), by when delivered (DELIVERBY), and how urgently
(MT-PRIORITY)."""

import contextlib
import datetime
import email.utils
import socket
import threading
import time

import pytest

import harness
from harness import MX_PORT
from test_dsn import reports, submit


LOGIN = {"port": harness.SUBMISSION_PORT, "user": "shop", "starttls": True}


class Receiver:
    """A server with DELIVERBY, MT-PRIORITY and DSN, which keeps the MAIL and RCPT lines that it gets, and refuses a
    recipient "later" for now."""

    def __init__(self, host):
        self.lines = []
        self.deliver_by = b"DELIVERBY 5"
        self.listener = socket.create_server((host, MX_PORT))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as lines:
            connection.sendall(b"220 able.example ESMTP\r\n")
            for line in lines:
                verb = line[:4].upper()
                if verb in (b"MAIL", b"RCPT"):
                    self.lines.append(line.decode().rstrip())
                if verb == b"DATA":
                    connection.sendall(b"354 go ahead\r\n")
                    for content in lines:
                        if content == b".\r\n":
                            break
                if verb == b"EHLO":
                    connection.sendall(b"250-able.example\r\n250-" + self.deliver_by +
                                       b"\r\n250-MT-PRIORITY\r\n250 DSN\r\n")
                elif b"<later@" in line:
                    connection.sendall(b"450 4.2.1 not now\r\n")
                else:
                    connection.sendall(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def shop(world):
    """The relay, with the receiver of reports, and receiver.example, which has none of the extensions."""
    world.mailbox = world.receiver("shop.example")
    world.inbox = world.receiver("receiver.example")
    return world


@pytest.fixture
def able(world):
    made = Receiver(world.address())
    world.dns.mx("able.example", (10, "mx.able.example", made.listener.getsockname()[0]))
    yield made
    made.stop()


def in_utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def test_the_limits_are_announced_and_kept(shop):
    relay = shop.start(settings={"limits": 'future_release = "1h"'})
    client = relay.smtp()
    client.ehlo()
    seconds, until = client.esmtp_features["futurerelease"].split()
    assert seconds == "3600"
    last = datetime.datetime.strptime(until, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    assert abs(last.timestamp() - time.time() - 3600) < 60
    assert client.esmtp_features["deliverby"] == "60" and "mt-priority" in client.esmtp_features
    assert "requiretls" not in client.esmtp_features
    for option, reply in (("HOLDFOR=3601", b"Mail is held for 3600 seconds at most"), ("HOLDUNTIL=2020-01-01T00:00:00Z", b"has passed"),
                          ("BY=59;R", b"Delivery needs 60 seconds"), ("REQUIRETLS", b"REQUIRETLS is not offered here")):
        code, text = client.mail("orders@shop.example", [option])
        assert code in (501, 555) and reply in text, text
    assert client.mail("orders@shop.example", ["HOLDFOR=3600"])[0] == 250


def test_mail_for_later_is_sent_then_over_a_restart(shop):
    relay = shop.start()
    release = int(time.time()) + 6
    queue_id = submit(relay, [("a@receiver.example", [])], options=[f"HOLDUNTIL={in_utc(release)}"])
    job, = relay.queued_jobs()
    assert (job["id"], job["state"], job["attempts"], job["due"]) == (queue_id, "scheduled", 0, in_utc(release))
    relay.kill()
    relay.launch()
    shop.inbox.message_to("a@receiver.example")
    assert time.time() >= release
    relay.wait_empty()


def test_mail_for_much_later_stays_while_other_mail_of_its_domain_goes(shop):
    """Later than any retry of the schedule, as if the clock had been ahead when it was put off."""
    relay = shop.start()
    later = [submit(relay, [(f"later{number}@receiver.example", [])], options=[f"HOLDFOR={number * 100_000}"])
             for number in range(1, 5)]
    for start in range(2):
        for number in range(3):
            submit(relay, [(f"now{start}{number}@receiver.example", [])])
            shop.inbox.message_to(f"now{start}{number}@receiver.example")
        harness.wait_until(lambda: len(relay.queued_jobs()) == 4, lambda: f"only what is for later: {relay.queued_jobs()}")
        assert [(job["id"], job["state"], job["attempts"]) for job in relay.queued_jobs()] == [(id, "scheduled", 0) for id in later]
        assert relay.stop() == 0
        relay.launch()
    assert relay.queue("release", "--all")["changed"] == 4
    relay.wait_empty()
    assert len(shop.inbox.saved()) == 10


def test_scheduled_mail_is_shown_removed_and_released(shop):
    relay = shop.start()
    ids = [submit(relay, [(f"{name}@receiver.example", [])], options=["HOLDFOR=3600"]) for name in "abc"]
    assert [job["state"] for job in relay.queue("list", "--state", "scheduled")["jobs"]] == ["scheduled"] * 3
    assert "scheduled" in relay.run("queue", "list").stdout
    shown = relay.run("queue", "show", ids[0]).stdout
    assert "hold until" in shown and "scheduled" in shown
    assert relay.queue("retry", "--all")["held"] == 3, "an operator who retries sends nothing too early"
    assert relay.queue("remove", ids[0], "--yes")["changed"] == 1
    assert relay.queue("hold", ids[1])["changed"] == 1
    assert relay.queue("release", ids[1])["changed"] == 1
    assert [job["state"] for job in relay.queued_jobs()] == ["scheduled"] * 2, "what was held is scheduled again"
    assert relay.queue("release", "--to", "c@receiver.example")["changed"] == 1
    shop.inbox.message_to("c@receiver.example")
    harness.wait_until(lambda: len(relay.queued_jobs()) == 1, "the delivery")
    assert len(shop.inbox.saved()) == 1
    assert relay.queue("release", ids[1])["changed"] == 1
    shop.inbox.message_to("b@receiver.example")
    relay.wait_empty()


def test_a_report_on_mail_that_was_held_names_the_request(shop):
    relay = shop.start()
    submit(relay, [("bounce-a@receiver.example", [])], options=["HOLDFOR=2"])
    report, = reports(shop.mailbox)
    assert report.message["Future-Release-Request"] == "for;2"


def test_a_next_hop_that_can_gets_deadline_and_priority(shop, able):
    relay = shop.start()
    submit(relay, [("a@able.example", ["NOTIFY=SUCCESS"])], options=["BY=120;R", "MT-PRIORITY=4"], **LOGIN)
    relay.wait_event("delivered")
    submit(relay, [("b@able.example", [])], options=["BY=-3;N"])
    relay.wait_events(2, "delivered")
    mail, rcpt, late, _ = able.lines
    assert rcpt == "RCPT TO:<a@able.example> NOTIFY=SUCCESS"
    assert mail.endswith(";R MT-PRIORITY=4")
    left = int(mail.split(" BY=")[1].split(";")[0])
    assert 90 <= left < 120, "what is left, rounded down"
    assert late.endswith(";N") and int(late.split(" BY=")[1].split(";")[0]) < -3
    relay.wait_empty()
    assert not relay.events("notification"), "the next hop reports"


def test_mail_that_a_next_hop_refuses_until_its_deadline_is_returned(shop, able):
    """What is left goes along each time, less and less."""
    able.deliver_by = b"DELIVERBY"
    relay = shop.start(settings={"retry": 'schedule = ["5s"]\nexpire = "1h"\ndelay_notice = "0s"'})
    begin = time.time()
    submit(relay, [("later@able.example", [])], options=["BY=60;R"])
    harness.wait_until(lambda: relay.events("expired") or relay.events("bounced"), "the deadline", 60 + harness.DEADLINE)
    assert 49 <= time.time() - begin  # later there is no time for another attempt
    left = [int(line.split(" BY=")[1].split(";R")[0]) for line in able.lines if line.startswith("MAIL")]
    assert len(left) >= 3 and left == sorted(left, reverse=True) and 0 < left[-1] < left[0] < 60, left
    report, = reports(shop.mailbox)
    report.check("later@able.example", Action="failed", Status="5.4.7")
    assert report.message["Deliver-By-Date"]
    relay.wait_empty()


def test_who_has_not_logged_in_cannot_raise_the_priority(shop, able):
    relay = shop.start()
    client = relay.smtp()
    client.ehlo()
    code, text = client.mail("orders@shop.example", ["MT-PRIORITY=4"])
    assert (code, text.split(b" ")[:2]) == (250, [b"2.3.6", b"0"])
    client.close()
    submit(relay, [("a@able.example", [])], options=["MT-PRIORITY=4"])
    submit(relay, [("b@able.example", [])], options=["MT-PRIORITY=-4"])
    relay.wait_events(2, "delivered")
    assert sorted(line for line in able.lines if line.startswith("MAIL")) == [
        "MAIL FROM:<orders@shop.example>", "MAIL FROM:<orders@shop.example> MT-PRIORITY=-4"]


def test_each_relay_reports_where_the_way_is_to_be_traced(shop, able):
    relay = shop.start()
    submit(relay, [("a@able.example", []), ("n@able.example", ["NOTIFY=NEVER"])], options=["BY=120;RT"])
    report, = reports(shop.mailbox)
    assert set(report.recipients) == {"a@able.example"}
    report.check("a@able.example", Action="relayed")
    assert email.utils.parsedate_to_datetime(report.message["Deliver-By-Date"]).timestamp() > time.time()


def test_mail_to_be_returned_when_late_goes_to_nobody_who_does_not_promise_it(shop):
    relay = shop.start()
    submit(relay, [("a@receiver.example", [])], options=["BY=3600;R"])
    report, = reports(shop.mailbox)
    report.check("a@receiver.example", Action="failed", Status="5.4.7")
    assert report.message["Deliver-By-Date"]
    relay.wait_empty()
    assert not shop.inbox.saved()


def test_mail_that_may_be_late_goes_to_everybody_and_the_sender_learns_of_it(shop):
    relay = shop.start()
    submit(relay, [("a@receiver.example", []), ("n@receiver.example", ["NOTIFY=NEVER"])], options=["BY=3600;N"])
    report, = reports(shop.mailbox)
    assert set(report.recipients) == {"a@receiver.example"}
    report.check("a@receiver.example", Action="relayed", Remote_MTA="dns; mx.receiver.example")


@pytest.mark.parametrize("domain", ["receiver.example", "down.example"])
def test_a_delay_beyond_the_deadline_is_reported_once(shop, domain):
    """Also while nothing is tried, since the receiver is away. The schedule alone would report nothing."""
    shop.dns.mx("down.example", (10, "mx.down.example", shop.address()))
    relay = shop.start(settings={"retry": 'schedule = ["1s", "1s", "30m"]\nexpire = "1h"\ndelay_notice = "0s"'})
    submit(relay, [(f"tempfail9-a@{domain}", ["NOTIFY=FAILURE"])], options=["BY=1;N"])
    report, = reports(shop.mailbox)
    report.check(f"tempfail9-a@{domain}", Action="delayed")
    assert report.message["Deliver-By-Date"]


def test_the_priority_is_in_the_received_field(shop):
    relay = shop.start()
    submit(relay, [("a@receiver.example", [])], options=["MT-PRIORITY=-4"])
    _, content = shop.inbox.message_to("a@receiver.example")
    assert b"PRIORITY -4" in content.split(b"\r\n\r\n")[0]
