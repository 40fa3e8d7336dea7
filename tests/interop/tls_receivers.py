"""SMTP servers of our own whose TLS is as a test wants it."""

import contextlib
import datetime
import pathlib
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness import MX_PORT
from listening import Server


class Certificate:
    """For these names, signed by `issuer` (a Certificate; None: by itself), valid between days from today."""

    def __init__(self, folder, *names, issuer=None, days=(-2, 2), authority=False):
        folder = pathlib.Path(folder)
        self.secret = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(self.name).issuer_name(issuer.name if issuer else self.name)
                   .public_key(self.secret.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now + datetime.timedelta(days=days[0])).not_valid_after(now + datetime.timedelta(days=days[1]))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
                   .add_extension(x509.BasicConstraints(ca=authority or not issuer, path_length=None), critical=True))
        made = builder.sign(issuer.secret if issuer else self.secret, hashes.SHA256())
        stem = f"{names[0]}{days[1]}{'-ca' if authority else ''}"
        self.certificate, self.key = folder / f"{stem}.crt", folder / f"{stem}.key"
        pem = made.public_bytes(serialization.Encoding.PEM)
        self.certificate.write_bytes(pem)
        self.key.write_bytes(self.secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                       serialization.NoEncryption()))
        self.key.chmod(0o600)


def context_of(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context


class Receiver(Server):
    """An SMTP server that offers STARTTLS with `context` (None: it does not), and keeps of each message the version of TLS (None:
    in clear) and whose certificate its client showed. `breaks`: the connection ends in the handshake."""

    def __init__(self, host, context, port=MX_PORT, breaks=False):
        self.context, self.host, self.breaks = context, host, breaks
        self.taken = []
        super().__init__(host, port)

    def serve(self, connection):
        with connection, contextlib.suppress(OSError, StopIteration):
            connection.sendall(b"220 tls.example ESMTP\r\n")
            offer = b"250-tls.example\r\n250 STARTTLS\r\n" if self.context else b"250 tls.example\r\n"
            if self.talk(connection, offer, None):
                connection.sendall(b"220 go ahead\r\n")
                if self.breaks:
                    connection.recv(65536)
                    return
                with self.context.wrap_socket(connection, server_side=True) as secured:
                    self.talk(secured, b"250 tls.example\r\n", secured)

    def talk(self, connection, hello, secured):
        lines = connection.makefile("rb")
        for line in lines:
            verb = line[:4].upper().strip()
            if verb == b"STAR":
                return True
            if verb == b"DATA":
                connection.sendall(b"354 go ahead\r\n")
                while next(lines) != b".\r\n":
                    pass
                shown = secured and secured.getpeercert()
                self.taken.append((secured and secured.version(), shown and dict(shown["subject"][0])["commonName"]))
            connection.sendall(hello if verb == b"EHLO" else b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
        return False


