"""Signatures, judged by two verifiers that are not ours: dkimpy and Mail::DKIM."""

import email
import random
import re
import subprocess

import dkim
import pytest

import harness
from conftest import field, fields, message

PERL = r"""
use strict; use warnings; use Mail::DKIM::Verifier; use Mail::DKIM::DNS; use Net::DNS::Resolver;
my ($host, $port, @files) = @ARGV;
Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(nameservers => [$host], port => $port, recurse => 0));
for my $file (@files) {
  my $verifier = Mail::DKIM::Verifier->new();
  open my $in, '<:raw', $file or die $!;
  local $/; my $content = <$in>;
  $verifier->PRINT($content); $verifier->CLOSE;
  print join(' ', map { $_->algorithm . '=' . $_->result } $verifier->signatures), "\n";
}
"""


def dkimpy_verdicts(content, dns):
    """{algorithm: passed} of each signature."""
    verifier = dkim.DKIM(content)
    verdicts = {}
    for index in range(fields(content).count("dkim-signature")):
        value = [v for n, v in verifier.headers if n.lower() == b"dkim-signature"][index]
        algorithm = re.search(rb"a=([a-z0-9-]+)", value).group(1).decode()
        try:
            verdicts[algorithm] = verifier.verify(index, dnsfunc=lambda name, timeout=5: dns.txt(name.decode()))
        except dkim.ValidationError:  # so it says that the body is another
            verdicts[algorithm] = False
    return verdicts


def mail_dkim_verdicts(contents, dns, folder):
    """[{algorithm: result}] of each message."""
    files = []
    for number, content in enumerate(contents):
        path = folder / f"{number}.eml"
        path.write_bytes(content)
        files.append(str(path))
    done = subprocess.run(["perl", "-e", PERL, dns.host, str(dns.port), *files], capture_output=True, text=True,
                          timeout=4 * harness.DEADLINE)
    assert done.returncode == 0, done.stderr
    return [dict(word.split("=", 1) for word in line.split()) for line in done.stdout.splitlines()]


BOTH = {"rsa-sha256": True, "ed25519-sha256": True}


def test_both_signatures_of_a_plain_message_pass(shared, tmp_path):
    shared.relay.send("orders@shop.example", "plain@receiver.example", message())
    content = shared.sinks[0].message_to("plain@receiver.example")[1]
    assert dkimpy_verdicts(content, shared.dns) == BOTH
    verdict = mail_dkim_verdicts([content], shared.dns, tmp_path)[0]
    assert verdict["rsa-sha256"] == "pass"
    # Debian 12's Mail::DKIM knows Ed25519 only with an optional module; a wrong one would be "fail".
    assert verdict.get("ed25519-sha256", "pass") in ("pass", "invalid")


def test_repairs_come_before_the_signature(shared, tmp_path):
    """Over-long lines, a blank before a colon, a name without its quotes."""
    html = "<p>" + "an offer = " * 150 + "caf\u00e9</p>\r\n"
    content = ("From : Doe, John <orders@shop.example>\r\nTo: repaired@receiver.example\r\nSubject: x\r\n"
               "References: " + " ".join(f"<{n}.{'r' * 60}@shop.example>" for n in range(20)) + "\r\n"
               "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html).encode()
    shared.relay.send("orders@shop.example", "repaired@receiver.example", content)
    received = shared.sinks[0].message_to("repaired@receiver.example")[1]
    assert max(map(len, received.split(b"\r\n"))) <= 998
    assert email.message_from_bytes(received).get_payload(decode=True).decode() == html
    assert b'\r\nFrom: "Doe, John" <orders@shop.example>\r\n' in received
    assert dkimpy_verdicts(received, shared.dns) == BOTH
    assert mail_dkim_verdicts([received], shared.dns, tmp_path)[0]["rsa-sha256"] == "pass"


def test_a_changed_octet_fails(shared, tmp_path):
    shared.relay.send("orders@shop.example", "changed@receiver.example", message())
    content = shared.sinks[0].message_to("changed@receiver.example")[1].replace(b"Thank you", b"Thank You")
    assert dkimpy_verdicts(content, shared.dns) == dict.fromkeys(BOTH, False)
    assert mail_dkim_verdicts([content], shared.dns, tmp_path)[0]["rsa-sha256"].startswith("fail")


def test_a_second_from_or_subject_added_later_fails(shared):
    shared.relay.send("orders@shop.example", "added@receiver.example", message())
    content = shared.sinks[0].message_to("added@receiver.example")[1]
    for extra in (b"From: evil@shop.example\r\n", b"Subject: other\r\n", b"To: x@x.example\r\n", b"Date: never\r\n"):
        assert dkimpy_verdicts(extra + content, shared.dns) == dict.fromkeys(BOTH, False), extra


def test_the_signature_says_what_it_should(shared):
    shared.relay.send("orders@shop.example", "tags@receiver.example", message())
    content = shared.sinks[0].message_to("tags@receiver.example")[1]
    signature = re.sub(r"\s", "", field(content, "DKIM-Signature"))
    tags = dict(tag.split("=", 1) for tag in signature.strip(";").split(";"))
    assert tags["v"] == "1" and tags["d"] == "shop.example" and tags["c"] == "relaxed/relaxed"
    assert "l" not in tags
    signed = tags["h"].lower().split(":")
    for name in ("from", "to", "subject", "date"):
        assert signed.count(name) == 2, tags["h"]
    assert "received" not in signed and "dkim-signature" not in signed


def test_mail_of_another_domain_goes_unsigned_and_is_counted(shared):
    before = shared.relay.metric("signpost_dkim_unsigned_total")
    queue_id = shared.relay.send("a@other.example", "unsigned@receiver.example", message(sender="a@other.example"))
    content = shared.sinks[0].message_to("unsigned@receiver.example")[1]
    assert "dkim-signature" not in fields(content)
    assert shared.relay.metric("signpost_dkim_unsigned_total") == before + 1
    assert shared.relay.wait_event("unsigned", id=queue_id)["from_domain"] == "other.example"


def test_unsigned_mail_is_refused_where_the_configuration_says_so(world):
    world.receiver("receiver.example")
    relay = world.add_relay(settings={"signing": 'unsigned = "reject"'})
    relay.add_key("shop.example", "s1", "ed25519")
    world.start()
    client = relay.smtp()
    client.ehlo()
    client.mail("a@other.example")
    client.rcpt("x@receiver.example")
    code, text = client.data(message(sender="a@other.example"))
    assert code == 550 and text.startswith(b"5.7."), text
    relay.send("a@shop.example", "x@receiver.example", message(sender="a@shop.example"))


def test_a_message_signed_by_somebody_else_keeps_its_signature(shared):
    foreign = "DKIM-Signature: v=1; a=rsa-sha256; d=elsewhere.example; s=x;\r\n\th=from; bh=AAAA; b=BBBB\r\n"
    shared.relay.send("orders@shop.example", "foreign@receiver.example", message(extra=foreign))
    content = shared.sinks[0].message_to("foreign@receiver.example")[1]
    assert foreign.encode() in content
    assert fields(content).count("dkim-signature") == 3


def awkward(seed):
    """A message that canonicalization can stumble over; deterministic for a seed."""
    pick = random.Random(seed)
    blank = lambda: "".join(pick.choice(" \t") for _ in range(pick.randint(0, 4)))
    word = lambda: "".join(pick.choice("abcXYZ019.,;:=<>@()\"\\-_~é") for _ in range(pick.randint(1, 12)))

    def value():
        parts = [word() for _ in range(pick.randint(0, 8))]
        text = ""
        for part in parts:
            text += pick.choice([" ", "  ", "\t", "\r\n ", "\r\n\t ", " \r\n  "]) + part
        return text + blank()

    lines = [f"From:{blank()}Shop <orders@shop.example>{blank()}"]
    for name in pick.sample(["To", "Cc", "Subject", "Reply-To", "In-Reply-To", "References", "X-Mailer",
                             "MIME-Version", "Content-Type", "List-Unsubscribe", "Comments", "sUbJeCt2"],
                            pick.randint(2, 10)):
        lines.append(f"{name}:{value()}")
    lines.append("Date: Fri, 21 Nov 1997 09:55:06 -0600")
    lines.append(f"Message-ID: <{seed}@shop.example>")
    pick.shuffle(lines)
    if lines[0].startswith("DKIM"):
        lines.reverse()
    body_lines = [pick.choice(["", " ", "\t", ".", "..", ". ", word() + blank(), blank() + word(), "  ".join([word()] * 3),
                               "-- ", "From here", "é" * 5, "x" * 900])
                  for _ in range(pick.randint(0, 12))]
    ending = pick.choice(["", "\r\n", "\r\n\r\n", "\r\n \r\n", "\r\n\t\r\n\r\n"])
    body = "\r\n".join(body_lines) + ending
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def test_awkward_messages_pass_at_both_verifiers(shared, tmp_path):
    count = 250
    client = shared.relay.smtp()
    client.ehlo()
    for seed in range(count):
        client.docmd("MAIL", "FROM:<orders@shop.example> BODY=8BITMIME")
        client.rcpt(f"awkward-{seed}@receiver.example")
        code, text = client.data(awkward(seed))
        assert code == 250, (seed, text)
    contents = [shared.sinks[0].message_to(f"awkward-{seed}@receiver.example")[1] for seed in range(count)]
    wrong = [seed for seed, content in enumerate(contents) if dkimpy_verdicts(content, shared.dns) != BOTH]
    assert wrong == [], "dkimpy"
    verdicts = mail_dkim_verdicts(contents, shared.dns, tmp_path)
    wrong = [seed for seed, verdict in enumerate(verdicts) if verdict.get("rsa-sha256") != "pass"]
    assert wrong == [], "Mail::DKIM"


@pytest.mark.parametrize("canonicalization", ["simple/simple", "simple/relaxed", "relaxed/simple"])
def test_other_canonicalizations(world, tmp_path, canonicalization):
    sink = world.receiver("receiver.example")
    relay = world.add_relay()
    relay.add_key("shop.example", "s1", "rsa")
    domain, selector, key = relay.keys.pop()
    relay.extra = (f'[[dkim]]\ndomain = "{domain}"\nselector = "{selector}"\nkey = "{key}"\n'
                   f'canonicalization = "{canonicalization}"\n')
    world.start()
    for seed in range(30):
        relay.send("orders@shop.example", f"{seed}@receiver.example", awkward(seed), options=["BODY=8BITMIME"])
    contents = [content for _, content in sink.wait_for(30)]
    assert [dkimpy_verdicts(content, world.dns) for content in contents] == [{"rsa-sha256": True}] * 30
    assert mail_dkim_verdicts(contents, world.dns, tmp_path) == [{"rsa-sha256": "pass"}] * 30


def test_check_compares_the_keys_with_what_is_published(world):
    relay = world.add_relay()
    relay.add_key("shop.example", "s1")
    relay.add_key("shop.example", "s2", algorithm="ed25519")
    world.start()
    good = relay.run("check", "--dns")
    assert good.returncode == 0, good.stderr
    key = relay.folder / "shop.example.s2.pem"
    key.unlink()
    made = relay.run("dkim", "keygen", "--domain", "shop.example", "--selector", "s2", "--algorithm", "ed25519",
                     "--out", key, config=False)
    assert made.returncode == 0, made.stderr
    bad = relay.run("check", "--dns")
    assert bad.returncode == 1 and "s2._domainkey.shop.example: the record is for another key" in bad.stderr
    assert "s1._domainkey" not in bad.stderr
