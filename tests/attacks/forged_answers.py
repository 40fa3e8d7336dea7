"""Somebody who does not see the relay's DNS questions, but knows when they are asked, forges their answers.

The forger stands before the true name server and is first with each answer: 20 forgeries with other identifiers, one
from another address, and one that has the right address, port and identifier, and only the case of the name's letters is
guessed. Each leads the mail to the forger's own receiver.

40 domains, a message each, beside a good client. Before: all 44 messages went to the forger, and 45 questions left from 2
ports. Now none does, and there is a port for each question. With --full, 400 domains: 416 before, none now.
"""

import socket
import socketserver
import struct
import threading

import arena
import dns.message
import dns.rrset
import harness

TIMES = 20  # forgeries with a wrong identifier


def read_exactly(connection, size):
    octets = b""
    while len(octets) < size:
        piece = connection.recv(size - len(octets))
        if not piece:
            raise EOFError
        octets += piece
    return octets


class Forger:
    """A name server's address from which the forgeries come, and after them the true server's answers."""

    def __init__(self, host, true_server, receiver):
        self.host, self.port = host, harness.DNS_PORT
        self.true_server = (true_server.host, true_server.port)
        self.receiver = receiver
        self.questions = []  # (port, name as spelled)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.host, self.port))
        self.elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.elsewhere.bind((harness.address(221), 0))
        forger = self

        class Stream(socketserver.BaseRequestHandler):
            """TCP reaches the true server: nobody forges there."""

            def handle(self):
                try:
                    with socket.create_connection(forger.true_server) as upstream:
                        while True:
                            size = read_exactly(self.request, 2)
                            upstream.sendall(size + read_exactly(self.request, struct.unpack("!H", size)[0]))
                            size = read_exactly(upstream, 2)
                            self.request.sendall(size + read_exactly(upstream, struct.unpack("!H", size)[0]))
                except (EOFError, OSError):
                    return

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.stream = Server((self.host, self.port), Stream)
        threading.Thread(target=self.stream.serve_forever, daemon=True).start()
        threading.Thread(target=self.serve, daemon=True).start()

    def forged(self, query):
        answer = dns.message.make_response(query)
        name, kind = query.question[0].name, query.question[0].rdtype
        if kind == dns.rdatatype.MX:
            answer.answer.append(dns.rrset.from_text(name, 300, "IN", "MX", "10 mx.forger.example."))
        elif kind == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(name, 300, "IN", "A", self.receiver))
        return bytearray(answer.to_wire())

    def serve(self):
        while True:
            wire, peer = self.socket.recvfrom(4096)
            query = dns.message.from_wire(wire)
            name = query.question[0].name.to_text()
            self.questions.append((peer[1], name))
            forged = self.forged(query)
            for i in range(1, TIMES + 1):
                self.socket.sendto(struct.pack("!H", (query.id + i) % 65536) + forged[2:], peer)
            self.elsewhere.sendto(forged, peer)
            self.socket.sendto(forged[:12] + forged[12:12 + len(name)].swapcase() + forged[12 + len(name):], peer)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
                upstream.sendto(wire, self.true_server)
                upstream.settimeout(5)
                self.socket.sendto(upstream.recv(4096), peer)

    def stop(self):
        self.stream.shutdown()
        self.stream.server_close()


def main():
    options = arena.options(__doc__, domains=(40, 400))
    host = harness.address(220)
    with arena.Arena("forged", settings={"dns": f'servers = ["{host}:{harness.DNS_PORT}"]'}) as scene:
        scene.dns.add("*.receiver.example. 60 IN MX 10 mx.receiver.example.")
        scene.dns.reload()
        trap = harness.Sink(scene.folder / "trap", scene.address(), save=False)
        forger = Forger(host, scene.dns, trap.host)
        try:
            attack(scene, forger, trap, options.domains)
        finally:
            forger.stop()
            trap.stop()


def attack(scene, forger, trap, domains):
    def delivered(sink):
        return sink.counts()["messages"]

    with scene.watch() as seen:
        with arena.smtplib.SMTP(scene.relay.host, harness.TRUSTED_PORT, timeout=30) as client:
            for i in range(domains):
                client.sendmail("orders@shop.example", [f"someone@d{i}.receiver.example"],
                                arena.LETTER.format(f"forged-{i}"))
        harness.wait_until(lambda: delivered(scene.sink) + delivered(trap) >= domains + len(seen.good.seconds) - 5,
                           "the mail to be delivered")
    ports = {port for port, _ in forger.questions}
    spellings = {name for _, name in forger.questions}
    stolen = delivered(trap)
    seen.tell(f"{domains} domains, {stolen} messages went to the forger, {len(forger.questions)} questions from "
              f"{len(ports)} ports in {len(spellings)} spellings")
    seen.check()
    assert stolen == 0, f"{stolen} messages went to the forger"
    # Random ports repeat themselves now and then.
    assert len(ports) > len(forger.questions) * 0.9, f"{len(ports)} ports for {len(forger.questions)} questions"


if __name__ == "__main__":
    main()
