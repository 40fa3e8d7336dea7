"""A running relay exposes and logs nothing that the reference pages lack."""

import re
import smtplib

import harness
import reference
from conftest import message
from harness import SUBMISSION_PORT


def test_metrics_are_those_of_the_reference(world):
    world.receiver("receiver.example")
    source = world.address()
    relay = world.start(extra=harness.METERED_TENANT + 'networks = ["127.0.0.0/8"]\n'
                        f'[[source]]\naddress = ["{source}"]\n[[pool]]\nname = "all"\nsources = ["{source}"]\n')
    # A login, a tenant and a source have metrics from their first message on, and the queue from the first count.
    relay.send("a@shop.example", "a@receiver.example", message())
    relay.wait_event("delivered")

    def shown():
        return set(re.findall(r"^# TYPE (signpost_\w+)", relay.get("/metrics")[1], re.M))

    harness.wait_until(lambda: shown() >= set(reference.metrics()), lambda: set(reference.metrics()) - shown())
    assert shown() == set(reference.metrics())
    assert reference.faults_of_metrics(relay.get("/metrics")[1]) == []


def test_events_of_the_process_are_those_of_the_schema(world):
    relay = world.start()
    relay.run("reload")
    assert relay.stop() == 0
    events = relay.events()
    assert {"starting", "queue_opened", "started", "config_reloaded", "stopping", "stopped"} <= {
        event["event"] for event in events}
    assert reference.faults_of_events(events) == []


def test_events_of_mail_are_those_of_the_schema(world):
    world.receiver("receiver.example")
    relay = world.start()
    with smtplib.SMTP(relay.host, SUBMISSION_PORT) as client:
        client.ehlo("client.example")
        client.mail("a@shop.example")
    for kind in ("a", "tempfail-b", "bounce-c"):
        relay.send("a@shop.example", f"{kind}@receiver.example", message())
    for event in ("rejected", "delivered", "deferred", "bounced"):
        relay.wait_event(event)
    harness.wait_until(lambda: relay.events("notification"), "the notification")
    assert reference.faults_of_events(relay.events()) == []
