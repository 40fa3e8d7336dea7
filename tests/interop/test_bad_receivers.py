"""Receivers that hang up, babble or flood at each stage: the message waits for another attempt, and mail for others
is not held up. What only hangs is bounded by the limits of RFC 5321 section 4.5.3.2, which unit tests look at."""

import contextlib
import os
import pathlib
import re
import socket
import time

import pytest

import harness
from conftest import message
from listening import Server

OK = {"greeting": b"220 bad.example ESMTP\r\n", "EHLO": b"250-bad.example\r\n250 PIPELINING\r\n", "HELO": b"250 bad.example\r\n",
      "MAIL": b"250 ok\r\n", "RCPT": b"250 ok\r\n", "DATA": b"354 go ahead\r\n", "dot": b"250 taken\r\n", "QUIT": b"221 bye\r\n",
      "STARTTLS": b"220 go ahead\r\n", "RSET": b"250 ok\r\n"}
STAGES = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "dot"]


def flood(octets):
    """An answer that does not end, until the other side has enough."""
    def answer(connection):
        while True:
            connection.sendall(octets * 1000)
    return answer


# At the stage, in place of the proper reply.
ANSWERS = {
    "closes": lambda connection: connection.shutdown(socket.SHUT_RDWR),
    "resets": lambda connection: (connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"),
                                  os.close(connection.detach())),
    "garbage": lambda connection: connection.sendall(b"\x00\xff\x80 what is this\r\n" * 3),
    "a web page": lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n"),
    "an endless reply": flood(b"250-and on\r\n"),
    "an endless line": flood(b"250 " + b"x" * 96),
    "a line of 100 KB": lambda connection: connection.sendall(b"250 " + b"x" * 100_000 + b"\r\n"),
    "a code that changes": lambda connection: connection.sendall(b"250-one\r\n550 other\r\n"),
    "too many replies": lambda connection: connection.sendall(b"250 ok\r\n" * 50),
}


class Receiver(Server):
    def __init__(self, host, stage, answer):
        self.stage, self.answer = stage, answer
        super().__init__(host)

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.settimeout(60)
            self.reply(connection, "greeting")
            lines = connection.makefile("rb")
            data = False
            for line in lines:
                if data:
                    if line == b".\r\n":
                        data = False
                        self.reply(connection, "dot")
                    continue
                word = line.split()[0].split(b":")[0].upper().decode(errors="replace") if line.strip() else ""
                self.reply(connection, word)
                data = word == "DATA"

    def reply(self, connection, stage):
        if stage == self.stage:
            self.answer(connection)
        else:
            connection.sendall(OK.get(stage, b"500 what\r\n"))

    def stop(self):
        self.listener.close()


def resident(relay):
    status = pathlib.Path(f"/proc/{relay.process.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024


def test_each_defers_its_own_mail_and_no_other(world):
    good = world.receiver("receiver.example")
    receivers = {}
    for name, answer in ANSWERS.items():
        for stage in STAGES:
            domain = f"{re.sub('[^a-z0-9]', '', name.lower())}-{stage.lower()}.example"
            receivers[domain] = Receiver(world.address(), stage, answer)
            world.dns.mx(domain, (10, f"mx.{domain}", receivers[domain].listener.getsockname()[0]))
    relay = world.start(settings={"retry": 'schedule = ["1h"]\nexpire = "2h"'})
    before = resident(relay)
    try:
        sent = {domain: relay.send("orders@shop.example", f"someone@{domain}", message()) for domain in receivers}
        for number in range(20):
            relay.send("orders@shop.example", f"r{number}@receiver.example", message())
        good.wait_for(20)
        deadline = time.monotonic() + 60 * harness.PATIENCE
        waiting = set(sent)
        while waiting and time.monotonic() < deadline:
            time.sleep(0.2)
            ended = {event["to"].split("@")[1]: event for kind in ("deferred", "bounced", "delivered")
                     for event in relay.events(kind)}
            waiting = set(sent) - set(ended)
        assert not waiting, f"no outcome for {sorted(waiting)}"
        for domain in receivers:
            event = ended[domain]
            # Only a reply of theirs may settle it: a refusal that is one, or an acceptance, once the rest is read.
            if event["event"] == "deferred":
                assert re.match(r"4\.\d\.\d |[245]\d\d ", event["reply"]), event
            else:
                assert domain.split("-")[0] in ("toomanyreplies", "aline100kb", "awebpage", "acodethatchanges"), event
        assert relay.ready()
        assert resident(relay) - before < 64 << 20
        assert {event["to"] for event in relay.events("delivered")} >= {f"r{n}@receiver.example" for n in range(20)}
    finally:
        for receiver in receivers.values():
            receiver.stop()
