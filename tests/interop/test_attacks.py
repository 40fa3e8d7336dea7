"""Clients that mean harm: what is asked of an open relay, of a guest's memory, and of a server's patience."""

import contextlib
import json
import pathlib
import re
import socket
import time

import pytest

import harness
from conftest import message
from harness import PASSWORD, SUBMISSION_PORT, TRUSTED_PORT

# The usual ways to write a foreign recipient so that a careless server takes it for its own.
TRICKS = [
    "victim@elsewhere.example", "victim%elsewhere.example@relay.example", "victim%elsewhere.example",
    "elsewhere.example!victim", "elsewhere.example!victim@relay.example", "@relay.example:victim@elsewhere.example",
    "@relay.example,@other.example:victim@elsewhere.example", '"victim@elsewhere.example"',
    '"victim@elsewhere.example"@relay.example', '"victim%elsewhere.example"@relay.example',
    '"elsewhere.example!victim"@relay.example', "victim@elsewhere.example@relay.example",
    "victim@relay.example@elsewhere.example", "victim@[127.0.0.1]", "victim@[IPv6:::1]", "victim@elsewhere.example.",
    "victim@localhost", "victim", "victim\\@elsewhere.example@relay.example", "relay.example!victim@elsewhere.example",
    "victim@elsewhere.example\x00@relay.example", "vict\u00efm@elsewhere.example",
]


@pytest.fixture
def relay(world):
    world.others_mail = world.receiver("elsewhere.example")
    world.own_mail = world.receiver("receiver.example")
    world.add_relay(settings={"limits": 'idle_timeout = "2s"'})
    return world.start()


class Talk:
    """A connection whose every octet is ours."""

    def __init__(self, relay, port):
        self.socket = socket.create_connection((relay.host, port), timeout=30)
        self.file = self.socket.makefile("rb")
        self.reply()

    def reply(self):
        text = b""
        while True:
            line = self.file.readline()
            text += line
            if len(line) < 4 or line[3:4] != b"-":
                return text.decode(errors="replace")

    def say(self, line):
        self.socket.sendall((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return self.reply()

    def close(self):
        self.socket.close()


@contextlib.contextmanager
def talk(relay, port=TRUSTED_PORT):
    one = Talk(relay, port)
    try:
        one.say("EHLO client.example")
        yield one
    finally:
        one.close()


def resident(relay):
    status = pathlib.Path(f"/proc/{relay.process.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024


def test_nobody_relays_without_a_login(world, relay):
    for trick in TRICKS:
        with talk(relay, SUBMISSION_PORT) as client:
            for sender in ("<>", "<postmaster@relay.example>", "<orders@shop.example>"):
                refusal = client.say(f"MAIL FROM:{sender}")
                assert refusal.startswith("530 5.7.0"), refusal
                refusal = client.say(f"RCPT TO:<{trick}>")
                assert refusal[0] == "5", (trick, refusal)
    assert world.others_mail.saved() == []


def test_odd_addresses_go_where_their_domain_says_or_nowhere(world, relay):
    taken = []
    for trick in TRICKS:
        odd = trick.replace("relay.example", "receiver.example")
        with talk(relay) as client:
            client.say("MAIL FROM:<orders@shop.example>")
            reply = client.say(f"RCPT TO:<{odd}>")
            assert reply[0] in "25", (odd, reply)
            if reply[0] == "2" and odd.endswith("@receiver.example"):
                assert client.say("DATA").startswith("354")
                assert client.say(message().rstrip(b"\r\n") + b"\r\n.").startswith("250")
                taken.append(odd)
    assert taken
    arrived = world.own_mail.wait_for(len(taken))
    # The local part as it came (its quotes may go); a source route is dropped, as RFC 5321 section 3.6.1 asks.
    assert len(arrived) == len(taken)
    assert all(r["address"].endswith("@receiver.example") for envelope, _ in arrived for r in envelope["recipients"])
    relay.wait_empty()
    assert world.others_mail.saved() == []


def test_the_log_stays_one_object_per_line(world, relay):
    evil = 'x"}\x1b[31m\\n{"event":"delivered'
    with talk(relay, SUBMISSION_PORT) as client:
        client.say(f"EHLO {evil}")
        client.say(f"MAIL FROM:<{evil}@shop.example>")
        client.say(f"NOSUCH {evil}")
    relay.send("orders@shop.example", "someone@receiver.example", message(subject=evil.replace("\x1b", "")))
    world.own_mail.wait_for(1)
    relay.wait_event("delivered")
    for line in relay.log.read_text().splitlines():
        if line.startswith("{"):
            assert isinstance(json.loads(line), dict)
        assert "\x1b" not in line
    relay.wait_events(1, "delivered")


@pytest.mark.parametrize("phase", ["command", "data"])
def test_trickling_clients_are_cut_off(world, relay, phase):
    with talk(relay) as client:
        if phase == "data":
            client.say("MAIL FROM:<orders@shop.example>")
            client.say("RCPT TO:<someone@receiver.example>")
            client.say("DATA")
            client.socket.sendall(b"From: orders@shop.example\r\n\r\n")
        until = time.monotonic() + 60
        client.socket.settimeout(0.2)
        said = b""
        while time.monotonic() < until:
            try:
                client.socket.sendall(b"x")
                octets = client.socket.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                break
            said += octets
            if not octets:
                break
        else:
            pytest.fail("nobody stops a client that sends an octet now and then")
        assert said.startswith(b"421 4.4.2"), said
    assert world.own_mail.saved() == []


def test_many_slow_clients_leave_room_for_a_good_one(world, relay):
    slow = []
    try:
        for _ in range(300):
            slow.append(socket.create_connection((relay.host, TRUSTED_PORT), timeout=10))
        for number in range(20):
            for one in slow[number::20]:
                with contextlib.suppress(OSError):
                    one.sendall(b"E")
            relay.send("orders@shop.example", f"r{number}@receiver.example", message())
        world.own_mail.wait_for(20)
    finally:
        for one in slow:
            one.close()


def bomb_header_lines(client):
    for _ in range(1000):
        client.socket.sendall(b"X-Bomb: 1\r\n" * 1000)


def bomb_one_long_header(client):
    client.socket.sendall(b"Subject: ")
    for _ in range(1000):
        client.socket.sendall(b"x" * 9990 + b"\r\n " + b"y" * 7)


def bomb_deep_folding(client):
    client.socket.sendall(b"Subject:")
    for _ in range(500):
        client.socket.sendall(b"\r\n\t" * 5000)


@pytest.mark.parametrize("bomb", [bomb_header_lines, bomb_one_long_header, bomb_deep_folding])
def test_a_header_without_end_is_refused(world, relay, bomb):
    before = resident(relay)
    with talk(relay) as client:
        client.say("MAIL FROM:<orders@shop.example>")
        client.say("RCPT TO:<someone@receiver.example>")
        client.say("DATA")
        bomb(client)
        refusal = client.say(b"\r\n\r\nx\r\n.")
        assert refusal.startswith("552 5.3.4"), refusal
        assert client.say("NOOP")[0] == "2"
    assert resident(relay) - before < 64 << 20
    relay.send("orders@shop.example", "someone@receiver.example", message())
    world.own_mail.wait_for(1)


def test_recipients_without_end_are_refused(world, relay):
    before = resident(relay)
    with talk(relay) as client:
        client.say("MAIL FROM:<orders@shop.example>")
        counts = {"2": 0, "4": 0}
        for part in range(100):
            client.socket.sendall(b"".join(b"RCPT TO:<r%d.%d@receiver.example>\r\n" % (part, n) for n in range(200)))
            for _ in range(200):
                reply = client.reply()
                assert reply[0] in "24", reply
                counts[reply[0]] += 1
        assert counts["4"] > 0 and counts["2"] <= 1000
        assert client.say("RSET")[0] == "2"
    assert resident(relay) - before < 64 << 20


def test_a_command_line_without_end_is_refused(world, relay):
    before = resident(relay)
    with talk(relay) as client:
        client.socket.sendall(b"MAIL FROM:<" + b"x" * (1 << 20))
        assert client.say("@shop.example>")[0] == "5"
        assert client.say("NOOP")[0] == "2"
    assert resident(relay) - before < 16 << 20


def test_credentials_without_end_are_refused(world, relay):
    before = resident(relay)
    with talk(relay, SUBMISSION_PORT) as client:
        client.say("AUTH PLAIN")
        with contextlib.suppress(OSError):  # it may have enough before we have
            client.socket.sendall(b"A" * (1 << 20))
            assert client.say("")[0] in "45"
    assert resident(relay) - before < 16 << 20


def test_a_message_in_a_loop_is_stopped(world, relay):
    with talk(relay) as client:
        client.say("MAIL FROM:<orders@shop.example>")
        client.say("RCPT TO:<someone@receiver.example>")
        client.say("DATA")
        client.socket.sendall(b"Received: from a by b; Fri, 21 Nov 1997 09:55:06 -0600\r\n" * 101)
        refusal = client.say(message().rstrip(b"\r\n") + b"\r\n.")
        assert refusal.startswith("554 5.4.6"), refusal
