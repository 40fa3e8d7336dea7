"""Records and forwarders that lead a message back to the relay that sent it.

Before: one message was accepted 101 times, until its Received fields were counted out.
After: an MX that leads to an own listener is never connected to, and a message that comes back by another address is
refused at its first return. A message that was forwarded for another recipient passes.
"""

import socket
import threading

import arena
import harness


class Forwarder:
    """Passes connections on to another address, as a port forwarding or a load balancer does."""

    def __init__(self, address, target):
        self.target = target
        self.connections = 0
        self.listener = socket.create_server(address)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(self.target)
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self.copy, args=(one, other), daemon=True).start()

    @staticmethod
    def copy(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.listener.close()


def main():
    arena.options(__doc__)
    # Mail goes to the port of the listener that takes it without a login.
    port = harness.TRUSTED_PORT
    extra = '\n'.join(['[[route]]', 'recipients = ["translated.example"]', 'via = "smtp://forwarder.example:2599"'])
    scene = arena.Arena("loop", extra=extra, settings={"delivery": f'port = {port}\nconnect_timeout = "2s"'})
    scene.sink.stop()
    sink = harness.Sink(scene.folder / "receiver", scene.sink.host, port=port)
    scene.dns.mx("direct.example", (10, "mx.direct.example", scene.relay.host))
    forwarder = Forwarder((scene.address(), 2599), (scene.relay.host, port))
    scene.dns.add(f"forwarder.example. 60 IN A {forwarder.listener.getsockname()[0]}")
    try:
        with scene:
            relay = scene.relay
            with scene.watch() as seen:
                for domain in ("direct.example", "translated.example"):
                    relay.send("orders@shop.example", f"someone@{domain}", arena.LETTER.format(domain))
                    outcome = relay.wait_event("bounced", to=f"someone@{domain}")
                    rounds = len(relay.events("accepted", to=f"someone@{domain}"))
                    print(f"{domain}: accepted {rounds} times, {outcome['reply']}", flush=True)
                    assert "5.4.6" in outcome["reply"], outcome
                    assert rounds == 1, rounds
                connections = forwarder.connections
            seen.tell(f"two loops: {connections} connections through the forwarder")
            assert connections == 1, connections
            forwarded(relay, sink)
            seen.check()
    finally:
        forwarder.stop()
        sink.stop()


def forwarded(relay, sink):
    """What a receiver forwards through us has our Received field for another recipient."""
    before = len(sink.saved())
    relay.send("orders@shop.example", "list@receiver.example", arena.LETTER.format("list"))
    content = sink.wait_for(before + 1)[-1][1]
    assert b"for <list@receiver.example>" in content, content
    relay.send("orders@shop.example", "member@receiver.example", content)
    sink.wait_for(before + 2)


if __name__ == "__main__":
    main()
