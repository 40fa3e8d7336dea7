"""Everything at once on every thread: clients, receivers that defer and refuse, retries, reloads, queue listings
and a stop with mail under way. The thread sanitizer judges it; other builds prove that no mail is lost."""

import signal
import subprocess
import time

import pytest

import harness
from conftest import message
from harness import BIN, IMPLICIT_TLS_PORT, PASSWORD, SUBMISSION_PORT, wait_until

MESSAGES = 150  # of each load


class Load:
    """signpost-load with AUTH and TLS, and the ids of what was acknowledged to it."""

    def __init__(self, folder, relay, name, port, *options):
        self.ledger = folder / f"{name}.ledger"
        self.ledger.touch()
        self.process = harness.Process(
            [BIN / "signpost-load", "--to", f"{relay.host}:{port}", "--user", "shop", "--password-file", folder / "password",
             "--messages", str(MESSAGES), "--connections", "4", "--threads", "2", "--messages-per-connection", "7",
             "--from", "orders@shop.example", "--recipient-domains", "one.example,two.example", "--id-prefix", name,
             "--ledger", self.ledger, "--connect-retry", "60", *options],
            folder / f"{name}.log")

    def acknowledged(self):
        # The last line may be half written.
        return {line.split()[0] for line in self.ledger.read_text().split("\n")[:-1]}


def received(ledger):
    return ledger.read_text().split("\n")[:-1]


def reload_and_look(relay, turn):
    """What operators do while mail flows; each turn differs a little."""
    relay.tables["retry"] = f'schedule = ["{turn % 2 + 1}s"]\nexpire = "1h"\ndelay_notice = "0s"'
    relay.write_config()
    if turn % 2:
        relay.process.process.send_signal(signal.SIGHUP)
    else:
        done = relay.run("reload")
        assert done.returncode == 0, done.stderr
    relay.queue("list")
    assert relay.get("/metrics")[0] == 200
    done = relay.run("queue", "retry", "--to", "two.example")
    assert done.returncode == 0 or "nothing in the queue matches" in done.stderr, done.stderr


def stop(relay):
    """A stop without a complaint: of a sanitizer, which also changes the exit code, or otherwise."""
    code = relay.stop()
    log = relay.log.read_text(errors="replace")
    assert "Sanitizer" not in log, log[log.index("Sanitizer") - 200:][:6000]
    assert code == 0


@pytest.fixture
def arranged(world, certificate, tmp_path):
    """The world with a relay that runs, the sink's ledger, and where notifications go."""
    ledger = tmp_path / "received.ledger"
    ledger.touch()
    (tmp_path / "password").write_text(PASSWORD + "\n")
    sink = world.sink("--tls-cert", certificate.certificate, "--tls-key", certificate.key, "--ledger", ledger,
                      "--threads", "2", "--defer-rcpt", "0.05:451", "--defer-data", "0.05:451", save=False)
    for domain in ("one.example", "two.example"):
        world.dns.mx(domain, (10, f"mx.{domain}", sink.host))
    senders = world.receiver("shop.example")
    relay = world.add_relay(workers=3)
    relay.add_key("shop.example", "e1", "ed25519")
    world.start()
    return relay, sink, ledger, senders


def test_what_was_acknowledged_arrives_and_threads_do_not_race(arranged, tmp_path):
    relay, sink, ledger, senders = arranged
    loads = [
        Load(tmp_path, relay, "starttls", SUBMISSION_PORT, "--starttls"),
        Load(tmp_path, relay, "implicit", IMPLICIT_TLS_PORT, "--implicit-tls", "--auth-mechanism", "login"),
        # Each recipient is deferred once at least.
        Load(tmp_path, relay, "deferred", SUBMISSION_PORT, "--starttls", "--recipient-prefix", "tempfail1-"),
    ]
    relay.send("orders@shop.example", ["bounce-a@one.example", "databounce-b@two.example", "x@nowhere.example"],
               message(), port=SUBMISSION_PORT, user="shop", starttls=True)
    turn = 0
    while any(load.process.alive() for load in loads) or turn < 4:
        reload_and_look(relay, turn)
        turn += 1
        time.sleep(0.2)
    for load in loads:
        assert load.process.wait() == 0, load.process.log_text()
    senders.wait_for(1)
    wait_until(lambda: relay.metric("signpost_config_reloads_total", result="ok") >= 4, "the reload of the last signal")
    assert relay.metric("signpost_config_reloads_total", result="failed") == 0

    # A stop with clients connected and mail on its way; what is left goes out after the next start.
    last = Load(tmp_path, relay, "last", SUBMISSION_PORT, "--starttls", "--recipient-prefix", "tempfail1-")
    wait_until(lambda: len(last.acknowledged()) > MESSAGES / 10, "messages before the stop")
    stop(relay)
    relay.launch()
    last.process.wait()
    assert len(last.acknowledged()) > MESSAGES / 2, last.process.log_text()
    relay.wait_empty()

    arrived = received(ledger)
    acknowledged = set().union(*(load.acknowledged() for load in [*loads, last]))
    assert acknowledged - set(arrived) == set()
    assert len(acknowledged) >= 3 * MESSAGES
    assert len(arrived) == len(set(arrived))
    assert sink.counts()["corrupt"] == 0
    stop(relay)
