"""Logins by other means than a password in users.toml: SCRAM, another program's file, a Dovecot."""

import base64
import hashlib
import hmac
import subprocess

import pytest

import harness
from conftest import message
from harness import PASSWORD, SUBMISSION_PORT, peer_environment, peer_program

SECRET = "dovecot's secret"


@pytest.fixture(scope="module")
def relay(shared):
    return shared.relay


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
        return session.auth("PLAIN", session.auth_plain)


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
    dovecot = harness.Dovecot(tmp_path / "dovecot", f"a@shop.example:{{SHA512-CRYPT}}{sha512(SECRET)}\n")
    world.others.append(dovecot)
    relay = world.add_relay()
    relay.dovecot_socket = dovecot.socket
    relay.add_key("shop.example", "s1", "ed25519")
    world.start()
    # It is away: nobody's password is wrong.
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        session.ehlo()
        answer = session.docmd("AUTH", "PLAIN " + base64.b64encode(f"\0a@shop.example\0{SECRET}".encode()).decode())
        assert answer[0] == 454
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
    # It comes back by itself.
    dovecot.stop()
    dovecot.start()
    assert log_in(relay, "a@shop.example", SECRET)[0] == 235
