"""More next hops at once than there are descriptors for: they take turns, and the store keeps its files."""

import harness
from conftest import message
from harness import BIN

DESTINATIONS = 300
DESCRIPTORS = 400  # a quarter of them is for connections to receivers


def test_connections_leave_descriptors_for_the_rest(world):
    receiver = world.receiver("receiver.example", "--delay-ms", "300")
    for number in range(DESTINATIONS):
        # A host of its own for each: domains that share their hosts share connections.
        world.dns.mx(f"d{number}.example", (10, f"mx{number}.receiver.example", receiver.host))
    relay = world.add_relay(settings={"limits": "sessions = 100"})
    relay.program = ["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}", BIN / "signpost"]
    world.start()
    with relay.smtp() as client:
        client.ehlo()
        for number in range(DESTINATIONS):
            client.sendmail("orders@shop.example", f"r@d{number}.example", message())
    most = 0

    def all_there():
        nonlocal most
        most = max(most, relay.metric("signpost_delivery_connections"))
        return relay.process.check_alive() and len(receiver.saved()) >= DESTINATIONS

    harness.wait_until(all_there, lambda: f"{DESTINATIONS} messages, there are {len(receiver.saved())}")
    relay.wait_empty()
    assert 0 < most <= DESCRIPTORS / 4
    assert not relay.events("queue_write_failed")
