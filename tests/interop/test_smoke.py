"""A little of everything, for the builds with sanitizers: they must come out of it without a report."""

import json
import subprocess

import harness
from conftest import message
from harness import BIN, PASSWORD, SUBMISSION_PORT


def test_load_through_the_relay_and_a_clean_end(world, certificate, tmp_path):
    sink = world.sink("--tls-cert", certificate.certificate, "--tls-key", certificate.key, save=False)
    world.dns.mx("receiver.example", (10, "mx.receiver.example", sink.host))
    bounces = world.receiver("shop.example")
    relay = world.add_relay()
    relay.add_key("shop.example", "r1", "rsa")
    relay.add_key("shop.example", "e1", "ed25519")
    world.start()
    (tmp_path / "password").write_text(PASSWORD + "\n")
    done = subprocess.run(
        [BIN / "signpost-load", "--to", f"{relay.host}:{SUBMISSION_PORT}", "--starttls", "--user", "shop", "--password-file",
         tmp_path / "password", "--messages", "300", "--connections", "8", "--threads", "2", "--messages-per-connection", "10",
         "--recipient-domains", "receiver.example", "--from", "orders@shop.example", "--json"],
        capture_output=True, text=True, timeout=4 * harness.DEADLINE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["auth_ms"]["max"] > 0
    relay.send("orders@shop.example", ["bounce-a@receiver.example", "tempfail1-b@receiver.example", "x@nowhere.example"], message())
    bounces.wait_for(1)  # on both failures
    relay.run("reload")
    relay.get("/metrics")
    relay.queue("list")
    relay.wait_empty()
    counts = sink.counts()
    assert (counts["unique"], counts["duplicates"], counts["corrupt"]) == (300, 0, 0)
    assert relay.stop() == 0
    assert "Sanitizer" not in relay.log.read_text(errors="replace")
