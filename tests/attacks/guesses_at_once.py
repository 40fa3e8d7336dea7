#!/usr/bin/python3
"""Guesses passwords over many connections at the same moment, from one address, then at one login from many.

Ten failures of a client, twenty of a login, are free; the next one locks. Guesses that are checked at the same time
must not get further together.

    before: 64 of 64 guesses checked from one client, 64 of 64 at one login
    after:  8 of 64 from one client (the others find no place in the line), 21 of 64 at one login
"""

import threading

import arena
import logins


def guess_together(relay, sources, user):
    """How many of the guesses were checked."""
    sessions = [logins.Login(relay, source) for source in sources]
    start = threading.Barrier(len(sessions))
    replies = []

    def guess(session, number):
        start.wait()
        replies.append(session.say(session.plain(user(number), f"guess-{number}")))

    threads = [threading.Thread(target=guess, args=(session, number)) for number, session in enumerate(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for session in sessions:
        session.close()
    assert all(reply[:3] in ("535", "454") for reply in replies), replies
    return sum(reply.startswith("535") for reply in replies)


def main():
    options = arena.options(__doc__, guesses=(64, 64))
    scene = arena.Arena("guesses-at-once")
    logins.add_listener(scene)
    with scene:
        with scene.watch() as seen:
            of_client = guess_together(scene.relay, [logins.client(0)] * options.guesses, "login-{}".format)
            at_login = guess_together(scene.relay, map(logins.client, range(1, 1 + options.guesses)), lambda _: "shop")
        seen.tell(f"two times {options.guesses} guesses at once")
        print(f"checked of {options.guesses} guesses at once: {of_client} from one client, {at_login} at one login")
        seen.check()
        assert 0 < of_client <= 11, of_client
        assert 0 < at_login <= 21, at_login
        scene.relay.wait_event("auth_locked", user="shop")


if __name__ == "__main__":
    main()
