"""What is left of root when root starts the relay."""

import json
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import tempfile

import pytest

import harness
from conftest import message

ACCOUNT = "nobody"
LOW_PORT = 587

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")


@pytest.fixture
def relay(world):
    """Its files are the account's, in a folder that the account can reach."""
    receiver = world.receiver("receiver.example")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="signpost-user-"))
    folder.chmod(0o755)
    one = world.add_relay(settings={})
    certificate = harness.Certificate(folder)
    relay = harness.Relay(folder / "relay", one.host, dns=world.dns, certificate=certificate,
                          extra=f'[[listener]]\nbind = "{one.host}:{LOW_PORT}"\n')
    relay.receiver = receiver
    relay.user = ACCOUNT
    relay.add_user("shop")
    relay.write_config()
    for file in [certificate.key, certificate.certificate, *relay.folder.iterdir(), relay.folder]:
        os.chown(file, pwd.getpwnam(ACCOUNT).pw_uid, -1)
    world.dns.start()
    yield relay
    relay.kill()
    shutil.rmtree(folder, ignore_errors=True)


def status(relay):
    text = pathlib.Path(f"/proc/{relay.process.process.pid}/status").read_text()
    return dict(re.findall(r"(\w+):\t(.*)", text))


def data_dir(relay):
    return relay.folder / "data"


def test_it_keeps_only_the_right_to_low_ports(relay):
    os.chown(relay.folder, 0, 0)  # it cannot make a folder there itself
    relay.launch()
    account = pwd.getpwnam(ACCOUNT)
    facts = status(relay)
    assert facts["Uid"].split() == [str(account.pw_uid)] * 4
    assert facts["Gid"].split() == [str(account.pw_gid)] * 4
    bind_low_ports = 1 << 10
    assert int(facts["CapEff"], 16) == int(facts["CapPrm"], 16) == bind_low_ports
    assert facts["NoNewPrivs"] == "1"
    for task in pathlib.Path(f"/proc/{relay.process.process.pid}/task").iterdir():
        assert int(re.search(r"CapEff:\t(\w+)", (task / "status").read_text())[1], 16) == bind_low_ports, task
    assert data_dir(relay).stat().st_uid == account.pw_uid
    assert data_dir(relay).stat().st_mode & 0o777 == 0o700
    relay.send("orders@shop.example", "someone@receiver.example", message(), port=LOW_PORT, user="shop", starttls=True)
    relay.receiver.message_to("someone@receiver.example")


def test_a_reload_may_open_another_low_port(relay):
    relay.launch()
    relay.config.write_text(relay.config.read_text() + f'[[listener]]\nbind = "{relay.host}:588"\n')
    done = relay.run("reload")
    assert done.returncode == 0, done.stderr
    socket.create_connection((relay.host, 588), timeout=10).close()


def test_what_the_account_cannot_read_is_reported_at_the_start(relay):
    os.chown(relay.certificate.key, 0, 0)
    relay.certificate.key.chmod(0o600)
    for words in (["serve"], ["check"]):
        done = relay.run(*words)
        assert done.returncode == (78 if words == ["serve"] else 1)
        assert str(relay.certificate.key) in done.stderr and "Permission denied" in done.stderr, done.stderr


def test_a_missing_account_is_an_error(relay):
    relay.config.write_text(relay.config.read_text().replace(ACCOUNT, "nobody-at-all", 1))
    done = relay.run("serve")
    assert done.returncode == 78
    assert "user: there is no account nobody-at-all" in done.stderr


def test_root_may_stay_root_and_says_so(relay):
    relay.config.write_text(relay.config.read_text().replace(f'user = "{ACCOUNT}"', 'user = ""', 1))
    relay.launch()
    assert status(relay)["Uid"].split()[0] == "0"
    relay.wait_event("running_as_root")


def test_it_is_somebody_elses_program(relay):
    """A user other than root needs no account and gets none."""
    other = subprocess.run(["setpriv", "--reuid", ACCOUNT, "--clear-groups", str(harness.BIN / "signpost"), "check",
                            "-c", str(relay.config)], capture_output=True, text=True)
    assert other.returncode == 0, other.stderr


def account_exists(name):
    try:
        pwd.getpwnam(name)
        return True
    except KeyError:
        return False


@pytest.mark.skipif(account_exists("signpost"), reason="there is an account that it switches to by itself")
def test_without_an_account_root_serves_only_when_configured(relay):
    relay.config.write_text(relay.config.read_text().replace(f'user = "{ACCOUNT}"\n', "", 1))
    done = relay.run("serve")
    assert done.returncode == 78
    detail = json.loads(done.stderr)["detail"]
    assert "there is no account signpost" in detail and 'user = ""' in detail, detail


@pytest.mark.parametrize("core_files", [False, True])
def test_processes_of_its_account_cannot_look_into_it(relay, core_files):
    """Started by that account itself, as systemd does it."""
    text = relay.config.read_text().replace(f'[[listener]]\nbind = "{relay.host}:{LOW_PORT}"\n', "")
    relay.config.write_text(f"core_files = {str(core_files).lower()}\n" + text)
    as_account = ["setpriv", "--reuid", ACCOUNT, "--clear-groups"]
    relay.program = [*as_account, *relay.program]
    relay.launch()
    look = subprocess.run([*as_account, "cat", f"/proc/{relay.process.process.pid}/environ"], capture_output=True, text=True)
    assert (look.returncode == 0) == core_files, look.stderr
