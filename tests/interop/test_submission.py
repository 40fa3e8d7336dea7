"""Mail handed in by the clients that people use: smtplib, swaks, curl."""

import base64
import concurrent.futures
import contextlib
import os
import smtplib
import ssl
import subprocess

import pytest

import harness
from conftest import field, message
from harness import IMPLICIT_TLS_PORT, PASSWORD, SUBMISSION_PORT, TRUSTED_PORT

RECIPIENT = "someone@receiver.example"
BAD_DISK = harness.BIN.parent / "tests/fault/libbad_disk.so"


def untrusting():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.fixture(scope="module")
def relay(shared):
    return shared.relay


@pytest.fixture
def recipient(request):
    """An address that only this test writes to."""
    letters = "".join(c if c.isalnum() else "-" for c in request.node.name.lower())
    return f"{letters}@receiver.example"


def arrived(shared, recipient):
    return shared.sinks[0].message_to(recipient)


def swaks(relay, recipient, *options):
    return subprocess.run(
        ["swaks", "--server", relay.host, "--from", "orders@shop.example", "--to", recipient,
         "--helo", "client.example", "--header", "From: orders@shop.example", "--timeout", "20", *options],
        capture_output=True, text=True, timeout=harness.DEADLINE)


def curl(relay, recipient, scheme, port, *options, password=PASSWORD):
    return subprocess.run(
        ["curl", "--silent", "--show-error", "--insecure", "--url", f"{scheme}://{relay.host}:{port}/client.example",
         "--mail-from", "orders@shop.example", "--mail-rcpt", recipient, "--user", f"shop:{password}",
         "--upload-file", "-", *options],
        input=message(to=recipient), capture_output=True, timeout=harness.DEADLINE)


@pytest.mark.parametrize("session", [
    dict(port=SUBMISSION_PORT, user="shop", starttls=True),
    dict(port=IMPLICIT_TLS_PORT, user="shop", implicit=True),
    dict(port=TRUSTED_PORT),
], ids=["starttls", "implicit-tls", "trusted-network"])
def test_smtplib(shared, relay, recipient, session):
    queue_id = relay.send("orders@shop.example", recipient, message(to=recipient), **session)
    envelope, content = arrived(shared, recipient)
    assert envelope["mail_from"] == "orders@shop.example"
    assert field(content, "Subject") == "Your order"
    accepted = relay.wait_event("accepted", id=queue_id)
    assert accepted["from"] == "orders@shop.example" and accepted["to"] == recipient
    assert accepted.get("user", "") == session.get("user", "")
    assert relay.wait_event("delivered", id=queue_id)["mx"] == "mx.receiver.example"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_swaks_over_starttls(shared, relay, recipient, mechanism):
    done = swaks(relay, recipient, "--port", str(SUBMISSION_PORT), "--tls", "--auth", mechanism, "--auth-user", "shop",
                 "--auth-password", PASSWORD)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "250 2.0.0 Ok: queued as " in done.stdout
    envelope, content = arrived(shared, recipient)
    assert "with ESMTPSA" in field(content, "Received")


def test_swaks_over_implicit_tls_and_pipelined(shared, relay, recipient):
    done = swaks(relay, recipient, "--port", str(IMPLICIT_TLS_PORT), "--tls-on-connect", "--pipeline", "--auth", "PLAIN",
                 "--auth-user", "shop", "--auth-password", PASSWORD)
    assert done.returncode == 0, done.stdout + done.stderr
    arrived(shared, recipient)


@pytest.mark.parametrize("scheme, port, options", [
    ("smtp", SUBMISSION_PORT, ("--ssl-reqd",)),
    ("smtps", IMPLICIT_TLS_PORT, ()),
    ("smtp", SUBMISSION_PORT, ("--ssl-reqd", "--login-options", "AUTH=LOGIN")),
], ids=["starttls", "implicit-tls", "login"])
def test_curl(shared, relay, recipient, scheme, port, options):
    done = curl(relay, recipient, scheme, port, *options)
    assert done.returncode == 0, done.stderr
    arrived(shared, recipient)


def test_a_wrong_password_is_refused_and_counted(relay):
    before = relay.metric("signpost_auth_total", result="rejected")
    client = relay.smtp(SUBMISSION_PORT, starttls=True)
    with pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
        client.login("shop", "wrong")
    assert refusal.value.smtp_code == 535 and refusal.value.smtp_error.startswith(b"5.7.8 ")
    assert relay.metric("signpost_auth_total", result="rejected") > before
    assert relay.wait_event("auth_failed")["user"] == "shop"
    assert "wrong" not in [event.get("password") for event in relay.events()]
    done = curl(relay, RECIPIENT, "smtps", IMPLICIT_TLS_PORT, password="wrong")
    assert done.returncode == 67  # CURLE_LOGIN_DENIED


def test_an_unknown_login_gets_the_same_reply_as_a_wrong_password(relay):
    replies = set()
    for user in ("shop", "nobody"):
        client = relay.smtp(SUBMISSION_PORT, starttls=True)
        with pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
            client.login(user, "wrong")
        replies.add(refusal.value.smtp_error)
    assert len(replies) == 1


def test_only_the_guesser_is_locked_out(relay, shared):
    guesser = harness.address(211)  # an address of its own: the others' tests go on

    def attempt(user, password):
        client = smtplib.SMTP(relay.host, SUBMISSION_PORT, "client.example", timeout=30, source_address=(guesser, 0))
        with contextlib.closing(client):
            client.starttls(context=untrusting())
            try:
                return client.login(user, password)
            except smtplib.SMTPAuthenticationError as refusal:
                return refusal.smtp_code, refusal.smtp_error

    relay.smtp(SUBMISSION_PORT, user="shop", starttls=True).quit()  # known from where it always comes from
    with concurrent.futures.ThreadPoolExecutor(11) as pool:
        # smtplib tries each mechanism that is offered: two tries a call.
        replies = list(pool.map(lambda number: attempt(f"guess{number}", "wrong"), range(11)))
    assert {code for code, _ in replies} <= {535, 454}
    # Even the correct password reveals nothing now.
    code, text = attempt("shop", PASSWORD)
    assert code == 454 and text.startswith(b"4.7.0 Too many failed logins")
    assert relay.wait_event("auth_locked")["address"] == guesser
    assert relay.metric("signpost_auth_locks", kind="client") == 1
    assert relay.metric("signpost_auth_total", result="locked") > 0
    relay.smtp(SUBMISSION_PORT, user="shop", starttls=True).quit()


def guess(password="wrong"):
    return b"AUTH PLAIN " + base64.b64encode(f"\0shop\0{password}".encode()) + b"\r\n"


def tls_failures(relay):
    return relay.metric("signpost_tls_handshake_failures_total", direction="in")


@pytest.mark.parametrize("secured", [False, True], ids=["in-clear", "under-tls"])
def test_hanging_up_during_a_password_check_leaves_a_trace_and_no_tls_failure(world, secured):
    relay = world.start()
    talk = relay.raw(SUBMISSION_PORT)
    talk.reply()
    talk.say("EHLO client.example")
    client = talk.socket
    if secured:
        assert talk.say("STARTTLS")[0] == 220
        client = untrusting().wrap_socket(client)
        client.sendall(b"EHLO client.example\r\n")
        client.recv(4096)
    client.sendall(guess())
    client.close()
    failed = relay.wait_event("auth_failed")
    assert failed["user"] == "shop" and failed["session"] and failed["address"]
    assert relay.metric("signpost_auth_total", result="rejected") == 1
    harness.wait_until(lambda: relay.metric("signpost_smtp_sessions") == 0, "the session to go")
    assert tls_failures(relay) == 0 and not relay.events("tls_failed")


def test_a_rejected_password_gets_its_reply_however_short_the_idle_timeout(world):
    relay = world.start(settings={"limits": 'idle_timeout = "1s"'})
    talk = relay.raw(SUBMISSION_PORT)
    talk.reply()
    talk.say("EHLO client.example")
    talk.write(guess())
    assert talk.reply()[0] == 535  # a second late, as every rejection
    assert talk.say("NOOP")[0] == 250
    assert len(relay.events("auth_failed")) == 1
    assert tls_failures(relay) == 0 and not relay.events("idle_timeout")


@pytest.mark.skipif(not BAD_DISK.exists(), reason="built without the library that slows the disk")
def test_a_slow_sync_does_not_cost_a_stored_message_its_250(world):
    flag = world.folder / "trouble"
    relay = world.add_relay(settings={"limits": 'idle_timeout = "1s"'})
    relay.environment = {**os.environ, "LD_PRELOAD": str(BAD_DISK), "SIGNPOST_BAD_DISK": str(flag)}
    world.start()
    talk = relay.raw()
    talk.open_data()
    flag.write_text("slow 2500")
    talk.write(message() + b".\r\n")
    code, lines = talk.reply()
    flag.unlink()
    assert code == 250 and "queued as" in lines[0]
    assert talk.say("NOOP")[0] == 250
    assert not relay.events("idle_timeout") and not relay.events("session_lost")


def test_nothing_is_relayed_without_a_login(relay):
    client = relay.smtp(SUBMISSION_PORT, starttls=True)
    client.ehlo()
    code, text = client.mail("orders@shop.example")
    assert code == 530 and text.startswith(b"5.7.0 ")


def test_what_ehlo_offers_before_and_after_tls(relay):
    client = relay.smtp(SUBMISSION_PORT)
    client.ehlo()
    assert {"pipelining", "size", "8bitmime", "smtputf8", "enhancedstatuscodes", "starttls"} <= set(client.esmtp_features)
    assert client.esmtp_features["size"] == str(50 << 20)
    client.starttls()
    client.ehlo()
    assert "starttls" not in client.esmtp_features
    assert client.esmtp_features["auth"].split() == ["PLAIN", "LOGIN", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"]


def test_plaintext_after_starttls_is_not_taken_over(relay):
    talk = relay.raw(SUBMISSION_PORT)
    talk.reply()
    talk.say("EHLO client.example")
    talk.write(b"STARTTLS\r\nMAIL FROM:<injected@shop.example>\r\n")
    import ssl
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    code, _ = talk.reply()
    if code != 220:  # refused at once: as good
        return
    secured = context.wrap_socket(talk.socket)
    secured.sendall(b"NOOP\r\n")
    assert secured.recv(1000).startswith(b"250 2.0.0")  # the reply to NOOP, not one to MAIL


def test_auth_plain_without_initial_response(relay):
    client = relay.smtp(IMPLICIT_TLS_PORT, implicit=True)
    client.ehlo()
    assert client.docmd("AUTH", "PLAIN")[0] == 334
    secret = base64.b64encode(f"\0shop\0{PASSWORD}".encode()).decode()
    assert client.docmd(secret)[0] == 235


def test_every_refusal_has_an_enhanced_status(relay):
    talk = relay.raw()
    talk.reply()
    for command in ["NONSENSE", "MAIL FROM:<a@b.example>", "EHLO", "EHLO client.example", "RCPT TO:<a@b.example>", "DATA",
                    "MAIL FROM:a@b.example", "MAIL FROM:<a@b.example> NOSUCH=1", "AUTH PLAIN",
                    "MAIL FROM:<a@b.example> SIZE=99999999999", "VRFY someone", "STARTTLS"]:
        code, lines = talk.say(command)
        if command != "EHLO client.example":
            assert 250 < code < 600, command
            assert lines[-1][4:9].count(".") == 2, (command, lines)


def test_a_message_over_the_limit_leaves_nothing_behind(world, certificate):
    relay = world.start(settings={"limits": 'message_size = "100KiB"'})
    client = relay.smtp()
    client.ehlo()
    code, text = client.mail("a@shop.example", ["SIZE=200000"])
    assert code == 552 and text.startswith(b"5.3.4 ")
    assert client.mail("a@shop.example")[0] == 250
    assert client.rcpt(RECIPIENT)[0] == 250
    code, text = client.data(b"From: a@shop.example\r\n\r\n" + b"x" * 70 + b"\r\n" * 60_000)
    assert code == 552 and text.startswith(b"5.3.4 ")
    assert client.noop()[0] == 250
    assert relay.queued_jobs() == []
    assert relay.metric("signpost_messages_rejected_total", reason="size") >= 1


def test_too_many_recipients_are_deferred_to_another_transaction(world):
    relay = world.start(settings={"limits": "recipients_per_message = 3"})
    client = relay.smtp()
    client.ehlo()
    client.mail("a@shop.example")
    codes = [client.rcpt(f"r{i}@receiver.example")[0] for i in range(5)]
    assert codes == [250, 250, 250, 452, 452]


def test_sessions_beyond_the_limit_get_421(world):
    relay = world.start(settings={"limits": "sessions = 2"})
    first = [relay.raw() for _ in range(2)]
    assert [talk.reply()[0] for talk in first] == [220, 220]
    assert relay.raw().reply()[0] == 421
    first[0].say("QUIT")
    harness.wait_until(lambda: relay.raw().reply()[0] == 220, "a session to be free again")


def test_an_idle_session_is_closed(world):
    relay = world.start(settings={"limits": 'idle_timeout = "1s"'})
    talk = relay.raw()
    assert talk.reply()[0] == 220
    assert talk.reply()[0] == 421
    assert talk.closed()


def test_a_client_that_goes_away_in_the_data_leaves_nothing_behind(relay):
    before = relay.metric("signpost_messages_accepted_total")
    talk = relay.raw()
    talk.open_data()
    talk.write(message()[:50])
    talk.close()
    assert relay.smtp().noop()[0] == 250
    assert relay.metric("signpost_messages_accepted_total") == before


def test_a_message_in_chunks(shared, relay, recipient):
    content = message(to=recipient, body="a line\r\n.\r\nMAIL FROM:<x@shop.example>\r\n")
    client = relay.smtp()
    client.ehlo()
    assert client.has_extn("chunking")
    assert client.docmd("MAIL", "FROM:<orders@shop.example>")[0] == 250
    assert client.docmd("RCPT", f"TO:<{recipient}>")[0] == 250
    client.send(b"BDAT 100\r\n" + content[:100])
    assert client.getreply()[0] == 250
    client.send(f"BDAT {len(content) - 100} LAST\r\n".encode() + content[100:] + b"NOOP\r\n")
    code, text = client.getreply()
    assert code == 250 and text.startswith(b"2.0.0 Ok: queued as ")
    assert client.getreply()[0] == 250
    _, received = arrived(shared, recipient)
    assert received.endswith(content[content.index(b"\r\n\r\n"):])


def test_an_smtputf8_message(shared, relay, recipient):
    recipient = "jürgen@receiver.example"
    content = f"From: Händler <orders@shop.example>\r\nTo: <{recipient}>\r\nSubject: Grüße\r\n\r\nDanke\r\n"
    client = relay.smtp()
    client.ehlo()
    assert client.docmd("MAIL", "FROM:<orders@shop.example> SMTPUTF8 BODY=8BITMIME")[0] == 250
    client.command_encoding = "utf-8"
    assert client.docmd("RCPT", f"TO:<{recipient}>")[0] == 250
    assert client.data(content.encode())[0] == 250
    envelope, received = arrived(shared, recipient)
    assert "SMTPUTF8" in envelope["mail_parameters"] and "BODY=8BITMIME" in envelope["mail_parameters"]
    assert field(received, "Subject") == "Grüße"


@contextlib.contextmanager
def traced(process, calls, file):
    """The system calls of a process are written into the file meanwhile."""
    tracer = subprocess.Popen(["strace", "-f", "-e", f"trace={calls}", "-o", file, "-p", str(process.pid)],
                              stderr=subprocess.PIPE, text=True)
    try:
        said = tracer.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"strace may not attach here: {said.strip()}")
        yield
    finally:
        tracer.terminate()
        tracer.communicate()


def test_a_client_that_writes_line_by_line_has_each_line_acknowledged(relay, recipient, tmp_path):
    """Under Nagle's algorithm it sends a line when the one before is acknowledged, for which a kernel takes 40 ms."""
    calls = tmp_path / "calls"

    def acknowledged():
        return calls.read_text().count("TCP_QUICKACK, [1]")

    with traced(relay.process.process, "setsockopt", calls):
        client = relay.raw()
        client.open_data(recipient=recipient)
        assert acknowledged() == 0, "the replies acknowledge the commands"
        for count, line in enumerate(["From: a@shop.example", "Subject: lines", "", "one line"], 1):
            client.write(line.encode() + b"\r\n")
            harness.wait_until(lambda: acknowledged() == count, "the acknowledgement of a line")
        assert client.say(".")[0] == 250
        client.close()
