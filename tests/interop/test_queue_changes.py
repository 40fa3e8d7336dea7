"""Jobs that an operator gives up or sends another way, and the filters by site and tenant."""

import pytest

import harness
from conftest import message

TO_OTHERS = '[[route]]\nrecipients = ["routed.example"]\nvia = "smtp://{host}:2525"\n'


@pytest.fixture
def stuck(world):
    """A relay with two messages that are deferred for an hour, one of them for two recipients."""
    world.receiver("receiver.example")
    sender = world.receiver("shop.example")
    relay = world.start(settings={"retry": 'schedule = ["1h"]\ndelay_notice = "0s"'})
    for number in range(2):
        to = [f"tempfail1-{number}@receiver.example"] + (["tempfail1-more@receiver.example"] if number == 1 else [])
        relay.send(f"s{number}@shop.example", to, message())
    harness.wait_until(lambda: len(relay.events("deferred")) == 3, "three deferred recipients")
    return relay, sender


def test_what_is_given_up_is_reported_to_its_sender(stuck):
    """With the operator's words, once; of a job that an address selects the other recipient stays."""
    relay, sender = stuck
    assert relay.run("queue", "bounce", "--to", "receiver.example").returncode == 2  # nobody can be asked
    done = relay.run("queue", "bounce", "--to", "tempfail1-more@receiver.example", "--yes", "--reason", "the house is closed")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1 matched, recipients given up: 1, other recipients of the same messages that stay: 1\n"
    _, report = sender.message_to("s1@shop.example")
    assert b"tempfail1-more@receiver.example" in report and b"Status: 5.0.0" in report, report
    assert b"the house is closed" in b" ".join(report.split()) and b"tempfail1-1@" not in report, report
    relay.wait_event("bounced", to="tempfail1-more@receiver.example")
    given_up = relay.events("given_up")
    assert len(given_up) == 1 and given_up[0]["reason"] == "the house is closed" and "uid " in given_up[0]["by"]
    jobs = relay.queued_jobs()
    assert sorted(job["to"] for job in jobs) == [["tempfail1-0@receiver.example"], ["tempfail1-1@receiver.example"]]
    assert [(job["state"], job["attempts"]) for job in jobs] == [("deferred", 1)] * 2
    # Held jobs too, and the usual words.
    assert relay.run("queue", "hold", "--all").returncode == 0
    done = relay.run("queue", "bounce", "--from", "s0@shop.example", "--yes")
    assert done.returncode == 0 and done.stdout == "1 matched, 1 given up\n", done.stdout + done.stderr
    _, report = sender.message_to("s0@shop.example")
    assert b"given it up" in b" ".join(report.split()), report
    assert relay.run("queue", "bounce", "--from", "s0@shop.example", "--yes").returncode == 1
    assert [job["state"] for job in relay.queued_jobs()] == ["held"]
    assert relay.metric("signpost_bounces_total") == 2
    assert len(sender.saved()) == 2


def test_a_redirected_job_arrives_there_once(world):
    """Also after a restart; an unknown next hop is refused, and --clear takes it back."""
    sink, around = world.receiver("receiver.example"), world.receiver("around.example")
    relay = world.start(extra=TO_OTHERS.format(host=around.host))
    via = f"smtp://{around.host}:2525"
    assert relay.run("site", "pause", "receiver.example").returncode == 0
    for number in range(3):
        relay.send(f"s{number}@shop.example", [f"r{number}@receiver.example"], message())
    done = relay.run("queue", "redirect", "--to", "receiver.example", "--via", "smtp://nowhere.example:25")
    assert done.returncode == 1 and f"there are: {via}" in done.stderr, done.stderr
    assert relay.run("queue", "redirect", "--to", "receiver.example").returncode == 2
    assert relay.run("queue", "redirect", "--from", "s0@shop.example", "--via", via).returncode == 0
    around.message_to("r0@receiver.example")
    assert relay.run("queue", "hold", "--all").returncode == 0
    for _ in range(2):
        done = relay.run("queue", "redirect", "--to", "receiver.example", "--via", via)
        assert done.returncode == 0 and done.stdout == "2 matched, 2 redirected\n", done.stdout + done.stderr
    assert relay.run("queue", "redirect", "--from", "s1@shop.example", "--clear").returncode == 0
    assert relay.stop() == 0
    relay.launch()
    assert {job["from"]: job["redirected_to"] for job in relay.queued_jobs()} == {"s1@shop.example": "", "s2@shop.example": via}
    assert via in relay.run("queue", "explain", "r2@receiver.example").stdout
    assert relay.run("queue", "release", "--all").returncode == 0
    around.message_to("r2@receiver.example")
    assert relay.run("site", "resume", "receiver.example").returncode == 0
    sink.message_to("r1@receiver.example")
    relay.wait_empty()
    assert (around.counts()["messages"], sink.counts()["messages"]) == (2, 1)
    assert around.counts()["duplicates"] == 0 and not relay.events("moved")


def test_a_redirection_ends_with_its_route(world):
    """Mail of a route that a reload takes away goes the usual way again."""
    sink, around = world.receiver("receiver.example"), world.receiver("around.example")
    around.stop()
    relay = world.start(extra=TO_OTHERS.format(host=around.host))
    assert relay.run("site", "pause", "receiver.example").returncode == 0
    relay.send("a@shop.example", ["b@receiver.example"], message())
    assert relay.run("queue", "redirect", "--all", "--via", f"smtp://{around.host}:2525").returncode == 0
    relay.wait_event("connection_failed")
    assert relay.run("site", "resume", "receiver.example").returncode == 0
    assert not sink.saved()
    relay.extra = ""
    relay.write_config()
    assert relay.run("reload").returncode == 0
    sink.wait_for(1)
    relay.wait_empty()


def test_a_site_selects_the_mail_that_goes_there_now(world):
    world.receiver("first.example")
    world.receiver("second.example")
    relay = world.start(settings={"retry": 'schedule = ["1h"]\ndelay_notice = "0s"'})
    for domain in ("first.example", "second.example"):
        relay.send("a@shop.example", [f"tempfail1@{domain}"], message())
    harness.wait_until(lambda: len(relay.events("deferred")) == 2, "two deferred messages")
    groups = {group["name"]: group["jobs"] for group in relay.queue("summary")["sites"]}
    assert len(groups) == 2 and set(groups.values()) == {1}
    site = next(name for name in groups if "first" in name)
    assert [job["domain"] for job in relay.queue("list", "--site", site)["jobs"]] == ["first.example"]
    done = relay.run("queue", "hold", "--site", site)
    assert done.returncode == 0 and done.stdout == "1 matched, 1 held\n", done.stdout + done.stderr
    assert relay.run("queue", "hold", "--site", "mx:nobody.example").returncode == 1
    assert relay.run("queue", "hold", "--tenant", "nobody").returncode == 1
    assert relay.run("queue", "hold", "--site", "").returncode == 2
