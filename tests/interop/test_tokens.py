"""Logins by a token of an issuer (OAUTHBEARER, XOAUTH2) and by a client certificate (EXTERNAL)."""

import base64
import http.server
import json
import pathlib
import ssl
import subprocess
import threading
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import harness
from conftest import message
from harness import PASSWORD, SUBMISSION_PORT, peer_environment, peer_program

LOGIN = "anna@shop.example"
AUDIENCE = "signpost"
CERTIFICATE_PORT = 2588
CERTIFICATE_TLS_PORT = 2466


def encoded(number, size=0):
    octets = number.to_bytes(max(size, (number.bit_length() + 7) // 8), "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def public_key(key):
    numbers = key.public_key().public_numbers() if not isinstance(key, ed25519.Ed25519PrivateKey) else None
    if isinstance(key, rsa.RSAPrivateKey):
        return {"kty": "RSA", "use": "sig", "n": encoded(numbers.n), "e": encoded(numbers.e)}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        size = (key.key_size + 7) // 8
        return {"kty": "EC", "crv": f"P-{key.key_size}", "x": encoded(numbers.x, size), "y": encoded(numbers.y, size)}
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}


class Issuer:
    """Tokens by PyJWT, and the key set of this issuer."""

    def __init__(self):
        self.name = "https://id.example/realms/shop"
        self.keys = {
            "r": ("RS256", rsa.generate_private_key(65537, 2048)),
            "p": ("PS256", rsa.generate_private_key(65537, 2048)),
            "e256": ("ES256", ec.generate_private_key(ec.SECP256R1())),
            "e384": ("ES384", ec.generate_private_key(ec.SECP384R1())),
            "ed": ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
        }

    def add_key(self, kid):
        self.keys[kid] = ("EdDSA", ed25519.Ed25519PrivateKey.generate())

    def key_set(self):
        return json.dumps({"keys": [{"kid": kid, **public_key(key)} for kid, (_, key) in self.keys.items()]})

    def token(self, kid="r", **claims):
        algorithm, key = self.keys[kid]
        now = int(time.time())
        everything = {"iss": self.name, "aud": AUDIENCE, "exp": now + 300, "nbf": now - 5, "iat": now, "sub": "4711",
                      "email": LOGIN, "email_verified": True, "scope": "openid smtp", **claims}
        return jwt.encode(everything, key, algorithm=algorithm, headers={"kid": kid})


class KeyServer:
    """An HTTPS server for one document; `document` None: it answers 503."""

    def __init__(self, folder, host):
        folder.mkdir()
        self.certificate = harness.Certificate(folder, "id.example", addresses=[host])
        self.document = None
        self.requests = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests += 1
                body = (outer.document or "").encode()
                self.send_response(200 if outer.document else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer((host, 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate.certificate, self.certificate.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://{host}:{self.server.server_port}/keys"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Authority:
    """Who vouches for clients."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self.key = folder / "ca.key"
        self.openssl("req", "-x509", "-subj", "/CN=clients of shop.example", "-keyout", self.key, "-out", self.certificate)

    def openssl(self, *words):
        subprocess.run(["openssl", words[0], "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *words[1:]]
                       if words[0] == "req" else ["openssl", *words], check=True, capture_output=True)

    def client(self, name, names="", days=30):
        """(certificate, key), the files of a client."""
        base = self.folder / name.replace("@", "-at-")
        request, extensions = base.with_suffix(".csr"), base.with_suffix(".cnf")
        extensions.write_text("extendedKeyUsage = clientAuth\n" + (f"subjectAltName = {names}\n" if names else ""))
        self.openssl("req", "-subj", f"/CN={name}", "-keyout", base.with_suffix(".key"), "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                     "-days", str(days), "-extfile", extensions, "-out", base.with_suffix(".pem"))
        return base.with_suffix(".pem"), base.with_suffix(".key")


def oauth(issuer, jwks, *more):
    return "\n".join(["[auth.oauth]", f'issuer = "{issuer.name}"', f'audience = "{AUDIENCE}"', f'jwks = "{jwks}"', *more])


def add_login(relay, name, *senders):
    if not relay.config.exists():
        relay.users.touch()
        relay.write_config()
    words = [word for sender in senders for word in ("--sender", sender)]
    done = relay.run("user", "add", name, "--no-password", *words)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def issuer():
    return Issuer()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "ca")


@pytest.fixture(scope="module")
def relay(tmp_path_factory, certificate, issuer, authority):
    """Keys in a file, a login by token, one by certificate, one with a password."""
    from conftest import World
    world = World(tmp_path_factory.mktemp("tokens"), certificate)
    world.receiver("receiver.example")
    made = world.add_relay()
    made.world = world
    made.folder.mkdir(exist_ok=True)
    (made.folder / "jwks.json").write_text(issuer.key_set())
    made.tables["log"] = 'level = "debug"\nformat = "json"'
    made.extra = "\n".join([
        oauth(issuer, "jwks.json", 'scope = "smtp"'),
        "[[listener]]", f'bind = "{made.host}:{CERTIFICATE_PORT}"', f'client_ca = "{authority.certificate}"',
        "[[listener]]", f'bind = "{made.host}:{CERTIFICATE_TLS_PORT}"', 'mode = "implicit"',
        f'client_ca = "{authority.certificate}"'])
    made.add_user("shop")
    add_login(made, LOGIN, "@shop.example")
    add_login(made, "web1", "@shop.example")
    made.add_key("shop.example", "e1", "ed25519")
    world.start()
    yield made
    world.stop()


def xoauth2(session, login, token):
    """The reply, and the error that came before it."""
    said = []

    def answer(challenge=None):
        if challenge is None:
            return f"user={login}\1auth=Bearer {token}\1\1"
        said.append(json.loads(challenge))
        return ""

    session.ehlo()
    try:
        code, text = session.auth("XOAUTH2", answer)
    except Exception as error:  # smtplib raises what is not 235 or 503
        code, text = error.args
    return code, text.decode() if isinstance(text, bytes) else text, said


def oauthbearer(session, token, identity=None):
    """The reply, and the error that came before it."""
    session.ehlo()
    header = f"n,a={identity}," if identity else "n,,"
    words = f"{header}\1host=relay.example\1port={SUBMISSION_PORT}\1auth=Bearer {token}\1\1"
    code, text = session.docmd("AUTH", "OAUTHBEARER " + base64.b64encode(words.encode()).decode())
    if code != 334:
        return code, text.decode(), None
    said = json.loads(base64.b64decode(text))
    code, text = session.docmd("AQ==")
    return code, text.decode(), said


def by_token(relay, token, identity=None):
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        return oauthbearer(session, token, identity)


def offered(session):
    session.ehlo()
    return session.esmtp_features["auth"].split()


def test_tokens_are_offered_beside_passwords_under_tls(relay):
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        words = offered(session)
    assert words == ["PLAIN", "LOGIN", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2"]


@pytest.mark.parametrize("kid", ["r", "p", "e256", "e384", "ed"])
def test_a_token_logs_in_whatever_its_algorithm(relay, issuer, kid):
    assert by_token(relay, issuer.token(kid), LOGIN)[0] == 235
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        assert xoauth2(session, LOGIN, issuer.token(kid))[0] == 235


def test_a_token_names_its_login_and_sends_as_that(relay, issuer):
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        assert oauthbearer(session, issuer.token())[0] == 235
        assert session.mail("somebody@else.example")[0] == 553
        session.sendmail(LOGIN, "token@receiver.example", message(sender=LOGIN, to="token@receiver.example"))
    relay.world.sinks[0].message_to("token@receiver.example")
    assert relay.wait_event("accepted", to="token@receiver.example")["user"] == LOGIN


@pytest.mark.parametrize("claims, why", [
    ({"aud": "another"}, "another audience"),
    ({"iss": "https://evil.example"}, "another issuer"),
    ({"exp": int(time.time()) - 3600}, "expired"),
    ({"nbf": int(time.time()) + 3600}, "not valid yet"),
    ({"email_verified": False}, "has not verified"),
    ({"email": "nobody@shop.example"}, "not in users.toml"),
    ({"scope": "openid"}, "lacks the scope"),
])
def test_a_token_that_is_worth_nothing_is_refused_with_advice(relay, issuer, claims, why):
    code, text, said = by_token(relay, issuer.token(**claims))
    assert (code, text) == (535, "5.7.8 Authentication credentials invalid")
    assert said == {"status": "invalid_token", "scope": "smtp",
                    "openid-configuration": "https://id.example/realms/shop/.well-known/openid-configuration"}
    harness.wait_until(lambda: [event for event in relay.events("auth_failed", mechanism="OAUTHBEARER")
                                if why in event.get("detail", "")], f"the reason: {why}")


def test_xoauth2_hears_of_a_bad_token_as_google_says_it(relay, issuer):
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        code, text, said = xoauth2(session, LOGIN, issuer.token(exp=1))
        assert (code, said) == (535, [{"status": "401", "schemes": "bearer", "scope": "smtp"}]), text
        # The session goes on: with a better token.
        assert xoauth2(session, LOGIN, issuer.token())[0] == 235
    assert relay.metric("signpost_auth_total", mechanism="XOAUTH2", result="rejected") >= 1


def test_nobody_takes_another_login_with_a_token(relay, issuer):
    assert by_token(relay, issuer.token(), "shop")[0] == 535
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        assert xoauth2(session, "shop", issuer.token())[0] == 535


def test_a_forged_token_is_refused(relay, issuer):
    stranger = Issuer()
    assert by_token(relay, stranger.token())[0] == 535
    # The public key as the secret of an HMAC, and no signature at all.
    pem = issuer.keys["r"][1].public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header, claims, _ = issuer.token().split(".")
    words = {name: base64.urlsafe_b64encode(json.dumps({"alg": name, "kid": "r"}).encode()).rstrip(b"=").decode()
             for name in ("none", "HS256")}
    import hashlib
    import hmac
    text = f"{words['HS256']}.{claims}"
    signature = base64.urlsafe_b64encode(hmac.new(pem, text.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
    assert by_token(relay, f"{text}.{signature}")[0] == 535
    assert by_token(relay, f"{words['none']}.{claims}.")[0] == 535


def test_what_is_no_token_is_a_syntax_error(relay):
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        session.ehlo()
        assert session.docmd("AUTH", "OAUTHBEARER " + base64.b64encode(b"n,,\1\1").decode())[0] == 501
        assert session.docmd("AUTH", "XOAUTH2 " + base64.b64encode(b"user=a").decode())[0] == 501


@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "XOAUTH2"])
def test_curl_sends_with_a_token(relay, issuer, certificate, tmp_path, mechanism):
    to = f"curl-{mechanism.lower()}@receiver.example"
    letter = tmp_path / "letter"
    letter.write_bytes(message(sender=LOGIN, to=to))
    done = subprocess.run(
        ["curl", "-sS", "--ssl-reqd", "--cacert", certificate.certificate, "--connect-to", f"relay.example::{relay.host}:",
         "--oauth2-bearer", issuer.token(), "--user", LOGIN, "--login-options", f"AUTH={mechanism}", "--mail-from", LOGIN,
         "--mail-rcpt", to, "--upload-file", letter, f"smtp://relay.example:{SUBMISSION_PORT}/client.example"],
        capture_output=True, text=True, timeout=harness.DEADLINE)
    assert done.returncode == 0, done.stderr
    relay.world.sinks[0].message_to(to)
    assert relay.metric("signpost_auth_total", mechanism=mechanism, result="accepted") >= 1


def msmtp(relay, tmp_path, to, *lines):
    settings = tmp_path / "msmtprc"
    settings.write_text("\n".join(["account default", f"host {relay.host}", f"from {LOGIN}", "tls on", "tls_starttls on",
                                   "tls_certcheck off", *lines]) + "\n")
    settings.chmod(0o600)
    return subprocess.run([peer_program("usr/bin/msmtp"), "-C", settings, to], input=message(sender=LOGIN, to=to),
                          capture_output=True, timeout=harness.DEADLINE, env=peer_environment())


@pytest.mark.parametrize("mechanism", ["oauthbearer", "xoauth2"])
def test_msmtp_sends_with_a_token(relay, issuer, tmp_path, mechanism):
    to = f"msmtp-{mechanism}@receiver.example"
    (tmp_path / "token").write_text(issuer.token())
    done = msmtp(relay, tmp_path, to, f"port {SUBMISSION_PORT}", f"auth {mechanism}", f"user {LOGIN}",
                 f"passwordeval \"cat {tmp_path}/token\"")
    assert done.returncode == 0, done.stderr
    relay.world.sinks[0].message_to(to)


def test_a_login_without_a_password_has_none(relay):
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        session.ehlo()
        for password in ("x", PASSWORD):
            word = base64.b64encode(f"\0{LOGIN}\0{password}".encode()).decode()
            assert session.docmd("AUTH", "PLAIN " + word)[0] == 535
    assert json.loads(relay.run("user", "list", "--json").stdout)["users"][0]["scheme"] == "none"


def test_a_file_is_read_again_at_a_reload_and_no_curl_is_loaded(relay, issuer):
    issuer.add_key("later")
    assert by_token(relay, issuer.token("later"))[0] == 535
    (relay.folder / "jwks.json").write_text(issuer.key_set())
    assert relay.run("reload").returncode == 0
    assert by_token(relay, issuer.token("later"))[0] == 235
    (relay.folder / "jwks.json").write_text("<html>")
    for command in ("reload", "check"):
        done = relay.run(command)
        assert done.returncode == 1
        assert "auth.oauth.jwks" in done.stderr and "is not a JSON Web Key Set" in done.stderr, done.stderr
    (relay.folder / "jwks.json").write_text(issuer.key_set())
    assert "libcurl" not in pathlib.Path(f"/proc/{relay.process.process.pid}/maps").read_text()


@pytest.fixture
def by_url(world, issuer, tmp_path):
    """A relay that fetches the keys, which is not started, and their server."""
    server = KeyServer(tmp_path / "keys", world.address())
    world.others.append(server)
    world.receiver("receiver.example")
    relay = world.add_relay(extra=oauth(issuer, server.url))
    relay.environment = dict(harness.os.environ, SSL_CERT_FILE=str(server.certificate.certificate))
    relay.add_user("shop")
    add_login(relay, LOGIN)
    return world, relay, server


def test_keys_are_fetched_and_stay_while_their_server_is_away(by_url, issuer):
    world, relay, server = by_url
    server.document = issuer.key_set()
    world.start()
    assert relay.wait_event("token_keys_fetched")["keys"] == len(issuer.keys)
    assert by_token(relay, issuer.token("ed"))[0] == 235
    assert "libcurl" in pathlib.Path(f"/proc/{relay.process.process.pid}/maps").read_text()
    # A key that they do not have may be a new one; this soon after the last fetch nobody can tell.
    issuer.add_key("rotated")
    server.document = issuer.key_set()
    assert by_token(relay, issuer.token("rotated"))[0] == 454
    assert server.requests == 1
    # A reload fetches them; and without a server those that are known stay.
    assert relay.run("reload").returncode == 0
    harness.wait_until(lambda: len(relay.events("token_keys_fetched")) == 2, "the second fetch")
    assert by_token(relay, issuer.token("rotated"))[0] == 235
    server.document = None
    assert relay.run("reload").returncode == 0
    failed = relay.wait_event("token_keys_failed")
    assert (failed["detail"], failed["keys"]) == ("the server responds with 503", len(issuer.keys))
    assert by_token(relay, issuer.token("rotated"))[0] == 235
    issuer.add_key("unseen")
    code, text, said = by_token(relay, issuer.token("unseen"))
    assert (code, text, said) == (454, "4.7.0 Temporary authentication failure", None)
    assert relay.metric("signpost_auth_key_fetches_total", result="failed") == 1
    assert relay.metric("signpost_auth_key_fetches_total", result="ok") == 2


def test_a_relay_starts_without_the_issuer(by_url, issuer):
    world, relay, server = by_url
    world.start()
    assert relay.wait_event("token_keys_failed")["keys"] == 0
    assert by_token(relay, issuer.token())[0] == 454
    assert relay.wait_event("auth_failed")["result"] == "unavailable"
    with relay.smtp(port=SUBMISSION_PORT, starttls=True, user="shop"):
        pass  # passwords do not need it


def test_check_looks_at_the_url(by_url, issuer, monkeypatch):
    _, relay, server = by_url
    relay.write_config()
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate.certificate))
    done = relay.run("check")
    assert done.returncode == 0
    assert "auth.oauth.jwks" in done.stderr and "cannot be fetched: the server responds with 503" in done.stderr, done.stderr
    server.document = issuer.key_set()
    assert "jwks" not in relay.run("check").stderr
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "certificate" in relay.run("check").stderr


def test_an_unlisted_login_may_send_as_its_own_address(world, issuer, tmp_path):
    world.receiver("receiver.example")
    keys = tmp_path / "jwks.json"
    keys.write_text(issuer.key_set())
    relay = world.add_relay(extra=oauth(issuer, keys, 'unlisted = "own_address"'))
    relay.add_key("shop.example", "e1", "ed25519")
    world.start()
    with relay.smtp(port=SUBMISSION_PORT, starttls=True) as session:
        assert oauthbearer(session, issuer.token(email="bob@shop.example"))[0] == 235
        assert session.mail("anna@shop.example")[0] == 553
        session.rset()
        assert session.mail("bob@shop.example")[0] == 250


# ---- Certificates


def with_certificate(relay, pair, port=CERTIFICATE_PORT):
    import smtplib
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if pair:
        context.load_cert_chain(*pair)
    if port == CERTIFICATE_TLS_PORT:
        return smtplib.SMTP_SSL(relay.host, port, "client.example", timeout=harness.DEADLINE, context=context)
    client = smtplib.SMTP(relay.host, port, "client.example", timeout=harness.DEADLINE)
    client.starttls(context=context)
    return client


@pytest.mark.parametrize("port", [CERTIFICATE_PORT, CERTIFICATE_TLS_PORT])
def test_external_is_offered_to_a_verified_certificate_alone(relay, authority, tmp_path, port):
    stranger = Authority(tmp_path / "stranger")
    for pair, is_offered in ((authority.client("web1"), True), (None, False), (stranger.client("web1"), False)):
        with with_certificate(relay, pair, port) as session:
            assert ("EXTERNAL" in offered(session)) == is_offered
            code = session.docmd("AUTH", "EXTERNAL =")[0]
            assert code == (235 if is_offered else 504)


def test_a_certificate_logs_in_as_whom_it_names(relay, authority):
    pair = authority.client("somebody", f"email:{LOGIN},DNS:web1")
    with with_certificate(relay, pair) as session:
        session.ehlo()
        # Without a response first, and then with the name; and nobody else's.
        assert session.docmd("AUTH", "EXTERNAL")[0] == 334
        assert session.docmd(base64.b64encode(b"web1").decode())[0] == 535
        assert session.docmd("AUTH", "EXTERNAL " + base64.b64encode(LOGIN.encode()).decode())[0] == 235
        session.sendmail(LOGIN, "external@receiver.example", message(sender=LOGIN, to="external@receiver.example"))
    relay.world.sinks[0].message_to("external@receiver.example")
    assert relay.wait_event("accepted", to="external@receiver.example")["user"] == LOGIN
    relay.wait_event("authenticated", mechanism="EXTERNAL", user=LOGIN)
    with with_certificate(relay, authority.client("nobody")) as session:
        session.ehlo()
        assert session.docmd("AUTH", "EXTERNAL =")[0] == 535
    relay.wait_event("auth_failed", mechanism="EXTERNAL", user="nobody")


def test_an_unverified_certificate_has_its_reason_in_the_log(relay, authority):
    with with_certificate(relay, authority.client("expired", days=-1)) as session:
        assert "EXTERNAL" not in offered(session)
    assert relay.wait_event("tls_established", trust="unverified", detail="certificate has expired")["direction"] == "in"


def test_msmtp_and_curl_send_with_a_certificate(relay, authority, certificate, tmp_path):
    pair = authority.client(LOGIN)
    done = msmtp(relay, tmp_path, "msmtp-external@receiver.example", f"port {CERTIFICATE_PORT}", "auth external",
                 f"user {LOGIN}", f"tls_cert_file {pair[0]}", f"tls_key_file {pair[1]}")
    assert done.returncode == 0, done.stderr
    letter = tmp_path / "letter"
    letter.write_bytes(message(sender=LOGIN, to="curl-external@receiver.example"))
    done = subprocess.run(
        ["curl", "-sS", "--cacert", certificate.certificate, "--connect-to", f"relay.example::{relay.host}:",
         "--cert", pair[0], "--key", pair[1], "--user", f"{LOGIN}:", "--login-options", "AUTH=EXTERNAL",
         "--mail-from", LOGIN, "--mail-rcpt", "curl-external@receiver.example", "--upload-file", letter,
         f"smtps://relay.example:{CERTIFICATE_TLS_PORT}/client.example"],
        capture_output=True, text=True, timeout=harness.DEADLINE)
    assert done.returncode == 0, done.stderr
    for to in ("msmtp-external@receiver.example", "curl-external@receiver.example"):
        relay.world.sinks[0].message_to(to)
