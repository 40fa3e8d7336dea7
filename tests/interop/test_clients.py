"""Mail libraries and programs as clients: what they hand in arrives once, whole and signed, over a connection with TLS
and a login that they keep for several messages, and over one for each. Debian's are here; test_clients_of_registries.py
has those that another toolchain brings."""

import os
import pathlib
import re
import shutil
import smtplib
import sys

import pytest

import harness

sys.path.append(str(harness.ROOT / "tests/clients"))
import client  # noqa: E402

PAGE = harness.ROOT / "docs/clients.md"


@pytest.mark.parametrize("one", [one for one in client.CLIENTS if not one.registry], ids=lambda one: one.name)
def test_mail_arrives_once_whole_and_signed(clients_shop, one):
    clients_shop.try_out(one)


def test_the_page_shows_what_the_programs_do():
    """Each block that names a file has only lines of that program, in their order."""
    blocks = re.findall(r"<!-- (\S+) -->\n```\w*\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) > 10
    for name, block in blocks:
        lines = iter((client.PROGRAMS / name).read_text().splitlines())
        missing = [line for line in block.splitlines() if line.strip() not in ("", "…") and
                   not any(line.strip() == other.strip() for other in lines)]
        assert missing == [], f"{name}: not there, or not in this order"


def block_below(heading):
    """The first block of the page below that heading."""
    return re.search(rf"^### {heading}$.*?```\w*\n(.*?)```", PAGE.read_text(), re.DOTALL | re.MULTILINE)[1]


class MailServer(client.Client):
    """A mail server that has Signpost as its smarthost: what it is handed, after a login if it wants one, it hands on."""

    def __init__(self, name, server, host, login=None):
        super().__init__(name, prepare=None)
        self.server, self.host, self.login = server, host, login

    def run(self, site, mode, count):
        with smtplib.SMTP(self.host, harness.MX_PORT, "app.example", timeout=harness.DEADLINE) as smtp:
            if self.login:
                smtp.login(*self.login)
            for number in range(count):
                smtp.sendmail(client.SENDER, [client.RECIPIENT], client.content(number).encode())
        return []


def known_host(shop, folder):
    """Variables for a program that finds the relay by its name, and can compare that with the certificate."""
    (folder / "hosts").write_text(f"{shop.relay.host} mail.shop.example\n")
    return {"LD_PRELOAD": harness.nss_wrapper(), "NSS_WRAPPER_HOSTS": str(folder / "hosts")}


@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix wants root")
def test_postfix_with_the_relay_as_its_smarthost(clients_shop, open_folder):
    site = clients_shop.site("Postfix")
    site.certificate = shutil.copy(site.certificate, open_folder)
    passwords = open_folder / "sasl_passwd"
    passwords.write_text(f"[mail.shop.example]:{site.port} {client.LOGIN}:{client.SECRET}\n")
    text = site.filled(block_below("Postfix"), host="mail.shop.example").replace("/etc/postfix/sasl_passwd", str(passwords))
    postfix = harness.Postfix(open_folder, clients_shop.world.address(), harness.MX_PORT,
                              settings=dict(line.split(" = ", 1) for line in text.splitlines()),
                              environment=known_host(clients_shop, open_folder))
    sent_on(clients_shop, site, "Postfix", postfix)


@pytest.mark.skipif(os.geteuid() != 0, reason="Exim wants root")
def test_exim_with_the_relay_as_its_smarthost(clients_shop, open_folder):
    site = clients_shop.site("Exim")
    site.certificate = shutil.copy(site.certificate, open_folder)
    routing = site.filled(block_below("Exim"))
    # Loopback addresses are the machine's own, to which Exim would not send.
    routing = routing.replace("= manualroute\n", "= manualroute\n  self = send\n").replace("= smtp\n", "= smtp\n  allow_localhost\n")
    # Nor would it send as root, and another account's process need not start itself anew.
    exim = harness.Exim(open_folder, clients_shop.world.address(), routing=routing, settings={
        "acl_smtp_data": "accept_all", "exim_user": "games", "exim_group": "games", "deliver_drop_privilege": "true"})
    sent_on(clients_shop, site, "Exim", exim)
    assert " K " in exim.log_text(), "it says so when it sent with CHUNKING"


@pytest.mark.skipif(os.geteuid() != 0, reason="OpenSMTPD wants root")
def test_opensmtpd_with_the_relay_as_its_smarthost(clients_shop, open_folder):
    site = clients_shop.site("OpenSMTPD")
    secrets = open_folder / "secrets"
    secrets.write_text(f"shop {client.LOGIN}:{client.SECRET}\n")
    # The authorities that it trusts are the machine's.
    relaying = site.filled(block_below("OpenSMTPD")).replace("/etc/mail/secrets", str(secrets)).replace(
        "<secrets>", "<secrets> tls no-verify")
    server = harness.OpenSmtpd(open_folder, clients_shop.world.address(), None, clients_shop.relay.certificate, relaying=relaying)
    sent_on(clients_shop, site, "OpenSMTPD", server)


@pytest.mark.skipif(os.geteuid() != 0, reason="Dovecot wants root")
def test_the_submission_service_of_a_dovecot_with_the_relay_behind_it(clients_shop, open_folder):
    site = clients_shop.site("Dovecot")
    site.certificate = shutil.copy(site.certificate, open_folder)
    host = clients_shop.world.address()
    mailbox = open_folder / "mailbox"
    mailbox.mkdir()
    shutil.chown(mailbox, "games")
    dovecot = harness.Dovecot(open_folder / "dovecot", "ann@shop.example:{PLAIN}of ann\n", more=f"""
{site.filled(block_below("Dovecot"), host="mail.shop.example")}
protocols = submission
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = maildir:{mailbox}
service submission-login {{
  chroot =
  inet_listener submission {{
    address = {host}
    port = {harness.MX_PORT}
  }}
}}
""")
    # Its processes have accounts of their own, which find the library where it would be installed.
    dovecot.start(environment={**known_host(clients_shop, open_folder), "LD_PRELOAD": "libnss_wrapper.so"})
    sent_on(clients_shop, site, "Dovecot", dovecot, host, login=("ann@shop.example", "of ann"))


def sent_on(shop, site, name, server, host=None, login=None):
    """What the mail server is handed arrives, over the relay."""
    try:
        shop.measure(MailServer(name, server, host or server.host, login), site, "each", 1)
    except (AssertionError, smtplib.SMTPException) as error:
        raise AssertionError(f"{error}: {server.log_text()[-2000:]}")
    finally:
        server.stop()
