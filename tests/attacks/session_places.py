#!/usr/bin/python3
"""Strangers from many addresses that hold every session they get, with a NOOP now and then.

They cannot take the last places, which are kept for trusted networks and for clients at which a login is known; one more
client that comes takes the place of the stranger that came first; and a client that does not log in gets 421. --full: 100
addresses with 100 sessions each; before, they held all of limits.sessions and trusted networks got 421.
"""

import smtplib
import socket
import sys

import arena
from arena import harness


def submit(scene, source):
    """By a client with a login that nobody has seen yet."""
    session = smtplib.SMTP(scene.relay.host, harness.SUBMISSION_PORT, timeout=20, source_address=(source, 0))
    session.starttls()
    session.login("shop", harness.PASSWORD)
    session.sendmail("orders@shop.example", ["someone@receiver.example"], arena.LETTER.format(source))
    session.quit()


def main():
    given = arena.options(__doc__, addresses=(12, 100), sessions=(1000, 10_000))
    with arena.Arena("places", settings={"limits": f"sessions = {given.sessions}"}) as scene:
        relay = scene.relay
        held = []
        with scene.watch() as seen:
            for number in range(given.addresses):
                for _ in range(100):
                    one = socket.socket()
                    one.bind((f"127.230.{number // 200}.{1 + number % 200}", 0))
                    one.connect((relay.host, harness.SUBMISSION_PORT))
                    one.sendall(b"NOOP\r\n")
                    held.append(one)
            harness.wait_until(lambda: relay.metric("signpost_smtp_sessions") >= 0.79 * given.sessions, "them to be in")
            logins = 10
            for number in range(logins):
                submit(scene, scene.address())
            taken = relay.metric("signpost_smtp_sessions")
        seen.tell(f"{len(held)} sessions of strangers, {taken:.0f} of {given.sessions} in, {logins} logins served")
        seen.check()
        assert taken <= 0.81 * given.sessions + 5, taken
        # They may talk as much as they like, and still must log in.
        one = held[-1]
        one.settimeout(20)
        answers = b""
        while b"421" not in answers:
            one.sendall(b"NOOP\r\n")
            piece = one.recv(4096)
            assert piece, answers[-200:]
            answers += piece
        assert answers.count(b"250") <= 25, answers
        for one in held:
            one.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
