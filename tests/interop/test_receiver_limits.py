"""Receivers that limit messages per session and recipients per transaction: the rest goes at once, and no
attempt is counted. Exim, Postfix, OpenSMTPD and Haraka with such limits, and a receiver that is scripted with what others
answer."""

import contextlib
import re
import socket
import subprocess
import threading
import time

import pytest

import harness
from conftest import message
from harness import MX_PORT

# Long enough that a retry would be noticed.
PATIENT = {"retry": 'schedule = ["1h"]\nexpire = "5d"\ndelay_notice = "0s"'}
LIMITED = sorted([f"r{number}@limits.example" for number in range(17)] + [f"s{number}@limits.example" for number in range(25)])
ONE_CONNECTION = '[[destination]]\nmatch = ["*"]\nconnections = 1\n'


class Receiver:
    """`answers(verb, session)` gives the reply in place of the proper one, or None; a reply of 421 closes the connection. The
    session counts its messages and has the recipients of its transaction."""

    def __init__(self, host, answers):
        self.answers = answers
        self.connections = 0
        self.delivered = []
        self.listener = socket.create_server((host, MX_PORT))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        session = {"messages": 0, "recipients": []}
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as lines:
            connection.sendall(b"220 limits.example ESMTP\r\n")
            for line in lines:
                verb = line[:4].upper().decode().strip()
                reply = self.answers(verb, session)
                if reply and verb == "MAIL":
                    session["recipients"] = None  # no transaction
                reply = reply or self.proper(verb, line, lines, connection, session)
                connection.sendall(reply.encode() + b"\r\n")
                if reply.startswith(("421", "221")):
                    return

    def proper(self, verb, line, lines, connection, session):
        if verb == "EHLO":
            return "250-limits.example\r\n250 PIPELINING"
        if verb == "MAIL":
            session["recipients"] = []
        if session["recipients"] is None and verb in ("RCPT", "DATA"):
            return "503 MAIL first"
        if verb == "RCPT":
            session["recipients"].append(line.split(b"<")[1].split(b">")[0].decode())
        if verb == "DATA":
            if not session["recipients"]:
                return "503 no recipients"
            connection.sendall(b"354 go ahead\r\n")
            for content in lines:
                if content == b".\r\n":
                    break
            reply = self.answers("dot", session)
            if reply:
                return reply
            session["messages"] += 1
            self.delivered += session["recipients"]
        return "221 bye" if verb == "QUIT" else "250 ok"

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def receiver(world):
    made = []

    def start(answers, domain="limits.example"):
        one = Receiver(world.address(), answers)
        made.append(one)
        world.dns.mx(domain, (10, f"mx.{domain}", one.listener.getsockname()[0]))
        return one
    yield start
    for one in made:
        one.stop()


def wait_delivered(relay, count):
    harness.wait_until(lambda: len(relay.events("delivered")) >= count,
                       lambda: f"{count} deliveries, {len(relay.events('delivered'))}, {relay.events('deferred')[-3:]}")
    relay.wait_empty()
    assert not relay.events("deferred") and not relay.events("bounced")
    assert {event["attempt"] for event in relay.events("delivered")} == {1}


SESSION_LIMITS = {
    "stalwart": lambda verb, session: verb == "DATA" and session["messages"] >= 4
    and "452 4.4.5 Maximum number of messages per session exceeded.",
    "ionos": lambda verb, session: verb == "MAIL" and session["messages"] >= 4
    and "451-Requested action aborted\r\n451 Mails per session limit",
    "permanent": lambda verb, session: verb == "MAIL" and session["messages"] >= 4 and "550 5.7.0 too many messages",
    "recipient": lambda verb, session: verb == "RCPT" and session["messages"] >= 4 and "452 4.7.0 too many messages",
    "closing": lambda verb, session: verb == "dot" and session["messages"] >= 4 and "421 4.7.0 try again later",
}


def test_messages_beyond_the_limit_of_a_session_go_over_the_next_one(world, receiver):
    sinks = {name: receiver(answers, f"{name}.example") for name, answers in SESSION_LIMITS.items()}
    relay = world.start(workers=1, settings=PATIENT, extra=ONE_CONNECTION)
    for number in range(11):
        for name in sinks:
            relay.send("a@shop.example", f"r{number}@{name}.example", message())
    wait_delivered(relay, 11 * len(sinks))
    for name, sink in sinks.items():
        assert sorted(sink.delivered) == sorted(f"r{number}@{name}.example" for number in range(11)), name
        assert sink.connections <= 4, f"{name}: each connection is used up"


def test_a_connection_that_has_delivered_may_ask_for_less(world, receiver):
    sink = receiver(lambda verb, session: verb == "MAIL" and session["messages"] >= 2 and "421 4.7.0 rate limited")
    relay = world.start(workers=1, settings=PATIENT, extra=ONE_CONNECTION)
    for number in range(3):
        relay.send("a@shop.example", f"r{number}@limits.example", message())
    assert relay.wait_event("site_slowed")["reply"] == "421 4.7.0 rate limited"
    wait_delivered(relay, 3)
    assert len(sink.delivered) == 3 and sink.connections == 2


def test_what_is_refused_on_a_fresh_connection_too_has_its_verdict(world, receiver):
    sink = receiver(lambda verb, session: verb == "MAIL" and session["messages"] >= 1 and "550 5.7.0 enough" or
                    verb == "RCPT" and session["messages"] == 0 and sink.delivered and "451 4.7.1 greylisted")
    relay = world.start(workers=1, settings=PATIENT, extra=ONE_CONNECTION)
    relay.send("a@shop.example", "first@limits.example", message())
    relay.wait_event("delivered")
    relay.send("a@shop.example", "second@limits.example", message())
    assert "greylisted" in relay.wait_event("deferred", to="second@limits.example")["reply"]
    assert sink.connections == 2 and not relay.events("bounced")


def test_recipients_beyond_the_limit_of_a_transaction_go_in_the_next_one(world, receiver):
    replies = ["452 4.5.3 Too many recipients", "552 5.5.3 Too many recipients", "550 5.5.3 Too many recipients", "550 4.5.3 Too many recipients",
               "552 Too many"]

    def limited(reply):
        return lambda verb, session: verb == "RCPT" and len(session["recipients"] or []) >= 3 and reply
    sinks = [receiver(limited(reply), f"{number}.example") for number, reply in enumerate(replies)]
    relay = world.start(settings=PATIENT)
    for number in range(len(sinks)):
        relay.send("a@shop.example", [f"r{each}@{number}.example" for each in range(10)], message())
    wait_delivered(relay, 10 * len(sinks))
    for number, sink in enumerate(sinks):
        assert sorted(sink.delivered) == [f"r{each}@{number}.example" for each in range(10)], replies[number]
        assert sink.connections == 1


def test_a_message_that_has_too_many_recipients_is_split(world, receiver):
    sink = receiver(lambda verb, session: verb == "dot" and len(session["recipients"]) > 3 and "554 5.5.3 Too many recipients")
    relay = world.start(settings=PATIENT)
    relay.send("a@shop.example", [f"r{number}@limits.example" for number in range(10)], message())
    wait_delivered(relay, 10)
    assert sorted(sink.delivered) == [f"r{number}@limits.example" for number in range(10)]


def test_delivered_recipients_leave_the_queue_before_the_next_transaction(world, receiver):
    """Otherwise after a crash in that one all of them would be delivered to again."""
    go_on = threading.Event()

    def slow(verb, session):
        if verb == "dot" and len(limited.delivered) >= 100:
            go_on.wait(30)

    limited = receiver(slow)
    relay = world.start(settings=PATIENT)
    relay.send("a@shop.example", [f"r{number}@limits.example" for number in range(150)], message())
    try:
        harness.wait_until(lambda: relay.metric("signpost_queue_recipients") == 50, "the others to leave the queue")
        relay.wait_events(100, "delivered")
    finally:
        go_on.set()
    wait_delivered(relay, 150)
    assert sorted(limited.delivered) == sorted(set(limited.delivered))


def test_the_rest_of_a_job_continues_at_once_when_the_connection_ends(world, receiver):
    """One recipient a transaction and three transactions a connection."""
    sink = receiver(lambda verb, session: verb == "RCPT" and session["recipients"] and "452 4.5.3 one at a time" or
                    verb == "MAIL" and session["messages"] >= 3 and "421 4.7.0 enough")
    relay = world.start(settings=PATIENT)
    relay.send("a@shop.example", [f"r{number}@limits.example" for number in range(10)], message())
    wait_delivered(relay, 10)
    assert sorted(sink.delivered) == [f"r{number}@limits.example" for number in range(10)]


def test_a_connection_that_ends_at_a_recipient_gets_fewer_next_time(world, receiver):
    one = receiver(lambda verb, session: verb == "RCPT" and len(session["recipients"]) >= 5 and "421 4.5.3 too many recipients")
    relay = world.start(settings=PATIENT)
    relay.send("a@shop.example", [f"r{number}@limits.example" for number in range(8)], message())
    wait_delivered(relay, 8)
    assert len(one.delivered) == len(set(one.delivered)) == 8


@pytest.mark.parametrize("at, reply", [("MAIL", "421 4.3.2 closing"), ("MAIL", "452 4.3.1 disk full"), ("RCPT", "421 busy"),
                                       ("DATA", "421 busy")])
def test_the_next_host_gets_what_the_first_one_turns_away(world, receiver, at, reply):
    first = receiver(lambda verb, _: verb == at and reply, domain="first.example")
    backup = receiver(lambda verb, _: None, domain="backup.example")
    world.dns.mx("limits.example", *((preference, f"mx{preference}.limits.example", one.listener.getsockname()[0])
                                     for preference, one in ((10, first), (20, backup))))
    relay = world.start(settings=PATIENT)
    for number in range(3):
        relay.send("a@shop.example", f"r{number}@limits.example", message())
    wait_delivered(relay, 3)
    assert first.connections >= 1 and len(backup.delivered) == 3


def test_a_receiver_that_turns_mail_away_is_back_with_the_first_that_it_takes(world, receiver):
    away = threading.Event()
    away.set()
    one = receiver(lambda verb, _: verb == "MAIL" and away.is_set() and "421 4.3.2 not now")
    relay = world.start(settings=PATIENT)
    for number in range(20):
        relay.send("a@shop.example", f"r{number}@limits.example", message())
    relay.wait_event("site_down")
    away.clear()
    harness.wait_until(lambda: len(relay.events("delivered")) == 20, lambda: relay.events("deferred")[-3:])
    relay.wait_event("site_up")
    assert len(one.delivered) == 20 and not relay.events("bounced")


def test_a_demand_for_tls_that_cannot_be_started_is_no_verdict(world, receiver):
    replies = {"EHLO": "250-limits.example\r\n250 STARTTLS", "STAR": "454 4.7.0 TLS not available",
               "MAIL": "530 5.7.0 Must issue a STARTTLS command first"}
    receiver(lambda verb, _: replies.get(verb))
    relay = world.start(settings=PATIENT)
    relay.send("a@shop.example", "r@limits.example", message())
    reply = relay.wait_event("deferred")["reply"]
    assert "454 4.7.0 TLS not available" in reply and "530 5.7.0" in reply
    assert not relay.events("bounced")


def test_the_relay_stops_between_two_transactions_of_a_job(world, receiver):
    sink = receiver(lambda verb, session: verb == "RCPT" and session["recipients"] and "452 4.5.3 one at a time" or
                    verb == "dot" and time.sleep(0.2))
    relay = world.start(settings=PATIENT)
    relay.send("a@shop.example", [f"r{number}@limits.example" for number in range(10)], message())
    harness.wait_until(lambda: len(sink.delivered) >= 3, "some deliveries")
    assert relay.stop() == 0
    assert len(sink.delivered) < 10
    relay.launch()
    harness.wait_until(lambda: len(sink.delivered) >= 10, "the others")
    relay.wait_empty()
    assert sorted(sink.delivered) == [f"r{number}@limits.example" for number in range(10)], "each once"


def test_exim_with_limits(world, tmp_path):
    exim = harness.Exim(tmp_path, world.address(), settings={"smtp_accept_max_per_connection": 10, "recipients_max": 5})
    world.others.append(exim)
    world.dns.mx("limits.example", (10, "mx.limits.example", exim.host))
    relay = world.start(settings=PATIENT, extra=ONE_CONNECTION)
    relay.send("a@shop.example", [f"r{number}@limits.example" for number in range(17)], message())
    for number in range(25):
        relay.send("a@shop.example", f"s{number}@limits.example", message())
    wait_delivered(relay, 42)
    log = exim.log_text()
    assert sorted(re.findall(r"[=-]> :blackhole: <(\S+?)>", log)) == LIMITED
    assert "too many messages in one connection" in log and "too many recipients" in log


def test_postfix_with_limits(world, tmp_path):
    """Too many recipients, and the end of the connection after too many errors."""
    behind = world.sink()
    postfix = harness.Postfix(tmp_path, world.address(), smtp_port=MX_PORT, settings={
        "relayhost": f"[{behind.host}]:{behind.port}", "mynetworks": "192.0.2.1", "relay_domains": "limits.example",
        "relay_recipient_maps": "regexp:{{/^good/ x}}",
        "smtpd_recipient_limit": "5", "smtpd_hard_error_limit": "4", "smtpd_soft_error_limit": "2", "smtpd_error_sleep_time": "0",
        "smtpd_recipient_overshoot_limit": "1000"})
    world.others.append(postfix)
    world.receiver("shop.example")
    world.dns.mx("limits.example", (10, "mx.limits.example", postfix.host))
    relay = world.start(settings=PATIENT)
    recipients = [f"{'bad' if number % 2 else 'good'}{number}@limits.example" for number in range(20)]
    relay.send("a@shop.example", recipients, message())
    harness.wait_until(lambda: len(relay.events("delivered", mx="mx.limits.example")) == 10
                       and len(relay.events("bounced")) == 10,
                       lambda: f"10 of each, {relay.events()[-5:]}")
    assert not relay.events("deferred")



def send_at_once(relay, receiver):
    """One message to 17 recipients and 25 to one each, which are queued before the receiver continues."""
    with receiver.process.halted():
        relay.send("a@shop.example", [f"r{number}@limits.example" for number in range(17)], message())
        for number in range(25):
            relay.send("a@shop.example", f"s{number}@limits.example", message())
    wait_delivered(relay, 42)


def test_opensmtpd_with_limits(world, tmp_path):
    if subprocess.run([*harness.OpenSmtpd.NAMESPACE, "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespace is to be had here")
    behind = world.sink()
    opensmtpd = harness.OpenSmtpd(tmp_path, world.address(), behind, world.certificate,
                                  settings=["smtp limit max-mails 10", "smtp limit max-rcpt 5"])
    world.others.append(opensmtpd)
    world.dns.mx("limits.example", (10, "mx.limits.example", opensmtpd.host))
    relay = world.start(settings=PATIENT, extra=ONE_CONNECTION)
    send_at_once(relay, opensmtpd)

    def arrived():
        return sorted(recipient["address"] for envelope, _ in behind.saved() for recipient in envelope["recipients"])
    harness.wait_until(lambda: len(arrived()) >= 42, lambda: f"42 recipients, {len(arrived())}")
    assert arrived() == LIMITED
    assert all(event["tls"] for event in relay.events("delivered"))
    log = opensmtpd.log_text()
    assert "Too many messages sent" in log and "Too many recipients: Too many recipients" in log


HARAKA_LIMITS = """
const DSN = require('haraka-dsn')
exports.hook_mail = (next, connection) =>
    connection.tran_count > 10 ? next(VERDICT, 'too many messages') : next()
exports.hook_rcpt = (next, connection) =>
    connection.transaction.rcpt_to.length > 5 ? next(DENYSOFT, DSN.proto_too_many_rcpts()) : next(OK)
"""
NO_PIPELINING = """
exports.hook_capabilities = (next, connection) => {
    connection.capabilities = connection.capabilities.filter((capability) => capability !== 'PIPELINING')
    next()
}
"""


def deliver_to_haraka(world, folder, plugin):
    """What it logged."""
    if not harness.Haraka.PROGRAM.exists():
        pytest.skip("no Haraka here: peers.sh needs node 20, npm and its registry for it")
    haraka = harness.Haraka(folder, world.address(), world.certificate, plugin)
    world.others.append(haraka)
    world.dns.mx("limits.example", (10, "mx.limits.example", haraka.host))
    relay = world.start(settings=PATIENT, extra=ONE_CONNECTION)
    send_at_once(relay, haraka)
    assert all(event["tls"] for event in relay.events("delivered"))
    log = haraka.log_text()
    assert sorted(re.findall(r"arrived for (\S+)", log)) == LIMITED
    assert "Too many recipients" in log
    return log


@pytest.mark.parametrize("verdict", ["DENYSOFT", "DENYSOFTDISCONNECT"])
def test_haraka_with_limits(world, tmp_path, verdict):
    """450 to the eleventh MAIL of a session, or 421."""
    log = deliver_to_haraka(world, tmp_path, HARAKA_LIMITS.replace("VERDICT", verdict) + NO_PIPELINING)
    assert "too many messages" in log


def test_haraka_refuses_what_begins_right_after_a_message(world, tmp_path):
    log = deliver_to_haraka(world, tmp_path, HARAKA_LIMITS.replace("VERDICT", "DENYSOFT"))
    assert "pipelined after end of DATA - refused" in log


def test_announced_limits_are_never_exceeded(world):
    """LIMITS (RFC 9422): the sink counts what is beyond them."""
    limited = world.receiver("limits.example", "--limits", "MAILMAX=5 RCPTMAX=3 RCPTDOMAINMAX=1")
    world.dns.mx("second.example", (10, "mx.limits.example"))
    relay = world.start(settings=PATIENT, extra=ONE_CONNECTION)
    both = [f"r{number}@{domain}.example" for number in range(8) for domain in ("limits", "second")]
    relay.send("a@shop.example", both, message())
    for number in range(11):
        relay.send("a@shop.example", f"s{number}@limits.example", message())
    wait_delivered(relay, len(both) + 11)
    counts = limited.counts()
    assert counts["limit_errors"] == 0 and counts["recipients"] == len(both) + 11
    # Two domains with 8 recipients in 3 transactions each, and 11 messages: 17 at 5 a connection.
    assert counts["transactions"] == 17 and counts["connections"] >= 4
    for envelope, _ in limited.saved():
        assert len(envelope["recipients"]) <= 3
        assert len({recipient["address"].split("@")[1] for recipient in envelope["recipients"]}) == 1


def test_the_smaller_of_configured_and_announced_limits_binds(world):
    limited = world.receiver("limits.example", "--limits", "MAILMAX=2 RCPTMAX=50")
    relay = world.start(settings=PATIENT, workers=1, extra='[[destination]]\nmatch = ["*"]\nconnections = 1\n'
                        'messages_per_connection = 100\nrecipients_per_transaction = 4\n')
    relay.send("a@shop.example", [f"r{number}@limits.example" for number in range(8)], message())
    for number in range(4):
        relay.send("a@shop.example", f"s{number}@limits.example", message())
    wait_delivered(relay, 12)
    counts = limited.counts()
    assert counts["limit_errors"] == 0 and counts["transactions"] == 6 and counts["connections"] >= 3
    assert max(len(envelope["recipients"]) for envelope, _ in limited.saved()) == 4


UNKNOWN = "550 5.1.1 User unknown"


@pytest.mark.parametrize("at, recipients, reply_class", [("MAIL", 1, "policy"), ("RCPT", 1, "address"), ("DATA", 1, "other"),
                                                         ("dot", 1, "address"), ("dot", 2, "other")])
def test_only_a_verdict_on_one_recipient_is_about_its_address(world, receiver, at, recipients, reply_class):
    receiver(lambda verb, _: verb == at and UNKNOWN)
    relay = world.start(settings=PATIENT)
    relay.send("a@shop.example", [f"r{number}@limits.example" for number in range(recipients)], message())
    relay.wait_events(recipients, "bounced", mx="mx.limits.example")
    assert {(event["reply"], event["class"]) for event in relay.events("bounced", mx="mx.limits.example")} == {(UNKNOWN, reply_class)}


def test_a_greeting_is_about_no_address(world):
    world.receiver("limits.example", "--greeting", UNKNOWN)
    relay = world.start(settings=PATIENT)
    relay.send("a@shop.example", "r@limits.example", message())
    assert relay.wait_event("deferred")["class"] == "policy"
    harness.wait_until(lambda: relay.queued_jobs()[0]["reply_class"] == "policy", lambda: relay.queued_jobs())


def wait_delivered_in_the_end(relay, count):
    harness.wait_until(lambda: len(relay.events("delivered")) >= count,
                       lambda: f"{count} deliveries, {len(relay.events('delivered'))}, {relay.events('deferred')[-3:]}")
    relay.wait_empty()
    assert not relay.events("bounced") and not relay.events("expired")


def recipients_of(sink):
    return sorted(recipient["address"] for envelope, _ in sink.saved() for recipient in envelope["recipients"])


@pytest.mark.parametrize("busy", [("--busy-replies", 6), ("--busy-seconds", 3)])
def test_a_burst_of_421_puts_off_mail_for_no_longer_than_it_lasts(world, busy):
    """The retry schedule would take an hour."""
    sink = world.receiver("limits.example", "--busy-after", "5", *map(str, busy))
    relay = world.start(settings=PATIENT)
    names = [f"r{number:02}@limits.example" for number in range(40)]
    for name in names:
        relay.send("a@shop.example", name, message())
    wait_delivered_in_the_end(relay, len(names))
    assert recipients_of(sink) == names
    counts = sink.counts()
    assert counts["turned_away"] == 6 if "--busy-replies" in busy else counts["turned_away"] > 0


def test_a_limit_of_messages_that_nobody_announces_costs_no_attempt(world):
    sink = world.receiver("limits.example", "--messages-per-connection", "3")
    relay = world.start(settings=PATIENT, workers=1, extra=ONE_CONNECTION)
    names = [f"r{number:02}@limits.example" for number in range(12)]
    assert relay.run("site", "pause", "limits.example").returncode == 0
    for name in names:
        relay.send("a@shop.example", name, message())
    assert relay.run("site", "resume", "limits.example").returncode == 0
    wait_delivered(relay, len(names))
    assert recipients_of(sink) == names
    counts = sink.counts()
    assert counts["turned_away"] > 0 and counts["connections"] >= 4 and counts["limit_errors"] == 0


@pytest.mark.parametrize("seconds", [0, 2])
def test_greylisted_mail_is_tried_again(world, seconds):
    sink = world.receiver("limits.example", "--greylist", str(seconds))
    relay = world.start()
    names = [f"r{number:02}@limits.example" for number in range(10)]
    for name in names:
        relay.send("a@shop.example", name, message())
    wait_delivered_in_the_end(relay, len(names))
    assert recipients_of(sink) == names
    assert {event["class"] for event in relay.events("deferred")} == {"rate"}
    assert {event["to"] for event in relay.events("deferred")} == set(names)
    # The triple is known now.
    relay.send("a@shop.example", names[0], message())
    assert relay.wait_event("delivered", to=names[0], attempt=1)
