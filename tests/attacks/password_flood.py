#!/usr/bin/python3
"""Guesses passwords from many clients at once while deferred mail becomes due and right logins arrive.

Hashing has threads of its own with a low priority: reading mail back from the store does not wait for it. Clients take
turns, those that have not failed before the others, and pairs of client and login that are known first of all. A good
client, which sends without a login, notices nothing.

    before: 100 guessing clients: 150 deferred messages took 121.5 s instead of 0.0 s, 4 of 8 right logins passed
    after:  100 guessing clients: 1,500 deferred messages took 0.4 s instead of 0.3 s, 8 of 8 right logins passed;
            the good client's messages took 2.1 ms (p50) and 27.5 ms (p99)
"""

import itertools
import json
import threading
import time

import arena
import harness
import logins

DOMAINS = ("quiet.example", "flooded.example")
P99 = 1.0  # seconds of a good client's message: a tenth of what these guesses take one after the other


class Guesser(threading.Thread):
    """One client that guesses one password after the other."""

    def __init__(self, relay, number, done):
        super().__init__(daemon=True)
        self.relay = relay
        self.number = number
        self.done = done
        self.replies = 0

    def run(self):
        for attempt in itertools.count():
            if self.done.is_set():
                return
            try:
                session = logins.Login(self.relay, logins.client(10 + self.number))
                for _ in range(3):
                    if not session.log_in(f"user-{self.number}-{attempt}", f"guess-{attempt}"):
                        break
                    self.replies += 1
                session.close()
            except OSError:
                time.sleep(0.05)


def defer(scene, domain, count):
    """`count` messages of a domain that its receiver has deferred."""
    before = scene.relay.metric("signpost_queue_messages", state="deferred")
    client = scene.relay.smtp()
    for number in range(count):
        client.sendmail("orders@shop.example", [f"tempfail1-{number}@{domain}"], arena.LETTER.format(f"{domain}-{number}"))
    client.quit()
    harness.wait_until(lambda: scene.relay.metric("signpost_queue_messages", state="deferred") - before >= count,
                       f"{count} deferred messages", 60)


def deliver(scene, domain, count):
    """The seconds that these messages take once they are due."""
    def left():
        return json.loads(scene.relay.get(f"/api/v1/queue?to={domain}&limit=1")[1])["jobs"]

    assert left()
    began = time.monotonic()
    assert scene.relay.run("queue", "retry", "--to", domain).returncode == 0
    harness.wait_until(lambda: not left(), f"{count} messages to {domain}", 280)
    return time.monotonic() - began


def main():
    options = arena.options(__doc__, guessers=(70, 100), messages=(150, 1500))
    scene = arena.Arena("password-flood", settings={"retry": 'schedule = ["10m"]\nexpire = "1h"\ndelay_notice = "0s"'})
    logins.add_listener(scene)
    for domain in DOMAINS:
        scene.dns.mx(domain, (10, "mx.receiver.example", scene.sink.host))
    with scene:
        users = [f"right-{number}" for number in range(8)]
        for user in users:
            scene.relay.add_user(user)
        assert scene.relay.run("reload").returncode == 0
        for domain in DOMAINS:
            defer(scene, domain, options.messages)
        quiet = deliver(scene, "quiet.example", options.messages)
        for number, user in enumerate(users[:4]):  # these are known, the others come for the first time
            assert logins.log_in(scene.relay, logins.client(number), user).startswith("235")
        done = threading.Event()
        guessers = [Guesser(scene.relay, number, done) for number in range(options.guessers)]
        with scene.watch() as seen:
            for guesser in guessers:
                guesser.start()
            # From then on they are known to have failed; a client that uses them for the first time waits as they do.
            harness.wait_until(lambda: scene.relay.metric("signpost_auth_total", result="rejected") >= options.guessers,
                               "each client's first guess", 150)
            replies = [None] * len(users)

            def log_in(number):
                replies[number] = logins.log_in(scene.relay, logins.client(number), users[number])

            rights = [threading.Thread(target=log_in, args=(number,)) for number in range(len(users))]
            for right in rights:
                right.start()
            flooded = deliver(scene, "flooded.example", options.messages)
            for right in rights:
                right.join()
            done.set()
            for guesser in guessers:
                guesser.join(10)
        seen.tell(f"{options.guessers} guessing clients")
        passed = sum(reply.startswith("235") for reply in replies)
        checked = scene.relay.metric("signpost_auth_total", result="rejected")
        print(f"{options.guessers} guessing clients, {checked:.0f} guesses checked: {options.messages} deferred messages took "
              f"{flooded:.1f} s instead of {quiet:.1f} s, {passed} of {len(replies)} right logins passed")
        seen.check()
        assert seen.p99 < P99, f"p99 of a good client: {seen.p99:.3f} s"
        assert passed == len(replies), replies
        assert flooded < 3 * quiet + 15, (quiet, flooded)


if __name__ == "__main__":
    main()
