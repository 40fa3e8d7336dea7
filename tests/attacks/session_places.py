#!/usr/bin/python3
"""Strangers from many addresses that hold every session they get, with a NOOP now and then; those that came first,
each from an address of its own, have a password checked all the while.

They cannot take the last places, which are kept for trusted networks and for clients at which a login is known; one more
client that comes takes the place of the stranger that came first, but for those whose password is being checked; and a
client that does not log in gets 421. --full: 100 addresses with 100 sessions each.

    before: trusted networks got 421; later, when only the 16 oldest strangers of a worker were asked to give way, 60 of 60
            new clients got 421 while these had passwords checked
    after:  all are served
"""

import smtplib
import socket
import sys

import arena
import logins
from arena import harness

PER_ADDRESS = 100


class Guesser(logins.Login):
    """Has a password of a login of its own checked: three guesses, each answered after a second at least."""

    def __init__(self, relay, number):
        super().__init__(relay, logins.client(number))
        self.number = number

    def guess(self):
        lines = [self.plain(f"user-{self.number}-{attempt}", f"guess-{self.number}-{attempt}") for attempt in range(3)]
        self.send("\r\n".join(lines))

    def is_checked(self):
        """Whether an answer is still to come, and its place was not given to another client."""
        self.connection.setblocking(False)
        try:
            answers = self.connection.recv(4096, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        return 0 < answers.count(b"535 ") < 3 and b"421 " not in answers


def stranger(relay, number):
    one = socket.socket()
    address = number // PER_ADDRESS
    one.bind((f"127.230.{address // 200}.{1 + address % 200}", 0))
    one.connect((relay.host, harness.SUBMISSION_PORT))
    one.sendall(b"NOOP\r\n")
    return one


def arrive(relay, source):
    """A client with a login that nobody has seen yet, once it was greeted; None: it was sent away."""
    try:
        return smtplib.SMTP(relay.host, harness.SUBMISSION_PORT, timeout=60, source_address=(source, 0),
                            local_hostname="good.example")
    except smtplib.SMTPConnectError as error:
        assert error.smtp_code == 421, error
        return None


def log_in(session):
    """The guesses keep the checkers busy: on a slow machine a right password has to be sent again, as 454 asks for."""
    for _ in range(20):
        try:
            return session.login("shop", harness.PASSWORD)
        except smtplib.SMTPAuthenticationError as refused:
            if refused.smtp_code != 454:
                raise
    raise AssertionError("no place, or no turn, for a right password")


def submit(session):
    session.starttls()
    log_in(session)
    session.sendmail("orders@shop.example", ["someone@receiver.example"], arena.LETTER.format(session.sock.getsockname()))
    session.quit()


def main():
    given = arena.options(__doc__, addresses=(12, 100), sessions=(1000, 10_000), guessers=(50, 50), logins=(10, 60))
    scene = arena.Arena("places", settings={"limits": f"sessions = {given.sessions}"})
    logins.add_listener(scene)
    with scene:
        relay = scene.relay
        places = given.sessions * 8 // 10  # that strangers may take
        with scene.watch() as seen:
            guessers = [Guesser(relay, number) for number in range(given.guessers)]
            held = [stranger(relay, number) for number in range(places - given.guessers)]
            harness.wait_until(lambda: relay.metric("signpost_smtp_sessions") >= places, "them to be in")
            for guesser in guessers:
                guesser.guess()
            arrived = [arrive(relay, scene.address()) for _ in range(given.logins)]
            checking = sum(guesser.is_checked() for guesser in guessers)
            greeted = sum(session is not None for session in arrived)
            print(f"{greeted} of {given.logins} clients greeted while {checking} strangers had passwords checked", flush=True)
            assert greeted == given.logins
            for session in arrived:
                submit(session)
            for guesser in guessers:
                guesser.close()

            held += [stranger(relay, number) for number in range(len(held), given.addresses * PER_ADDRESS)]
            for _ in range(10):
                submit(arrive(relay, scene.address()))
            taken = relay.metric("signpost_smtp_sessions")
        seen.tell(f"{len(held)} sessions of strangers, {taken:.0f} of {given.sessions} in, {given.logins + 10} logins served")
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
