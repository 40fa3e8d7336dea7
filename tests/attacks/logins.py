"""Logins for the attacks on passwords: many clients, each from an address of its own, without TLS so that what is
measured is the password check."""

import base64
import os
import socket

import harness

PORT = 2527
# A listener for logins in clear, which only loopback may have.
LISTENER = '[[listener]]\nbind = "{}:%d"\nmode = "plain"\n' % PORT


def add_listener(scene):
    """Before the relay starts."""
    scene.relay.extra += LISTENER.format(scene.relay.host)


def client(number):
    """The number-th of thousands of clients of this process."""
    return f"127.{200 + number // 250 % 50}.{os.getpid() % 250}.{1 + number % 250}"


class Login:
    """One connection that has said EHLO."""

    def __init__(self, relay, source, timeout=120):
        self.connection = socket.create_connection((relay.host, PORT), timeout, (source, 0))
        self.file = self.connection.makefile("rb")
        self.reply()
        self.say("EHLO client.example")

    def send(self, line):
        self.connection.sendall(line.encode() + b"\r\n")

    def reply(self):
        while True:
            line = self.file.readline().decode()
            if line[3:4] != "-":
                return line.strip()

    def say(self, line):
        self.send(line)
        return self.reply()

    def plain(self, user, password):
        return "AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode()

    def log_in(self, user="shop", password=harness.PASSWORD):
        """The reply to AUTH."""
        return self.say(self.plain(user, password))

    def close(self):
        self.file.close()
        self.connection.close()


def log_in(relay, source, user="shop", password=harness.PASSWORD):
    """The reply to one login over a connection of its own."""
    session = Login(relay, source)
    try:
        return session.log_in(user, password)
    finally:
        session.close()
