"""Logins by other means than a password in users.toml: SCRAM, another program's file, a Dovecot."""

import base64
import hashlib
import hmac
import imaplib
import poplib
import shutil
import smtplib
import subprocess

import pytest

import harness
from conftest import message
from harness import PASSWORD, SUBMISSION_PORT, peer_environment, peer_program

SECRET = "dovecot's secret"


@pytest.fixture(scope="module")
def relay(shared):
    return shared.relay


# Of a Dovecot with mailboxes: in by LMTP, out by POP3 and IMAP.
LMTP, POP3, IMAP = 2424, 2110, 2143


def mailboxes(folder, host):
    """What Dovecot's configuration says of them; they are below `folder`."""
    folder.mkdir()
    shutil.chown(folder, "games", "games")
    ports = "".join(f"""
service {service} {{
  inet_listener {name} {{
    address = {host}
    port = {port}
  }}
}}""" for service, name, port in (("lmtp", "lmtp", LMTP), ("pop3-login", "pop3", POP3), ("imap-login", "imap", IMAP)))
    return f"""
protocols = imap pop3 lmtp
disable_plaintext_auth = no
mail_location = maildir:{folder}/%u
first_valid_uid = 1
lmtp_save_to_detail_mailbox = no
{ports}
"""


def gsasl(relay, password):
    """In clear, as loopback may: before STARTTLS it says no EHLO."""
    return subprocess.run(
        [peer_program("usr/bin/gsasl"), "--smtp", "--connect", f"{relay.host}:{SUBMISSION_PORT}", "--no-starttls",
         "--mechanism", "SCRAM-SHA-256", "--authentication-id", "shop", "--authorization-id", "", "--password", password],
        input="QUIT\n", capture_output=True, text=True, timeout=harness.DEADLINE, env=peer_environment())


def scram_plus(session, password, binding):
    """SCRAM-SHA-256-PLUS bound to `binding` as tls-server-end-point, by RFC 5802: the reply to the proof."""
    header, bare = "p=tls-server-end-point,,", "n=shop,r=client-nonce"

    def digest(key, text):
        return hmac.new(key, text.encode(), "sha256").digest()

    def encoded(text):
        return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()

    code, challenge = session.docmd("AUTH", "SCRAM-SHA-256-PLUS " + encoded(header + bare))
    assert code == 334
    first = base64.b64decode(challenge).decode()
    nonce, salt, iterations = (part[2:] for part in first.split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(iterations))
    client_key = digest(salted, "Client Key")
    last = f"c={encoded(header.encode() + binding)},r={nonce}"
    said = f"{bare},{first},{last}"
    signature = digest(hashlib.sha256(client_key).digest(), said)
    proof = bytes(a ^ b for a, b in zip(client_key, signature))
    code, answer = session.docmd(encoded(f"{last},p={encoded(proof)}"))
    if code != 334:
        return code
    assert base64.b64decode(answer).decode() == "v=" + encoded(digest(digest(salted, "Server Key"), said))
    return session.docmd("")[0]


def sha512(password):
    return subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=password, capture_output=True, text=True,
                          check=True).stdout.strip()


def offered(relay):
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        session.ehlo()
        return session.esmtp_features["auth"].split()


def log_in(relay, user, password, starttls=True):
    with relay.smtp(port=SUBMISSION_PORT, starttls=starttls) as session:
        session.ehlo()
        session.user, session.password = user, password
        try:
            return session.auth("PLAIN", session.auth_plain)
        except smtplib.SMTPAuthenticationError as refusal:
            return refusal.smtp_code, refusal.smtp_error


def test_scram_is_offered_under_tls_with_and_without_binding(relay):
    assert {"PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"} <= set(offered(relay))


def test_gsasl_logs_in_by_scram(relay):
    done = gsasl(relay, PASSWORD)
    assert "235 2.7.0" in done.stdout + done.stderr, done.stdout + done.stderr
    assert relay.metric("signpost_auth_total", mechanism="SCRAM-SHA-256", result="accepted") == 1


def test_gsasl_with_a_wrong_password_is_refused(relay):
    done = gsasl(relay, "guess")
    assert "535 5.7.8" in done.stdout + done.stderr, done.stdout + done.stderr
    assert relay.metric("signpost_auth_total", mechanism="SCRAM-SHA-256", result="rejected") == 1


def test_a_proof_is_bound_to_the_certificate(relay):
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        session.ehlo()
        certificate = session.sock.getpeercert(binary_form=True)
        assert scram_plus(session, PASSWORD, b"of somebody in the middle") == 535
        assert scram_plus(session, PASSWORD, hashlib.sha256(certificate).digest()) == 235


@pytest.mark.parametrize("choice", ["on", "scram-sha-256"])
def test_msmtp_logs_in_by_scram(shared, relay, tmp_path, choice):
    settings = tmp_path / "msmtprc"
    settings.write_text(f"""account default
host {relay.host}
port {SUBMISSION_PORT}
from orders@shop.example
auth {choice}
user shop
password {PASSWORD}
tls on
tls_starttls on
tls_certcheck off
""")
    settings.chmod(0o600)
    to = f"msmtp-{choice}@receiver.example"
    done = subprocess.run([peer_program("usr/bin/msmtp"), "-C", settings, to], input=message(to=to), capture_output=True,
                          timeout=harness.DEADLINE, env=peer_environment())
    assert done.returncode == 0, done.stderr
    shared.sinks[0].message_to(to)


def test_imported_logins_log_in_and_others_are_refused_by_line(world, tmp_path):
    world.receiver("receiver.example")
    relay = world.add_relay()
    relay.add_user("shop")
    file = tmp_path / "passwd"
    file.write_text(f"a@shop.example:{{SHA512-CRYPT}}{sha512('one')}:5000:5000::/home/a::\n"
                    "b@shop.example:{PLAIN}two\n"
                    "c@shop.example:$apr1$abcdefgh$abcdefghijklmnopqrstuv\n")
    refused = relay.run("user", "import", file, "--own-address")
    assert refused.returncode != 0 and f"{file}:3: MD5 ($apr1$) is too weak" in refused.stderr
    assert "a@shop.example" not in relay.run("user", "list").stdout
    taken = relay.run("user", "import", file, "--own-address", "--skip-refused")
    assert taken.returncode == 0, taken.stderr
    world.start()
    for user, password in (("a@shop.example", "one"), ("b@shop.example", "two")):
        assert log_in(relay, user, password)[0] == 235
    # One of them has no SCRAM keys: clients that prefer SCRAM would never try anything else.
    assert offered(relay) == ["PLAIN", "LOGIN"]


def test_a_dovecot_checks_the_logins_that_are_not_in_users_toml(world, tmp_path):
    sink = world.receiver("receiver.example")
    dovecot = harness.Dovecot(tmp_path / "dovecot", "".join(
        f"{name}@shop.example:{{SHA512-CRYPT}}{sha512(SECRET)}\n" for name in ("a", "boss")))
    world.others.append(dovecot)
    relay = world.add_relay()
    relay.dovecot_socket = dovecot.socket
    relay.add_key("shop.example", "s1", "ed25519")
    relay.add_user("shop")
    relay.add_user("boss@shop.example", PASSWORD)
    world.start()
    # It is away: nobody's password is wrong.
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        session.ehlo()
        answer = session.docmd("AUTH", "PLAIN " + base64.b64encode(f"\0a@shop.example\0{SECRET}".encode()).decode())
        assert answer[0] == 454
    away = relay.wait_event("dovecot_unavailable", socket=str(dovecot.socket))
    assert away["detail"] == "cannot be connected to: No such file or directory; is Dovecot running?"
    for _ in range(5):
        assert log_in(relay, "b@shop.example", SECRET)[0] == 454
    assert log_in(relay, "shop", PASSWORD)[0] == 235
    dovecot.start()
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        session.ehlo()
        for password, code in (("guess", 535), (SECRET, 235)):
            word = base64.b64encode(f"\0A@Shop.example\0{password}".encode()).decode()
            assert session.docmd("AUTH", "PLAIN " + word)[0] == code
        assert relay.wait_event("auth_failed", result="rejected")["user"] == "A@Shop.example"
        # Its own address, as Dovecot writes it, and no other one.
        assert session.mail("b@shop.example")[0] == 553
        session.sendmail("a@shop.example", "dovecot@receiver.example",
                         message(sender="a@shop.example", to="dovecot@receiver.example"))
    sink.message_to("dovecot@receiver.example")
    assert relay.wait_event("accepted")["user"] == "a@shop.example"
    # However many logins met it, it was told once.
    assert len(relay.events("dovecot_unavailable")) == 1
    assert len(relay.events("dovecot_available")) == 1
    # A login of users.toml has its password there, in whatever case its name is written.
    for name in ("boss@shop.example", "BOSS@shop.example", "boss@SHOP.example"):
        assert log_in(relay, name, SECRET)[0] == 535
    # It comes back by itself.
    dovecot.stop()
    dovecot.start()
    assert log_in(relay, "a@shop.example", SECRET)[0] == 235


def retrieved(read, what):
    """What `read` finds, once it finds something: delivery goes on after the relay has handed the mail over."""
    return harness.wait_until(read, what)


def test_one_password_sends_and_reads_by_pop3_and_imap(world, tmp_path, open_folder):
    """The relay asks Dovecot; the mail goes to a Postfix, which hands it to Dovecot's LMTP."""
    host = world.address()
    logins = "".join(f"{name}@shop.example:{{SHA512-CRYPT}}{sha512(SECRET)}\n" for name in "ab")
    dovecot = harness.Dovecot(tmp_path / "dovecot", logins, mailboxes(open_folder / "mail", host))
    world.others.append(dovecot)
    postfix = harness.Postfix(tmp_path, host, settings={
        "virtual_mailbox_domains": "shop.example", "virtual_mailbox_maps": "static:any",
        "virtual_transport": f"lmtp:inet:{host}:{LMTP}", "lmtp_host_lookup": "native"})
    world.others.append(postfix)
    relay = world.add_relay(extra=f'[[route]]\nrecipients = ["shop.example"]\nvia = "smtp://{host}:{postfix.port}"\n')
    relay.dovecot_socket = dovecot.socket
    relay.add_key("shop.example", "s1", "ed25519")
    dovecot.start()
    harness.wait_until(lambda: all(harness.listening(host, port) for port in (LMTP, POP3, IMAP)), "Dovecot's mailboxes")
    world.start()
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        session.ehlo()
        session.user, session.password = "a@shop.example", SECRET
        assert session.auth("PLAIN", session.auth_plain)[0] == 235
        session.sendmail("a@shop.example", "b@shop.example",
                         message(subject="Read me", sender="a@shop.example", to="b@shop.example"))

    def by_imap():
        with imaplib.IMAP4(host, IMAP, timeout=harness.DEADLINE) as mailbox:
            mailbox.login("b@shop.example", SECRET)
            mailbox.select()
            found = mailbox.search(None, "ALL")[1][0].split()
            return mailbox.fetch(found[0], "(RFC822)")[1][0][1] if found else None

    def by_pop3():
        mailbox = poplib.POP3(host, POP3, timeout=harness.DEADLINE)
        try:
            mailbox.user("b@shop.example")
            mailbox.pass_(SECRET)
            return b"\r\n".join(mailbox.retr(1)[1]) if mailbox.stat()[0] else None
        finally:
            mailbox.close()

    for read, protocol in ((by_imap, "IMAP"), (by_pop3, "POP3")):
        content = retrieved(read, lambda: f"the letter by {protocol}; Postfix says\n{postfix.log_text()[-1500:]}")
        assert b"Subject: Read me" in content and b"DKIM-Signature:" in content, protocol
    # The wrong one reads and sends nothing.
    assert log_in(relay, "b@shop.example", "guess")[0] == 535
    with imaplib.IMAP4(host, IMAP, timeout=harness.DEADLINE) as mailbox, pytest.raises(imaplib.IMAP4.error):
        mailbox.login("b@shop.example", "guess")
