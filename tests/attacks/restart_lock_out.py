#!/usr/bin/python3
"""Guesses at a login from many addresses right after a restart, before its owner has logged in again.

The guesses lock the login for strangers. The owner, who logged in from the same address before the restart, is not
one. A file of known logins that is damaged is named in the log and keeps nothing from starting.

    before: the owner gets 454 4.7.0 Too many failed logins
    after:  the owner gets 235
"""

import threading

import arena
import logins

OWNER = logins.client(0)


def guess(relay, first, count):
    """One guess each from `count` addresses, all at the same time."""
    threads = [threading.Thread(target=logins.log_in, args=(relay, logins.client(number), "shop", f"guess-{number}"))
               for number in range(first, first + count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    options = arena.options(__doc__, guesses=(40, 200))
    scene = arena.Arena("restart-lock-out")
    logins.add_listener(scene)
    with scene:
        assert logins.log_in(scene.relay, OWNER).startswith("235")
        assert scene.relay.stop() == 0
        scene.relay.launch()
        with scene.watch() as seen:
            guess(scene.relay, 1, options.guesses)
            scene.relay.wait_event("auth_locked", user="shop")
            stranger = logins.log_in(scene.relay, logins.client(1 + options.guesses))
            owner = logins.log_in(scene.relay, OWNER)
        seen.tell(f"{options.guesses} guesses right after a restart")
        seen.check()
        print(f"after a restart and {options.guesses} guesses: a stranger gets {stranger!r}, the owner {owner!r}")
        assert stranger.startswith("454"), stranger
        assert owner.startswith("235"), owner

        kept = scene.relay.folder / "data" / "known-logins"
        assert kept.stat().st_mode & 0o777 == 0o600, oct(kept.stat().st_mode)
        assert scene.relay.stop() == 0
        kept.write_bytes(b"signpost known logins 1\n\xff\0garbage\n")
        scene.relay.launch()
        scene.relay.wait_event("known_logins_lost", file=str(kept))
        assert logins.log_in(scene.relay, OWNER).startswith("235")


if __name__ == "__main__":
    main()
