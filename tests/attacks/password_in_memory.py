#!/usr/bin/python3
"""Reads all of a running relay's memory after logins, as a core dump or a leak of freed memory would show it.

A password goes from the TLS record through several buffers to the hash. Logins by each way that a password may come
(one line, two lines, an octet at a time, a wrong one, a line that is too long), each on connections that stay open and
on some that are closed; the passwords must be found nowhere, neither in clear nor in base64.

    before: 803 copies of 6 passwords (799 of the line that is too long)
    after:  none
"""

import base64
import pathlib
import re
import ssl
import socket
import time

import arena
import harness


def base64_forms(secret):
    """What base64 makes of `secret` wherever it begins in a larger text."""
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + secret)
        begin = (shift * 8 + 5) // 6
        yield text[begin:-4]


def copies(pid, secret):
    found = 0
    patterns = [re.compile(re.escape(form)) for form in (secret, *base64_forms(secret))]
    with open(f"/proc/{pid}/mem", "rb") as memory:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            begin, end, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if not rights.startswith("rw"):
                continue
            memory.seek(int(begin, 16))
            try:
                octets = memory.read(int(end, 16) - int(begin, 16))
            except OSError:
                continue  # a guard page
            found += sum(len(pattern.findall(octets)) for pattern in patterns)
    return found


class Session:
    """Says lines over TLS, whole or an octet at a time."""

    def __init__(self, scene):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        plain = socket.create_connection((scene.relay.host, harness.IMPLICIT_TLS_PORT), timeout=30)
        self.connection = context.wrap_socket(plain)
        self.file = self.connection.makefile("rb")
        self.reply()
        self.say(b"EHLO client.example")

    def reply(self):
        while True:
            line = self.file.readline()
            assert line, "the relay hung up"
            if line[3:4] != b"-":
                return line.decode().strip()

    def say(self, line, piece=1 << 20):
        line += b"\r\n"
        for at in range(0, len(line), piece):
            self.connection.sendall(line[at:at + piece])
            if piece < len(line):
                time.sleep(0.002)
        return self.reply()


def encoded(text):
    return base64.b64encode(text.encode())


def main():
    arena.options(__doc__)
    with arena.Arena("password-in-memory") as scene:
        right = {name: f"{name}-correct-horse-battery-staple" for name in ("one", "two", "slow")}
        for name, password in right.items():
            scene.relay.add_user(name, password)
        wrong = "guessed-horse-battery-staple-7"
        misspelt = "misspelt-horse-battery-staple-8"
        long = "long-horse-battery-staple-9"
        reloaded = scene.relay.run("reload")
        assert reloaded.returncode == 0, reloaded.stderr
        with scene.watch() as seen:
            open_sessions = []
            for kept in (True, False):
                for name, password in right.items():
                    session = Session(scene)
                    if name == "two":
                        session.say(b"AUTH LOGIN")
                        session.say(encoded(name))
                        reply = session.say(encoded(password))
                    else:
                        reply = session.say(b"AUTH PLAIN " + encoded(f"\0{name}\0{password}"), 1 if name == "slow" else 1 << 20)
                    assert reply.startswith("235"), reply
                    open_sessions += [session] if kept else session.connection.close() or []
            session = Session(scene)
            reply = session.say(b"AUTH PLAIN " + encoded(f"\0one\0{wrong}"))
            assert reply.startswith("535"), reply
            reply = session.say(b"AUTHPLAIN " + encoded(f"\0one\0{misspelt}"))
            assert reply.startswith("5"), reply
            reply = session.say(b"AUTH PLAIN " + encoded("\0one\0" + 400 * f"{long} "))
            assert reply.startswith("5"), reply
            time.sleep(0.5)
            pid = scene.relay.process.process.pid
            left = {secret: copies(pid, secret.encode()) for secret in (*right.values(), wrong, misspelt, long)}
        seen.tell(f"{2 * len(right) + 1} sessions with passwords")
        seen.check()
        print(f"copies of {len(left)} passwords in the relay's memory: {sum(left.values())} {sorted(left.values())}")
        assert copies(pid, b"relay.example") > 0, "the memory was not read"
        assert not any(left.values()), left


if __name__ == "__main__":
    main()
