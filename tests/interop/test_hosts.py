"""Receivers that are slow, silent or half dead, as the queue and the metrics show them."""

import json
import socket

import harness
from conftest import message


def test_what_waits_for_a_slow_receiver_can_be_removed_and_the_books_balance(world):
    world.receiver("slow.example", "--delay-ms", "3000")
    world.receiver("shop.example")
    relay = world.start(extra='[[destination]]\nmatch = ["slow.example"]\nconnections = 2\n',
                        settings={"retry": 'schedule = ["1h"]\nexpire = "5d"'})
    session = relay.smtp()
    for number in range(40):
        session.sendmail("thief@shop.example", [f"a{number}@slow.example"], message())
    session.sendmail("b@shop.example", ["bounce-1@slow.example"], message())
    session.close()
    harness.wait_until(lambda: relay.metric("signpost_queue_messages", state="active") >= 2, "the transactions")
    listed = [job["state"] for job in relay.queued_jobs()]
    assert listed.count("active") <= 4, "two connections, with one message begun early on each"
    assert listed.count("ready") >= len(listed) - 4, listed
    removed = relay.run("queue", "remove", "--from", "thief@shop.example", "--json", "--yes")
    counts = json.loads(removed.stdout)
    assert counts["changed"] >= 30 and counts["busy"] <= 4, counts
    relay.wait_empty(60)

    def balance():
        metric = relay.metric
        came = metric("signpost_recipients_accepted_total") + metric("signpost_notifications_total")
        went = (metric("signpost_delivery_seconds_count") + metric("signpost_bounces_total") +
                metric("signpost_recipients_removed_total") + metric("signpost_queue_recipients"))
        return (came, went) if came == went else None

    came, _ = harness.wait_until(balance, lambda: f"balanced books: {relay.metrics()}")
    assert came == 42, "41 and a notification"
    assert relay.metric("signpost_recipients_removed_total") == counts["changed"]


def test_mail_for_a_receiver_that_says_nothing_expires_while_the_connection_lasts(world):
    host = world.address()
    with socket.create_server((host, harness.MX_PORT), backlog=64):
        world.dns.mx("silent.example", (10, "mx.silent.example", host))
        world.receiver("shop.example")
        relay = world.start(settings={"retry": 'schedule = ["1s"]\nexpire = "8s"\ndelay_notice = "3s"'})
        for number in range(3):
            relay.send("a@shop.example", [f"b{number}@silent.example"], message())
        harness.wait_until(lambda: len(relay.events("notification", action="delayed")) == 3, "notices", 15 * harness.PATIENCE)
        harness.wait_until(lambda: len(relay.events("expired")) == 3, "expiry", 20 * harness.PATIENCE)
        assert not relay.events("connection_failed")
        assert all("does not answer" in event["reply"] for event in relay.events("expired"))


def test_a_backup_is_reached_after_many_dead_addresses(world):
    backup = world.sink()
    dead = [world.address() for _ in range(12)]
    world.dns.mx("receiver.example", (10, "mx1.receiver.example", *dead), (20, "mx2.receiver.example", backup.host))
    relay = world.start(settings={"retry": 'schedule = ["1h"]\nexpire = "5d"'})
    relay.send("a@shop.example", ["b@receiver.example"], message())
    relay.wait_event("delivered", to="b@receiver.example")
    backup.wait_for(1)
    tried = len(relay.events("connection_failed"))
    assert tried == 9, tried
