"""What operators do and see: commands, reload, metrics, stopping and starting."""

import json
import re
import signal
import smtplib
import ssl
import subprocess

import pytest

import harness
from conftest import message
from harness import PASSWORD, ROOT, SUBMISSION_PORT

PROMTOOL = harness.peer_program("usr/bin/promtool")


@pytest.fixture
def stuck(world):
    """A relay with three messages that are deferred for an hour."""
    sink = world.receiver("receiver.example")
    world.receiver("other.example")
    relay = world.start(settings={"retry": 'schedule = ["1h"]\ndelay_notice = "0s"'})
    for number, domain in enumerate(["receiver.example", "receiver.example", "other.example"]):
        relay.send(f"s{number}@shop.example", f"tempfail1-{number}@{domain}", message())
    harness.wait_until(lambda: len(relay.events("deferred")) == 3, "three deferred messages")
    return relay, sink


def test_queue_list_and_show(stuck):
    relay, _ = stuck
    jobs = relay.queue("list")
    jobs = jobs["jobs"] if isinstance(jobs, dict) else jobs
    assert len(jobs) == 3
    assert {job["state"] for job in jobs} == {"deferred"}
    assert {job["last_reply"] for job in jobs} == {"451 4.3.0 Not now"}
    text = relay.run("queue", "list")
    assert text.returncode == 0 and all(job["id"] in text.stdout for job in jobs)
    only = relay.queue("list", "--to", "other.example")
    only = only["jobs"] if isinstance(only, dict) else only
    assert [job["domain"] for job in only] == ["other.example"]
    only = relay.queue("list", "--from", "s1@shop.example")
    only = only["jobs"] if isinstance(only, dict) else only
    assert [job["from"] for job in only] == ["s1@shop.example"]
    shown = relay.queue("show", jobs[0]["id"])
    assert shown["id"] == jobs[0]["id"] and shown["jobs"][0]["attempts"] == 1
    unknown = relay.run("queue", "show", "0" * len(jobs[0]["id"]))
    assert unknown.returncode == 1 and unknown.stderr.count("\n") == 1


def test_queue_retry_delivers_now(stuck):
    relay, sink = stuck
    done = relay.run("queue", "retry", "--to", "receiver.example")
    assert done.returncode == 0, done.stderr
    sink.wait_for(2)
    harness.wait_until(lambda: len(relay.queued_jobs()) == 1, "the other one to be left")


def test_queue_remove(stuck):
    relay, sink = stuck
    queue_id = relay.queued_jobs()[0]["id"]
    assert relay.run("queue", "remove", queue_id).returncode == 0
    assert queue_id not in [job["id"] for job in relay.queued_jobs()]
    assert len(relay.queued_jobs()) == 2
    assert relay.run("queue", "remove").returncode != 0  # not the whole queue by a slip
    assert len(relay.queued_jobs()) == 2


def test_removing_one_address_leaves_the_others_of_its_message(stuck):
    relay, sink = stuck
    addresses = [f"tempfail1-u{number}@receiver.example" for number in range(5)]
    relay.send("many@shop.example", addresses, message())
    harness.wait_until(lambda: len(relay.events("deferred")) == 8, "five deferred recipients")
    [before] = relay.queue("list", "--from", "many@shop.example")["jobs"]
    done = relay.run("queue", "remove", "--to", addresses[2].upper(), "--yes")
    assert done.returncode == 0 and "removed: 1, other recipients of the same messages that stay: 4" in done.stdout
    [after] = relay.queue("list", "--from", "many@shop.example")["jobs"]
    assert after == {**before, "to": [each for each in before["to"] if each != addresses[2]]}
    assert [event["to"] for event in relay.events("removed")] == [addresses[2]]
    assert relay.metric("signpost_recipients_removed_total") == 1
    again = relay.run("queue", "retry", "--to", addresses[0])
    assert "1 due now, other recipients of the same messages that are tried with them: 3" in again.stdout
    harness.wait_until(lambda: len(relay.events("delivered")) == 4, "the others to be delivered")
    assert addresses[2] not in [event["to"] for event in relay.events("delivered")]


def test_queue_gauges(stuck):
    relay, _ = stuck
    assert relay.metric("signpost_queue_messages", state="deferred") == 3
    assert relay.metric("signpost_queue_messages", state="ready") == 0
    assert relay.metric("signpost_queue_oldest_seconds", state="deferred") > 0


def test_reload_takes_a_new_user_and_a_new_listener(world):
    world.receiver("receiver.example")
    relay = world.start()
    old = relay.smtp(SUBMISSION_PORT, user="shop", starttls=True)
    relay.add_user("second")
    relay.extra += f'[[listener]]\nbind = "{relay.host}:2600"\n'
    relay.write_config()
    done = relay.run("reload")
    assert done.returncode == 0, done.stderr
    relay.smtp(2600, user="second", starttls=True)
    assert old.noop()[0] == 250
    assert relay.metric("signpost_config_reloads_total", result="ok") + relay.metric(
        "signpost_config_reloads_total", result="succeeded") == 1
    relay.wait_event("config_reloaded")


def test_a_reload_of_everything_drops_no_session(world):
    """Sessions keep what they began with; those that come later get the new."""
    sink = world.receiver("receiver.example")
    relay = world.add_relay()
    relay.add_key("shop.example", "s1", "ed25519")
    # No other test has this port, which a wildcard needs.
    moving = '[[listener]]\nbind = "{}:2610"\nmode = "plain"\nauth = "off"\ntrusted_networks = ["127.0.0.0/8"]\n'
    relay.extra = moving.format(relay.host)
    world.start()
    idle = relay.smtp(SUBMISSION_PORT, user="shop", starttls=True)
    writing = relay.raw(2610)
    writing.open_data()
    writing.write(message()[:40])

    (world.folder / "new").mkdir()
    relay.certificate = harness.Certificate(world.folder / "new")
    relay.keys.clear()
    relay.add_key("shop.example", "s2", "ed25519")
    world.dns.reload()
    relay.add_user("second", "another password")
    relay.tables["limits"] = 'message_size = "1MiB"'
    routed = world.sink()
    relay.extra = (f'[[route]]\nrecipients = ["receiver.example"]\nvia = "smtp://{routed.host}:{routed.port}"\n'
                   f'[[listener]]\nbind = "{relay.host}:2600"\n' + moving.format("0.0.0.0"))
    relay.write_config()
    done = relay.run("reload")
    assert done.returncode == 0, done.stderr
    # The address of a listener has become one that includes it.
    assert relay.wait_event("listening", bind="0.0.0.0:2610")
    assert relay.wait_event("listener_closed", bind=f"{relay.host}:2610")
    assert not relay.events("config_needs_restart")

    assert idle.noop()[0] == 250
    idle.sendmail("a@shop.example", "b@receiver.example", message())
    writing.write(message()[40:] + b".\r\n")
    assert writing.reply()[0] == 250
    for _, content in routed.wait_for(2):
        assert b"s=s2;" in content and b"s=s1;" not in content
    assert not sink.saved()
    assert ssl.get_server_certificate((relay.host, harness.IMPLICIT_TLS_PORT)) == relay.certificate.certificate.read_text()
    later = relay.smtp(2610)
    later.ehlo()
    assert later.esmtp_features["size"] == "1048576"
    relay.smtp(2600, starttls=True).login("second", "another password")


def test_what_takes_a_restart_is_named(world):
    relay = world.start()
    relay.workers = 3
    relay.write_config()
    text = relay.config.read_text().replace(f"{relay.host}:{harness.ADMIN_PORT}", f"{relay.host}:8026")
    relay.config.write_text(text.replace('data_dir = "data"', 'data_dir = "elsewhere"'))
    relay.process.process.send_signal(signal.SIGHUP)
    relay.wait_event("config_reloaded")
    keys = {each["key"] for each in relay.events("config_needs_restart")}
    assert {"workers", "data_dir", "admin.bind", "admin.socket"} <= keys


@pytest.mark.parametrize("spoil", ["syntax", "unknown key", "missing certificate"])
def test_a_bad_reload_leaves_the_old_configuration_in_force(world, spoil):
    sink = world.receiver("receiver.example")
    relay = world.start()
    session = relay.smtp()
    good = relay.config.read_text()
    relay.config.write_text({
        "syntax": good + "\n[delivery\n",
        "unknown key": good + "\n[[destination]]\nmatch = [\"x.example\"]\nconection = 3\n",
        "missing certificate": re.sub(r'certificate = ".*"', 'certificate = "/nonexistent.pem"', good),
    }[spoil])
    done = relay.run("reload")
    # The command reads the configuration too, for the admin address: it may refuse by itself.
    assert done.returncode == 1 and done.stderr.strip()
    relay.process.process.send_signal(signal.SIGHUP)
    relay.wait_event("config_reload_failed")
    assert relay.metric("signpost_config_reloads_total", result="failed") >= 1
    assert session.noop()[0] == 250
    relay.send("a@shop.example", "b@receiver.example", message())
    sink.wait_for(1)


@pytest.mark.parametrize("broken, words", [
    ("hostname = 3", ["hostname"]),
    ("[limits]\nmesage_size = \"1MiB\"", ["mesage_size", ":"]),
    ("[limits]\nmessage_size = \"lots\"", ["message_size"]),
    ("[[dkim]]\ndomain = \"x.example\"\nselector = \"s\"\nkey = \"/nonexistent.pem\"", ["/nonexistent.pem"]),
])
def test_check_names_file_line_and_remedy(world, broken, words):
    relay = world.add_relay()
    relay.add_user("shop")
    text = relay.config.read_text()
    if broken.startswith("hostname"):
        text = re.sub(r"(?m)^hostname = .*$", broken, text)
    else:
        text = re.sub(r"(?ms)^\[limits\]\n.*?(?=^\[)", "", text) + broken + "\n"
    relay.config.write_text(text)
    checked = relay.run("check")
    assert checked.returncode == 1
    assert re.search(r"signpost\.toml|nonexistent", checked.stderr + checked.stdout)
    for word in words:
        assert word in checked.stderr + checked.stdout
    served = relay.run("serve")
    assert served.returncode == 78, "systemd is not to try again"
    refusals = [json.loads(line) for line in served.stderr.splitlines()]
    assert refusals and all(one["event"] == "start_failed" for one in refusals)
    assert all(any(word in one["detail"] for one in refusals) for word in words)


def test_a_start_that_fails_otherwise_may_be_tried_again(world):
    relay = world.start()
    second = relay.run("serve")
    assert second.returncode == 1 and json.loads(second.stderr.splitlines()[-1])["event"] == "start_failed"


def test_the_journal_gets_priorities(world):
    relay = world.add_relay(settings={"log": 'format = "text"'})
    # The shell learns what standard error is, as systemd does.
    relay.program = ["bash", "-c", f'JOURNAL_STREAM=$(stat -L -c %d:%i /dev/stderr) exec {harness.BIN}/signpost "$@"', "signpost"]
    world.start()
    assert relay.stop() == 0
    lines = relay.log.read_text().splitlines()
    assert all(re.match(r"<[3-7]>(debug|info|warning|error) [a-z_]+( |$)", line) for line in lines), lines
    assert any(line.startswith("<6>info started") for line in lines), lines


def test_a_renewed_certificate_is_noticed(world):
    relay = world.add_relay()
    relay.certificate = harness.Certificate(world.folder)
    world.start()

    def presented():
        return ssl.get_server_certificate((relay.host, harness.IMPLICIT_TLS_PORT))

    old = presented()
    (world.folder / "renewed").mkdir()
    renewed = harness.Certificate(world.folder / "renewed")
    relay.config.write_text("an edit that is not done yet")
    for now, then in ((renewed.certificate, relay.certificate.certificate), (renewed.key, relay.certificate.key)):
        text = now.read_text()
        then.write_text(text)  # the rights stay as they are
    event = relay.wait_event("certificate_reloaded")
    assert event["file"] == str(relay.certificate.certificate)
    assert presented() == renewed.certificate.read_text() != old
    relay.certificate.key.write_text("half a fi")
    assert str(relay.certificate.key) in relay.wait_event("certificate_not_reloaded")["detail"]
    assert presented() == renewed.certificate.read_text()


def test_check_accepts_what_serve_accepts(world):
    relay = world.add_relay()
    relay.add_key("shop.example", "s1", "rsa")
    relay.add_user("shop")
    relay.write_config()
    done = relay.run("check")
    assert done.returncode == 0, done.stderr


def test_dkim_record_prints_what_keygen_printed(world):
    relay = world.add_relay()
    for algorithm in ("rsa", "ed25519"):
        relay.add_key("shop.example", algorithm, algorithm)
        key = relay.keys[-1][2]
        assert key.stat().st_mode & 0o777 == 0o600
        again = relay.run("dkim", "record", "--key", key, "--domain", "shop.example", "--selector", algorithm, config=False)
        assert again.stdout == world.dns.records[-1]


def test_users_are_added_listed_and_removed(world):
    relay = world.add_relay()
    relay.add_user("shop")
    relay.add_user("other")
    listed = json.loads(relay.run("user", "list", "--json").stdout)
    assert "shop" in json.dumps(listed) and "other" in json.dumps(listed)
    assert PASSWORD not in relay.users.read_text() and "{ARGON2ID}" in relay.users.read_text()
    assert relay.run("user", "remove", "other").returncode == 0
    assert "other" not in relay.users.read_text()


def test_sender_rules_of_a_login(world):
    relay = world.add_relay()
    relay.add_user("shop")
    relay.users.write_text(relay.users.read_text().rstrip() + '\nsenders = ["@shop.example"]\n')
    world.start()
    client = relay.smtp(SUBMISSION_PORT, user="shop", starttls=True)
    code, text = client.mail("somebody@else.example")
    if code == 250:
        code, text = client.rcpt("x@receiver.example")
    assert code in (550, 553) and text.startswith(b"5.7.1"), text


def test_health_and_readiness(world):
    relay = world.start()
    assert relay.get("/healthz") == (200, "ok\n")
    assert relay.get("/readyz")[0] == 200
    assert relay.get("/nonsense")[0] == 404


METRICS = """signpost_build_info signpost_smtp_sessions signpost_smtp_sessions_total signpost_auth_total
signpost_messages_accepted_total signpost_accepted_bytes_total signpost_messages_rejected_total signpost_accept_seconds
signpost_queue_messages signpost_queue_oldest_seconds signpost_queue_commit_seconds signpost_queue_commit_messages
signpost_dkim_signatures_total signpost_dkim_unsigned_total signpost_dns_queries_total signpost_dns_query_seconds
signpost_delivery_attempts_total signpost_delivery_replies_total signpost_delivery_seconds signpost_delivery_connections
signpost_tls_handshakes_total signpost_bounces_total signpost_config_reloads_total""".split()


def names_in(expressions):
    return set(re.findall(r"\bsignpost_[a-z0-9_]+", expressions))


@pytest.fixture
def busy(world, certificate):
    """A relay that has done a little of everything."""
    sink = world.receiver("receiver.example", "--tls-cert", certificate.certificate, "--tls-key", certificate.key)
    world.receiver("shop.example")
    relay = world.add_relay(extra=harness.METERED_TENANT)
    relay.add_key("shop.example", "s1", "rsa")
    relay.add_user("shop", harness.PASSWORD, "--tenant", "acme")
    world.start()
    relay.send("a@shop.example", ["b@receiver.example", "bounce-c@receiver.example"], message(), port=SUBMISSION_PORT, user="shop", starttls=True)
    relay.send("a@other.example", "b@receiver.example", message(sender="a@other.example"))
    with pytest.raises(smtplib.SMTPAuthenticationError):
        relay.smtp(SUBMISSION_PORT, starttls=True).login("shop", "wrong")
    sink.wait_for(2)
    relay.run("reload")
    relay.wait_empty()
    return relay


def test_all_metrics_are_there_and_promtool_likes_them(busy):
    text = busy.get("/metrics")[1]
    families = set(re.findall(r"(?m)^# TYPE (\S+)", text))
    assert set(METRICS) <= families, set(METRICS) - families
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=text, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    # What the outside world chooses is not a label.
    assert not re.search(r'="[^"]*(receiver|shop|other)\.example', text)


def test_every_metric_of_dashboard_and_rules_exists(busy):
    text = busy.get("/metrics")[1]
    known = set(re.findall(r"(?m)^(signpost_[a-z0-9_]+?)(?:\{| )", text)) | set(re.findall(r"(?m)^# TYPE (\S+)", text))
    dashboard = json.loads((ROOT / "etc/grafana/signpost.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(expressions) > 15
    assert names_in("\n".join(expressions)) <= known, names_in("\n".join(expressions)) - known
    rules = "".join(line for line in open(ROOT / "etc/prometheus/signpost.rules.yml") if "expr:" in line or "signpost_" in line)
    assert names_in(rules) <= known, names_in(rules) - known


def test_the_alert_rules_are_right():
    rules = ROOT / "etc/prometheus/signpost.rules.yml"
    done = subprocess.run([PROMTOOL, "check", "rules", rules], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run([PROMTOOL, "test", "rules", ROOT / "tests/interop/signpost.rules.test.yml"], capture_output=True, text=True,
                          cwd=ROOT / "tests/interop")
    assert done.returncode == 0, done.stdout + done.stderr


def test_sigterm_finishes_what_is_in_flight_and_exits_0(world):
    sink = world.receiver("receiver.example", "--delay-ms", "1000")
    relay = world.start()
    queue_id = relay.send("a@shop.example", "b@receiver.example", message())
    harness.wait_until(lambda: sink.counts()["transactions"] == 1, "the transaction to begin")
    assert relay.stop() == 0
    sink.wait_for(1)
    relay.launch()
    relay.wait_empty()
    assert sink.counts()["messages"] >= 1
    harness.wait_until(lambda: relay.events("accepted", id=queue_id), "the acceptance in the log")
    assert len(relay.events("accepted", id=queue_id)) == 1


def test_sigterm_lets_a_transaction_end_and_takes_no_new_one(world):
    sink = world.receiver("receiver.example")
    relay = world.start()
    talk = relay.raw()
    talk.open_data(recipient="b@receiver.example")
    relay.process.process.send_signal(signal.SIGTERM)
    harness.wait_until(lambda: not harness.listening(relay.host, harness.TRUSTED_PORT) or relay.events("stopping"), "it to stop")
    talk.write(message() + b".\r\n")
    code, lines = talk.reply()
    assert relay.process.wait() == 0
    relay.launch()
    if code == 250:
        sink.wait_for(1)
    else:
        assert code == 421


def test_a_restart_continues_with_deferred_mail(world):
    sink = world.receiver("receiver.example")
    relay = world.start(settings={"retry": 'schedule = ["2s"]\ndelay_notice = "0s"'})
    relay.send("a@shop.example", "tempfail1-b@receiver.example", message())
    relay.wait_event("deferred")
    assert relay.stop() == 0
    relay.launch()
    sink.wait_for(1)
    relay.wait_empty()


def test_a_kill_loses_nothing_that_was_acknowledged(world):
    sink = world.receiver("receiver.example")
    relay = world.start()
    for number in range(50):
        relay.send("a@shop.example", f"r{number}@receiver.example", message())
    relay.kill()
    relay.launch()
    relay.wait_empty()
    arrived = {r["address"] for envelope, _ in sink.saved() for r in envelope["recipients"]}
    assert arrived == {f"r{number}@receiver.example" for number in range(50)}


def test_a_second_relay_on_the_same_queue_is_refused(world):
    relay = world.start()
    second = relay.run("serve")
    assert second.returncode == 1 and second.stderr.strip()
    assert relay.ready()


def test_wrong_usage_is_exit_code_2(world):
    relay = world.add_relay()
    assert relay.run("nonsense", config=False).returncode == 2
    assert relay.run("queue", config=False).returncode == 2
    assert relay.run("--help", config=False).returncode == 0


def test_text_log_has_one_line_per_event(world):
    sink = world.receiver("receiver.example")
    relay = world.start(settings={"log": 'format = "text"'})
    queue_id = relay.send("a@shop.example", "b@receiver.example", message())
    sink.wait_for(1)
    harness.wait_until(lambda: "delivered" in relay.log.read_text(), "the event")
    line = next(line for line in relay.log.read_text().splitlines() if "delivered" in line)
    assert queue_id in line and "b@receiver.example" in line
