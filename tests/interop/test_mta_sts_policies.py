"""MTA-STS policies that a relay knows: kept across restarts, and fetched again early from an HTTPS server."""

import time

import pytest

import harness
from policy_server import POLICY_PORT, PolicyServer, policy

DELIVERY = f'port = {harness.MX_PORT}\nmta_sts_port = {POLICY_PORT}'


def kept(fetched, text, domain="sts.example", id="1"):
    """The file of known policies."""
    lines = "\t".join(text.split("\r\n")[:-1])
    return f"signpost mta-sts policies 1\n{int(fetched)} {id} {domain}\t{lines}\n"


@pytest.fixture
def known(world, tmp_path):
    """A relay that is not started, its file of policies, and the server of sts.example."""
    server = PolicyServer(tmp_path / "policies", world.address(), "sts.example", policy())
    world.others.append(server)
    world.dns.add(*server.records("1"))
    relay = world.add_relay(settings={"delivery": DELIVERY})
    relay.environment = server.environment
    file = relay.folder / "data/mta-sts-policies"
    file.parent.mkdir(parents=True)
    file.parent.chmod(0o700)
    return world, relay, file, server


def test_a_known_policy_is_kept_and_fetched_again_after_a_day(known):
    world, relay, file, server = known
    fetched = time.time() - 2 * 86400
    file.write_text(kept(fetched, policy("testing")))
    file.chmod(0o600)
    world.start()
    event = relay.wait_event("mta_sts_policy")
    assert (event["domain"], event["mode"], event["policy_id"], event["hosts"], event["max_age"]) == (
        "sts.example", "enforce", "1", 1, 604800)
    assert server.requests == [("/.well-known/mta-sts.txt", f"mta-sts.sts.example:{POLICY_PORT}")]
    assert relay.metric("signpost_mta_sts_policies", mode="enforce") == 1
    assert relay.metric("signpost_mta_sts_policies", mode="testing") == 0
    assert relay.metric("signpost_mta_sts_fetches_total", result="ok") == 1
    assert relay.stop() == 0
    assert file.stat().st_mode & 0o777 == 0o600
    title, line = file.read_text().splitlines()
    assert int(line.split()[0]) > fetched + 86400
    assert line.split("\t")[1:] == policy().split("\r\n")[:-1]
    # One that is not old is not fetched again.
    relay.launch()
    assert relay.metric("signpost_mta_sts_policies", mode="enforce") == 1
    time.sleep(2)
    assert len(server.requests) == 1


def test_a_policy_that_cannot_be_fetched_again_stays(known):
    world, relay, file, server = known
    file.write_text(kept(time.time() - 2 * 86400, policy("testing")))
    server.responses = [301]
    world.start()
    event = relay.wait_event("mta_sts_policy_failed")
    assert (event["domain"], event["fault"], event["detail"]) == (
        "sts.example", "fetch_failed", "mta-sts.sts.example responds with 301")
    assert len(server.requests) == 1
    assert relay.metric("signpost_mta_sts_policies", mode="testing") == 1
    assert relay.metric("signpost_mta_sts_fetches_total", result="fetch_failed") == 1


def test_a_host_on_loopback_is_not_asked(known):
    world, relay, file, server = known
    relay.tables["delivery"] += '\nallow_networks = []'
    file.write_text(kept(time.time() - 2 * 86400, policy("testing")))
    world.start()
    assert relay.wait_event("mta_sts_policy_failed")["detail"] == (
        f"mta-sts.sts.example: has the loopback address {server.host}, where no policy is fetched from")
    assert not server.requests


def test_a_relay_starts_without_a_damaged_file_and_says_so(known):
    world, relay, file, server = known
    file.write_text("signpost mta-sts policies 1\nnonsense\n")
    world.start()
    event = relay.wait_event("mta_sts_policies_lost")
    assert (event["file"], event["detail"]) == (str(file), "line 2 is damaged")
    assert relay.metric("signpost_mta_sts_policies") == 0


def test_a_stop_does_not_wait_for_a_host_that_is_silent(known):
    world, relay, file, server = known
    file.write_text(kept(time.time() - 2 * 86400, policy("testing")))
    server.stop()
    world.others.remove(server)
    with harness.socket.create_server((server.host, POLICY_PORT)) as silent:
        world.start()
        silent.settimeout(harness.DEADLINE)
        connection, _ = silent.accept()
        began = time.monotonic()
        assert relay.stop() == 0
        assert time.monotonic() - began < 10
        connection.close()
