"""How the process starts and ends, whatever others hold open or leave unread."""

import contextlib
import os
import pathlib
import re
import resource
import signal
import smtplib
import socket
import subprocess
import threading
import time

import pytest

import harness
from conftest import message


def test_a_second_relay_on_the_same_ports_is_refused_before_it_has_a_queue(world):
    """SO_REUSEPORT is for the workers of one process: mail must not go into a queue that nobody tends."""
    relay = world.start()
    for port in (harness.TRUSTED_PORT, harness.ADMIN_PORT):
        folder = world.folder / f"second-{port}"
        second = harness.Relay(folder, relay.host, dns=world.dns, certificate=world.certificate)
        second.add_user("shop")
        second.write_config()
        text = second.config.read_text()
        for other in (harness.SUBMISSION_PORT, harness.IMPLICIT_TLS_PORT, harness.TRUSTED_PORT, harness.ADMIN_PORT):
            if other != port:
                text = text.replace(f"{relay.host}:{other}\"", f"{relay.host}:{other + 10000}\"")
        second.config.write_text(text)
        refused = second.run("serve")
        assert refused.returncode == 1
        assert f"cannot listen on {relay.host}:{port}" in refused.stderr
        assert not (folder / "data/queue").exists()
    assert relay.ready()


def holds_back(pid, number):
    """Whether the process blocks or handles a signal."""
    masks = re.findall(r"^Sig(?:Blk|Cgt):\s*([0-9a-f]+)$", open(f"/proc/{pid}/status").read(), re.M)
    return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


def test_a_sighup_while_it_starts_is_served_later(world):
    relay = world.start()
    relay.stop()
    for delay in (0, 0.02, 0.06):
        relay.log.write_bytes(b"")
        relay.process = harness.Process([harness.BIN / "signpost", "serve", "-c", relay.config], relay.log)
        # Before that it is a program like any other, which the signal ends.
        harness.wait_until(lambda: holds_back(relay.process.process.pid, signal.SIGHUP), "the program to hold back signals")
        time.sleep(delay)
        relay.process.process.send_signal(signal.SIGHUP)
        relay.wait_event("config_reloaded")
        assert relay.stop() == 0


def test_the_watchdog_is_fed_once_it_is_ready(world):
    relay = world.add_relay()
    path = str(world.folder / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(harness.DEADLINE)
        relay.environment = {**os.environ, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "5000000"}
        world.start()
        assert [manager.recv(100) for _ in range(4)] == [b"READY=1"] + [b"WATCHDOG=1"] * 3
        assert relay.stop() == 0


def test_a_service_manager_that_does_not_read_holds_up_nothing(world):
    relay = world.add_relay()
    path = str(world.folder / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        manager.bind(path)
        other.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                other.sendto(b"there is no room for more", path)
        relay.environment = {**os.environ, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "5000000"}
        world.start()
        assert relay.stop() == 0


def test_a_reader_of_the_log_that_stops_reading_holds_up_neither_mail_nor_the_end(world):
    sink = world.receiver("receiver.example")
    relay = world.start(settings={"log": 'level = "debug"\nformat = "json"'})
    relay.stop()
    # Nobody reads this pipe, which has room for a few events.
    with subprocess.Popen([harness.BIN / "signpost", "serve", "-c", relay.config], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            harness.wait_until(relay.ready, "the relay to be ready")
            for number in range(300):
                relay.send("a@shop.example", f"r{number}@receiver.example", message())
            sink.wait_for(300)
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()


def address_space(pid):
    """Of a process, in octets."""
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def test_without_memory_it_ends_with_a_message(world):
    relay = world.start()
    pid = relay.process.process.pid
    resource.prlimit(pid, resource.RLIMIT_AS, (address_space(pid) + (128 << 20), resource.RLIM_INFINITY))
    large = message(body="Thank you for your order. We will send it soon.\r\n" * 200_000)

    def send():
        try:
            relay.send("a@shop.example", "b@receiver.example", large)
        except (OSError, smtplib.SMTPException):
            pass  # 452, or the end

    clients = [threading.Thread(target=send) for _ in range(30)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if not relay.process.alive():
        # A library that cannot do without the memory aborts.
        words = {1: ("signpost: out of memory: ", "signpost: a thread cannot be started: "),
                 -signal.SIGABRT: ("signpost: an assertion failed, ",)}[relay.process.wait()]
        assert any(each in relay.process.log_text() for each in words)


def test_without_a_thread_it_ends_with_a_message(world):
    relay = world.add_relay()
    # The stack of a thread is as large as the limit says.
    relay.program = ["bash", "-c", f'ulimit -s 4000000; ulimit -v 2000000; exec {harness.BIN}/signpost "$@"', "signpost"]
    with pytest.raises(AssertionError, match="(?s)ended with 1:.*signpost: a thread cannot be started: "):
        world.start()


def test_a_client_that_closes_its_direction_gets_all_replies(world):
    relay = world.start()
    world.receiver("receiver.example")
    talk = relay.raw()
    letter = (b"MAIL FROM:<a@shop.example>\r\nRCPT TO:<b@receiver.example>\r\nDATA\r\n" + message() + b".\r\n")
    talk.write(b"EHLO client.example\r\n" + 20 * letter + b"QUIT\r\n")
    talk.socket.shutdown(socket.SHUT_WR)
    codes = []
    while not codes or codes[-1] != 221:
        codes.append(talk.reply()[0])
    assert codes == [220, 250] + 20 * [250, 250, 354, 250] + [221]


class SilentAfterTheDot(threading.Thread):
    """A receiver that takes a message up to its final dot and says no more."""

    def __init__(self, host):
        super().__init__(daemon=True)
        self.listener = socket.create_server((host, harness.MX_PORT))
        self.has_the_dot = threading.Event()
        self.connection = None
        self.start()

    def answer(self, reply):
        """It talks again."""
        self.connection.sendall(reply)

    def run(self):
        connection, _ = self.listener.accept()
        self.connection = connection
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 silent.example ESMTP\r\n")
            for line in lines:
                if line == b".\r\n":
                    self.has_the_dot.set()
                elif not self.has_the_dot.is_set() and line[:4] in (b"EHLO", b"MAIL", b"RCPT"):
                    connection.sendall(b"250 ok\r\n")
                elif line.startswith(b"DATA"):
                    connection.sendall(b"354 go ahead\r\n")


def test_a_relay_that_drains_says_so_and_shows_its_queue(world):
    receiver = SilentAfterTheDot(world.address())
    world.dns.mx("silent.example", (10, "mx.silent.example", receiver.listener.getsockname()[0]))
    relay = world.start()
    queue_id = relay.send("a@shop.example", "b@silent.example", message())
    assert receiver.has_the_dot.wait(harness.DEADLINE)
    relay.process.process.send_signal(signal.SIGTERM)
    harness.wait_until(lambda: not harness.listening(relay.host, harness.TRUSTED_PORT), "the listeners to close")
    assert relay.get("/readyz") == (503, "draining: the relay is stopping\n")
    assert relay.get("/healthz") == (200, "ok\n")
    assert 'signpost_ready{reason="draining"} 0' in relay.get("/metrics")[1]
    listed, = relay.queue("list", "--state", "active")["jobs"]
    assert listed["id"] == queue_id
    moved = relay.config.read_text().replace(f":{harness.TRUSTED_PORT}\"", f":{harness.TRUSTED_PORT + 10000}\"")
    relay.config.write_text(moved)
    for words in (["reload"], ["queue", "retry", "--all"], ["queue", "remove", "--all", "--yes"],
                  ["site", "pause", "mx:silent.example"]):
        refused = relay.run(*words)
        assert refused.returncode == 1 and "the relay is stopping" in refused.stderr, refused
    assert not harness.listening(relay.host, harness.TRUSTED_PORT + 10000)
    receiver.answer(b"250 ok\r\n")
    assert relay.process.wait(harness.DEADLINE) == 0
    assert not harness.listening(relay.host, harness.ADMIN_PORT) and not relay.admin_socket.exists()
    delivered, = relay.events("delivered")
    assert delivered["id"] == queue_id
    assert relay.events("stopped")[0]["sessions_cut"] == 0


def test_a_stop_cuts_sessions_after_30_seconds_and_says_what_may_arrive_twice(world):
    receiver = SilentAfterTheDot(world.address())
    world.dns.mx("silent.example", (10, "mx.silent.example", receiver.listener.getsockname()[0]))
    relay = world.start(settings={"retry": 'schedule = ["1h"]\nexpire = "5d"\ndelay_notice = "0s"'})
    queue_id = relay.send("a@shop.example", "b@silent.example", message())
    assert receiver.has_the_dot.wait(harness.DEADLINE)
    client = relay.raw()
    client.open_data()
    relay.process.process.send_signal(signal.SIGTERM)
    client.socket.settimeout(45)
    assert client.reply()[0] == 421
    assert client.closed()
    assert relay.process.wait(20) == 0
    stopped, = relay.events("stopped")
    assert stopped["sessions_cut"] == 1
    possibly, = relay.events("possibly_delivered")
    assert (possibly["id"], possibly["detail"]) == (queue_id, "the relay stopped")
    deferred, = relay.events("deferred")
    assert deferred["id"] == queue_id and "the relay stopped" in deferred["reply"]
    relay.launch()
    job, = relay.queued_jobs()
    assert (job["id"], job["state"], job["attempts"]) == (queue_id, "deferred", 1)
    assert job["last_reply"] == deferred["reply"]
