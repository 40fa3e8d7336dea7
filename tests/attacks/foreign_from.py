#!/usr/bin/python3
"""Sends as somebody else in every field that says who a message is from, with the logins of a relay of two tenants.

    before: 10 of 12 forged messages accepted, among them a second mailbox in From:, a group, Sender:, Resent-From:, and
            the domain of another tenant, signed with that one's key
    after:  none accepted; one login has its addresses rewritten instead
"""

import arena
import harness
import logins

TENANTS = """
[[tenant]]
name = "acme"
domains = ["acme.example"]
"""
OWN = "From: Shop <orders@shop.example>\r\n"
FORGED = {
    "From:": "From: <boss@bank.example>\r\n",
    "the second mailbox of From:": "From: orders@shop.example, boss@bank.example\r\n",
    "a group in From:": "From: us: orders@shop.example, boss@bank.example;\r\n",
    "an unclear end of From:": "From: orders@shop.example, boss@bank.example (\r\n",
    "Sender:": OWN + "Sender: boss@bank.example\r\n",
    "Resent-From:": OWN + "Resent-From: Boss <boss@bank.example>\r\n",
    "the second Resent-From:": OWN + "Resent-From: a@shop.example\r\nresent-from: boss@bank.example\r\n",
    "Resent-Sender:": OWN + "Resent-Sender: boss@bank.example\r\n",
    "From: of another tenant": "From: ceo@acme.example\r\n",
}


def send(relay, user, header, envelope="orders@shop.example"):
    """The replies to MAIL and, if that was taken, to the content."""
    session = logins.Login(relay, logins.client(0))
    try:
        assert session.log_in(user).startswith("235")
        reply = session.say(f"MAIL FROM:<{envelope}>")
        if not reply.startswith("250"):
            return reply
        assert session.say("RCPT TO:<someone@receiver.example>").startswith("250")
        assert session.say("DATA").startswith("354")
        return session.say(f"{header}Subject: forged\r\n\r\nPay at once.\r\n.")
    finally:
        session.close()


def main():
    arena.options(__doc__)
    scene = arena.Arena("foreign-from")
    logins.add_listener(scene)
    scene.sink.stop()
    scene.sink = harness.Sink(scene.folder / "saving", scene.sink.host)
    relay = scene.relay
    for domain in ("shop.example", "acme.example"):
        relay.add_key(domain, "s1", algorithm="ed25519")
    with scene:
        for user in ("bound", "unbound", "printer", "acme"):
            relay.add_user(user)
        text = relay.users.read_text()
        for user, more in (("bound", 'senders = ["@shop.example"]'),
                           ("printer", 'senders = ["scanner@shop.example", "@shop.example"]\notherwise = "rewrite"'),
                           ("acme", 'tenant = "acme"')):
            text = text.replace(f"[{user}]\n", f"[{user}]\n{more}\n")
        old = relay.users.read_text()
        relay.users.write_text(text)
        relay.extra += TENANTS
        relay.write_config()
        if relay.run("reload").returncode != 0:  # a program that knows no tenants
            relay.users.write_text(old.replace("[bound]\n", '[bound]\nsenders = ["@shop.example"]\n'))
            relay.extra = relay.extra.replace(TENANTS, "")
            relay.write_config()
            reloaded = relay.run("reload")
            assert reloaded.returncode == 0, reloaded.stderr

        accepted = []
        with scene.watch() as seen:
            for what, header in FORGED.items():
                reply = send(relay, "bound", header)
                if reply.startswith("250"):
                    accepted.append(what)
                else:
                    assert reply.startswith("550 5.7.1"), reply
            for what, envelope, header in (
                    ("From: of a tenant, by a login without senders", "orders@shop.example", "From: ceo@acme.example\r\n"),
                    ("MAIL FROM of a tenant, by a login without senders", "ceo@acme.example", "From: ceo@acme.example\r\n"),
                    ("From: of another login, by a tenant's", "ceo@acme.example", OWN)):
                user = "acme" if "by a tenant" in what else "unbound"
                if send(relay, user, header, envelope).startswith("250"):
                    accepted.append(what)
        seen.tell("forged messages")
        print(f"accepted of {len(FORGED) + 3} forged messages: {len(accepted)} {accepted}")
        seen.check()
        assert not accepted, accepted

        assert send(relay, "bound", OWN + "Sender: news@shop.example\r\n").startswith("250")
        assert send(relay, "acme", "From: ceo@acme.example\r\n", "ceo@acme.example").startswith("250")
        scanned = send(relay, "printer", 'From: "The Boss" <boss@bank.example>\r\nSender: boss@bank.example\r\n')
        assert scanned.startswith("250"), scanned
        content = harness.wait_until(lambda: [content for _, content in scene.sink.saved() if b"The Boss" in content],
                                     "the rewritten message")[0]
        assert b'From: "The Boss" <scanner@shop.example>\r\nSender: scanner@shop.example\r\n' in content, content
        assert b"d=shop.example" in content, content


if __name__ == "__main__":
    main()
