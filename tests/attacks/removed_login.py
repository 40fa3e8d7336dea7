#!/usr/bin/python3
"""Goes on sending in sessions of logins that were removed, or got another password, since they logged in.

After the reload the next MAIL is answered with 421 and the session ends; a login that was left alone is not disturbed.

    before: 250 for the removed login and for the one with a new password, for as long as the session lasts
    after:  421 4.7.0 for both
"""

import arena
import logins

MAIL = "MAIL FROM:<orders@shop.example>"


def main():
    arena.options(__doc__)
    scene = arena.Arena("removed-login")
    logins.add_listener(scene)
    with scene:
        for user in ("removed", "changed", "other"):
            scene.relay.add_user(user)
        assert scene.relay.run("reload").returncode == 0
        sessions = {user: logins.Login(scene.relay, logins.client(0)) for user in ("removed", "changed", "other")}
        for user, session in sessions.items():
            assert session.log_in(user).startswith("235")
            assert session.say(MAIL).startswith("250")
            assert session.say("RSET").startswith("250")
        assert scene.relay.run("user", "remove", "removed").returncode == 0
        changed = scene.relay.run("user", "add", "changed", "--replace", input="a new password\n")
        assert changed.returncode == 0, changed.stderr
        assert scene.relay.run("reload").returncode == 0
        with scene.watch() as seen:
            replies = {user: session.say(MAIL) for user, session in sessions.items()}
        seen.tell("sessions of removed logins")
        seen.check()
        print(f"after the reload: {replies}")
        assert replies["other"].startswith("250"), replies
        for user in ("removed", "changed"):
            assert replies[user].startswith("421 4.7.0"), replies
            assert sessions[user].reply() == "", "the session goes on"
        assert logins.log_in(scene.relay, logins.client(0), "changed", "a new password").startswith("235")


if __name__ == "__main__":
    main()
