"""Content that the next hop does not take as it came: what its reader decodes is what was sent, and the signature
over the encoded form verifies."""

import email
import email.policy
import random

import dkim
import pytest

from conftest import World, message


@pytest.fixture(scope="module")
def mail(tmp_path_factory, certificate):
    """receiver.example has 8BITMIME, old.example has not."""
    world = World(tmp_path_factory.mktemp("content"), certificate)
    world.receivers = {"receiver.example": world.receiver("receiver.example"),
                       "old.example": world.receiver("old.example", "--no-8bitmime"),
                       "shop.example": world.receiver("shop.example")}  # where reports go
    world.add_relay().add_key("shop.example", "r1", "rsa")
    world.start()
    yield world
    world.stop()


def arrived(mail, recipient):
    return mail.receivers[recipient.partition("@")[2]].message_to(recipient)


def send_binary(relay, recipient, content, *chunks):
    """Through BDAT with BODY=BINARYMIME; the reply to the last chunk."""
    client = relay.smtp()
    client.ehlo()
    assert client.has_extn("binarymime")
    for command in ("MAIL FROM:<orders@shop.example> BODY=BINARYMIME", f"RCPT TO:<{recipient}>"):
        assert client.docmd(command)[0] == 250
    reply = None
    for start, end in zip((0, *chunks), (*chunks, len(content))):
        last = " LAST" if end == len(content) else ""
        client.send(f"BDAT {end - start}{last}\r\n".encode() + content[start:end])
        reply = client.getreply()
    client.quit()
    return reply


def leaves(content):
    """(type, decoded octets) of each part."""
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    return [(part.get_content_type(), part.get_payload(decode=True))
            for part in parsed.walk() if not part.is_multipart()]


def verified(world, content):
    return dkim.verify(content, dnsfunc=lambda name, timeout=5: world.dns.txt(name.decode()))


def octets(seed, size):
    return random.Random(seed).randbytes(size)


def multipart(*parts):
    """A message of parts with this (type, octets), each as binary."""
    head = message(extra="MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b b\"\r\n"
                         "Content-Transfer-Encoding: binary\r\n", body="")
    body = b"".join(b"--b b\r\nContent-Type: " + kind.encode() + b"\r\nContent-Transfer-Encoding: binary\r\n\r\n" +
                    content + b"\r\n" for kind, content in parts)
    return head + body + b"--b b--\r\n"


@pytest.mark.parametrize("domain", ["receiver.example", "old.example"])
def test_binary_parts_are_decoded_to_the_same_octets(mail, domain):
    parts = [("text/plain", "caf\u00e9 = \r\n.\r\n".encode()), ("text/html", b"<p>" + b"long " * 400),
             ("image/png", octets(1, 5000)), ("application/x-lines", b"one\ntwo\r\nthree\rfour\0"),
             ("application/empty", b"")]
    content = multipart(*parts)
    code, _ = send_binary(mail.relay, f"binary@{domain}", content, 100, 1000)
    assert code == 250
    _, received = arrived(mail, f"binary@{domain}")
    assert [(kind, decoded.removesuffix(b"\r\n") if kind == "text/html" else decoded)
            for kind, decoded in leaves(received)] == parts
    assert b"binary" not in received.lower().split(b"\r\n\r\n", 1)[1]
    assert verified(mail, received)
    if domain == "old.example":
        assert received.isascii()


def test_a_body_of_random_octets(mail):
    body = octets(2, 100_000)
    content = message(extra="MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n", body="") + body
    assert send_binary(mail.relay, "random@receiver.example", content)[0] == 250
    _, received = arrived(mail, "random@receiver.example")
    assert leaves(received) == [("application/octet-stream", body)] and verified(mail, received)


def test_binary_octets_in_a_signed_part_are_refused_in_words(mail):
    head = message(extra="MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b\r\n", body="")
    code, text = send_binary(mail.relay, "signed@receiver.example", head + b"--b\r\n\r\na\nb\r\n--b--\r\n")
    assert code == 554 and text.startswith(b"5.6.3 Line 3 of the body has a NUL, or a CR or LF by itself, and is in a")


def test_one_message_for_receivers_with_and_without_8bitmime(mail):
    line = "caf\u00e9 =\r\n"
    content = message(extra="MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                            "Content-Transfer-Encoding: 8bit\r\n", body=line * 3)
    mail.relay.send("orders@shop.example", ["both@receiver.example", "both@old.example"], content)
    envelope, as_it_is = arrived(mail, "both@receiver.example")
    assert "BODY=8BITMIME" in envelope["mail_parameters"] and line.encode() in as_it_is
    envelope, encoded = arrived(mail, "both@old.example")
    assert "BODY" not in envelope["mail_parameters"] and encoded.isascii()
    assert leaves(as_it_is) == leaves(encoded) and verified(mail, as_it_is) and verified(mail, encoded)


def test_8_bit_text_that_is_signed_comes_back_with_the_reason(mail):
    content = message(extra="MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b\r\n",
                      body="--b\r\n\r\ncaf\u00e9\r\n--b--\r\n")
    mail.relay.send("signer@shop.example", "signed@old.example", content)
    _, report = arrived(mail, "signer@shop.example")
    assert b"Status: 5.6.3" in report
    words = " ".join(report.decode().split())
    assert "does not accept 8-bit mail, and a signed part of the message cannot be converted" in words
