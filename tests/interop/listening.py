"""Servers of our own, each connection in a thread."""

import socket
import threading

from harness import MX_PORT


class Server:
    """A subclass has serve(connection), which closes it."""

    def __init__(self, host, port=MX_PORT):
        self.listener = socket.create_server((host, port))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
