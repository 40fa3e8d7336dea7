"""Mail libraries and programs as clients: what they hand in arrives once, whole and signed, over a connection with TLS
and a login that they keep for several messages, and over one for each. Those that other toolchains must compile are
for bench/clients."""

import os
import pathlib
import re
import shutil
import smtplib
import sys
import tempfile

import pytest

import harness
from conftest import World

sys.path.append(str(harness.ROOT / "tests/clients"))
import client  # noqa: E402

PAGE = harness.ROOT / "docs/clients.md"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("clients"), None)
    try:
        yield client.Shop(world)
    finally:
        world.stop()


@pytest.mark.parametrize("one", [one for one in client.CLIENTS if one.debian], ids=lambda one: one.name)
def test_mail_arrives_once_whole_and_signed(shop, one):
    try:
        for mode in one.modes:
            shop.measure(one, shop.site(one.name), mode, 2)
    except client.Missing as reason:
        pytest.skip(str(reason))


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
    """A mail server that has Signpost as its smarthost: what it is handed, it hands on."""

    def __init__(self, name, server):
        super().__init__(name, prepare=None)
        self.server = server

    def run(self, site, mode, count):
        with smtplib.SMTP(self.server.host, harness.MX_PORT, "app.example", timeout=harness.DEADLINE) as smtp:
            for number in range(count):
                smtp.sendmail(client.SENDER, [client.RECIPIENT], client.content(number).encode())
        return []


@pytest.fixture
def open_folder():
    """One that other accounts may look into."""
    with tempfile.TemporaryDirectory(prefix="signpost-clients-") as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="Exim wants root")
def test_exim_with_the_relay_as_its_smarthost(shop, open_folder):
    site = shop.site("Exim")
    site.certificate = shutil.copy(site.certificate, open_folder)
    routing = site.filled(block_below("Exim"))
    # Loopback addresses are the machine's own, to which Exim would not send.
    routing = routing.replace("= manualroute\n", "= manualroute\n  self = send\n").replace("= smtp\n", "= smtp\n  allow_localhost\n")
    # Nor would it send as root, and another account's process need not start itself anew.
    exim = harness.Exim(open_folder, shop.world.address(), routing=routing, settings={
        "acl_smtp_data": "accept_all", "exim_user": "games", "exim_group": "games", "deliver_drop_privilege": "true"})
    sent_on(shop, site, "Exim", exim)
    assert " K " in exim.log_text(), "it says so when it sent with CHUNKING"


@pytest.mark.skipif(os.geteuid() != 0, reason="OpenSMTPD wants root")
def test_opensmtpd_with_the_relay_as_its_smarthost(shop, open_folder):
    site = shop.site("OpenSMTPD")
    secrets = open_folder / "secrets"
    secrets.write_text(f"shop {client.LOGIN}:{client.SECRET}\n")
    # The authorities that it trusts are the machine's.
    relaying = site.filled(block_below("OpenSMTPD")).replace("/etc/mail/secrets", str(secrets)).replace(
        "<secrets>", "<secrets> tls no-verify")
    server = harness.OpenSmtpd(open_folder, shop.world.address(), None, shop.relay.certificate, relaying=relaying)
    sent_on(shop, site, "OpenSMTPD", server)


def sent_on(shop, site, name, server):
    """What the mail server is handed arrives, over the relay."""
    try:
        shop.measure(MailServer(name, server), site, "each", 1)
    except AssertionError as error:
        raise AssertionError(f"{error}: {server.log_text()[-2000:]}")
    finally:
        server.stop()
