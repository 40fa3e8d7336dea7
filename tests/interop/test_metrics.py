"""What the metrics say of a real relay, and the dashboard's expressions in a real Prometheus."""

import itertools
import json
import math
import signal
import time

import harness
from conftest import message
from harness import ADMIN_PORT, ROOT, SUBMISSION_PORT
from prometheus_server import Prometheus

DASHBOARD = json.loads((ROOT / "etc/grafana/signpost.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
EXPRESSIONS += [(one["name"], one["expr"]) for one in DASHBOARD["annotations"]["list"]]


def test_each_panel_says_what_it_shows_and_in_which_unit():
    variables = [one["name"] for one in DASHBOARD["templating"]["list"]]
    assert variables == ["datasource", "job", "instance"]
    for panel in PANELS:
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["description"].endswith("."), panel["title"]
        units = {one["matcher"]["options"]: one["properties"][0]["value"] for one in panel["fieldConfig"]["overrides"]}
        for target in panel["targets"]:
            expression = target["expr"]
            assert expression.count('job=~"$job"') == expression.count('instance=~"$instance"') == expression.count("{"), panel["title"]
            assert units.get(target["refId"], defaults["unit"]) in units_of(expression), (panel["title"], expression)


def units_of(expression):
    """What a number of this expression may be shown as."""
    if "_seconds_bucket" in expression or expression.startswith("time() -") or expression.endswith("- time()"):
        return {"s"}
    if " / " in expression:
        return {"short" if "commit_messages" in expression else "percentunit"}
    if "rate(" in expression and "_bucket" not in expression:
        return {"Bps" if "_bytes" in expression else "short" if "cpu_seconds" in expression else "cps"}
    return {"bytes" if "_bytes{" in expression else "s" if "_seconds{" in expression else "short"}


def for_prometheus(expression):
    return expression.replace("$__rate_interval", "10s").replace("$job", "signpost").replace("$instance", ".*")


def test_all_of_the_dashboard_has_data_in_a_real_prometheus(world, certificate):
    world.receiver("receiver.example", "--tls-cert", certificate.certificate, "--tls-key", certificate.key)
    world.receiver("shop.example")
    relay = world.add_relay(settings={"retry": 'schedule = ["1h"]\ndelay_notice = "0s"'}, extra=harness.METERED_TENANT)
    relay.add_key("shop.example", "s1", "rsa")
    relay.add_user("shop", harness.PASSWORD, "--tenant", "acme")
    world.start()
    prometheus = Prometheus(world.folder / "prometheus", world.address(), [(relay.host, ADMIN_PORT)])
    world.others.append(prometheus)

    missing = list(EXPRESSIONS)
    numbers = itertools.count()

    def rest_is_rare():
        # The last one is of a domain that the name server has not been asked for yet.
        relay.send("a@shop.example", [*(f"{kind}@receiver.example" for kind in ("b", "bounce-c", "tempfail-d")),
                                      f"e@unknown{next(numbers)}.example"],
                   message(), port=SUBMISSION_PORT, user="shop", starttls=True)
        missing[:] = [(title, expression) for title, expression in missing
                      if not any(math.isfinite(value) for _, value in prometheus.query(for_prometheus(expression)))]
        return {title for title, _ in missing} <= RARE

    harness.wait_until(rest_is_rare, lambda: missing)
    described = " ".join(expression for _, expression in EXPRESSIONS)
    families = {line.split()[2] for line in relay.get("/metrics")[1].splitlines() if line.startswith("# TYPE")}
    assert {name for name in families if name not in described} <= NOT_SHOWN


# Annotations.
RARE = {"Configuration reloads", "Starts"}
# What nobody looks at every day.
NOT_SHOWN = {"signpost_bare_linefeed_messages_total", "signpost_config_reloads_total", "signpost_config_last_reload_successful",
             "signpost_dns_ignored_answers_total", "signpost_login_messages_accepted_total", "signpost_notifications_dropped_total",
             "signpost_tenant_messages_accepted_total", "process_virtual_memory_bytes"}


def test_the_books_balance(world):
    """Some recipients are delivered to, some fail at once, some expire, some are removed, some stay: each is counted once."""
    sink = world.receiver("receiver.example")
    world.dns.add("nowhere.example. 60 IN MX 0 .")
    relay = world.start(settings={"retry": 'schedule = ["1s"]\nexpire = "4s"\ndelay_notice = "0s"'})

    def books():
        metric = relay.metric
        expired = metric("signpost_recipients_expired_total")
        return {"accepted": metric("signpost_recipients_accepted_total"),
                "notifications": metric("signpost_notifications_total"),
                "delivered": metric("signpost_delivery_seconds_count"),
                "bounced": metric("signpost_bounces_total") - expired, "expired": expired,
                "removed": metric("signpost_recipients_removed_total"),
                "queued": metric("signpost_queue_recipients")}

    def balanced():
        now = books()
        came = now["accepted"] + now["notifications"]
        return now if came == sum(now[name] for name in ("delivered", "bounced", "expired", "removed", "queued")) else None

    relay.send("a@receiver.example", ["b@receiver.example", "c@receiver.example", "bounce-d@receiver.example", "e@nowhere.example",
                                      "tempfail1-f@receiver.example", "tempfail-g@receiver.example", "tempfail-h@receiver.example"],
               message())
    relay.send("a@receiver.example", ["tempfail-i@receiver.example", "tempfail-j@receiver.example"], message())
    relay.wait_event("deferred", to="tempfail-j@receiver.example")
    assert relay.run("queue", "remove", "--yes", "--to", "tempfail-j@receiver.example").returncode == 0
    now = harness.wait_until(balanced, lambda: f"balanced books under way: {books()}")
    assert now["accepted"] == 9 and now["removed"] == 1 and now["queued"] > 0
    relay.wait_empty()
    now = harness.wait_until(balanced, lambda: f"balanced books at the end: {books()}")
    assert now["queued"] == 0 and now["bounced"] == 2 and now["expired"] == 3 and now["removed"] == 1
    assert now["delivered"] == 3 + now["notifications"] and now["notifications"] >= 2
    assert len(sink.saved()) == now["delivered"] - 1, "b and c share a message"
    # A login has its own: nobody logged in here.
    assert relay.metric("signpost_login_recipients_total", login="(none)", result="expired") == 3
    assert relay.metric("signpost_delivered_attempts_count") == now["delivered"]
    assert relay.metrics()['signpost_delivered_attempts_bucket{le="1"}'] == now["delivered"] - 1, "f took two"


def test_what_cannot_be_reached_is_counted_by_kind_and_by_where_mail_waits(world):
    world.dns.mx("gone.example", (10, "mx.gone.example", world.address()))
    world.dns.mx("rude.example", (10, "mx.rude.example", world.sink("--greeting", "554 Go away").host))
    dead = f"smtp://{world.address()}:2525"
    relay = world.start(extra=f'[[route]]\nrecipients = ["routed.example"]\nvia = "{dead}"\n')
    relay.send("a@shop.example", ["b@gone.example", "b@rude.example", "b@routed.example"], message())
    failures = "signpost_delivery_connection_failures_total"
    harness.wait_until(lambda: relay.metric(failures, kind="refused") >= 2 and relay.metric(failures, kind="reply") >= 1,
                       "the failures")
    harness.wait_until(lambda: relay.metric("signpost_queue_jobs", provider="other", route="mx") == 2 and
                       relay.metric("signpost_queue_jobs", provider="other", route=dead) == 1, "the jobs to be counted")
    harness.wait_until(lambda: relay.metric("signpost_queue_sites", state="backing_off") == 3, "all to be left alone")
    assert relay.events("connection_failed", kind="refused")


def test_receivers_that_ask_for_less_are_counted(world):
    world.dns.mx("busy.example", (10, "mx.busy.example", world.sink("--defer-rcpt", "1:451").host))
    world.dns.mx("full.example", (10, "mx.full.example", world.sink("--greeting", "421 4.7.0 Too many connections").host))
    relay = world.start(settings={"retry": 'schedule = ["1h"]\ndelay_notice = "0s"'})
    assert relay.metric("signpost_sites_slowed", provider="google") == relay.metric("signpost_sites_slowed") == 0
    relay.send("a@shop.example", ["b@full.example", "b@busy.example"], message())
    assert relay.wait_event("site_slowed")["site"] == "mx:mx.full.example"
    harness.wait_until(lambda: relay.metric("signpost_sites_slowed", provider="other") == 1, "it to be counted")
    relay.wait_event("deferred", to="b@busy.example")
    assert relay.metric("signpost_sites_slowed") == 1


def test_state_and_limits_of_the_process(world):
    relay = world.add_relay(settings={"limits": "sessions = 500"})
    begun = time.time()
    world.start()
    metric = relay.metric
    assert begun - 1 <= metric("process_start_time_seconds") <= time.time()
    assert 0 < metric("process_cpu_seconds_total") < 60 and metric("process_resident_memory_bytes") > 1e6
    assert 10 < metric("process_open_fds") < metric("process_max_fds")
    assert metric("signpost_smtp_sessions_limit") == 500
    assert metric("signpost_disk_free_bytes") > metric("signpost_disk_free_limit_bytes") > 0
    assert all(metric("signpost_ready", reason=reason) == 1 for reason in ("draining", "storage", "disk", "memory"))
    loaded = metric("signpost_config_last_reload_success_timestamp_seconds")
    assert begun - 1 <= loaded <= time.time() and metric("signpost_config_file_timestamp_seconds") == int(
        relay.config.stat().st_mtime)
    relay.config.write_text("an edit that is not done yet")
    relay.process.process.send_signal(signal.SIGHUP)
    relay.wait_event("config_reload_failed")
    assert metric("signpost_config_last_reload_successful") == 0
    relay.tables["limits"] = 'disk_free = "1000TiB"'
    relay.write_config()
    assert relay.run("reload").returncode == 0
    assert metric("signpost_config_last_reload_successful") == 1
    harness.wait_until(lambda: metric("signpost_ready", reason="disk") == 0, "the disk to be too full")
    assert relay.get("/readyz")[0] == 503 and metric("signpost_ready", reason="memory") == 1
