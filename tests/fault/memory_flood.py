#!/usr/bin/python3
"""More mail in memory than limits.memory allows: 4xx to later senders, bounded memory, and back to normal.

    tests/fault/memory_flood.py [SCENARIO …]
"""

import contextlib
import pathlib
import re
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import harness  # noqa: E402

LIMIT = 64 << 20  # limits.memory
# What there is beside content: the program, RocksDB's memtables and caches, TLS, and what the allocator keeps.
BESIDE = 120 << 20
LINE = b"x" * 76 + b"\r\n"
HEADER = b"From: orders@shop.example\r\nTo: r@receiver.example\r\nSubject: large\r\n\r\n"


def content(size):
    return HEADER + LINE * (size // len(LINE))


class Scene:
    def __init__(self, extra=""):
        self.folder = harness.scratch("memory")
        self.dns = harness.NameServer(self.folder / "dns", harness.address(1))
        self.dns.mx("receiver.example", (10, "mx.receiver.example", harness.address(2)))
        self.relay = harness.Relay(self.folder / "relay", harness.address(3), dns=self.dns,
                                   certificate=harness.Certificate(self.folder), extra=extra,
                                   settings={"limits": f'memory = "{LIMIT >> 20}MiB"\nmessage_size = "20MiB"\n'
                                                       'idle_timeout = "60s"'})
        self.sink = None
        self.accepted = 0
        self.refused = []
        self.lock = threading.Lock()

    def __enter__(self):
        self.dns.start()
        self.relay.start()
        return self

    def __exit__(self, *_):
        self.relay.kill()
        for one in filter(None, (self.sink, self.dns)):
            one.stop()

    def status(self, name):
        text = pathlib.Path(f"/proc/{self.relay.process.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+)", text)[1]) * 1024

    def count(self, reply):
        code, text = reply
        with self.lock:
            if code == 250:
                self.accepted += 1
            else:
                assert 400 <= code < 500, (code, text)
                self.refused.append(f"{code} {text.decode()}")

    def tell(self, what):
        peak = self.status("VmHWM")
        print(f"    {what}: {self.accepted} accepted, {len(self.refused)} refused"
              f"{' (' + sorted(set(self.refused))[0] + ')' if self.refused else ''}, "
              f"{peak >> 20} MiB at the peak, {self.status('VmRSS') >> 20} MiB now", flush=True)
        assert peak < LIMIT + BESIDE, f"{peak >> 20} MiB"

    def back_to_normal(self):
        """All that was accepted arrives, and mail is accepted as before."""
        if not self.sink:
            self.sink = harness.Sink(self.folder / "sink", harness.address(2), save=False)
        self.relay.run("queue", "retry", "--to", "receiver.example")
        self.relay.wait_empty(90)
        assert self.sink.counts()["messages"] == self.accepted, self.sink.counts()
        harness.wait_until(self.relay.ready, "the relay to be ready")
        self.relay.send("orders@shop.example", "r@receiver.example", content(10_000_000))
        self.relay.wait_empty()


def in_parallel(count, work):
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def large_messages():
    """200 clients send 10 MB each as fast as they can: 2 GB against 64 MiB."""
    octets = content(10_000_000) + b".\r\n"

    def submit(_):
        with scene.relay.smtp() as client:
            client.ehlo()
            scene.count(send_data(client, lambda: client.sock.sendall(octets)))

    with Scene() as scene:
        in_parallel(200, submit)
        scene.tell("a flood of large messages")
        assert scene.accepted and scene.refused, "it is not the limit that was met"
        scene.back_to_normal()


def send_data(client, send):
    """The last reply."""
    code, text = client.mail("orders@shop.example")
    if code != 250:
        return code, text
    client.rcpt("r@receiver.example")
    code, text = client.docmd("DATA")
    if code != 354:
        return code, text
    try:
        send()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it may hang up after its reply
    return client.getreply()


def slow_senders():
    """60 clients that hold 3 MB each and then take their time, while another one is served."""
    arrived = threading.Barrier(61)
    go_on = threading.Event()

    def submit(_):
        with scene.relay.smtp() as client:
            client.ehlo()

            def send():
                client.sock.sendall(content(3_000_000))
                arrived.wait()
                for _ in range(10):
                    client.sock.sendall(LINE * 20)
                    time.sleep(0.1)
                go_on.wait()
                client.sock.sendall(b".\r\n")

            try:
                reply = send_data(client, send)
            finally:
                if not go_on.is_set():
                    with contextlib.suppress(threading.BrokenBarrierError):
                        arrived.wait()
            scene.count(reply)

    with Scene() as scene:
        threads = [threading.Thread(target=submit, args=(number,), daemon=True) for number in range(60)]
        for thread in threads:
            thread.start()
        arrived.wait()
        print("   ", scene.relay.get("/readyz")[1].strip())
        assert scene.relay.get("/healthz")[0] == 200
        with scene.relay.smtp() as client:
            assert client.noop()[0] == 250
        go_on.set()
        for thread in threads:
            thread.join()
        scene.tell("slow senders")
        assert scene.accepted and scene.refused, "it is not the limit that was met"
        scene.back_to_normal()


class SlowReceiver:
    """Takes what it is sent a sip at a time, and little of it from the kernel."""

    def __init__(self, host):
        self.listener = socket.create_server((host, harness.MX_PORT))
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.connections = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"220 slow.example\r\n")
            lines = connection.makefile("rb", buffering=512)
            for line in lines:
                word = line[:4].upper()
                connection.sendall({b"EHLO": b"250 slow.example\r\n", b"DATA": b"354 go ahead\r\n"}.get(word, b"250 ok\r\n"))
                if word == b"DATA":
                    while True:
                        if not connection.recv(512):
                            return
                        time.sleep(0.2)

    def stop(self):
        self.listener.close()


def slow_receivers():
    """120 messages of 5 MB for receivers that take 2,500 octets a second."""
    slow = SlowReceiver(harness.address(4))
    with Scene() as scene:
        for number in range(30):
            scene.dns.mx(f"slow{number}.example", (10, f"mx.slow{number}.example", slow.listener.getsockname()[0]))
        scene.dns.reload()
        try:
            for number in range(120):
                with scene.relay.smtp() as client:
                    client.ehlo()
                    client.mail("orders@shop.example")
                    client.rcpt(f"r{number}@slow{number % 30}.example")
                    # Content that waits for a connection is in the queue alone, so none is refused for long.
                    for _ in range(100):
                        code, text = client.data(content(5_000_000))
                        if code == 250:
                            break
                        time.sleep(0.1)
                    scene.count((code, text))
            harness.wait_until(lambda: slow.connections >= 5, "connections to the slow receivers")
            scene.tell("slow receivers")
            assert scene.accepted == 120, scene.refused
            # Others are served meanwhile.
            scene.sink = harness.Sink(scene.folder / "sink", harness.address(2), save=False)
            for _ in range(20):
                scene.relay.send("orders@shop.example", "r@receiver.example", content(20_000))
            harness.wait_until(lambda: scene.sink.counts()["messages"] == 20, "mail for another receiver")
            scene.tell("and another receiver")
        finally:
            slow.stop()


SCENARIOS = [large_messages, slow_senders, slow_receivers]


def main():
    wanted = sys.argv[1:]
    for scenario in SCENARIOS:
        if wanted and scenario.__name__ not in wanted:
            continue
        print(scenario.__name__, flush=True)
        scenario()
    return 0


if __name__ == "__main__":
    sys.exit(main())
