"""The next message's commands right after the mail data of the previous one, and receivers that do not like it."""

import collections
import contextlib
import re
import socket
import threading

import pytest

import harness
from conftest import message
from harness import MX_PORT

MESSAGES = 40


class Receiver:
    """One connection at a time. `after_data` says what happens to octets that follow the final dot: they are
    "read", "refused" with 503 (as Haraka does), "forgotten" (as old firewalls do, which then hear nothing more), or the
    connection is "closed". Nothing is taken before `go`."""

    def __init__(self, host, after_data):
        self.after_data = after_data
        self.early = 0
        self.connections = 0
        self.go = threading.Event()
        self.arrived = collections.Counter()  # by Message-ID
        self.listener = socket.create_server((host, MX_PORT))
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection, contextlib.suppress(OSError, EOFError):
                self.serve(connection)

    def serve(self, connection):
        connection.settimeout(1)
        connection.sendall(b"220 terse.example ESMTP\r\n")
        waiting = b""

        def read_until(mark):
            nonlocal waiting
            while mark not in waiting:
                octets = connection.recv(65536)
                if not octets:
                    raise EOFError
                waiting += octets
            head, waiting = waiting.split(mark, 1)
            return head

        while True:
            command = read_until(b"\r\n").upper()
            if command.startswith(b"EHLO"):
                connection.sendall(b"250-terse.example\r\n250 PIPELINING\r\n")
            elif command == b"QUIT":
                connection.sendall(b"221 bye\r\n")
                return
            elif command != b"DATA":
                connection.sendall(b"250 ok\r\n")
            else:
                connection.sendall(b"354 go ahead\r\n")
                content = read_until(b"\r\n.\r\n")
                self.go.wait()
                self.early += bool(waiting)
                self.arrived[re.search(rb"(?im)^Message-ID: (\S+)", content)[1]] += 1
                connection.sendall(b"250 taken\r\n")
                if self.after_data == "closed":
                    return
                if self.after_data == "refused":
                    connection.sendall(b"503 pipelined after end of DATA\r\n" * waiting.count(b"\r\n"))
                if self.after_data in ("forgotten", "refused"):
                    waiting = b""

    def stop(self):
        self.go.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)


@pytest.mark.parametrize("after_data", ["read", "refused", "forgotten", "closed"])
def test_each_message_arrives_once(world, after_data):
    receiver = Receiver(world.address(), after_data)
    try:
        world.dns.mx("receiver.example", (10, "mx.receiver.example", receiver.listener.getsockname()[0]))
        # One connection, so that there is always a message that waits for it.
        relay = world.start(workers=1, extra='[[destination]]\nmatch = ["*"]\nconnections = 1\n')
        for number in range(MESSAGES):
            relay.send("a@shop.example", f"r{number}@receiver.example", message())
        receiver.go.set()
        relay.wait_empty()
        assert len(receiver.arrived) == MESSAGES and set(receiver.arrived.values()) == {1}
        harness.wait_until(lambda: len(relay.events("delivered")) == MESSAGES, "all deliveries in the log")
        assert not relay.events("bounced") and not relay.events("possibly_delivered")
        if after_data == "read":
            assert receiver.early > 0
            assert receiver.connections == 1
        if after_data == "refused":
            assert receiver.connections <= 2, f"{receiver.early} of {MESSAGES} began early, all were refused"
        if after_data == "forgotten":
            # It is tried on a peer until that loses something by it, and then never again.
            assert receiver.early == 1
    finally:
        receiver.stop()
