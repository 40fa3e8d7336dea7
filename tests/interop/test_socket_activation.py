"""A service manager that listens in the relay's place: restarts under load, without a refused connection."""

import os
import socket
import threading

import pytest

import harness
from conftest import message

PORTS = (harness.SUBMISSION_PORT, harness.IMPLICIT_TLS_PORT, harness.TRUSTED_PORT)
HAND_OVER = r'''
number=3
for socket in $SOCKETS; do exec {copy}<&$socket; eval "exec $number<&$copy"; number=$((number + 1)); done
LISTEN_PID=$$ LISTEN_FDS=$((number - 3)) LISTEN_FDNAMES=$NAMES exec "$@"
'''


class Manager:
    """What systemd does with signpost.socket: the sockets are its own, and each start of the relay gets them."""

    def __init__(self, relay, addresses):
        self.relay = relay
        self.sockets = [socket.create_server(address, backlog=4096) for address in addresses]

    def launch(self):
        # Far from the numbers that they are handed over as.
        copies = [os.dup2(each.fileno(), 100 + number) for number, each in enumerate(self.sockets)]
        names = ":".join("signpost.socket" for _ in copies)
        self.relay.process = harness.Process(
            ["bash", "-c", HAND_OVER, "bash", harness.BIN / "signpost", "serve", "-c", self.relay.config], self.relay.log,
            env={**os.environ, "SOCKETS": " ".join(map(str, copies)), "NAMES": names}, pass_fds=copies)
        harness.wait_until(lambda: self.relay.process.check_alive() and self.relay.ready(), "the relay to be ready")

    def stop(self):
        for each in self.sockets:
            each.close()


@pytest.fixture
def managed(world):
    """(relay, manager), not launched yet; its sink writes a ledger."""
    relay = world.add_relay()
    relay.add_user("shop")
    relay.write_config()
    manager = Manager(relay, [(relay.host, port) for port in PORTS])
    world.others.append(manager)
    yield relay, manager
    relay.kill()


class Caller(threading.Thread):
    """Connects all the time, and notes what it gets."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address = address
        self.ending = threading.Event()
        self.greetings = []
        self.failures = []

    def run(self):
        while not self.ending.wait(0.01):
            try:
                with socket.create_connection(self.address, timeout=harness.DEADLINE) as connection:
                    self.greetings.append(connection.recv(3))
                    connection.sendall(b"QUIT\r\n")
            except OSError as error:
                self.failures.append(error)

    def end(self):
        self.ending.set()
        self.join()


def test_a_restart_under_load_refuses_no_connection_and_loses_no_mail(world, managed):
    relay, manager = managed
    ledger = world.folder / "received.ledger"
    ledger.touch()
    world.receiver("receiver.example", "--ledger", ledger)
    world.dns.start()
    manager.launch()
    caller = Caller((relay.host, harness.TRUSTED_PORT))
    caller.start()
    acknowledged = world.folder / "acknowledged.ledger"
    acknowledged.touch()
    load = harness.Process(
        [harness.BIN / "signpost-load", "--to", f"{relay.host}:{harness.TRUSTED_PORT}", "--messages", "3000", "--rate", "300/s",
         "--connections", "10", "--messages-per-connection", "3", "--from", "a@shop.example", "--recipient-domains",
         "receiver.example", "--ledger", acknowledged, "--connect-retry", "60", "--json"], world.folder / "load.json")

    def so_far():
        return acknowledged.read_text().count("\n")

    restarts = 0
    while load.alive() and restarts < 5:
        before = so_far()
        harness.wait_until(lambda: so_far() > before + 100 or not load.alive(), "mail")
        assert relay.stop() == 0
        manager.launch()
        restarts += 1
    load.wait(4 * harness.DEADLINE)
    caller.end()
    relay.wait_empty()

    assert restarts >= 3
    assert not caller.failures
    assert set(caller.greetings) <= {b"220", b"421"}
    assert "Connection refused" not in load.log_text(), load.log_text()
    arrived = ledger.read_text().split("\n")[:-1]
    taken = {line.split()[0] for line in acknowledged.read_text().split("\n")[:-1]}
    assert len(taken) > 1000
    assert taken - set(arrived) == set()
    assert len(arrived) == len(set(arrived))


def test_its_sockets_are_used_and_the_others_opened(world, managed):
    relay, manager = managed
    manager.sockets.pop().close()  # nobody listens on that port
    world.dns.start()
    manager.launch()
    relay.wait_events(len(PORTS), "listening")
    inherited = {each["bind"]: each["inherited"] for each in relay.events("listening")}
    assert inherited == {f"{relay.host}:{port}": port != harness.TRUSTED_PORT for port in PORTS}
    assert {each["family"] for each in relay.events("listening")} == {"ipv4"}
    relay.smtp().quit()
    # A listener that a reload takes away and brings back gets its socket again.
    text = relay.config.read_text()
    without = text.replace(f'[[listener]]\nbind = "{relay.host}:{harness.SUBMISSION_PORT}"\n', "")
    for content in (without, text):
        relay.config.write_text(content)
        assert relay.run("reload").returncode == 0
    again = relay.wait_event("listening", bind=f"{relay.host}:{harness.SUBMISSION_PORT}")
    assert again["inherited"]
    relay.smtp(port=harness.SUBMISSION_PORT, user="shop", starttls=True).quit()


def test_a_socket_that_no_listener_has_is_reported(world, managed):
    relay, manager = managed
    spare = world.address()
    manager.sockets.append(socket.create_server((spare, 2599)))
    world.dns.start()
    manager.launch()
    relay.wait_event("started")
    doubt = [each["detail"] for each in relay.events("config_doubtful") if spare in each["detail"]]
    assert doubt == [f"no [[listener]] has the address of the socket {spare}:2599 (signpost.socket) that the service manager "
                     "opened: clients that connect to it get no answer"]


def test_a_socket_of_another_kind_is_refused(world, managed):
    relay, manager = managed
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind((relay.host, 2599))
        manager.sockets = [datagrams]
        with pytest.raises(AssertionError, match="is not a listening stream socket"):
            manager.launch()


def test_sockets_for_another_process_are_none_of_ours(world):
    relay = world.add_relay()
    relay.environment = {**os.environ, "LISTEN_PID": "1", "LISTEN_FDS": "3"}
    world.start()
    relay.wait_events(len(PORTS), "listening", inherited=False)


def test_both_families_share_a_port(world):
    relay = world.add_relay()
    relay.extra = "".join(f'[[listener]]\nbind = "{host}:2540"\nmode = "plain"\nauth = "off"\n'
                          'trusted_networks = ["127.0.0.0/8", "::1"]\n' for host in ("0.0.0.0", "[::]"))
    relay.add_user("shop")
    relay.write_config()
    said = relay.run("check").stdout
    assert "[::]:2540 plain, login off, IPv6 only\n" in said
    world.start()
    assert relay.wait_event("listening", bind="0.0.0.0:2540")["family"] == "ipv4"
    assert relay.wait_event("listening", bind="[::]:2540")["family"] == "ipv6"
    relay.send("a@shop.example", "b@receiver.example", message(), port=2540)
    for host in (relay.host, "::1"):
        with socket.create_connection((host, 2540), timeout=harness.DEADLINE) as connection:
            assert connection.recv(3) == b"220"
