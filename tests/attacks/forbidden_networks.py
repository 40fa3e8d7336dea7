"""Domains whose records point at the relay's own machine and its neighbours. A stranger writes them, and any
submitter can send to them: the relay becomes a way into loopback, the link and the private network.

Before: four messages reached the neighbour, by MX, A, mapped AAAA and literal.
After: none does; each message bounces with the reason, in one attempt, and only what allow_networks names is served.
"""

import arena
import harness

DOMAINS = {
    "mx.forbidden.example": "an MX host on loopback",
    "a.forbidden.example": "no MX, the address is loopback",
    "mapped.forbidden.example": "an IPv4-mapped loopback address",
    "nat64.forbidden.example": "a NAT64 address of loopback",
    "link.forbidden.example": "link-local",
    "private.forbidden.example": "a private network",
    "unspecified.forbidden.example": "0.0.0.0, which connects to this machine",
}


def zone(dns, victim):
    octets = [int(part) for part in victim.split(".")]
    hexadecimal = "{:02x}{:02x}:{:02x}{:02x}".format(*octets)
    for domain, record in {"mx": f"A {victim}", "mapped": f"AAAA ::ffff:{victim}",
                           "nat64": f"AAAA 64:ff9b::{hexadecimal}", "link": "A 169.254.169.254",
                           "private": "A 10.255.255.1", "unspecified": "A 0.0.0.0"}.items():
        dns.add(f"{domain}.forbidden.example. 60 IN MX 10 host.{domain}.forbidden.example.",
                f"host.{domain}.forbidden.example. 60 IN {record}")
    dns.add(f"a.forbidden.example. 60 IN A {victim}")


def main():
    arena.options(__doc__)
    # The good receiver is in the one network that is allowed; the victim is its neighbour.
    good = harness.address(2)
    allowed = f'\nallow_networks = ["{good}"]' if harness.ALLOW_LOOPBACK else ""
    scene = arena.Arena("forbidden", settings={
        "delivery": f'port = {harness.MX_PORT}\nconnect_timeout = "2s"{allowed}'})
    assert scene.sink.host == good
    victim = harness.Sink(scene.folder / "victim", scene.address())
    zone(scene.dns, victim.host)
    try:
        with scene:
            with scene.watch() as seen:
                literal = refused_literal(scene.relay, victim.host)
                ids = {domain: scene.relay.send("orders@shop.example", f"someone@{domain}",
                                                arena.LETTER.format(domain)) for domain in DOMAINS}
                outcomes = {domain: outcome_of(scene.relay, queue_id) for domain, queue_id in ids.items()}
            arrived = len(victim.saved())
            seen.tell(f"{len(DOMAINS)} domains and a literal: {arrived} messages reached a neighbour, the literal was "
                      f"{'refused' if literal else 'taken'}")
            assert arrived == 0, [envelope for envelope, _ in victim.saved()]
            assert literal, "the literal was taken"
            for domain, outcome in outcomes.items():
                assert outcome["event"] == "bounced" and "5.4.4" in outcome["reply"], (domain, outcome)
                assert not outcome.get("address"), (domain, outcome)
            assert len(scene.relay.events("networks_allowed", networks=f"{good}/32")) == 1
            seen.check()
    finally:
        victim.stop()


def refused_literal(relay, host):
    client = relay.smtp()
    client.ehlo()
    client.mail("orders@shop.example")
    code, _ = client.rcpt(f"someone@[{host}]")
    if code == 250:
        client.data(arena.LETTER.format("literal").encode())
    client.close()
    return code == 550


def outcome_of(relay, queue_id):
    """The first event that settles it or puts it off."""
    def look():
        return [one for one in relay.events(id=queue_id) if one["event"] in ("bounced", "deferred", "delivered")]
    return harness.wait_until(look, f"an outcome of {queue_id}")[0]


if __name__ == "__main__":
    main()
