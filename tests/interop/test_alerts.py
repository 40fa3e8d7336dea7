"""Every alert fires in a real Prometheus when its fault is made, and has its test on virtual time and its section in the runbook.

One Prometheus watches six relays, which are brought into all kinds of trouble at once. Its rules are quickened
(prometheus_server.py): what takes ten minutes takes ten seconds.
"""

import contextlib
import os
import re
import resource
import signal
import smtplib
import subprocess
import threading
import time

import pytest

import harness
from conftest import message
from prometheus_server import RULES, Prometheus, quickened

ALERTS = re.findall(r"(?m)^      - alert: (\w+)$", RULES.read_text())
ISSUER_THAT_IS_AWAY = """
[auth.oauth]
issuer = "https://id.shop.example"
audience = "signpost"
jwks = "http://127.0.0.1:1/keys"
"""
SLOW_DISK = harness.BIN.parent / "tests/fault/libbad_disk.so"


def test_every_alert_has_a_section_in_the_runbook():
    sections = re.findall(r"(?m)^## (\w+)$", (harness.ROOT / "docs/runbook.md").read_text())
    assert sections == ALERTS, "in the order of the rules"
    named = re.findall(r"(?m)^          runbook: docs/runbook\.md#(\w+)$", RULES.read_text())
    assert named == [alert.lower() for alert in ALERTS]


def test_every_alert_has_a_test_on_virtual_time():
    tested = (harness.ROOT / "tests/interop/signpost.rules.test.yml").read_text()
    assert set(ALERTS) == set(re.findall(r'alertname="(\w+)"', tested))


class Faults:
    """Relays that something is wrong with; what is made wrong lasts until close()."""

    def __init__(self, world):
        self.world = world
        self.stack = contextlib.ExitStack()
        self.ended = threading.Event()
        self.folder = world.folder

    def relay(self, name, **options):
        certificate = options.pop("certificate", self.world.certificate)
        one = harness.Relay(self.folder / name, self.world.address(), dns=options.pop("dns", self.world.dns),
                            certificate=certificate, workers=1, **options)
        self.world.others.append(one)
        return one

    def certificate(self, days):
        folder = self.folder / f"certificate-{days}"
        folder.mkdir()
        return harness.Certificate(folder, days=days)

    def again_and_again(self, act, pause):
        def run():
            while not self.ended.wait(pause):
                with contextlib.suppress(OSError, smtplib.SMTPException, AssertionError, EOFError):
                    act()
        thread = threading.Thread(target=run)
        thread.start()
        self.stack.callback(thread.join)
        self.stack.callback(self.ended.set)

    def close(self):
        self.stack.close()


def outage(faults):
    """Its receivers are gone, its log is read by nobody, and mail comes and comes."""
    relay = faults.relay("outage", settings={"log": 'level = "debug"\nformat = "json"'}, certificate=faults.certificate(10))
    pipe = faults.folder / "log.pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR)
    faults.stack.callback(os.close, reader)
    relay.program = ["sh", "-c", f'exec "$0" "$@" 2>"{pipe}"', harness.BIN / "signpost"]
    faults.world.dns.mx("gone.example", (10, "mx.gone.example", faults.world.address()))
    return relay


def make_outage(relay):
    """Mail for nobody, with more to say about it than a log that nobody reads can hold."""
    subprocess.run([harness.BIN / "signpost-load", "--to", f"{relay.host}:{harness.TRUSTED_PORT}", "--messages", "2000", "--size", "1000",
                    "--recipient-domains", "gone.example", "--recipients-per-message", "25"], check=True, capture_output=True)


def make_refusals(relay, kind, domain="receiver.example"):
    relay.send("a@shop.example", [f"{kind}-{number}@{domain}" for number in range(40)], message())


def make_passwords_cheap(relay):
    """Checks have a low priority: on a busy machine each of the usual ones would take seconds."""
    relay.add_user("shop")
    relay.users.write_text(re.sub(r'\{ARGON2ID\}[^"]+', "{SHA256-CRYPT}$5$rounds=1000$salt$" + "x" * 43, relay.users.read_text()))


def make_guesses(faults, relay):
    def guess():
        with relay.smtp(harness.SUBMISSION_PORT, starttls=True) as client:
            client.login("shop", "wrong")
    for _ in range(3):
        faults.again_and_again(guess, 0.1)


def make_crowd(faults, relay):
    """15 sessions of 20, and two messages of 7 MB in them that do not end."""
    clients = [relay.raw() for _ in range(15)]
    for client in clients:
        faults.stack.callback(client.close)
    for client in clients[:2]:
        client.open_data()
        client.write(message(body=("x" * 70 + "\r\n") * 100_000))


def lower_descriptors(relay):
    pid = relay.process.process.pid
    used = len(os.listdir(f"/proc/{pid}/fd"))
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (int(used / 0.9), hard))


def send_too_much(relay):
    for number in range(20):
        with contextlib.suppress(AssertionError):  # the last five are refused
            relay.send("a@shop.example", f"b@domain{number}.example", message())


def fill_disk(faults, relay):
    """No disk is filled for it: the relay wants more left than there is."""
    relay.tables["limits"] = 'disk_free = "1000TiB"'
    relay.write_config()
    relay.process.process.send_signal(signal.SIGHUP)

    def send():
        relay.send("a@shop.example", "b@receiver.example", message())
    faults.again_and_again(send, 0.5)


def stall_store(faults, relay):
    """Its data files are not written to the end, and more mail comes than its memtables hold."""
    disk = faults.folder / "stalled-disk"
    relay.environment = {**os.environ, "LD_PRELOAD": str(SLOW_DISK), "SIGNPOST_BAD_DISK": str(disk)}

    def make():
        disk.write_text("stall-data")
        faults.stack.callback(disk.unlink)
        load = subprocess.Popen([harness.BIN / "signpost-load", "--to", f"{relay.host}:{harness.TRUSTED_PORT}", "--messages", "100",
                                 "--connections", "2", "--size", "4000000", "--recipient-domains", "gone.example"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        faults.stack.callback(load.wait)
        faults.stack.callback(load.kill)
    return make


def spoil_configuration(relay):
    time.sleep(max(0, 1.1 - (time.time() - relay.metric("signpost_config_last_reload_success_timestamp_seconds"))))
    relay.config.write_text("an edit that is not done yet")
    relay.process.process.send_signal(signal.SIGHUP)


def restart_again_and_again(relay, prometheus):
    """Four starts, each seen by Prometheus; then it is gone."""
    seen = f'process_start_time_seconds{{instance="{relay.host}:{harness.ADMIN_PORT}"}}'
    for start in range(4):
        if start > 0:
            relay.launch()
        began = relay.metric("process_start_time_seconds")
        harness.wait_until(lambda: [value for _, value in prometheus.query(seen) if abs(value - began) < 0.001], "a scrape of it")
        relay.kill()


@pytest.fixture
def faults(world):
    made = Faults(world)
    yield made
    made.close()


def test_every_fault_is_noticed_by_a_real_prometheus(world, faults):
    world.receiver("receiver.example")
    world.receiver("wary.example", "--refuse-rcpt", "1:550")  # 5.7.1
    silent = harness.NameServer(world.folder / "silent-dns", world.address())  # is not started
    away = outage(faults)
    troubled = faults.relay("troubled", settings={"limits": 'sessions = 20\nsessions_per_client = 20\nmemory = "16MiB"\nmessage_size = "8MiB"'},
                            certificate=faults.certificate(2))
    make_passwords_cheap(troubled)
    blind = faults.relay("blind", dns=silent, settings={"limits": "client_daily = 15"})
    slow = faults.relay("slow")
    disk = world.folder / "disk"
    slow.environment = {**os.environ, "LD_PRELOAD": str(SLOW_DISK), "SIGNPOST_BAD_DISK": str(disk)}
    stalled = faults.relay("stalled", extra=ISSUER_THAT_IS_AWAY)
    stall = stall_store(faults, stalled)
    restless = faults.relay("restless")
    world.dns.start()
    relays = [away, troubled, blind, slow, stalled, restless]
    for relay in relays:
        relay.start()
    prometheus = Prometheus(world.folder / "prometheus", world.address(), [(one.host, harness.ADMIN_PORT) for one in relays],
                            quickened(RULES.read_text()))
    faults.stack.callback(prometheus.stop)
    # A rule that compares with the past needs one: its subqueries look at whole seconds, so two of them pass before anything happens.
    harness.wait_until(lambda: len(prometheus.query("count_over_time(signpost_build_info[1m:1s]) >= 2")) == len(relays),
                       "two seconds of every relay")

    spoil_configuration(slow)
    faults.again_and_again(lambda: stalled.process.process.send_signal(signal.SIGHUP), 0.5)  # fetches the issuer's keys anew
    stall()
    make_outage(away)
    make_guesses(faults, troubled)
    make_crowd(faults, troubled)
    make_refusals(troubled, "tempfail")
    make_refusals(slow, "bounce")
    make_refusals(troubled, "user", "wary.example")
    lower_descriptors(troubled)
    disk.write_text("slow 700")
    send_too_much(blind)
    fill_disk(faults, blind)
    faults.again_and_again(lambda: slow.send("a@shop.example", "b@receiver.example", message()), 0.2)
    restart_again_and_again(restless, prometheus)
    slow.process.process.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    slow.process.process.send_signal(signal.SIGCONT)

    def fired():
        return {labels["alertname"] for labels, _ in prometheus.query('max_over_time(ALERTS{alertstate="firing"}[5m])')}

    wanted = set(ALERTS)
    harness.wait_until(lambda: wanted <= fired(), lambda: f"{sorted(wanted - fired())}; firing: {prometheus.query('ALERTS')}")
