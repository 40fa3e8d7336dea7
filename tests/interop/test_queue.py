"""What operators do with the queue by the commands, against a relay and a receiver that defers."""

import http.client

import pytest

import harness
from conftest import message


@pytest.fixture
def stuck(world):
    """A relay with three messages that are deferred for an hour, one of them for two recipients."""
    sink = world.receiver("receiver.example")
    world.receiver("mx.other.example")
    relay = world.start(settings={"retry": 'schedule = ["1h"]\ndelay_notice = "0s"'})
    for number, domain in enumerate(["receiver.example", "receiver.example", "mx.other.example"]):
        to = [f"tempfail1-{number}@{domain}"] + ([f"tempfail1-more@{domain}"] if number == 1 else [])
        relay.send(f"s{number}@shop.example", to, message())
    harness.wait_until(lambda: len(relay.events("deferred")) == 4, "four deferred recipients")
    return relay, sink


def test_patterns_select_what_they_say(stuck):
    relay, _ = stuck
    for words, count in (
            (["--to", "*"], 3), (["--to", "@receiver.example"], 2), (["--to", "RECEIVER.*"], 2),
            (["--to", "*.other.example"], 1), (["--to", "*-more@*"], 1), (["--from", "@shop.example"], 3),
            (["--from", "s*@shop.*"], 3), (["--from", "s1@shop.example"], 1), (["--from", "<>"], 0),
            (["--user", "*"], 0), (["--to", "other.example"], 0)):
        assert len(relay.queue("list", *words)["jobs"]) == count, words
        assert relay.queue("summary", *words)["jobs"] == count, words
    for pattern in ("*.", "*@", "\u00ad", "*\u00ad", "@\u00ad", "a b", ".."):
        for words in (["list"], ["retry"], ["remove", "--yes"], ["hold"], ["summary"]):
            refused = relay.run("queue", *words, "--to", pattern)
            assert refused.returncode == 1 and refused.stderr.startswith("signpost: to: "), (words, pattern, refused.stderr)
    assert len(relay.queued_jobs()) == 3


def test_a_summary_counts_by_what_operators_decide_by(stuck):
    relay, _ = stuck
    summary = relay.queue("summary")
    counts = {kind: {group["name"]: (group["jobs"], group["recipients"]) for group in summary[kind]}
              for kind in ("states", "domains", "sites", "replies", "users")}
    assert counts == {
        "states": {"deferred": (3, 4)},
        "domains": {"receiver.example": (2, 3), "mx.other.example": (1, 1)},
        "sites": counts["sites"],
        "replies": {"451 4.3.0": (3, 4)},
        "users": {"": (3, 4)},
    }
    assert sum(jobs for jobs, _ in counts["sites"].values()) == 3 and "" not in counts["sites"]
    text = relay.run("queue", "summary").stdout
    assert text.startswith("3 jobs for 4 recipients\n") and "451 4.3.0 Not now" in text


def test_held_jobs_stay_until_they_are_released(stuck):
    relay, sink = stuck
    done = relay.run("queue", "hold", "--to", "receiver.example")
    assert done.returncode == 0 and done.stdout == "2 matched, 2 held\n", done.stdout + done.stderr
    done = relay.run("queue", "retry", "--all")
    assert done.returncode == 0 and "3 matched, 1 due now, 2 held" in done.stdout, done.stdout
    harness.wait_until(lambda: len(relay.events("delivered")) == 1, "the one that is not held")
    assert relay.metric("signpost_queue_messages", state="held") == 2
    assert relay.stop() == 0
    relay.launch()
    assert [job["state"] for job in relay.queued_jobs()] == ["held", "held"]
    assert relay.queue("summary", "--state", "held")["recipients"] == 3
    assert sink.counts()["messages"] == 0
    assert relay.queue("release", "--all")["changed"] == 2
    relay.wait_empty()
    assert sink.counts()["messages"] >= 2
    for event in ("held", "released"):
        by = {line["by"] for line in relay.events(event)}
        assert len(relay.events(event)) == 2 and all("uid " in one for one in by), by
    again = relay.run("queue", "release", "--all")
    assert again.returncode == 1 and again.stderr == "signpost: nothing in the queue matches\n"


def test_what_is_gone_is_in_the_log(stuck):
    relay, _ = stuck
    queue_id = relay.queued_jobs()[0]["id"]
    assert relay.run("queue", "remove", queue_id).returncode == 0
    shown = relay.run("queue", "show", queue_id)
    assert shown.returncode == 1 and f"| grep {queue_id}" in shown.stderr and "--since" in shown.stderr, shown.stderr


def test_a_removal_takes_what_it_is_asked_about(stuck):
    relay, _ = stuck
    assert relay.run("queue", "remove", "--to", "*").returncode == 2, "nobody can be asked, so it wants --yes"
    until = relay.queue("summary", "--to", "receiver.example")["last"]
    relay.send("late@shop.example", "tempfail1-late@receiver.example", message())
    harness.wait_until(lambda: len(relay.events("deferred")) == 5, "the late one")
    connection = harness.UnixConnection(relay.admin_socket)
    connection.request("POST", "/api/v1/queue/remove", f'{{"all": true, "until": "{until}"}}', {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()
    left = [job["from"] for job in relay.queued_jobs()]
    assert left == ["s2@shop.example", "late@shop.example"], left


def test_the_absolute_form_is_served(stuck):
    relay, _ = stuck
    seen = {}
    for target, host in (("http://localhost:8025/healthz", "evil.example"), ("http://evil.example/healthz", "localhost"),
                         ("HTTP://127.0.0.1/readyz?x=y", "localhost"), ("http://localhost/nonsense", "localhost")):
        connection = http.client.HTTPConnection(relay.host, harness.ADMIN_PORT, timeout=10)
        connection.putrequest("GET", target, skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        seen[target] = connection.getresponse().status
        connection.close()
    assert list(seen.values()) == [200, 421, 200, 404], seen
