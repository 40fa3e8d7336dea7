"""A host of MTA-STS policies (RFC 8461): an HTTPS server with a certificate of its own."""

import http.server
import ssl
import threading

import harness

# Of delivery.mta_sts_port: all servers listen there, each at an address of its own.
POLICY_PORT = 18443


def policy(mode="enforce", mx=("mx.sts.example",), max_age=604800):
    return "".join(f"{line}\r\n" for line in
                   ["version: STSv1", f"mode: {mode}", *(f"mx: {one}" for one in mx), f"max_age: {max_age}"])


class PolicyServer:
    """Serves `text` for mta-sts.`domain`, which its certificate names; whoever asks trusts it by `environment`.

    `text` None: 404. `responses`: statuses to be given before, each once.
    """

    def __init__(self, folder, host, domain, text, names=None):
        folder.mkdir()
        self.domain = domain
        self.host = host
        self.text = text
        self.responses = []
        self.requests = []
        self.certificate = harness.Certificate(folder, names or f"mta-sts.{domain}")
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.requests.append((self.path, self.headers["Host"]))
                status = outer.responses.pop(0) if outer.responses else 404 if outer.text is None else 200
                body = (outer.text or "").encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                if status in (301, 302, 307, 308):
                    self.send_header("Location", f"https://mta-sts.{outer.domain}:{POLICY_PORT}/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer((host, POLICY_PORT), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate.certificate, self.certificate.key)
        # The handshake happens on the thread of the connection.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def environment(self):
        return dict(harness.os.environ, SSL_CERT_FILE=str(self.certificate.certificate))

    def records(self, id):
        """What the domain's zone says of it."""
        return [f'_mta-sts.{self.domain}. 60 IN TXT "v=STSv1; id={id};"', f"mta-sts.{self.domain}. 60 IN A {self.host}"]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
