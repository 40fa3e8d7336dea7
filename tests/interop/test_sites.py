"""Receivers as sets of hosts: who shares connections, whose turn it is, and what a back-off affects.

SIGNPOST_SITES=10000/100000 sets how many domains share the same two hosts, and the messages for them.
"""

import json
import os
import subprocess

import harness
from conftest import message
from harness import BIN

DOMAINS, MESSAGES = map(int, os.environ.get("SIGNPOST_SITES", "200/2000").split("/"))

EVERY_ATTEMPT = 'level = "debug"\nformat = "json"'  # also those at a receiver that is known to be away


def load(relay, *options):
    done = subprocess.run([str(BIN / "signpost-load"), "--to", f"{relay.host}:{harness.TRUSTED_PORT}", "--size", "1024", *options],
                          stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout


def test_domains_of_one_operator_share_its_connections(world):
    """Hundreds of domains whose MX are the same two hosts: one pool of connections carries their mail."""
    first, second = world.sink(save=False), world.sink(save=False)
    for number in range(DOMAINS):
        # Preferences differ from zone to zone, their order does not.
        world.dns.mx(f"{number:x}.example", (10 + number % 3, "mx1.operator.example", first.host),
                     (20 + number % 5, "mx2.operator.example", second.host))
    relay = world.start(extra='[[destination]]\nmatch = ["*"]\nconnections = 4\n')
    most = 0
    domains = ",".join(f"{number:x}.example" for number in range(DOMAINS))
    load(relay, "--messages", str(MESSAGES), "--connections", "10", "--recipient-domains", domains)

    def arrived():
        nonlocal most
        most = max(most, relay.metric("signpost_delivery_connections"))
        return first.counts()["messages"] + second.counts()["messages"] >= MESSAGES

    harness.wait_until(arrived, "the mail", max(harness.DEADLINE, MESSAGES / 500))
    connections = first.counts()["connections"] + second.counts()["connections"]
    print(f"{MESSAGES} messages for {DOMAINS} domains: {connections} connections, {most:.0f} at once")
    assert 1 <= most <= 4
    assert connections < MESSAGES / 50, connections
    assert first.counts()["duplicates"] + second.counts()["duplicates"] == 0


def test_urgent_mail_to_one_operator_does_not_wait_behind_a_newsletter_to_its_other_domains(world):
    """Each domain has a host of its own; all share the operator's two connections."""
    sink = world.sink("--delay-ms", "200", save=False)
    for number in range(42):
        world.dns.mx(f"{number}.example", (10, f"mx{number}.operator.example", sink.host))
    relay = world.start(extra='[[destination]]\nmatch = ["mx:*.operator.example"]\nconnections = 2\n')
    for number in range(240):
        relay.send("letters@shop.example", f"r{number}@{number % 40}.example", message(), ["MT-PRIORITY=-3"])
    for domain in ("39.example", "41.example"):
        relay.send("reset@shop.example", f"reset@{domain}", message())
    for domain in ("39.example", "41.example"):
        relay.wait_event("delivered", to=f"reset@{domain}")
    assert len(relay.events("delivered")) < 120, "the newsletter takes 24 s"
    assert relay.metric("signpost_delivery_connections") <= 2


def test_the_origin_of_limits_is_shown_with_mail_and_without(world):
    """Before the first message, while connections are idle after it, and when the site is forgotten."""
    sink = world.receiver("named.example")
    world.dns.mx("other.example", (10, "mx.named.example"))
    relay = world.start(extra='[[destination]]\nmatch = ["x.example", "named.example"]\nconnections = 3\n'
                              '[[destination]]\nmatch = ["*"]\nmessages_per_connection = 7\n')

    def limits(domain):
        done = relay.run("site", "show", domain, "--json")
        assert done.returncode == 0, done.stderr
        return {name: (limit["value"], limit["from"]) for name, limit in json.loads(done.stdout)["sites"][0]["limits"].items()}

    def check():
        named, other = limits("named.example"), limits("other.example")
        assert named["connections"] == (3, "[[destination]] x.example"), named
        assert named["messages_per_connection"] == (100, "default"), named
        assert other["connections"] == (10, "default"), other
        assert other["messages_per_connection"] == (7, "[[destination]] *"), other
    check()
    for domain in ("named.example", "other.example"):
        relay.send("a@shop.example", [f"b@{domain}"], message())
    sink.wait_for(2)
    relay.wait_empty()
    check()
    harness.wait_until(lambda: relay.metric("signpost_delivery_connections") == 0, "the end of the connections")
    check()


def test_a_domain_that_the_configuration_names_has_connections_of_its_own(world):
    sink = world.sink("--delay-ms", "400")
    world.dns.mx("named.example", (10, "mx.operator.example", sink.host))
    world.dns.mx("other.example", (10, "mx.operator.example", sink.host))
    relay = world.start(extra='[[destination]]\nmatch = ["named.example"]\nconnections = 1\n'
                              '[[destination]]\nmatch = ["*"]\nconnections = 2\n')
    for number in range(6):
        relay.send("a@shop.example", [f"n{number}@named.example"], message())
        relay.send("a@shop.example", [f"o{number}@other.example"], message())
    sessions = {}
    sink.wait_for(12)
    relay.wait_empty()
    for event in relay.events("delivered"):
        sessions.setdefault(event["to"].split("@")[1], set()).add(event["session"])
    assert not sessions["named.example"] & sessions["other.example"], sessions


def test_an_account_with_much_mail_does_not_hold_up_another(world):
    receiver = world.receiver("receiver.example", "--delay-ms", "50")
    relay = world.start(extra='[[destination]]\nmatch = ["receiver.example"]\nconnections = 1\n')
    load(relay, "--messages", "200", "--connections", "4", "--from", "news@bulk.example", "--recipient-domains", "receiver.example")
    relay.send("orders@shop.example", ["customer@receiver.example"], message())
    before = {event["to"] for event in relay.events("delivered")}
    harness.wait_until(lambda: relay.events("delivered", to="customer@receiver.example"), "the customer's mail")
    meanwhile = {event["id"] for event in relay.events("delivered")}
    assert len(meanwhile) - len(before) < 50, "the customer waited for the newsletter"
    receiver.wait_for(201)


def test_retry_affects_the_back_off_of_that_receiver_alone(world):
    for name in ("one", "two"):
        world.dns.mx(f"{name}.example", (10, f"mx.{name}.example", world.address()))
    relay = world.start(settings={"retry": 'schedule = ["1h"]\nexpire = "5d"', "log": EVERY_ATTEMPT})
    for name in ("one", "two"):
        relay.send("a@shop.example", [f"b@{name}.example"], message())
        relay.wait_event("connection_failed", mx=f"mx.{name}.example")
        relay.wait_event("deferred", to=f"b@{name}.example")
    relay.queue("retry", "--to", "one.example")
    harness.wait_until(lambda: len(relay.events("connection_failed", mx="mx.one.example")) == 2, "the second attempt")
    assert len(relay.events("connection_failed", mx="mx.two.example")) == 1
    # Waiting for the back-off of a receiver is not an attempt.
    assert [job["attempts"] for job in relay.queue("list", "--to", "two.example")["jobs"]] == [1]


def test_mail_for_a_receiver_that_is_down_expires_without_being_tried(world):
    """Only the connection that was tried is an attempt; the others expire with the reason they wait for."""
    world.dns.mx("down.example", (10, "mx.down.example", world.address()))
    bounces = world.receiver("shop.example")
    relay = world.start(settings={"retry": 'schedule = ["1s"]\nexpire = "12s"\ndelay_notice = "3s"',
                                  "log": EVERY_ATTEMPT})
    for number in range(8):
        relay.send("a@shop.example", [f"b{number}@down.example"], message())
    relay.wait_event("connection_failed", mx="mx.down.example")
    # All of them say what they wait for, tried or not.
    assert all("mx.down.example" in job["waits_for"] for job in relay.queue("list", "--to", "down.example")["jobs"])
    expired = harness.wait_until(lambda: (lambda all: all if len(all) == 8 else None)(relay.events("expired")),
                                 lambda: f"8 expired, there are {relay.events('expired')}", 60)
    assert {event["to"] for event in expired} == {f"b{number}@down.example" for number in range(8)}
    assert all("mx.down.example" in event["reply"] for event in expired), expired
    tried = len(relay.events("connection_failed", mx="mx.down.example"))
    logged = sum(event["attempt"] for event in expired)
    assert logged <= tried, (tried, logged)
    # A notice of the delay and one of the failure for each message.
    bounces.wait_for(16)
    relay.wait_empty()


def test_a_receiver_that_is_away_has_two_lines(world):
    host = world.address()
    world.dns.mx("away.example", (10, "mx.away.example", host))
    relay = world.start(settings={"retry": 'schedule = ["1s"]\nexpire = "5d"'})
    first = relay.send("a@shop.example", ["b@away.example"], message())
    down = relay.wait_event("site_down", site="mx:mx.away.example")
    assert (down["domain"], down["mx"], down["jobs"]) == ("away.example", "mx.away.example", 1)
    assert "refused" in down["reply"]
    for number in range(20):
        relay.send("a@shop.example", [f"b{number}@away.example"], message())
    harness.wait_until(lambda: sum(job["attempts"] for job in relay.queue("list", "--to", "away.example")["jobs"]) >= 4,
                       "four attempts")
    assert [event["id"] for event in relay.events("deferred")] == [first]
    assert len(relay.events("connection_failed")) == 1
    sink = world.sink(host=host)
    sink.wait_for(21)
    up = relay.wait_event("site_up", site="mx:mx.away.example")
    assert up["attempts"] >= 4 and up["jobs"] > 0 and up["seconds"] > 0
    assert len(relay.events("site_down")) == len(relay.events("site_up")) == 1


def test_waiting_mail_follows_a_changed_route(world):
    old, new = world.address(), world.sink()
    route = '[[route]]\nsenders = ["@shop.example"]\nvia = "smtp://{}:2525"\n'
    relay = world.start(extra=route.format(old), settings={"retry": 'schedule = ["1h"]\nexpire = "5d"'})
    relay.send("a@shop.example", ["b@receiver.example"], message())
    relay.send("a@shop.example", ["c@receiver.example"], message())
    relay.wait_event("deferred")
    relay.extra = route.format(new.host)
    relay.write_config()
    assert relay.run("reload").returncode == 0
    relay.queue("retry", "--to", "receiver.example")
    new.wait_for(2)
    relay.wait_empty()
    assert relay.events("moved")


def test_a_name_service_that_is_gone_has_one_line_and_another_when_it_is_back(world):
    """Whatever the number of domains: what the outage delays is counted, and found in the queue."""
    count = 20
    sink = world.sink()
    for number in range(count):
        world.dns.mx(f"n{number}.example", (10, "mx.operator.example", sink.host))
    relay = world.start()
    world.dns.process.kill()
    for number in range(count):
        relay.send("a@shop.example", [f"to@n{number}.example"], message())
    harness.wait_until(lambda: all(job["attempts"] for job in relay.queued_jobs()), "each domain to be looked up")
    harness.wait_until(lambda: relay.events("name_service_down"), "the line")
    assert len(relay.events("deferred")) < 5, "those before it was known"
    assert relay.metric("signpost_delivery_attempts_total", result="deferred") >= count
    assert "No receiver could be reached or looked up" in relay.run("queue", "explain", "to@n7.example").stdout
    world.dns.start()
    relay.run("queue", "retry", "--all")
    relay.wait_empty()
    up, = harness.wait_until(lambda: relay.events("name_service_up"), "the line of the end")
    down, = relay.events("name_service_down")
    assert down["jobs"] > 0 and down["reply"]
    assert up["questions"] >= count
