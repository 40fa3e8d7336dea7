"""A world with DNSSEC: signed zones, a resolver that validates them, receivers with certificates, and Postfix's
posttls-finger as the second opinion on each of them."""

import datetime
import hashlib
import pathlib
import re
import shutil
import subprocess
import tempfile

import harness
from harness import MX_PORT

DNS_PORT = 53  # the only one that the system's resolver library asks
# Signed by nobody whose key is in a zone.
WRONG_DS = "12345 13 2 " + "00" * 32


class SignedZones:
    """Knot DNS with the zones `example` and `arpa`, signed, and below `example` `insecure` without DNSSEC and `bogus`,
    whose DS record in `example` is not that of its key."""

    TOPS = ("example", "arpa")

    def __init__(self, folder, host):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.host = host
        self.zones = {name: [] for name in self.TOPS}
        self.unsigned = set()
        self.missing = set()
        self.run = tempfile.mkdtemp(prefix="signpost-dns-")
        self.process = None
        self.zone("insecure.example", signed=False)
        self.zone("bogus.example", ds=WRONG_DS)

    def add(self, *lines):
        """Each begins with a full name, and goes to the zone that has it."""
        for line in lines:
            name = line.split()[0].rstrip(".")
            zone = max((zone for zone in self.zones if f".{name}".endswith(f".{zone}")), key=len)
            self.zones[zone].append(line)

    def zone(self, name, signed=True, missing=False, ds=None):
        """Another zone below `example`. One that is missing is answered with SERVFAIL."""
        self.zones[name] = []
        if not signed:
            self.unsigned.add(name)
        if missing:
            self.missing.add(name)
        self.zones["example"] += [f"{name}. NS ns.example.", *([f"{name}. DS {ds}"] if ds else [])]


    def start(self):
        lines = [f'server:\n  rundir: "{self.run}"\n  listen: {self.host}@{DNS_PORT}',
                 f'database:\n  storage: "{self.run}"', "log:\n  - target: stderr\n    any: warning",
                 f'template:\n  - id: default\n    storage: "{self.folder}"\n    zonefile-sync: -1',
                 "    zonefile-load: whole\n    journal-content: none", "zone:"]
        for name, records in self.zones.items():
            head = [f"{name}. 60 SOA ns.example. postmaster.example. 1 3600 600 86400 5", f"{name}. NS ns.example."]
            if name == "example":
                head.append(f"ns.example. A {self.host}")
            if name not in self.missing:
                (self.folder / f"{name}.zone").write_text("\n".join(["$TTL 60", *head, *records]) + "\n")
            lines += [f"  - domain: {name}\n    file: {name}.zone"]
            if name not in self.unsigned:
                lines += ["    dnssec-signing: on"]
        configuration = self.folder / "knot.conf"
        configuration.write_text("\n".join(lines) + "\n")
        self.process = harness.Process([harness.peer_program("usr/sbin/knotd"), "-c", configuration],
                                       self.folder / "knot.log", env=harness.peer_environment())
        harness.wait_until(lambda: self.process.check_alive() and all(map(self.anchor, self.TOPS)), "the signed zones")

    def anchor(self, zone):
        """The key of that zone that vouches for its others."""
        import dns.message
        import dns.query
        try:
            reply = dns.query.tcp(dns.message.make_query(f"{zone}.", "DNSKEY"), self.host, port=DNS_PORT, timeout=0.5)
        except Exception:  # not up yet
            return None
        keys = [key for rrset in reply.answer for key in rrset if key.flags == 257]
        return f"{zone}. DNSKEY {keys[0].to_text()}" if keys else None

    def stop(self):
        if self.process:
            self.process.kill()
        shutil.rmtree(self.run, ignore_errors=True)


class Unbound:
    """A resolver that validates those zones by their keys, as one with the root's key does; or not at all."""

    def __init__(self, folder, host, zones, validates=True):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True)
        self.host = host
        self.port = DNS_PORT
        configuration = folder / "unbound.conf"
        configuration.write_text(f"""server:
  interface: {host}
  port: {DNS_PORT}
  access-control: 127.0.0.0/8 allow
  do-daemonize: no
  chroot: ""
  username: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  do-ip6: no
  module-config: "{'validator ' if validates else ''}iterator"
  val-log-level: 2
""" + "".join(f'  trust-anchor: "{zones.anchor(top)}"\n' for top in zones.TOPS) + """
remote-control:
  control-enable: no
""" + "".join(f'stub-zone:\n  name: "{top}"\n  stub-addr: {zones.host}@{DNS_PORT}\n' for top in zones.TOPS))
        self.process = harness.Process([harness.peer_program("usr/sbin/unbound"), "-c", configuration],
                                       folder / "unbound.log", env=harness.peer_environment())
        harness.wait_until(lambda: self.process.check_alive() and self.validated("example.") == validates, "Unbound")

    def validated(self, name):
        """Whether it says so of the zone's SOA record; None if it says nothing."""
        import dns.flags
        import dns.message
        import dns.query
        query = dns.message.make_query(name, "SOA")
        query.flags |= dns.flags.AD
        try:
            return bool(dns.query.udp(query, self.host, port=DNS_PORT, timeout=0.2).flags & dns.flags.AD)
        except Exception:  # not up yet
            return None

    def stop(self):
        self.process.kill()


class Authority:
    """A certificate authority, an intermediate one if another `issuer` made it."""

    def __init__(self, name, issuer=None):
        self.name = name
        self.issuer = issuer
        self.key, self.certificate = make_certificate(name, issuer, authority=True)

    def chain(self):
        return [self.certificate] + (self.issuer.chain() if self.issuer else [])


def make_certificate(common_name, issuer=None, names=(), days=(-1, 30), authority=False):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder().subject_name(subject)
               .issuer_name(issuer.certificate.subject if issuer else subject)
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(now + datetime.timedelta(days[0])).not_valid_after(now + datetime.timedelta(days[1]))
               .add_extension(x509.BasicConstraints(authority, None), critical=True))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    return key, builder.sign(issuer.key if issuer else key, hashes.SHA256())


class Identity:
    """A server's certificate with its key, as files."""

    def __init__(self, folder, name, issuer=None, names=("*.mx.example",), days=(-1, 30), shown=None):
        """`shown`: the certificates after its own; all of its issuers if it is left out."""
        from cryptography.hazmat.primitives import serialization
        self.issuer = issuer
        self.raw_key, self.x509 = make_certificate(name, issuer, names, days)
        self.certificate = pathlib.Path(folder) / f"{name}.crt"
        self.key = pathlib.Path(folder) / f"{name}.key"
        chain = [self.x509, *((issuer.chain() if issuer else []) if shown is None else shown)]
        pem = serialization.Encoding.PEM
        self.certificate.write_bytes(b"".join(one.public_bytes(pem) for one in chain))
        self.key.write_bytes(self.raw_key.private_bytes(pem, serialization.PrivateFormat.PKCS8,
                                                        serialization.NoEncryption()))


def association(certificate, selector, matching):
    """What a TLSA record says of that certificate, in hexadecimal."""
    from cryptography.hazmat.primitives import serialization
    if selector == 0:
        data = certificate.public_bytes(serialization.Encoding.DER)
    else:
        data = certificate.public_key().public_bytes(serialization.Encoding.DER,
                                                     serialization.PublicFormat.SubjectPublicKeyInfo)
    return {0: lambda: data, 1: hashlib.sha256(data).digest, 2: hashlib.sha512(data).digest}[matching]().hex()


def asking(folder, resolver):
    """A command that runs another in a mount namespace of its own, where /etc/resolv.conf names `resolver`."""
    file = pathlib.Path(folder, "resolv.conf")
    file.write_text(f"nameserver {resolver.host}\noptions trust-ad\n")
    return ["unshare", "--mount", "sh", "-ec", 'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"', "sh", file]


class Finger:
    """posttls-finger, which says what Postfix makes of a receiver's certificate."""

    def __init__(self, folder, resolver):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.within = asking(folder, resolver)
        root = harness.PEERS / "root"
        (self.folder / "main.cf").write_text(
            f"compatibility_level = 3.6\nshlib_directory = {root}/usr/lib/postfix\n"
            f"daemon_directory = {root}/usr/lib/postfix/sbin\nmyhostname = finger.example\ninet_protocols = ipv4\n"
            "mail_owner = games\nsetgid_group = operator\ndnssec_probe = ns:example\n")

    def output(self, domain):
        done = subprocess.run(
            [*self.within, harness.peer_program("usr/sbin/posttls-finger"), "-c", "-l", "dane", "-L", "summary,certmatch",
             "-t", "5", "-T", "10", f"{domain}:{MX_PORT}"],
            env={**harness.peer_environment(), "MAIL_CONFIG": str(self.folder)}, capture_output=True, text=True,
            timeout=harness.DEADLINE)
        return done.stdout + done.stderr


class SendingPostfix(harness.Postfix):
    """Postfix with `smtp_tls_security_level = dane`, which sends what it is given."""

    def __init__(self, folder, host, resolver):
        super().__init__(folder, host, settings={
            "smtp_tls_security_level": "dane", "smtp_dns_support_level": "dnssec", "smtp_host_lookup": "dns",
            "disable_dns_lookups": "no", "dnssec_probe": "ns:example", "smtp_tls_loglevel": "1",
            "smtp_tcp_port": MX_PORT, "minimal_backoff_time": "1h", "maximal_backoff_time": "1h",
            "smtp_tls_session_cache_database": "", "smtp_balance_inet_protocols": "no",
        }, within=asking(folder, resolver))

    def result(self, address):
        """"sent" or "deferred", once it is; and how its connection was secured, "" in clear."""
        def ended():
            return re.search(rf"to=<{re.escape(address)}>, relay=([^\[,]+).*status=(\w+) (.*)", self.log_text())
        found = harness.wait_until(ended, f"what Postfix does with mail to {address}")
        secured = re.findall(rf"(\w+) TLS connection established to {re.escape(found[1])}\[", self.log_text())
        return found[2], secured[-1] if secured else "", found[3]
