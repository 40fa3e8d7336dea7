"""Sites that an operator pauses and resumes by the commands."""

import json

import harness
from conftest import message


def site(relay, *words):
    done = relay.run("site", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_pause_holds_over_a_restart_until_it_is_resumed(world):
    """Mail for the site waits without an attempt, other mail goes; who, why and until when is shown."""
    sink, other = world.receiver("receiver.example"), world.receiver("mx.other.example")
    relay = world.start()
    relay.send("a@shop.example", ["first@receiver.example"], message())
    sink.wait_for(1)
    relay.wait_empty()
    done = relay.run("site", "pause", "Receiver.example", "--reason", "they move house")
    assert done.returncode == 0, done.stderr
    event = relay.wait_event("site_paused")
    key = event["site"]
    assert event["reason"] == "they move house" and "until" not in event
    assert done.stdout == f"{key} is paused until signpost site resume Receiver.example\n"
    connections = sink.counts()["connections"]
    relay.send("a@shop.example", ["second@receiver.example"], message())
    relay.send("a@shop.example", ["b@mx.other.example"], message())
    other.wait_for(1)
    assert relay.stop() == 0
    relay.launch()
    relay.send("a@shop.example", ["third@receiver.example"], message())
    relay.send("a@shop.example", ["c@mx.other.example"], message())
    other.wait_for(2)
    harness.wait_until(lambda: "they move house" in relay.run("queue", "explain", "second@receiver.example").stdout, "the reason")
    assert sink.counts()["connections"] == connections
    jobs = relay.queued_jobs()
    assert [(job["attempts"], job["state"]) for job in jobs] == [(0, "ready")] * 2, jobs
    assert all("paused by" in job["waits_for"] and "uid " in job["waits_for"] for job in jobs)
    assert relay.metric("signpost_sites_paused") == 1
    listing = site(relay, "list")
    assert [(pause["site"], pause["until"], pause["reason"]) for pause in listing["pauses"]] == [(key, None, "they move house")]
    assert {entry["site"]: entry["state"] for entry in listing["sites"]}[key] == "paused"
    text = relay.run("site", "list").stdout
    assert "they move house" in text and key in text, text
    shown = site(relay, "show", "receiver.example")
    assert shown["name"] == key and shown["pause"]["reason"] == "they move house"
    assert shown["sites"][0]["limits"]["connections"] == {"value": 10, "from": "default"}
    assert shown["sites"][0]["some_lanes"][0]["domain"] == "receiver.example"
    assert "is paused\n" in relay.run("site", "show", key).stdout
    # One message may be removed, and the rest goes.
    assert relay.run("queue", "remove", "--to", "third@receiver.example", "--yes").returncode == 0
    done = relay.run("site", "resume", "receiver.example")
    assert done.returncode == 0 and done.stdout == f"{key} is resumed\n", done.stderr
    sink.wait_for(2)
    relay.wait_empty()
    assert relay.stop() == 0
    relay.launch()
    assert site(relay, "list")["pauses"] == []
    again = relay.run("site", "resume", "receiver.example")
    assert again.returncode == 1 and "is not paused" in again.stderr


def test_mail_that_is_not_due_is_explained_after_a_restart_too(world):
    """Nothing has looked up its receiver since."""
    world.receiver("receiver.example")
    relay = world.start(settings={"retry": 'schedule = ["1h"]\ndelay_notice = "0s"'})
    one = relay.send("a@shop.example", ["tempfail-b@receiver.example"], message())
    relay.wait_event("deferred")
    assert relay.run("site", "pause", "receiver.example", "--for", "2h", "--reason", "they move house").returncode == 0
    for _ in range(2):
        for name in (one, "tempfail-b@receiver.example"):
            text = relay.run("queue", "explain", name).stdout
            assert "paused by " in text and ": they move house" in text and "once the receiver is no longer held up" in text, text
        assert relay.stop() == 0
        relay.launch()


def test_a_pause_by_time_ends_by_itself(world):
    """Before and after a restart, with an event; mail that expires meanwhile is bounced with words that name no operator."""
    sink, other = world.receiver("receiver.example"), world.receiver("other.example")
    sender = world.receiver("shop.example")
    relay = world.start(settings={"retry": 'expire = "3s"\ndelay_notice = "0s"'})
    assert relay.run("site", "pause", "receiver.example", "--for", "1s").returncode == 0
    assert relay.wait_event("site_paused")["until"]
    assert relay.run("site", "pause", "other.example", "--reason", "secret").returncode == 0
    assert relay.stop() == 0
    relay.launch()
    relay.send("a@shop.example", ["b@receiver.example"], message())
    sink.wait_for(1)
    relay.send("a@shop.example", ["late@other.example"], message())
    relay.wait_event("expired", to="late@other.example")
    report = " ".join(sender.message_to("a@shop.example")[1].decode().split())
    assert "paused by the operator" in report and "secret" not in report
    assert other.counts()["messages"] == 0
    assert [pause["reason"] for pause in site(relay, "list")["pauses"]] == ["secret"]
    harness.wait_until(lambda: relay.metric("signpost_sites_paused") == 1, "the end of one")


def test_what_no_site_is_called_is_refused(world):
    world.receiver("receiver.example")
    relay = world.start()
    for words, reason in (
            (["pause", "nonsense"], "nonsense is not a site, provider or domain"),
            (["pause", "nowhere.invalid"], "nowhere.invalid has no site"),
            (["show", "mx:nobody.example"], "there is no mail for a site mx:nobody.example"),
            (["resume", "google"], "google is not paused")):
        done = relay.run("site", *words)
        assert done.returncode == 1 and reason in done.stderr, (words, done.stdout, done.stderr)
    for name, reason in (("smtp://relay.example:25", "no route"), ("mx:*.example", "[[destination]]"), ("mx:a..b", "MX hosts")):
        done = relay.run("site", "pause", name)
        assert done.returncode == 1 and done.stderr.startswith(f"signpost: {name} ") and reason in done.stderr, done.stderr
    assert relay.run("site", "pause", "mx:MX.nobody.example.").stdout.startswith("mx:mx.nobody.example is paused")
    assert relay.run("site", "pause", "receiver.example.").stdout.startswith("mx:mx.receiver.example is paused")
    for name in ("mx:mx.nobody.example", "receiver.example."):
        assert relay.run("site", "resume", name).returncode == 0
    for words in (["pause"], ["pause", "google", "--for", "soon"], ["list", "--limit", "0"]):
        assert relay.run("site", *words).returncode == 2, words
    # A provider, and a site whose mail has yet to come.
    for name in ("google", "mx:nobody.example"):
        assert relay.run("site", "pause", name, "--for", "2h").returncode == 0
        assert site(relay, "show", name)["pause"]["until"]
    assert relay.metric("signpost_sites_paused") == 2
    assert relay.run("site", "resume", "google").returncode == 0


def test_a_damaged_file_does_not_keep_the_relay_from_starting(world):
    sink = world.receiver("receiver.example")
    relay = world.start()
    assert relay.run("site", "pause", "receiver.example").returncode == 0
    assert relay.stop() == 0
    file = relay.folder / "data" / "site-pauses"
    file.write_text(file.read_text() + "nonsense\n")
    relay.launch()
    relay.wait_event("site_pauses_lost")
    relay.send("a@shop.example", ["b@receiver.example"], message())
    sink.wait_for(1)
