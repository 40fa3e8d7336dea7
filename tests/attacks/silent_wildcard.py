"""Mail to many names of one domain, all of which lead to hosts that take connections and never answer. Each name is
a receiver of its own, so that limits by receiver bound nothing: one sender takes all connections that there are.

Before: 400 names took all 256 connections of the relay, to one address, for five minutes each, and 81 of 81 messages
for another receiver waited (2,000 names made 512 where there were as many).
After: one address has 20 connections, one account three quarters of them all, and the other receiver is served.
"""

import selectors
import socket
import threading
import time

import arena
import harness

DESCRIPTORS = 1024  # of the relay, which has sessions for the rest: no more than a quarter is for deliveries


class SilentHosts:
    """Take every connection and say nothing; how many were open at once, in all and at one address."""

    def __init__(self, addresses):
        self.selector = selectors.DefaultSelector()
        self.open = dict.fromkeys(addresses, 0)
        self.most = self.most_at_one = 0
        for address in addresses:
            listener = socket.create_server((address, harness.MX_PORT), backlog=512)
            listener.setblocking(False)
            self.selector.register(listener, selectors.EVENT_READ, (address, True))
        self.done = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while not self.done:
            for key, _ in self.selector.select(0.1):
                address, listening = key.data
                if listening:
                    connection, _ = key.fileobj.accept()
                    self.selector.register(connection, selectors.EVENT_READ, (address, False))
                    self.open[address] += 1
                elif not self.read(key.fileobj):
                    self.selector.unregister(key.fileobj)
                    key.fileobj.close()
                    self.open[address] -= 1
                self.most = max(self.most, sum(self.open.values()))
                self.most_at_one = max(self.most_at_one, self.open[address])

    @staticmethod
    def read(connection):
        try:
            return connection.recv(4096)
        except OSError:
            return b""

    def stop(self):
        self.done = True
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()


def main():
    sizes = arena.options(__doc__, names=(400, 2000), addresses=(20, 20), seconds=(6.0, 20.0))
    one_address(sizes)
    many_addresses(sizes)


def attack(name, sizes, addresses, letter, sender="a@spammer.example"):
    """(the hosts, what was sent to receiver.example meanwhile and did not arrive)"""
    scene = arena.Arena(name, settings={"limits": "sessions = 600"})
    scene.relay.program = ["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}", *scene.relay.program]
    addresses = [scene.address() for _ in range(addresses)]
    scene.dns.add(*(f"*.wild{number}.example. 60 IN A {address}" for number, address in enumerate(addresses)))
    hosts = SilentHosts(addresses)
    try:
        with scene:
            clients = [scene.relay.smtp() for _ in range(8)]  # so that each worker has some
            for number in range(sizes.names):
                clients[number % len(clients)].sendmail(
                    sender.format(number), [f"b@n{number}.wild{number % len(addresses)}.example"],
                    arena.LETTER.format(f"wild-{number}"))
            for client in clients:
                client.close()
            time.sleep(1)  # the connections are taken
            with scene.watch() as seen:
                time.sleep(sizes.seconds)
            sent = len(seen.good.seconds)
            served = lambda: len(scene.relay.events("delivered", to="someone@receiver.example")) >= sent  # noqa: E731
            try:
                harness.wait_until(served, "the good client's mail", deadline=5 * harness.PATIENCE)
            except AssertionError:
                pass
            lost = sent - len(scene.relay.events("delivered", to="someone@receiver.example"))
            seen.tell(f"{sizes.names} names, {letter}: {hosts.most} silent connections, {hosts.most_at_one} to one address; "
                      f"{lost} of {sent} messages for the other receiver wait")
            seen.check()
            assert not scene.relay.events("deferred", to="someone@receiver.example")
            return hosts, lost
    finally:
        hosts.stop()


def one_address(sizes):
    hosts, lost = attack("wildcard", sizes, 1, "one address")
    assert hosts.most_at_one <= 20, hosts.most_at_one
    assert lost == 0, lost


def many_addresses(sizes):
    hosts, lost = attack("wildcards", sizes, sizes.addresses, f"{sizes.addresses} addresses")
    assert hosts.most_at_one <= 20, hosts.most_at_one
    assert hosts.most <= DESCRIPTORS // 4 * 3 // 4, hosts.most
    assert lost == 0, lost


if __name__ == "__main__":
    main()
