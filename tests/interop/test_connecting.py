"""Addresses that do not answer at all cost a receiver's other addresses next to nothing."""

import contextlib
import socket

import pytest

from conftest import message
from harness import MX_PORT

# So long that whoever waited for one address at a time would not be done in time.
PATIENT = {"delivery": f'port = {MX_PORT}\nconnect_timeout = "10m"', "retry": 'schedule = ["1h"]\ndelay_notice = "0s"'}


class Unanswered:
    """A port whose queue of connections is full: the system answers no SYN."""

    def __init__(self, host):
        self.host = host
        self.listener = socket.socket()
        self.listener.bind((host, MX_PORT))
        self.listener.listen(0)
        self.fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect((host, MX_PORT))
            self.fillers.append(filler)

    def close(self):
        for one in [self.listener, *self.fillers]:
            one.close()


@pytest.fixture
def unanswered(world):
    made = []

    def start():
        made.append(Unanswered(world.address()))
        return made[-1]
    yield start
    for one in made:
        one.close()


def deliver(relay, number):
    queue_id = relay.send("a@shop.example", f"r{number}@receiver.example", message())
    return relay.wait_event("delivered", id=queue_id)


def test_the_next_address_of_a_host_is_used(world, unanswered):
    sink = world.sink()
    world.dns.mx("receiver.example", (10, "mx.receiver.example", unanswered().host, unanswered().host, sink.host))
    relay = world.start(workers=1, settings=PATIENT)
    for number in range(3):
        assert deliver(relay, number)["attempt"] == 1
    assert not relay.events("connection_failed") and not relay.events("deferred")


def test_the_next_host_of_the_same_preference_is_used(world, unanswered):
    sink = world.sink()
    world.dns.mx("receiver.example", *((10, f"mx{number}.receiver.example", unanswered().host) for number in range(3)),
                 (10, "mx.receiver.example", sink.host))
    relay = world.start(workers=1, settings=PATIENT)
    assert deliver(relay, 0)["mx"] == "mx.receiver.example"
    assert not relay.events("connection_failed")


def test_the_next_preference_is_used(world, unanswered):
    backup = world.sink()
    world.dns.mx("receiver.example", (10, "mx1.receiver.example", unanswered().host), (20, "mx2.receiver.example", backup.host))
    relay = world.start(workers=1, settings=PATIENT)
    assert deliver(relay, 0)["mx"] == "mx2.receiver.example"


def test_one_connection_is_made_where_an_address_answers(world):
    sink = world.receiver("receiver.example")
    other, another = world.sink(), world.sink()
    world.dns.mx("two.example", (10, "mx.two.example", other.host, another.host))
    relay = world.start(workers=1, settings=PATIENT)
    deliver(relay, 0)
    relay.wait_event("delivered", id=relay.send("a@shop.example", "b@two.example", message()))
    assert sink.counts()["connections"] == 1
    assert other.counts()["connections"] + another.counts()["connections"] == 1


def test_a_receiver_with_one_connection_never_has_two(world, unanswered):
    sink = world.sink()
    world.dns.mx("receiver.example", (10, "mx1.receiver.example", unanswered().host), (20, "mx2.receiver.example", sink.host))
    relay = world.start(workers=1, extra='[[destination]]\nmatch = ["receiver.example"]\nconnections = 1\n',
                        settings={**PATIENT, "delivery": f'port = {MX_PORT}\nconnect_timeout = "4s"'})
    assert deliver(relay, 0)["attempt"] == 1
    failed = relay.events("connection_failed")
    assert [event["mx"] for event in failed] == ["mx1.receiver.example"] and "timed out" in failed[0]["reply"]


def test_what_does_not_answer_is_remembered(world, unanswered):
    """A later connection begins with what answered, although the better host would answer again."""
    backup = world.sink()
    silent = unanswered()
    world.dns.mx("receiver.example", (10, "mx1.receiver.example", silent.host), (20, "mx2.receiver.example", backup.host))
    relay = world.start(workers=1, settings=PATIENT,
                        extra='[[destination]]\nmatch = ["receiver.example"]\nmessages_per_connection = 1\n')
    deliver(relay, 0)
    silent.close()
    better = world.sink(host=silent.host)
    assert deliver(relay, 1)["mx"] == "mx2.receiver.example"
    assert backup.counts()["connections"] == 2 and better.saved() == []


def test_a_host_that_refuses_is_followed_by_those_that_were_slower(world, unanswered):
    """What lost the race is not lost: the address that answered first has no use for the mail."""
    refusing = world.sink("--greeting", "421 4.3.2 not now")
    slow = unanswered().host
    world.dns.mx("receiver.example", (10, "mx.receiver.example", slow), (20, "mx2.receiver.example", refusing.host))
    relay = world.start(workers=1, settings={**PATIENT, "delivery": f'port = {MX_PORT}\nconnect_timeout = "4s"'})
    queue_id = relay.send("a@shop.example", "b@receiver.example", message())
    relay.wait_event("deferred", id=queue_id)
    failed = [event["mx"] for event in relay.events("connection_failed")]
    assert failed == ["mx2.receiver.example", "mx.receiver.example"]
