"""[[source]] and [[pool]]: which address mail leaves from, under which name, and how much of it."""

import datetime

from conftest import message
from harness import MX_PORT

SETTINGS = {"delivery": f"port = {MX_PORT}", "retry": 'schedule = ["1h"]\ndelay_notice = "0s"'}


def source(address, *keys):
    return "\n".join(["[[source]]", f'address = ["{address}"]', *keys, ""])


def pool(name, addresses, *keys):
    listed = ", ".join(f'"{each}"' for each in addresses)
    return "\n".join(["[[pool]]", f'name = "{name}"', f"sources = [{listed}]", *keys, ""])


def sent_from(sink):
    """The address and the name of each message's client."""
    return [(envelope["peer"].rsplit(":", 1)[0], envelope["hello"]) for envelope, _ in sink.saved()]


def send(world, relay, sender, count=1):
    for number in range(count):
        relay.send(sender, f"r{number}@receiver.example", message())


def test_the_sender_decides_which_pool_and_the_pool_which_name(world):
    sink = world.receiver("receiver.example")
    shop, letters = world.address(), world.address()
    relay = world.start(settings=SETTINGS, extra=source(shop, 'hostname = "out1.shop.example"') + source(letters)
                        + pool("letters", [letters], 'senders = ["@news.shop.example"]')
                        + pool("shop", [shop], 'senders = ["@shop.example"]'))
    send(world, relay, "a@shop.example")
    sink.wait_for(1)
    assert sent_from(sink) == [(shop, "out1.shop.example")]
    send(world, relay, "a@news.shop.example")
    sink.wait_for(2)
    assert sent_from(sink)[1][0] == letters and sent_from(sink)[1][1] != "out1.shop.example"
    send(world, relay, "a@other.example")
    sink.wait_for(3)
    assert sent_from(sink)[2][0] not in (shop, letters)
    assert [event.get("source") for event in relay.events("delivered")] == [shop, letters, None]


def test_limits_hold_for_each_source(world):
    sink = world.receiver("receiver.example", "--reply-delay-ms", "200")
    one, two = world.address(), world.address()
    relay = world.start(settings=SETTINGS, extra=source(one) + source(two) + pool("all", [one, two])
                        + '[[destination]]\nmatch = ["receiver.example"]\nconnections = 2\n')
    send(world, relay, "a@shop.example", 30)
    sink.wait_for(30)
    peers = [peer for peer, _ in sent_from(sink)]
    assert set(peers) == {one, two} and min(peers.count(one), peers.count(two)) >= 5
    assert sink.counts()["connections_peak"] == 4
    shown = relay.run("site", "show", "mx:mx.receiver.example [receiver.example] from=" + ",".join([one, two])).stdout
    assert f"{one}: " in shown and f"{two}: " in shown, shown


def test_a_source_that_is_refused_costs_no_mail(world):
    """Nobody answers there: it is no address of this machine."""
    sink = world.receiver("receiver.example")
    good, bad = world.address(), "192.0.2.7"
    relay = world.start(settings=SETTINGS, extra=source(bad) + source(good) + pool("all", [bad, good]))
    send(world, relay, "a@shop.example", 10)
    sink.wait_for(10)
    assert {peer for peer, _ in sent_from(sink)} == {good}
    assert not relay.events("deferred")


def test_a_new_source_sends_what_it_may_today_and_the_others_the_rest(world):
    sink = world.receiver("receiver.example")
    old, new = world.address(), world.address()
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    relay = world.start(settings=SETTINGS, extra=source(old) + source(new, f'warm_up = "{today}"', "warm_up_daily = 5")
                        + pool("all", [old, new]))
    send(world, relay, "a@shop.example", 20)
    sink.wait_for(20)
    peers = [peer for peer, _ in sent_from(sink)]
    assert peers.count(new) == 5 and peers.count(old) == 15
    relay.stop()
    relay.start()
    send(world, relay, "a@shop.example", 5)
    sink.wait_for(25)
    assert [peer for peer, _ in sent_from(sink)].count(new) == 5, "what was sent today is not forgotten"


def test_mail_whose_pool_changes_goes_from_the_new_one(world):
    one, two, receiver = world.address(), world.address(), world.address()
    world.dns.mx("receiver.example", (10, "mx.receiver.example", receiver))
    tables = source(one) + source(two)
    relay = world.start(settings={**SETTINGS, "retry": 'schedule = ["2s"]\ndelay_notice = "0s"'},
                        extra=tables + pool("all", [one]))
    send(world, relay, "a@shop.example", 3)
    relay.wait_event("deferred")
    relay.extra = tables + pool("other", [two])
    relay.write_config()
    assert relay.run("reload").returncode == 0
    sink = world.sink(host=receiver)
    sink.wait_for(3)
    assert {peer for peer, _ in sent_from(sink)} == {two}
