"""Postfix on both sides: with Signpost as its smarthost, and as a receiver. And smtp-sink."""

import subprocess

import pytest

import harness
from conftest import field, message
from harness import PASSWORD, SUBMISSION_PORT


@pytest.fixture
def postfix(world, tmp_path):
    def start(**options):
        made = harness.Postfix(tmp_path, world.address(), **options)
        world.others.append(made)
        return made
    return start


def hand_to(postfix, sender, recipient, content):
    import smtplib
    with smtplib.SMTP(postfix.host, postfix.port, "app.example", timeout=harness.DEADLINE) as client:
        client.sendmail(sender, [recipient], content)


def test_postfix_uses_signpost_as_its_smarthost(world, postfix):
    sink = world.receiver("receiver.example")
    relay = world.add_relay()
    relay.add_key("shop.example", "s1", "rsa")
    world.start()
    client = postfix(settings={
        "relayhost": f"[{relay.host}]:{SUBMISSION_PORT}",
        "smtp_sasl_auth_enable": "yes", "smtp_sasl_security_options": "noanonymous", "smtp_tls_security_level": "encrypt",
        "smtp_sasl_password_maps": f"inline:{{{{ [{relay.host}]:{SUBMISSION_PORT} = shop:{PASSWORD} }}}}",
    })
    hand_to(client, "orders@shop.example", "b@receiver.example", message())
    try:
        envelope, content = sink.wait_for(1)[0]
    except AssertionError:
        raise AssertionError(client.log_text()[-3000:])
    assert field(content, "DKIM-Signature")
    assert "with ESMTPSA" in field(content, "Received")
    assert relay.wait_event("accepted")["user"] == "shop"
    harness.wait_until(lambda: "status=sent (250 2.0.0 Ok: queued as" in client.log_text(), "Postfix's word for it")


def test_postfix_learns_of_a_refusal(world, postfix):
    relay = world.start()
    client = postfix(settings={
        "relayhost": f"[{relay.host}]:{SUBMISSION_PORT}",
        "smtp_sasl_auth_enable": "yes", "smtp_sasl_security_options": "noanonymous", "smtp_tls_security_level": "encrypt",
        "smtp_sasl_password_maps": f"inline:{{{{ [{relay.host}]:{SUBMISSION_PORT} = shop:wrong }}}}",
    })
    hand_to(client, "orders@shop.example", "b@receiver.example", message())
    harness.wait_until(lambda: "535 5.7.8" in client.log_text(), "the refusal in Postfix's log")
    assert relay.events("accepted") == []


def test_postfix_receives_and_the_signature_survives(world, postfix, certificate):
    import dkim
    behind = world.sink()
    receiver = postfix(smtp_port=harness.MX_PORT, settings={
        "relayhost": f"[{behind.host}]:{behind.port}",
        "smtpd_tls_security_level": "may", "smtpd_tls_cert_file": certificate.certificate, "smtpd_tls_key_file": certificate.key,
    })
    world.dns.mx("postfix.example", (10, "mx.postfix.example", receiver.host))
    relay = world.add_relay()
    relay.add_key("shop.example", "s1", "rsa")
    relay.add_key("shop.example", "s2", "ed25519")
    world.start()
    content = message(body="a line\r\n..dots\r\n\r\n  \r\n" + "x" * 900 + "\r\n")
    recipients = [f"r{number}@postfix.example" for number in range(20)]
    queue_id = relay.send("orders@shop.example", recipients, content)
    envelope, received = behind.wait_for(1)[0]
    verifier = dkim.DKIM(received)
    for index in (0, 1):
        assert verifier.verify(index, dnsfunc=lambda name, timeout=5: world.dns.txt(name.decode()))
    relay.wait_empty()
    harness.wait_until(lambda: len(relay.events("delivered", id=queue_id)) >= 20, "the deliveries in the log")
    delivered = relay.events("delivered", id=queue_id)
    assert len(delivered) == 20 and delivered[0]["tls"]
    assert "Ok: queued as" in delivered[0]["reply"]


@pytest.fixture
def ascii_postfix(world, postfix):
    """Without SMTPUTF8: the MX of bücher.example, and of shop.example, where the reports go."""
    behind = world.sink()
    receiver = postfix(smtp_port=harness.MX_PORT, settings={
        "smtputf8_enable": "no", "relayhost": f"[{behind.host}]:{behind.port}",
    })
    for domain in ("xn--bcher-kva.example", "shop.example"):
        world.dns.mx(domain, (10, f"mx.{domain}", receiver.host))
    return behind


def test_domains_in_unicode_reach_a_postfix_without_smtputf8(world, ascii_postfix):
    relay = world.start()
    client = relay.smtp()
    client.ehlo()
    for command in ("EHLO bücher.example", "MAIL FROM:<me@bücher.example> SMTPUTF8", "RCPT TO:<a@bücher.example>",
                    "RCPT TO:<a@XN--BCHER-KVA.example>"):
        client.send(command.encode() + b"\r\n")
        assert client.getreply()[0] == 250, command
    assert client.data(message())[0] == 250
    envelope, content = ascii_postfix.wait_for(1)[0]
    assert envelope["mail_from"] == "me@xn--bcher-kva.example"
    assert [recipient["address"] for recipient in envelope["recipients"]] == ["a@xn--bcher-kva.example"]
    assert b"\xc3" not in content
    relay.wait_empty()


def test_a_report_on_smtputf8_mail_reaches_a_postfix_without_it(world, ascii_postfix):
    relay = world.start()
    client = relay.smtp()
    client.ehlo()
    for command in ("MAIL FROM:<orders@shop.example> SMTPUTF8", "RCPT TO:<jürgen@bücher.example>",
                    "RCPT TO:<a@bücher.example>"):
        client.send(command.encode() + b"\r\n")
        assert client.getreply()[0] == 250, command
    assert client.data(message())[0] == 250
    assert ascii_postfix.message_to("a@xn--bcher-kva.example"), "not held up by the other recipient"
    _, report = ascii_postfix.message_to("orders@shop.example")
    assert b"\nFinal-Recipient: utf-8; j\\x{FC}rgen@xn--bcher-kva.example\r\n" in report
    assert b"\nContent-Type: message/delivery-status\r\n" in report
    relay.wait_empty()


def test_postfix_that_refuses_a_recipient(world, postfix):
    world.receiver("shop.example")
    receiver = postfix(smtp_port=harness.MX_PORT, settings={
        "mynetworks": "192.0.2.1", "relay_domains": "", "mydestination": "postfix.example", "local_recipient_maps": "inline:{{known=1}}",
    })
    world.dns.mx("postfix.example", (10, "mx.postfix.example", receiver.host))
    relay = world.start()
    queue_id = relay.send("orders@shop.example", "unknown@postfix.example", message())
    bounced = relay.wait_event("bounced", id=queue_id)
    assert bounced["reply"].startswith("550 5.1.1")


@pytest.mark.parametrize("options", [(), ("-p",), ("-8",), ("-e",), ("-w", "1")],
                         ids=["plain", "no-pipelining", "no-8bitmime", "no-esmtp", "slow"])
def test_smtp_sink_takes_everything(world, tmp_path, options):
    host = world.address()
    world.dns.mx("receiver.example", (10, "mx.receiver.example", host))
    command = [harness.peer_program("usr/sbin/smtp-sink"), *options, "-u", "nobody", f"{host}:{harness.MX_PORT}", "100"]
    sink = harness.Process(command, tmp_path / "smtp-sink.log", env=harness.peer_environment())
    world.others.append(sink)
    harness.wait_until(lambda: sink.check_alive() and harness.listening(host, harness.MX_PORT), "smtp-sink")
    relay = world.start()
    for number in range(5):
        relay.send("a@shop.example", [f"r{number}@receiver.example", f"s{number}@receiver.example"], message())
    harness.wait_until(lambda: len(relay.events("delivered")) == 10, lambda: f"ten deliveries, {relay.events()[-3:]}")
    relay.wait_empty()
