"""What the relay does to a message, seen at the receiver octet for octet: as little as it must."""

import email.utils
import re
import smtplib

import dkim
import pytest

import harness
from conftest import body, field, fields, message


@pytest.fixture(scope="module")
def relay(shared):
    return shared.relay


@pytest.fixture
def recipient(request):
    letters = "".join(c if c.isalnum() else "-" for c in request.node.name.lower())
    return f"{letters}@receiver.example"


def through(shared, recipient, content, **session):
    """What arrives when `content` is sent."""
    shared.relay.send("orders@shop.example", recipient, content, **session)
    return shared.sinks[0].message_to(recipient)[1]


def without_added(content):
    """The content from the first field that the client sent: without Received and the signatures."""
    while True:
        name = content.split(b":", 1)[0].lower()
        if name not in (b"received", b"dkim-signature"):
            return content
        content = re.split(rb"\r\n(?![ \t])", content, maxsplit=1)[1]


def test_a_complete_message_goes_through_untouched(shared, recipient):
    content = message(to=recipient, extra="X-Odd:  kept\r\n\tas it is  \r\nx-empty:\r\n",
                      body="first\r\n\r\n.dot\r\n..\r\n.\r\n  indented \t\r\n\r\n\r\n")
    received = through(shared, recipient, content.replace(b"\r\n.", b"\r\n."))
    assert without_added(received) == content
    assert fields(received)[:3] == ["dkim-signature", "dkim-signature", "received"]


def test_a_missing_date_and_message_id_are_added(shared, recipient):
    queue_id = shared.relay.send("orders@shop.example", recipient, "From: a@shop.example\r\n\r\nx\r\n")
    received = shared.sinks[0].message_to(recipient)[1]
    assert field(received, "Message-ID") == f"<{queue_id}@relay.example>"
    assert email.utils.parsedate_to_datetime(field(received, "Date")).tzinfo is not None
    assert fields(received).count("date") == fields(received).count("message-id") == 1


def test_bcc_is_removed_and_still_gets_the_message(shared, recipient):
    content = message(to=recipient, extra="Bcc: secret@receiver.example,\r\n more@receiver.example\r\nX-After: 1\r\n")
    shared.relay.send("orders@shop.example", [recipient, "secret@receiver.example"], content)
    envelope, received = shared.sinks[0].message_to("secret@receiver.example")
    assert "bcc" not in fields(received) and b"secret@" not in received
    assert field(received, "X-After") == "1"
    assert b" for " not in received.split(b"\r\nFrom:")[0]  # Received must not tell either


def test_what_mail_of_php_and_cron_needs_is_mended_and_signed(world):
    receiver = world.receiver("receiver.example")
    relay = world.add_relay(extra='[header]\nremove = ["X-Originating-IP", "X-PHP-*"]\nhide_client = true\n')
    relay.add_key("shop.example", "e1", "ed25519")
    world.start()
    queue_id = relay.send("www@shop.example", ["a@receiver.example", "b@receiver.example"],
                          "To: a@receiver.example\r\nSubject: Order\r\nX-PHP-Originating-Script: 33:contact.php\r\n"
                          "From: www (Web)\r\nTo: b@receiver.example\r\nX-Originating-IP: 192.0.2.9\r\n"
                          "Feedback-ID: 1:shop\r\nSubject: Order\r\n\r\nx\r\n")
    content = receiver.message_to("a@receiver.example")[1]
    assert field(content, "To") == "a@receiver.example, b@receiver.example"
    assert field(content, "From") == "www@shop.example (Web)"
    assert field(content, "Received").startswith("by relay.example with ESMTP")
    assert [name for name in fields(content) if name.startswith("x-") or name == "subject"] == ["subject"]
    assert dkim.verify(content, dnsfunc=lambda name, **_: world.dns.txt(name.decode()))
    assert "feedback-id" in field(content, "DKIM-Signature").lower(), "Gmail heeds only a signed one"
    assert relay.wait_event("accepted", id=queue_id)["script"] == "33:contact.php"


def test_two_different_subjects_are_refused(relay):
    with relay.smtp() as client:
        with pytest.raises(smtplib.SMTPDataError) as refusal:
            client.sendmail("a@shop.example", "b@receiver.example",
                            "From: a@shop.example\r\nSubject: one\r\nSubject: two\r\n\r\nx\r\n")
    assert refusal.value.smtp_code == 550 and b'"Subject: one" and "Subject: two"' in refusal.value.smtp_error


def test_received_says_how_the_message_came(shared, relay, recipient):
    queue_id = relay.send("orders@shop.example", recipient, message(to=recipient), port=harness.SUBMISSION_PORT,
                          user="shop", starttls=True)
    received = field(shared.sinks[0].message_to(recipient)[1], "Received")
    assert received.startswith("from client.example (")
    for words in ("by relay.example", "with ESMTPSA", "TLS", f"id {queue_id}", f"for <{recipient}>"):
        assert words in received, received
    assert "shop" not in received.split("for <")[0]  # the login is nobody's business


def test_a_wild_ehlo_name_cannot_forge_a_header(shared, relay, recipient):
    talk = relay.raw()
    talk.reply()
    code, _ = talk.say("EHLO x) by forged.example (\tcomment")
    if code == 250:
        talk.say("MAIL FROM:<orders@shop.example>")
        talk.say(f"RCPT TO:<{recipient}>")
        talk.say("DATA")
        talk.write(message(to=recipient) + b".\r\n")
        assert talk.reply()[0] == 250
        received = field(shared.sinks[0].message_to(recipient)[1], "Received")
        outside = re.sub(r"\\.", "", received)
        assert "by forged.example" not in re.sub(r"\([^()]*\)", "", outside)
    else:
        assert 500 <= code < 600


def test_bare_line_feeds_become_line_ends(shared, relay, recipient):
    talk = relay.raw()
    talk.open_data(recipient=recipient)
    before = relay.metric("signpost_bare_linefeed_messages_total")
    talk.write(b"From: a@shop.example\nSubject: old client\n\nline one\nline two\r\n.\r\n")
    assert talk.reply()[0] == 250
    received = shared.sinks[0].message_to(recipient)[1]
    assert body(received) == b"line one\r\nline two\r\n"
    assert field(received, "Subject") == "old client"
    assert relay.metric("signpost_bare_linefeed_messages_total") == before + 1


@pytest.mark.parametrize("trick", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n.\r"],
                         ids=lambda trick: trick.hex())
def test_smuggling(shared, relay, trick):
    """An end of data other than CRLF.CRLF is not an end: nothing after it becomes a second message."""
    recipient = f"outer-{trick.hex()}@receiver.example"
    inner = f"smuggled-{trick.hex()}@receiver.example"
    talk = relay.raw()
    talk.open_data(recipient=recipient)
    accepted = relay.metric("signpost_messages_accepted_total")
    talk.write(message(to=recipient, body="visible") + trick +
               f"MAIL FROM:<evil@shop.example>\r\nRCPT TO:<{inner}>\r\nDATA\r\nSubject: forged\r\n\r\nx".encode() +
               b"\r\n.\r\n")
    code, _ = talk.reply()
    assert relay.metric("signpost_messages_accepted_total") <= accepted + 1
    if code == 250:
        envelope, received = shared.sinks[0].message_to(recipient)
        assert b"forged" in received  # as content of the one message
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)", received)  # nothing for the next server to stumble on
        assert b"\r\n.\r\n" not in received or trick  # a dot alone came stuffed and whole
    else:
        assert 500 <= code < 600
    talk.write(b"NOOP\r\n")
    assert talk.reply()[0] == 250
    # The next message proves that the smuggled one would be here by now.
    marker = f"marker-{trick.hex()}@receiver.example"
    through(shared, marker, message(to=marker))
    assert not any(r["address"] == inner for e, _ in shared.sinks[0].saved() for r in e["recipients"])


def test_the_data_split_at_every_octet_is_the_same_message(shared, relay):
    content = message(body="a\r\n..b\r\n") + b".\r\n"
    bodies = set()
    for at in range(len(content) - 12, len(content)):
        recipient = f"split-{at}@receiver.example"
        talk = relay.raw()
        talk.open_data(recipient=recipient)
        talk.write(content[:at])
        relay.get("/healthz")  # gives the first piece time to be read alone
        talk.write(content[at:])
        assert talk.reply()[0] == 250
        bodies.add(body(shared.sinks[0].message_to(recipient)[1]))
    assert bodies == {b"a\r\n.b\r\n"}


def test_bare_carriage_returns_and_nuls_never_leave(shared, relay, recipient):
    for number, octets in enumerate([b"a\rb", b"a\0b", b"a\r\rb"]):
        talk = relay.raw()
        talk.open_data(recipient=f"{number}-{recipient}")
        talk.write(message(body="") + octets + b"\r\n.\r\n")
        code, _ = talk.reply()
        if code == 250:
            received = shared.sinks[0].message_to(f"{number}-{recipient}")[1]
            assert not re.search(rb"\r(?!\n)|\0", received)
        else:
            assert 500 <= code < 600


def test_eight_bit_and_long_lines_are_kept(shared, recipient):
    content = (f"From: a@shop.example\r\nTo: <{recipient}>\r\nSubject: raw \xe4\xf6\xfc\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
               "Message-ID: <raw@shop.example>\r\n\r\n\x80\xff\x00".replace("\x00", "") + "y" * 990 + "\r\n").encode("latin-1")
    assert without_added(through(shared, recipient, content)) == content


@pytest.mark.parametrize("content", [
    b"Subject: nobody\r\n\r\nx\r\n",
    b"From: a@shop.example\r\nFrom: b@shop.example\r\n\r\nx\r\n",
    b"From: a@shop.example\r\n" + b"Received: from a by b; Fri, 21 Nov 1997 09:55:06 -0600\r\n" * 101 + b"\r\nx\r\n",
], ids=["no-from", "two-from", "loop"])
def test_what_cannot_be_signed_safely_is_refused(relay, content):
    client = relay.smtp()
    client.ehlo()
    client.mail("orders@shop.example")
    client.rcpt("someone@receiver.example")
    code, text = client.data(content)
    assert 550 <= code <= 554 and text.startswith(b"5."), text


def test_a_body_of_every_octet_arrives(shared, relay, recipient):
    octets = bytes(c for c in range(1, 256) if c not in (10, 13))
    content = message(to=recipient, body="") + octets + b"\r\n"
    received = through(shared, recipient, content)
    assert body(received) == octets + b"\r\n"


def test_a_large_message_arrives_whole(shared, recipient):
    content = message(to=recipient, body="0123456789abcdef" * 4 + "\r\n") + (b"." + b"z" * 70 + b"\r\n") * 150_000
    assert without_added(through(shared, recipient, content)) == content
