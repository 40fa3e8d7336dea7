"""Behind a front end that speaks for its clients with XCLIENT: nginx's mail proxy, which checks their passwords, and
swaks."""

import base64
import http.server
import smtplib
import subprocess
import threading
import urllib.parse

import pytest

import harness
from conftest import World, field, message
from harness import PASSWORD

CLEAR, STARTTLS, NGINX = 2540, 2541, 2640
FRONT = "127.0.0.1"  # from where the kernel connects within 127.0.0.0/8


class PasswordServer(http.server.BaseHTTPRequestHandler):
    """Answers nginx's auth_http: who may log in, and where the relay is."""
    relay = None

    def do_GET(self):
        right = urllib.parse.unquote(self.headers["Auth-Pass"]) == PASSWORD
        self.send_response(200)
        self.send_header("Auth-Status", "OK" if right else "Invalid login or password")
        if right:
            self.send_header("Auth-Server", self.relay)
            self.send_header("Auth-Port", str(CLEAR))
        self.end_headers()

    def log_message(self, *words):
        pass


class Nginx:
    """From its unpacked package."""

    def __init__(self, folder, host, relay):
        folder.mkdir()
        PasswordServer.relay = relay
        self.passwords = http.server.ThreadingHTTPServer((host, 0), PasswordServer)
        threading.Thread(target=self.passwords.serve_forever, daemon=True).start()
        self.host = host
        configuration = folder / "nginx.conf"
        configuration.write_text(f"""
load_module {harness.peer_program("usr/lib/nginx/modules/ngx_mail_module.so")};
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr info;
events {{ }}
mail {{
  server_name front.example;
  auth_http {host}:{self.passwords.server_port}/;
  xclient on;
  server {{
    listen {host}:{NGINX};
    protocol smtp;
    smtp_auth plain login;
  }}
}}
""")
        command = [harness.peer_program("usr/sbin/nginx"), "-e", "stderr", "-p", folder, "-c", configuration]
        self.process = harness.Process(command, folder / "nginx.log", env=harness.peer_environment())
        harness.wait_until(lambda: self.process.check_alive() and harness.listening(host, NGINX),
                           lambda: "nginx to listen:\n" + self.process.log_text())

    def stop(self):
        self.process.kill()
        self.passwords.shutdown()
        self.passwords.server_close()


@pytest.fixture(scope="module")
def behind(tmp_path_factory, certificate):
    """(world, an address that may relay, one that may not)"""
    world = World(tmp_path_factory.mktemp("front"), certificate)
    world.receiver("receiver.example")
    trusted, stranger = "192.0.2.77", world.address()
    relay = world.add_relay(settings={"log": 'level = "debug"\nformat = "json"', "limits": "sessions_per_client = 3"})
    relay.extra = "".join(
        f'[[listener]]\nbind = "{relay.host}:{port}"\nmode = "{mode}"\ntrusted_networks = ["{trusted}"]\n'
        f'xclient_from = ["{FRONT}"]\nxclient_logins = true\n'
        for port, mode in ((CLEAR, "plain"), (STARTTLS, "starttls")))
    world.start()
    yield world, trusted, stranger
    world.stop()


@pytest.fixture(scope="module")
def nginx(behind):
    world, _, _ = behind
    made = Nginx(world.folder / "nginx", world.address(), world.relay.host)
    world.others.append(made)
    return made


def connected(host, port, source):
    return smtplib.SMTP(host, port, "client.example", timeout=harness.DEADLINE, source_address=(source, 0))


def swaks(relay, port, recipient, *options):
    return subprocess.run(
        ["swaks", "--server", relay.host, "--port", str(port), "--from", "orders@shop.example", "--to", recipient,
         "--helo", "client.example", "--header", "From: orders@shop.example", "--timeout", "20", *options],
        capture_output=True, text=True, timeout=harness.DEADLINE)


def test_mail_through_nginx_comes_from_its_client_with_its_login(behind, nginx):
    world, _, stranger = behind
    recipient = "nginx@receiver.example"
    with connected(nginx.host, NGINX, stranger) as client:
        client.login("shop", PASSWORD)
        client.sendmail("orders@shop.example", recipient, message(to=recipient))
    _, content = world.sinks[0].message_to(recipient)
    received = field(content, "Received")
    assert received.startswith(f"from client.example ([{stranger}])"), received
    assert "with ESMTPA" in received, received
    accepted = world.relay.wait_event("accepted", to=recipient)
    assert accepted["user"] == "shop"
    assert accepted["address"].startswith(stranger + ":")
    assert accepted["proxy"].startswith(FRONT + ":")
    login = world.relay.wait_event("authenticated", session=accepted["session"])
    assert login["mechanism"] == "XCLIENT"


def test_a_client_of_nginx_cannot_become_somebody_else(behind, nginx):
    world, trusted, stranger = behind
    with connected(nginx.host, NGINX, stranger) as client:
        client.login("shop", PASSWORD)
        assert client.docmd(f"XCLIENT ADDR={trusted} LOGIN=boss")[0] == 550
        client.ehlo()
        assert client.docmd(f"XCLIENT ADDR={trusted} LOGIN=boss")[0] == 550
        assert not client.has_extn("xclient")
        # Without EHLO nginx passes on what follows its XCLIENT at once.
    with connected(nginx.host, NGINX, stranger) as client:
        words = base64.b64encode(f"\0shop\0{PASSWORD}".encode()).decode()
        if client.docmd(f"AUTH PLAIN {words}")[0] == 235:
            assert client.docmd(f"XCLIENT ADDR={trusted} LOGIN=boss")[0] == 501


@pytest.mark.parametrize("port, options", [(CLEAR, []), (STARTTLS, ["--tls"])])
def test_the_client_that_swaks_names_is_trusted_for_itself(behind, port, options):
    world, trusted, stranger = behind
    recipient = f"swaks-{port}@receiver.example"
    refused = swaks(world.relay, port, recipient, "--xclient-addr", stranger, *options)
    assert "530 5.7.0 Authentication required" in refused.stdout, refused
    done = swaks(world.relay, port, recipient, "--xclient-addr", trusted, "--xclient-name", "host.client.example",
                 "--xclient-port", "4321", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    _, content = world.sinks[0].message_to(recipient)
    received = field(content, "Received")
    assert received.startswith(f"from client.example (host.client.example [{trusted}])"), received
    assert ("with ESMTPS" in received) == bool(options), received
    assert world.relay.wait_event("accepted", to=recipient)["address"] == f"{trusted}:4321"


def test_every_attribute_that_swaks_knows_is_taken(behind):
    world, _, _ = behind
    recipient = "attributes@receiver.example"
    done = swaks(world.relay, CLEAR, recipient, "--xclient-addr", "IPV6:2001:db8::1", "--xclient-port", "50000",
                 "--xclient-name", "[UNAVAILABLE]", "--xclient-delim", "--xclient-proto", "ESMTP",
                 "--xclient-helo", "laptop", "--xclient-login", "shop",
                 "--xclient-destaddr", "192.0.2.9", "--xclient-destport", "587")
    assert done.returncode == 0, done.stdout + done.stderr
    accepted = world.relay.wait_event("accepted", to=recipient)
    assert (accepted["address"], accepted["user"]) == ("[2001:db8::1]:50000", "shop")


def test_each_client_has_its_own_limit_of_sessions(behind):
    world, _, _ = behind
    relay = world.relay
    crowded, other = world.address(), world.address()
    sessions = []
    for address, code in ((crowded, 220), (crowded, 220), (crowded, 220), (crowded, 421), (other, 220)):
        talk = relay.raw(CLEAR)
        sessions.append(talk)
        assert talk.reply()[0] == 220
        assert talk.say(f"XCLIENT ADDR={address}")[0] == code
    assert relay.wait_event("rejected", reason="sessions")["address"] == f"{crowded}:0"
    for talk in sessions:
        talk.close()


def test_nobody_else_is_believed(behind):
    world, trusted, stranger = behind
    with connected(world.relay.host, CLEAR, stranger) as client:
        client.ehlo()
        assert not client.has_extn("xclient")
        assert client.docmd(f"XCLIENT ADDR={trusted}")[0] == 550
        assert client.mail("orders@shop.example")[0] == 530
