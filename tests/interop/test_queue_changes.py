"""Jobs that an operator gives up or sends another way, and the filters by site and tenant."""

import datetime
import json

import pytest

import harness
from conftest import World, message

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

    def waiting():  # without the reports
        return [job for job in relay.queued_jobs() if job["domain"] == "receiver.example"]

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
    jobs = waiting()
    assert sorted(job["to"] for job in jobs) == [["tempfail1-0@receiver.example"], ["tempfail1-1@receiver.example"]]
    assert [(job["state"], job["attempts"]) for job in jobs] == [("deferred", 1)] * 2
    # Held jobs too, and the usual words.
    assert relay.run("queue", "hold", "--all").returncode == 0
    done = relay.run("queue", "bounce", "--from", "s0@shop.example", "--yes")
    assert done.returncode == 0 and done.stdout == "1 matched, 1 given up\n", done.stdout + done.stderr
    _, report = sender.message_to("s0@shop.example")
    assert b"given it up" in b" ".join(report.split()), report
    assert relay.run("queue", "bounce", "--from", "s0@shop.example", "--yes").returncode == 1
    assert [job["state"] for job in waiting()] == ["held"]
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


def test_routed_mail_is_redirected_to_the_mx_hosts(world):
    """Without a route that says so, also after a restart; then it goes the usual way again."""
    sink, around = world.receiver("receiver.example"), world.receiver("around.example")
    via = f"smtp://{around.host}:2525"
    relay = world.start(extra=f'[[route]]\nrecipients = ["receiver.example"]\nvia = "{via}"\n')
    assert relay.run("site", "pause", f"smtp:{around.host}:2525").returncode == 0
    relay.send("a@shop.example", ["b@receiver.example"], message())
    relay.send("a@shop.example", ["c@receiver.example"], message())
    done = relay.run("queue", "redirect", "--all", "--via", "smtp://nowhere.example:25")
    assert done.returncode == 1 and f"there are: {via}, mx" in done.stderr, done.stderr
    assert relay.run("queue", "hold", "--all").returncode == 0
    assert relay.run("queue", "redirect", "--all", "--via", "mx").returncode == 0
    assert relay.stop() == 0
    relay.launch()
    assert {job["redirected_to"] for job in relay.queued_jobs()} == {"mx"}
    assert relay.run("queue", "redirect", "--to", "c@receiver.example", "--clear").returncode == 0
    assert relay.run("queue", "release", "--all").returncode == 0
    sink.message_to("b@receiver.example")
    assert relay.run("site", "resume", f"smtp:{around.host}:2525").returncode == 0
    around.message_to("c@receiver.example")
    relay.wait_empty()
    assert (sink.counts()["messages"], around.counts()["messages"]) == (1, 1)
    assert [route["via"] for route in json.loads(relay.get("/api/v1/sites")[1])["routes"]] == ["mx", via]


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
        relay.send("a@shop.example", [f"tempfail-b@{domain}"], message())
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


FILTERS = ("id", "domain", "site", "sender", "login", "tenant")


@pytest.fixture(scope="module")
def crowd(tmp_path_factory, certificate):
    """A relay with two logins, each with a tenant, a sender and a receiver of its own, and a route around both."""
    made = World(tmp_path_factory.mktemp("crowd"), certificate)
    for name in ("shop", "other"):
        made.receiver(f"{name}.receiver.example")
        made.receiver(f"{name}.example")
    around = made.sink()
    relay = made.add_relay(
        settings={"retry": 'schedule = ["1h"]\ndelay_notice = "0s"'},
        extra="".join(f'[[tenant]]\nname = "of-{name}"\ndomains = ["{name}.example"]\n' for name in ("shop", "other"))
        + TO_OTHERS.format(host=around.host))
    for name in ("shop", "other"):
        relay.add_user(name, harness.PASSWORD, "--sender", f"@{name}.example", "--tenant", f"of-{name}")
    made.start()
    yield relay, f"smtp://{around.host}:2525", made.sinks[1]
    made.stop()


@pytest.mark.parametrize("chosen", FILTERS)
def test_each_command_takes_each_filter(crowd, chosen):
    """And leaves alone what the filter does not mean."""
    relay, via, reports = crowd
    login = {"port": harness.SUBMISSION_PORT, "starttls": True}

    def submit(name):
        to = f"tempfail-{name}@{name}.receiver.example"
        one = relay.send(f"a@{name}.example", to, message(sender=f"a@{name}.example", to=to), user=name, **login)
        relay.wait_event("deferred", id=one)
        return one

    def jobs():
        return {job["id"]: job for job in relay.queued_jobs()}

    def apply(command, *words, site=None):
        words = (*words, *(("--yes",) if command in ("bounce", "remove") else ()))
        means = {"id": (meant,), "domain": ("--to", "shop.receiver.example"), "site": ("--site", site or usual),
                 "sender": ("--from", "@shop.example"), "login": ("--user", "shop"), "tenant": ("--tenant", "of-shop")}
        done = relay.run("queue", command, *means[chosen], *words)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        left = jobs()
        assert (left[spared]["state"], left[spared]["attempts"], left[spared]["redirected_to"]) == ("deferred", 1, ""), command
        return done.stdout, left.get(meant)

    spared, meant = submit("other"), submit("shop")
    usual = next(group["name"] for group in relay.queue("summary", "--user", "shop")["sites"])
    assert apply("hold") == ("1 matched, 1 held\n", jobs()[meant]) and jobs()[meant]["state"] == "held"
    text, job = apply("redirect", "--via", via)
    assert text == "1 matched, 1 redirected\n" and (job["redirected_to"], job["state"]) == (via, "held")
    text, job = apply("redirect", "--clear", site=via.replace("//", ""))
    assert text == "1 matched, 1 redirected\n" and (job["redirected_to"], job["state"]) == ("", "held")
    assert apply("release")[0] == "1 matched, 1 released\n"
    harness.wait_until(lambda: [jobs()[meant][key] for key in ("attempts", "state")] == [2, "deferred"], "a second attempt")
    assert apply("retry")[0] == "1 matched, 1 due now\n"
    harness.wait_until(lambda: [jobs()[meant][key] for key in ("attempts", "state")] == [3, "deferred"], "a third attempt")
    before = len(reports.saved())
    text, job = apply("bounce", "--reason", f"given up by {chosen}")
    assert text == "1 matched, 1 given up\n" and job is None
    harness.wait_until(lambda: len(reports.saved()) == before + 1, "a report")
    assert any(f"given up by {chosen}".encode() in b" ".join(report.split()) for _, report in reports.saved())
    meant = submit("shop")
    text, job = apply("remove")
    assert text == "1 matched, 1 removed\n" and job is None
    assert relay.run("queue", "remove", spared, "--yes").returncode == 0
    assert len(reports.saved()) == before + 1


def test_held_mail_is_found_by_its_site_after_a_restart(world):
    """Nothing has looked it up since: by the names that site list would show, and by a domain of the site."""
    around = world.sink()
    hosts = {name: world.sink() for name in ("first", "second")}
    for name, sink in hosts.items():
        world.dns.mx(f"{name}.example", (10, f"mx.{name}.example", sink.host))
        world.dns.mx(f"also-{name}.example", (10, f"mx.{name}.example", sink.host))
    relay = world.start(extra=TO_OTHERS.format(host=around.host))
    assert relay.run("site", "pause", "first.example").returncode == 0
    assert relay.run("site", "pause", "second.example").returncode == 0
    for domain in ("first.example", "also-first.example", "second.example", "also-second.example"):
        relay.send("a@shop.example", f"b@{domain}", message())
    assert relay.run("queue", "hold", "--all").returncode == 0
    assert relay.run("queue", "redirect", "--to", "also-second.example", "--via", f"smtp://{around.host}:2525").returncode == 0
    assert relay.stop() == 0
    relay.launch()

    def found(site):
        return sorted(job["domain"] for job in relay.queue("list", "--site", site)["jobs"])

    assert found("mx:mx.first.example") == ["also-first.example", "first.example"]
    assert found("also-first.example") == found("@First.Example") == ["also-first.example", "first.example"]
    assert found("mx:mx.second.example") == ["second.example"]
    assert found(f"smtp:{around.host}:2525") == ["also-second.example"]
    assert found("*.SECOND.example") == ["second.example"] and len(found("*")) == 4
    done = relay.run("queue", "release", "--site", "mx:mx.first.example")
    assert done.returncode == 0 and done.stdout == "2 matched, 2 released\n", done.stdout + done.stderr
    for site, reason in (("nonsense", "nonsense is not a site, provider or domain"), ("nowhere.invalid", "nowhere.invalid has no site")):
        done = relay.run("queue", "release", "--site", site)
        assert done.returncode == 1 and reason in done.stderr, done.stderr
    # Without a name server it says so, rather than that nothing matches.
    assert relay.run("queue", "hold", "--all").returncode == 0
    world.dns.stop()
    assert relay.stop() == 0
    relay.launch()
    for _ in range(2):
        done = relay.run("queue", "release", "--site", "mx:mx.first.example")
        assert done.returncode == 1 and "no name server answers" in done.stderr, done.stdout + done.stderr


def test_redirected_mail_keeps_its_priority(world):
    world.receiver("receiver.example")
    around = world.sink()
    relay = world.start(extra=TO_OTHERS.format(host=around.host))
    key, via = f"smtp:{around.host}:2525", f"smtp://{around.host}:2525"
    for site in ("receiver.example", key):
        assert relay.run("site", "pause", site).returncode == 0
    relay.send("a@shop.example", "b@receiver.example", message(), options=["MT-PRIORITY=-4"])
    assert relay.run("queue", "redirect", "--all", "--via", via).returncode == 0

    def lanes():
        done = relay.run("site", "show", key, "--json")
        return [lane for site in json.loads(done.stdout)["sites"] for lane in site["some_lanes"]]

    harness.wait_until(lanes, "the lane to be looked up")
    assert [(lane["domain"], lane["route"], lane["priority"]) for lane in lanes()] == [("receiver.example", f">{via}", -4)]
    assert f"redirected to {via}, priority -4\n" in relay.run("site", "show", key).stdout
    assert relay.run("site", "resume", key).returncode == 0
    around.message_to("b@receiver.example")
    relay.wait_empty()


def test_one_recipient_of_old_held_mail_is_given_up_and_the_other_stays(world):
    """Held mail does not expire, also not by what happens to the rest of it."""
    sink, sender = world.receiver("receiver.example"), world.receiver("shop.example")
    relay = world.start()
    assert relay.run("site", "pause", "receiver.example").returncode == 0
    relay.send("a@shop.example", ["first@receiver.example", "second@receiver.example"], message())
    assert relay.run("queue", "hold", "--all").returncode == 0
    accepted = datetime.datetime.fromisoformat(relay.queued_jobs()[0]["received"].replace("Z", "+00:00"))
    relay.tables["retry"] = 'schedule = ["1h"]\nexpire = "2s"\ndelay_notice = "1s"'
    relay.write_config()
    assert relay.run("reload").returncode == 0
    old = accepted + datetime.timedelta(seconds=3)
    harness.wait_until(lambda: datetime.datetime.now(datetime.timezone.utc) > old, "its age")
    assert relay.run("queue", "bounce", "--to", "second@receiver.example", "--yes").returncode == 0
    report = sender.message_to("a@shop.example")[1]
    assert b"second@receiver.example" in report and b"first@receiver.example" not in report
    left = [(job["state"], job["to"]) for job in relay.queued_jobs() if job["domain"] == "receiver.example"]
    assert left == [("held", ["first@receiver.example"])]
    assert not relay.events("expired") and not sink.saved()
