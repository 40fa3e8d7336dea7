"""Mail to next hops of [[route]]: logins at a Postfix, mailboxes behind LMTP, several hops, routes by login."""

import base64
import imaplib
import pathlib
import poplib
import shutil
import tempfile
import time

import jwt
import pytest

import harness
from conftest import message
from harness import PASSWORD, SUBMISSION_PORT, toml_list

SECRET = "the next hop's secret"
SMTP, SMTPS = 2527, 2528
LMTP, POP3, IMAP = 2424, 2110, 2143
MECHANISMS = ("plain", "login", "scram-sha-1", "scram-sha-256", "xoauth2", "oauthbearer")
TOKEN_KEY = b"a key that only issuer and Dovecot have"


def token(expires=600):
    now = int(time.time())
    return jwt.encode({"sub": "shop", "username": "shop", "iss": "https://id.example", "iat": now,
                       "exp": now + expires}, TOKEN_KEY, algorithm="HS256", headers={"kid": "default"})


def secret_file(folder, name, text):
    file = folder / name
    file.write_text(text + "\n")
    file.chmod(0o600)
    return file


class Hop:
    """A Postfix that asks a Dovecot about logins and hands what it takes to a sink, and that Dovecot's mailboxes."""

    def __init__(self, world, folder, certificate):
        self.host = world.address()
        self.folder = folder / "mail"
        self.folder.mkdir()
        shutil.chown(self.folder, "games", "games")
        keys = folder / "keys/default/HS256"
        keys.mkdir(parents=True)
        (keys / "default").write_text(base64.b64encode(TOKEN_KEY).decode())
        oauth = folder / "oauth2.conf"
        oauth.write_text(f"introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={folder}/keys/\n"
                         "username_attribute = sub\n")
        self.socket = self.folder / "lmtp"
        services = "".join(f"service {service} {{\n  inet_listener {name} {{\n    address = {self.host}\n    port = {port}\n  }}\n}}\n"
                           for service, name, port in (("pop3-login", "pop3", POP3), ("imap-login", "imap", IMAP)))
        logins = "".join(f"{name}:{{PLAIN}}{SECRET}\n" for name in ("shop", "b@mailbox.example", "c@mailbox.example"))
        self.dovecot = harness.Dovecot(folder / "dovecot", logins, f"""
auth_mechanisms = {" ".join(MECHANISMS)}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {oauth}
}}
protocols = imap pop3 lmtp
disable_plaintext_auth = no
mail_location = maildir:{self.folder}/%u
first_valid_uid = 1
lmtp_save_to_detail_mailbox = no
service lmtp {{
  inet_listener lmtp {{
    address = {self.host}
    port = {LMTP}
  }}
  unix_listener {self.socket} {{
    mode = 0666
  }}
}}
{services}""")
        world.others.append(self.dovecot)
        self.dovecot.start()
        self.sink = world.sink()

        def postfix(port, **more):
            made = harness.Postfix(folder, self.host, smtp_port=port, settings={
                "relayhost": f"[{self.sink.host}]:{self.sink.port}", "mynetworks": "",
                "smtpd_recipient_restrictions": "permit_sasl_authenticated, reject",
                "smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot", "smtpd_sasl_path": self.dovecot.socket,
                "smtpd_tls_cert_file": certificate.certificate, "smtpd_tls_key_file": certificate.key,
                "smtpd_tls_security_level": "may", "smtpd_tls_auth_only": "yes", **more})
            world.others.append(made)
            return made
        self.postfix = postfix(SMTP)
        self.smtps = postfix(SMTPS, smtpd_tls_wrappermode="yes")
        harness.wait_until(lambda: all(harness.listening(self.host, port) for port in (LMTP, POP3, IMAP)),
                           "Dovecot's mailboxes")

    def by_imap(self, login):
        with imaplib.IMAP4(self.host, IMAP, timeout=harness.DEADLINE) as mailbox:
            mailbox.login(login, SECRET)
            mailbox.select()
            found = mailbox.search(None, "ALL")[1][0].split()
            return [mailbox.fetch(one, "(RFC822)")[1][0][1] for one in found]

    def by_pop3(self, login):
        mailbox = poplib.POP3(self.host, POP3, timeout=harness.DEADLINE)
        try:
            mailbox.user(login)
            mailbox.pass_(SECRET)
            return [b"\r\n".join(mailbox.retr(number + 1)[1]) for number in range(mailbox.stat()[0])]
        finally:
            mailbox.close()


class Routes:
    """A relay with one route for each case, and the next hop of most of them."""

    def __init__(self, world, folder, certificate):
        self.hop = Hop(world, folder, certificate)
        self.mx = world.receiver("receiver.example")
        self.other = world.sink()
        self.password = secret_file(folder, "password", SECRET)
        self.wrong = secret_file(folder, "wrong", "not the secret")
        self.token = secret_file(folder, "token", token())
        self.stale = secret_file(folder, "stale", token(expires=-600))
        host = self.hop.host
        self.dead = world.address()
        dead = f"smtp://{self.dead}:2525"
        login = f"smtp://shop@{host}:{SMTP}"
        routes = []
        for mechanism in MECHANISMS:
            secret = self.token if mechanism in ("xoauth2", "oauthbearer") else self.password
            key = "token_file" if secret is self.token else "password_file"
            routes.append((f"{mechanism}.example", f'via = "{login}"\nauth = "{mechanism}"\n{key} = "{secret}"'))
        routes += [
            ("best.example", f'via = "smtps://shop:{SECRET.replace(" ", "%20")}@{host}:{SMTPS}"'),
            ("wrong.example", f'via = "smtp://shop:not%20it@{host}:{SMTP}"'),
            ("file.example", f'via = "{login}"\nauth = "plain"\npassword_file = "{self.wrong}"\ntls = "encrypt"'),
            ("stale.example", f'via = "{login}"\ntoken_file = "{self.stale}"'),
            ("clear.example", f'via = "{login}"\npassword_file = "{self.password}"\ntls = "off"\nauth = "plain"'),
            ("mailbox.example", f'via = "lmtp://{host}:{LMTP}"'),
            ("socket.example", f'via = "lmtp:unix:{self.hop.socket}"'),
            ("nosocket.example", f'via = "lmtp:unix:{folder}/nobody"'),
            ("dead.example", f'via = "{dead}"'),
            ("list.example", f'via = ["{dead}", {{ hop = "smtp://{self.other.host}:{self.other.port}", weight = 3 }}]'),
            ("reserve.example", f'via = ["smtp://shop:wrong@{host}:{SMTP}", '
                                f'{{ hop = "smtp://{self.other.host}:{self.other.port}", weight = 0 }}]'),
        ]
        extra = "".join(f'[[route]]\nrecipients = {toml_list([domain])}\n{keys}\n' for domain, keys in routes)
        extra += f'[[route]]\nlogins = ["news"]\nvia = "smtp://{self.other.host}:{self.other.port}"\n'
        self.relay = world.add_relay(extra=extra)
        self.relay.add_user("shop")
        self.relay.add_user("news")
        self.relay.add_key("shop.example", "s1", "ed25519")
        world.start()

    def send(self, *recipients, subject="Your order", **session):
        return self.relay.send("orders@shop.example", recipients, message(subject=subject), **session)

    def sent(self, recipient):
        """The event of the delivery of one message to `recipient`."""
        queue_id = self.send(recipient)
        return self.relay.wait_event("delivered", id=queue_id)


@pytest.fixture(scope="module")
def routes(certificate):
    import conftest
    # Others than root must get at the sockets: pytest's own folders are for root alone.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="signpost-routes-"))
    folder.chmod(0o755)
    world = conftest.World(folder, certificate)
    try:
        made = Routes(world, folder, certificate)
        yield made
        for secret in (SECRET, "not%20it", "not it", made.token.read_text().strip(), PASSWORD):
            assert secret not in made.relay.log.read_text()
            for say in (made.relay.run("check"), made.relay.run("queue", "list", "--json")):
                assert secret not in say.stdout + say.stderr
            assert secret not in made.relay.get("/metrics")[1]
    finally:
        world.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_login_by_each_mechanism(routes, mechanism):
    event = routes.sent(f"b@{mechanism}.example")
    routes.hop.sink.message_to(f"b@{mechanism}.example")
    assert event["address"] == f"{routes.hop.host}:{SMTP}" and event["tls"] == "TLSv1.3 unverified"
    assert f"sasl_method={mechanism.upper()}, sasl_username=shop" in routes.hop.postfix.log_text()


def test_the_strongest_mechanism_is_chosen_over_implicit_tls(routes):
    event = routes.sent("b@best.example")
    assert event["address"] == f"{routes.hop.host}:{SMTPS}" and event["tls"].startswith("TLSv1.3")
    assert "sasl_method=SCRAM-SHA-256, sasl_username=shop" in routes.hop.smtps.log_text()


def test_a_refused_login_defers_the_mail(routes):
    queue_id = routes.send("b@wrong.example")
    reply = routes.relay.wait_event("deferred", id=queue_id)["reply"]
    assert reply.startswith("4.7.8 the next hop refused the login: 535 5.7.8"), reply
    failed = routes.relay.events("connection_failed", kind="auth")
    assert failed and failed[0]["address"] == f"{routes.hop.host}:{SMTP}"
    assert routes.relay.metric("signpost_delivery_connection_failures_total", kind="auth") >= 1
    explained = routes.relay.run("queue", "explain", queue_id).stdout
    assert "the next hop refused the login" in explained, explained
    assert "The next hop does not accept the login of its route." in explained, explained
    assert routes.relay.run("queue", "remove", queue_id).returncode == 0


def test_the_right_password_lets_the_mail_go_after_a_reload(routes):
    queue_id = routes.send("b@file.example")
    routes.relay.wait_event("deferred", id=queue_id)
    secret_file(routes.wrong.parent, routes.wrong.name, SECRET)
    assert routes.relay.run("reload").returncode == 0
    routes.relay.run("queue", "retry", queue_id)
    routes.relay.wait_event("delivered", id=queue_id)


def test_a_token_is_read_again_without_a_reload(routes):
    queue_id = routes.send("b@stale.example")
    reply = routes.relay.wait_event("deferred", id=queue_id)["reply"]
    assert reply.startswith("4.7.8 the next hop refused the login: 5"), reply
    secret_file(routes.stale.parent, routes.stale.name, token())
    routes.relay.run("queue", "retry", queue_id)
    routes.relay.wait_event("delivered", id=queue_id)


def test_a_login_that_is_not_offered_in_clear_defers_the_mail(routes):
    queue_id = routes.send("b@clear.example")
    reply = routes.relay.wait_event("deferred", id=queue_id)["reply"]
    assert reply == "4.7.8 the peer offers no AUTH, and this login can use PLAIN"
    assert routes.relay.run("queue", "remove", queue_id).returncode == 0


def test_lmtp_over_tcp_delivers_to_each_mailbox(routes):
    queue_id = routes.send("b@mailbox.example", "nobody@mailbox.example", "c@mailbox.example", subject="By LMTP")
    routes.relay.wait_events(2, "delivered", id=queue_id)
    bounced = routes.relay.wait_event("bounced", id=queue_id)
    assert bounced["to"] == "nobody@mailbox.example" and bounced["reply"].startswith("550 5.1.1")
    delivered = routes.relay.events("delivered", id=queue_id)
    assert {event["to"] for event in delivered} == {"b@mailbox.example", "c@mailbox.example"}
    assert all(event["reply"].startswith("250 2.0.0") and event["address"] == f"{routes.hop.host}:{LMTP}"
               for event in delivered)
    for content in (routes.hop.by_imap("b@mailbox.example")[-1], routes.hop.by_pop3("c@mailbox.example")[-1]):
        assert b"Subject: By LMTP" in content and b"DKIM-Signature:" in content
        assert b"Return-Path: <orders@shop.example>" in content


def test_lmtp_over_a_unix_socket(routes):
    queue_id = routes.send("shop@socket.example")
    bounced = routes.relay.wait_event("bounced", id=queue_id)
    assert bounced["address"] == f"unix:{routes.hop.socket}"  # Dovecot knows no such mailbox
    assert bounced["reply"].startswith("550 5.1.1")
    extra = routes.relay.extra.replace("mailbox.example", "tcp.example").replace("socket.example", "mailbox.example", 1)
    assert extra != routes.relay.extra
    routes.relay.extra, before = extra, routes.relay.extra
    routes.relay.write_config()
    assert routes.relay.run("reload").returncode == 0
    try:
        queue_ids = [routes.send("b@mailbox.example", subject=f"By socket {number}") for number in range(5)]
        for queue_id in queue_ids:
            event = routes.relay.wait_event("delivered", id=queue_id)
            assert event["address"] == f"unix:{routes.hop.socket}"
        subjects = b"".join(routes.hop.by_pop3("b@mailbox.example"))
        assert all(f"Subject: By socket {number}".encode() in subjects for number in range(5))
    finally:
        routes.relay.extra = before
        routes.relay.write_config()
        assert routes.relay.run("reload").returncode == 0


def test_a_socket_that_nobody_listens_on_defers_the_mail(routes):
    queue_id = routes.send("b@nosocket.example")
    event = routes.relay.wait_event("deferred", id=queue_id)
    assert event["address"].startswith("unix:") and "cannot connect" in event["reply"], event
    assert routes.relay.run("queue", "remove", queue_id).returncode == 0


def test_a_dead_next_hop_stops_no_other_mail(routes):
    queue_id = routes.send("b@dead.example")
    routes.relay.wait_event("deferred", id=queue_id)
    routes.sent("b@receiver.example")
    routes.sent("b@plain.example")
    assert routes.relay.run("queue", "remove", queue_id).returncode == 0


def test_another_next_hop_takes_the_mail_of_one_that_is_dead(routes):
    for number in range(8):  # the dead one is first in a quarter of them
        event = routes.sent(f"r{number}@list.example")
        assert event["address"] == f"{routes.other.host}:{routes.other.port}" and event["attempt"] == 1


def test_the_reserve_takes_the_mail_when_a_login_is_refused(routes):
    event = routes.sent("b@reserve.example")
    assert event["address"] == f"{routes.other.host}:{routes.other.port}" and event["attempt"] == 1


def test_a_route_of_a_login_is_for_its_mail_only(routes):
    queue_id = routes.send("login@receiver.example", port=SUBMISSION_PORT, starttls=True, user="news")
    event = routes.relay.wait_event("delivered", id=queue_id)
    assert event["address"] == f"{routes.other.host}:{routes.other.port}"
    queue_id = routes.send("login@receiver.example", port=SUBMISSION_PORT, starttls=True, user="shop")
    assert routes.relay.wait_event("delivered", id=queue_id)["mx"] == "mx.receiver.example"
