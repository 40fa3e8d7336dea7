"""What the end-to-end tests start: Signpost, receivers, a name server and Postfix, all on loopback.

Each test process has a network of its own inside 127.0.0.0/8, so that tests can run side by side
with well-known ports and without races for free ones.
"""

import atexit
import contextlib
import glob
import http.client
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("SIGNPOST_BIN", ROOT / "build/release/bin"))
PEERS = pathlib.Path(os.environ.get("SIGNPOST_PEERS", ROOT / "build/peers"))

# A sanitized build is several times slower.
PATIENCE = float(os.environ.get("SIGNPOST_PATIENCE", "1"))
DEADLINE = 30 * PATIENCE

SUBMISSION_PORT = 2587
IMPLICIT_TLS_PORT = 2465
TRUSTED_PORT = 2526
ADMIN_PORT = 8025
DNS_PORT = 5353
MX_PORT = 2525

# The receivers are on loopback, where no mail goes by default. A program from before that rule does not know the key.
ALLOW_LOOPBACK = (['allow_networks = ["127.0.0.0/8", "::1"]'] if os.environ.get("SIGNPOST_ALLOW_LOOPBACK", "1") == "1"
                  else [])

PASSWORD = "correct horse battery staple"
# Whose mail has metrics of its own; a login belongs to it with `--tenant acme`.
METERED_TENANT = '[[tenant]]\nname = "acme"\ndomains = ["shop.example"]\nmetrics = true\n'


def scratch(name):
    """A folder for a script's run, removed when the script ends; one that fails leaves it, and says where it is."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"signpost-{name}-"))

    def end():
        if getattr(sys, "last_value", None) is None:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"what there was is in {folder}", file=sys.stderr)

    atexit.register(end)
    return folder


def address(host):
    """The host-th address of this process's network."""
    number = os.getpid()
    return f"127.{64 + (number >> 8) % 128}.{number % 256}.{host}"


def wait_until(condition, what, deadline=None):
    """Waits until `condition` returns something true, and returns that. `what` is said when it does not: a
    text, or a function that looks what there is instead."""
    end = time.monotonic() + (deadline or DEADLINE)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what() if callable(what) else what}"[:3000])
        time.sleep(0.02)


def listening(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(5)
        return probe.connect_ex((host, port)) == 0


def peer_environment():
    """The environment for programs that were unpacked, not installed."""
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    libraries = (PEERS / "libraries").read_text().split()
    environment["LD_LIBRARY_PATH"] = ":".join(libraries)
    environment["SASL_PATH"] = ":".join(path for path in libraries if path.endswith("/sasl2"))
    return environment


def peer_program(path):
    return str(PEERS / "root" / path)


def nss_wrapper():
    """For LD_PRELOAD: a library that looks up accounts and hosts in files of NSS_WRAPPER_… instead of the machine's."""
    return glob.glob(f"{PEERS}/root/usr/lib/*/libnss_wrapper.so")[0]


class Process:
    """A child process that is ended with the test."""

    def __init__(self, command, log, **options):
        self.log_path = pathlib.Path(log)
        self.log_file = open(log, "ab")
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=self.log_file,
            stderr=subprocess.STDOUT, **options)

    def log_text(self):
        return self.log_path.read_text(errors="replace")

    def alive(self):
        return self.process.poll() is None

    def check_alive(self):
        if not self.alive():
            raise AssertionError(f"ended with {self.process.returncode}:\n{self.log_text()[-4000:]}")
        return True

    def wait(self, deadline=None):
        return self.process.wait(deadline or DEADLINE)

    def terminate(self):
        if self.alive():
            self.process.terminate()
        return self.wait()

    @contextlib.contextmanager
    def halted(self):
        """Neither it nor its children go on meanwhile: for those that have a session of their own."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.process.pid, signal.SIGCONT)

    def kill(self):
        if self.alive():
            self.process.kill()
        self.process.wait()
        self.log_file.close()


class Certificate:
    """A self-signed certificate for one host name, and for addresses."""

    def __init__(self, folder, name="relay.example", days=30, addresses=()):
        self.certificate = folder / f"{name}.crt"
        self.key = folder / f"{name}.key"
        names = ",".join([f"DNS:{name}", *(f"IP:{address}" for address in addresses)])
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", str(days), "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}",
             "-keyout", self.key, "-out", self.certificate], check=True, capture_output=True)


def saved_in(folder):
    """The envelopes of what a sink saved there."""
    return [json.loads(pathlib.Path(file).read_text()) for file in sorted(glob.glob(f"{folder}/*.json"))]


class Sink:
    """signpost-sink: what arrived, as files."""

    def __init__(self, folder, host, port=MX_PORT, options=(), save=True):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.host = host
        self.port = port
        self.count_file = self.folder / "counts.json"
        self.mail = self.folder / "mail"
        literal = f"[{host}]" if ":" in host else host
        command = [BIN / "signpost-sink", "--listen", f"{literal}:{port}", "--json",
                   "--count-file", self.count_file, *options]
        if save:
            command += ["--save", self.mail]
        self.process = Process(command, self.folder / "sink.log")
        wait_until(lambda: self.process.check_alive() and "listening" in self.process.log_text(),
                   "the sink to listen")

    def saved(self):
        """(envelope, content) of each message, in the order of their arrival."""
        messages = []
        for envelope in sorted(glob.glob(f"{self.mail}/*.json")):
            content = pathlib.Path(envelope[:-len(".json")] + ".eml").read_bytes()
            messages.append((json.loads(pathlib.Path(envelope).read_text()), content))
        return messages

    def wait_for(self, count=1, **options):
        """The messages, once there are at least `count`."""
        return wait_until(lambda: (lambda all: all if len(all) >= count else None)(self.saved()),
                          lambda: f"{count} messages at {self.host}, there are {len(self.saved())}", **options)

    def message_to(self, recipient, **options):
        """The first message for that recipient, once it is there."""
        def find():
            for envelope, content in self.saved():
                if any(r["address"] == recipient for r in envelope["recipients"]):
                    return envelope, content
            return None
        return wait_until(find, f"a message to {recipient} at {self.host}", **options)

    def counts(self):
        self.count_file.unlink(missing_ok=True)
        self.process.process.send_signal(signal.SIGUSR1)
        wait_until(self.count_file.exists, "the sink's counts")
        return json.loads(self.count_file.read_text())

    def stop(self):
        self.process.kill()


class NameServer:
    """Knot DNS, authoritative for `example.`: the test writes the records."""

    def __init__(self, folder, host):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.host = host
        self.port = DNS_PORT
        self.records = []
        self.serial = 1
        self.process = None
        # The control socket's path must be short.
        self.run = tempfile.mkdtemp(prefix="signpost-dns-")

    def add(self, *lines):
        self.records.extend(lines)

    def mx(self, domain, *hosts):
        """`hosts`: (preference, name, addresses…); the addresses become records too."""
        for preference, name, *addresses in hosts:
            self.add(f"{domain}. 60 IN MX {preference} {name}.")
            for one in addresses:
                self.add(f"{name}. 60 IN {'AAAA' if ':' in one else 'A'} {one}")

    def write_zone(self):
        self.serial += 1
        head = ("$ORIGIN example.\n$TTL 60\n"
                f"@ IN SOA ns.example. postmaster.example. {self.serial} 3600 600 86400 5\n"
                f"@ IN NS ns.example.\nns IN A {self.host}\n")
        (self.folder / "example.zone").write_text(head + "\n".join(self.records) + "\n")

    def start(self):
        self.write_zone()
        configuration = self.folder / "knot.conf"
        configuration.write_text(
            f"server:\n  rundir: \"{self.run}\"\n  listen: {self.host}@{self.port}\n"
            f"database:\n  storage: \"{self.run}\"\n"
            "log:\n  - target: stderr\n    any: warning\n"
            f"template:\n  - id: default\n    storage: \"{self.folder}\"\n    zonefile-sync: -1\n"
            "    zonefile-load: whole\n    journal-content: none\n"
            "zone:\n  - domain: example\n    file: example.zone\n")
        self.process = Process([peer_program("usr/sbin/knotd"), "-c", configuration],
                               self.folder / "knot.log", env=peer_environment())
        wait_until(lambda: self.process.check_alive() and self.answers(), "the name server")

    def answers(self):
        import dns.message
        import dns.query
        query = dns.message.make_query("example.", "SOA")
        try:
            reply = dns.query.udp(query, self.host, port=self.port, timeout=0.2)
        except Exception:  # not up yet
            return False
        return reply.answer and f" {self.serial} " in reply.answer[0].to_text()

    def reload(self):
        """Publishes records that were added since the start."""
        self.write_zone()
        self.process.process.send_signal(signal.SIGHUP)
        wait_until(self.answers, "the new zone")

    def txt(self, name):
        """The TXT record of `name` as verifiers want it: bytes, joined."""
        import dns.message
        import dns.query
        query = dns.message.make_query(name, "TXT")
        reply = dns.query.udp(query, self.host, port=self.port, timeout=5)
        if reply.flags & 0x0200:  # truncated
            reply = dns.query.tcp(query, self.host, port=self.port, timeout=5)
        for rrset in reply.answer:
            for record in rrset:
                return b"".join(record.strings)
        return None

    def stop(self):
        if self.process:
            self.process.kill()
        shutil.rmtree(self.run, ignore_errors=True)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket, whose path may be longer than an address has room for."""

    def __init__(self, path, timeout=10):
        super().__init__("localhost", timeout=timeout)
        self.path = pathlib.Path(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        folder = os.open(self.path.parent, os.O_PATH)
        try:
            self.sock.connect(f"/proc/self/fd/{folder}/{self.path.name}")
        finally:
            os.close(folder)


def toml_list(values):
    return "[" + ", ".join(json.dumps(value) for value in values) + "]"


class Relay:
    """signpost serve with a configuration of its own.

    `settings` replaces top-level tables by name: settings={"retry": 'schedule = ["1s"]'}; `extra` is
    appended as it stands.
    """

    def __init__(self, folder, host, dns=None, certificate=None, settings=None, extra="", workers=2):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.host = host
        self.dns = dns
        self.certificate = certificate
        self.tables = {
            "limits": "",
            "signing": "",
            "dns": f'servers = ["{dns.host}:{dns.port}"]' if dns else "",
            "delivery": f"port = {MX_PORT}\nconnect_timeout = \"5s\"",
            "retry": 'schedule = ["1s"]\nexpire = "1h"\ndelay_notice = "0s"',
            "log": 'level = "info"\nformat = "json"',
        }
        self.tables.update(settings or {})
        self.extra = extra
        self.workers = workers
        self.keys = []
        self.user = ""  # stay what we are
        self.dovecot_socket = None
        self.postmaster = "postmaster@shop.example"
        self.environment = None  # os.environ
        self.program = [BIN / "signpost"]
        self.process = None
        self.log = self.folder / "signpost.log"
        self.config = self.folder / "signpost.toml"
        self.users = self.folder / "users.toml"
        self.admin_socket = self.folder / "data/admin.sock"

    # What must exist before the start.

    def write_config(self):
        lines = ['hostname = "relay.example"', f'postmaster = "{self.postmaster}"', 'data_dir = "data"',
                 f'user = "{self.user}"', f"workers = {self.workers}"]
        if os.geteuid() != 0:
            lines.append("core_files = true")  # tests look into /proc/PID, which only root may otherwise
        lines += ["[[listener]]", f'bind = "{self.host}:{SUBMISSION_PORT}"']
        lines += ["[[listener]]", f'bind = "{self.host}:{IMPLICIT_TLS_PORT}"', 'mode = "implicit"']
        lines += ["[[listener]]", f'bind = "{self.host}:{TRUSTED_PORT}"', 'mode = "plain"', 'auth = "off"',
                  'trusted_networks = ["127.0.0.0/8"]']
        lines += ["[tls]", f'certificate = "{self.certificate.certificate}"', f'key = "{self.certificate.key}"']
        lines += ["[auth]", 'users = "users.toml"']
        if self.dovecot_socket:
            lines.append(f'dovecot_socket = "{self.dovecot_socket}"')
        lines += ["[admin]", f'bind = "{self.host}:{ADMIN_PORT}"']
        for name, body in self.tables.items():
            if name == "limits" and "disk_free" not in body:
                body = f'{body}\ndisk_free = "100MiB"'  # the machine's disk may be nearly full
            if name == "delivery" and "allow_networks" not in body:
                body = "\n".join([body, *ALLOW_LOOPBACK])
            if body:
                lines += [f"[{name}]", body]
        for domain, selector, key in self.keys:
            lines += ["[[dkim]]", f'domain = "{domain}"', f'selector = "{selector}"', f'key = "{key}"']
        self.config.write_text("\n".join(lines) + "\n" + self.extra + "\n")

    def add_key(self, domain, selector, algorithm="rsa", bits=2048):
        """Makes a key and publishes its record."""
        key = self.folder / f"{domain}.{selector}.pem"
        words = ["dkim", "keygen", "--domain", domain, "--selector", selector, "--algorithm", algorithm,
                 "--out", key]
        if algorithm == "rsa":
            words += ["--bits", str(bits)]
        record = self.run(*words, config=False)
        assert record.returncode == 0, record.stderr
        if self.dns:
            self.dns.add(record.stdout)
        self.keys.append((domain, selector, key))

    def add_user(self, name, password=PASSWORD, *words):
        if not self.config.exists():
            self.users.touch()
            self.write_config()
        done = self.run("user", "add", name, *words, input=password + "\n")
        assert done.returncode == 0, done.stderr

    # Its life.

    def start(self):
        if not self.users.exists():
            self.add_user("shop")
        self.write_config()
        self.launch()
        return self

    def launch(self):
        self.process = Process([*self.program, "serve", "-c", self.config], self.log, env=self.environment)
        wait_until(lambda: self.process.check_alive() and self.ready(),
                   lambda: f"the relay to be ready, which says: {self.why_not_ready()}")

    def stop(self):
        """SIGTERM, as systemd would; the exit code."""
        code = self.process.terminate()
        self.process.log_file.close()
        return code

    def kill(self):
        if self.process:
            self.process.kill()

    # What it says.

    def get(self, path):
        """(status, text). The API is at the socket."""
        if path.startswith("/api/"):
            connection = UnixConnection(self.admin_socket)
            connection.request("GET", path)
            reply = connection.getresponse()
            text = reply.read().decode()
            connection.close()
            return reply.status, text
        try:
            with urllib.request.urlopen(f"http://{self.host}:{ADMIN_PORT}{path}", timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def ready(self):
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def why_not_ready(self):
        try:
            return self.get("/readyz")[1].strip()
        except OSError as error:
            return error

    def metrics(self):
        """{'name{label="value"}': number}"""
        values = {}
        for line in self.get("/metrics")[1].splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        return values

    def metric(self, name, **labels):
        """The sum of all series of that name that have those labels."""
        total = 0.0
        for series, value in self.metrics().items():
            if series.split("{")[0] == name and all(f'{k}="{v}"' in series for k, v in labels.items()):
                total += value
        return total

    def events(self, event=None, **fields):
        found = []
        # The last line may be half written.
        for line in self.log.read_text(errors="replace").split("\n")[:-1]:
            if not line.startswith("{"):
                continue
            one = json.loads(line)
            if event in (None, one.get("event")) and all(one.get(k) == v for k, v in fields.items()):
                found.append(one)
        return found

    def log_end(self):
        with open(self.log, "rb") as file:
            file.seek(max(0, self.log.stat().st_size - 4000))
            return file.read().decode(errors="replace")

    def wait_event(self, event, deadline=None, **fields):
        def look():
            self.process.check_alive()
            return self.events(event, **fields)
        return wait_until(look, lambda: f"event {event} {fields}; the log ends\n{self.log.read_text()[-2500:]}",
                          deadline)[-1]

    def wait_events(self, count, event, **fields):
        """That many, no more: the log is written some moments after the events."""
        wait_until(lambda: len(self.events(event, **fields)) >= count, f"{count} events {event} {fields}")
        assert len(self.events(event, **fields)) == count

    def run(self, *words, config=True, input=None):
        """A signpost command: the finished process, with stdout and stderr."""
        command = [str(BIN / "signpost"), *map(str, words)]
        if config:
            command += ["-c", str(self.config)]
        return subprocess.run(command, input=input, text=True, capture_output=True, timeout=DEADLINE)

    def queue(self, *words):
        done = self.run("queue", *words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def queued_jobs(self):
        return json.loads(self.get("/api/v1/queue?limit=1000")[1])["jobs"]

    def wait_empty(self, deadline=None):
        wait_until(lambda: not self.queued_jobs(), lambda: f"an empty queue, there is {self.queued_jobs()}", deadline)

    # What it is told.

    def smtp(self, port=TRUSTED_PORT, user=None, starttls=False, implicit=False):
        """A smtplib session."""
        import smtplib
        import ssl
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if implicit:
            client = smtplib.SMTP_SSL(self.host, port, "client.example", timeout=DEADLINE, context=context)
        else:
            client = smtplib.SMTP(self.host, port, "client.example", timeout=DEADLINE)
        if starttls:
            client.starttls(context=context)
        if user:
            client.login(user, PASSWORD)
        return client

    def send(self, sender, recipients, content, options=(), **session):
        """Sends one message through a session of its own; the queue id."""
        if isinstance(recipients, str):
            recipients = [recipients]
        if isinstance(content, str):
            content = content.encode()
        client = self.smtp(**session)
        try:
            client.ehlo_or_helo_if_needed()
            code, text = client.mail(sender, list(options))
            assert code == 250, text
            for recipient in recipients:
                code, text = client.rcpt(recipient)
                assert code == 250, (recipient, text)
            code, text = client.data(content)
            assert code == 250, text
        finally:
            client.close()
        return queue_id(text.decode())

    def raw(self, port=TRUSTED_PORT):
        return RawClient(self.host, port)


def start_failures(log):
    """What a relay whose log is JSON says of a start that failed."""
    lines = (json.loads(line) for line in log.splitlines() if line.startswith("{"))
    return [line["detail"] for line in lines if line["event"] == "start_failed"]


def queue_id(text):
    found = re.search(r"queued as (\S+)", text)
    assert found, text
    return found.group(1)


class RawClient:
    """Octets to an SMTP server and its replies, without a library's good manners."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=DEADLINE)
        self.buffer = b""

    def write(self, octets):
        self.socket.sendall(octets)

    def line(self):
        while b"\r\n" not in self.buffer:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError("closed by the server")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode(errors="replace")

    def reply(self):
        """(code, lines)"""
        lines = []
        while True:
            line = self.line()
            lines.append(line)
            if line[3:4] != "-":
                return int(line[:3]), lines

    def say(self, command):
        self.write(command.encode() + b"\r\n")
        return self.reply()

    def closed(self):
        """True when the server closes; what it still says is dropped."""
        try:
            while self.socket.recv(65536):
                pass
            return True
        except ConnectionResetError:
            return True

    def open_data(self, sender="a@shop.example", recipient="b@receiver.example"):
        """From the greeting to 354."""
        assert self.reply()[0] == 220
        assert self.say("EHLO client.example")[0] == 250
        assert self.say(f"MAIL FROM:<{sender}>")[0] == 250
        assert self.say(f"RCPT TO:<{recipient}>")[0] == 250
        assert self.say("DATA")[0] == 354

    def close(self):
        self.socket.close()


class Postfix:
    """Postfix from its unpacked package, with its own configuration, queue and ports; root starts it.

    It is never installed: no file outside of `folder` and the unpacked package is used.
    """

    def __init__(self, folder, host, smtp_port=2527, settings=None, clients=(), parent=None, environment=None, within=()):
        """`parent`: where the queue is to be; else among the temporary files. `environment`: variables besides.
        `within`: a command that runs another."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="signpost-postfix-", dir=parent))
        self.folder.chmod(0o755)
        self.log = pathlib.Path(folder) / "postfix.log"
        self.host = host
        self.port = smtp_port
        root = PEERS / "root"
        spool = self.folder / "spool"
        etc = self.folder / "etc"
        etc.mkdir()
        spool.mkdir()
        data = self.folder / "data"
        data.mkdir()
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
                     "maildrop", "pid", "private", "public", "saved", "trace"):
            (spool / name).mkdir()
        # Postfix wants an owner that nothing else runs as, and a group that nobody is in.
        owner = pwd.getpwnam("games")
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
                     "private", "saved", "trace", "maildrop", "public"):
            os.chown(spool / name, owner.pw_uid, -1)
            (spool / name).chmod(0o700)
        os.chown(data, owner.pw_uid, -1)
        self.log.touch()
        values = {
            "compatibility_level": "3.6",
            "queue_directory": spool, "data_directory": data, "config_directory": etc,
            "command_directory": root / "usr/sbin", "daemon_directory": root / "usr/lib/postfix/sbin",
            "shlib_directory": root / "usr/lib/postfix", "meta_directory": root / "etc/postfix",
            "mail_owner": "games", "setgid_group": "operator", "default_privs": "nobody",
            "sendmail_path": root / "usr/sbin/sendmail", "mailq_path": "/bin/true",
            "newaliases_path": "/bin/true",
            "myhostname": "postfix.example", "mydomain": "example", "myorigin": "postfix.example",
            "mydestination": "", "mynetworks": "127.0.0.0/8",
            "inet_interfaces": "loopback-only", "inet_protocols": "ipv4",
            "alias_maps": "", "alias_database": "", "local_recipient_maps": "",
            "maillog_file": self.folder / "mail.log", "maillog_file_prefixes": self.folder,
            "import_environment": "MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C LD_LIBRARY_PATH SASL_PATH "
                                  "LD_PRELOAD NSS_WRAPPER_HOSTS",
            "minimal_backoff_time": "1s", "maximal_backoff_time": "1s", "queue_run_delay": "1s",
            "smtp_host_lookup": "native", "disable_dns_lookups": "yes",
            "multi_instance_directories": "",
        }
        values.update(settings or {})
        (etc / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in values.items()))
        services = [
            f"{host}:{smtp_port} inet n - n - - smtpd",
            "pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup",
            "qmgr unix n - n 1 1 qmgr", "rewrite unix - - n - - trivial-rewrite",
            "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce",
            "verify unix - - n - 1 verify", "flush unix n - n 1000? 0 flush",
            "proxymap unix - - n - - proxymap", "smtp unix - - n - - smtp", "relay unix - - n - - smtp",
            "lmtp unix - - n - - lmtp",
            "showq unix n - n - - showq", "error unix - - n - - error", "retry unix - - n - - error",
            "discard unix - - n - - discard", "local unix - n n - - local",
            "anvil unix - - n - 1 anvil", "scache unix - - n - 1 scache", "tlsmgr unix - - n 1000? 1 tlsmgr",
            "tlsproxy unix - - n - 0 tlsproxy",
            "postlog unix-dgram n - n - 1 postlogd",
        ]
        (etc / "master.cf").write_text("\n".join(services) + "\n")
        self.process = Process(
            [*within, root / "usr/lib/postfix/sbin/master", "-d", "-c", etc], self.log,
            env={**peer_environment(), **(environment or {})})
        wait_until(lambda: self.process.check_alive() and listening(host, smtp_port), "Postfix")

    def log_text(self):
        log = self.folder / "mail.log"
        return log.read_text(errors="replace") if log.exists() else self.process.log_text()

    def stop(self):
        # master ends its children itself.
        if self.process.alive():
            self.process.terminate()
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def write_accounts(folder, *names):
    """The machine's passwd and group as files in `folder`, with an account and a group more for each name."""
    lines = {"passwd": "{0}:x:{1}:{1}::/nonexistent:/bin/false\n", "group": "{0}:x:{1}:\n"}
    for file, line in lines.items():
        more = "".join(line.format(name, 65530 + number) for number, name in enumerate(names))
        (folder / file).write_text(pathlib.Path("/etc", file).read_text() + more)


class Exim:
    """Exim from its unpacked package, as a receiver that takes everything; root starts it.

    The package's account is not there: the name service wrapper makes it one, for this process alone. `routing`: what
    happens to mail, the sections that follow the access control lists; nothing is kept if it is left out.
    """

    NOWHERE = "begin routers\nnowhere:\n  driver = redirect\n  data = :blackhole:\n"

    def __init__(self, folder, host, port=MX_PORT, settings=None, routing=NOWHERE):
        self.folder = pathlib.Path(folder)
        self.host = host
        spool = self.folder / "exim"
        spool.mkdir()
        values = {
            "spool_directory": spool, "log_file_path": f"{spool}/%slog", "exim_user": "root", "exim_group": "root",
            "primary_hostname": "exim.example", "local_interfaces": f"{host}.{port}", "host_lookup": "", "rfc1413_hosts": "",
            "acl_smtp_rcpt": "accept_all", "never_users": "", "tls_advertise_hosts": "",
        }
        values.update(settings or {})
        shutil.chown(spool, values["exim_user"], values["exim_group"])
        configuration = spool / "exim.conf"
        configuration.write_text("".join(f"{key} = {value}\n" for key, value in values.items())
                                 + "begin acl\naccept_all:\n  accept\n" + routing)
        environment = peer_environment()
        write_accounts(spool, "Debian-exim")
        for name in ("passwd", "group"):
            environment[f"NSS_WRAPPER_{name.upper()}"] = str(spool / name)
        environment["LD_PRELOAD"] = nss_wrapper()
        self.process = Process([peer_program("usr/sbin/exim4"), "-C", configuration, "-bdf"], self.folder / "exim.log",
                               env=environment)
        wait_until(lambda: self.process.check_alive() and listening(host, port), "Exim")

    def log_text(self):
        return (self.folder / "exim/mainlog").read_text(errors="replace")

    def stop(self):
        self.process.kill()


class OpenSmtpd:
    """OpenSMTPD from its unpacked package, as a receiver that hands everything on to `behind`, or as `relaying` says in words
    of its configuration; root starts it.

    Its folders and the names of its accounts are compiled in: it finds its own in a mount namespace, which nothing else sees.

    TLS: the process that talks has no private key, and OpenSMTPD 6.8 marks the public one in its place, for the process that
    has the key. OpenSSL 3 loses the mark, since it has its providers read the certificate, and each handshake ends with
    "missing private key". Where an engine stands for all kinds of keys it keeps to its old ways, in which the mark holds: the
    engine for PKCS#11 does, and passes on what is not in a token.
    """

    OPENSSL = """openssl_conf = all
[all]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
dynamic_path = {engine}
default_algorithms = PKEY
"""
    NAMESPACE = ["unshare", "--mount"]
    MOUNTS = """mount -t tmpfs -o mode=755 tmpfs /var
mkdir -p /var/lib/opensmtpd/empty /var/spool /var/run
for file in passwd group resolv.conf; do mount --bind "$1/$file" "/etc/$file"; done
shift
exec "$@"
"""

    def __init__(self, folder, host, behind, certificate, port=MX_PORT, settings=(), relaying=None):
        folder = pathlib.Path(folder, "opensmtpd")
        folder.mkdir()
        write_accounts(folder, "opensmtpd", "opensmtpq")
        (folder / "resolv.conf").write_text("lookup file\n")  # asks no name server
        configuration = folder / "smtpd.conf"
        configuration.write_text("\n".join([
            f'pki smtpd.example cert "{certificate.certificate}"', f'pki smtpd.example key "{certificate.key}"',
            *settings, f'listen on {host} port {port} tls pki smtpd.example hostname "smtpd.example"',
            relaying or f'action "on" relay host "smtp+notls://{behind.host}:{behind.port}" helo "smtpd.example"\n'
                        'match from any for any action "on"']) + "\n")
        engine = glob.glob(f"{PEERS}/root/usr/lib/*/engines-3/pkcs11.so")[0]
        (folder / "openssl.cnf").write_text(self.OPENSSL.format(engine=engine))
        environment = {**peer_environment(), "OPENSSL_CONF": str(folder / "openssl.cnf")}
        self.host = host
        self.process = Process([*self.NAMESPACE, "sh", "-ec", self.MOUNTS, "sh", folder,
                                peer_program("usr/sbin/smtpd"), "-d", "-v", "-f", configuration],
                               folder / "smtpd.log", env=environment, start_new_session=True)
        wait_until(lambda: self.process.check_alive() and listening(host, port), "OpenSMTPD")

    def log_text(self):
        return self.process.log_text()

    def stop(self):
        # Its other processes end with it.
        self.process.kill()


class Dovecot:
    """Dovecot from its unpacked package, which checks passwords for others, and does what `more` says in words of its
    configuration; root starts it.

    Where its modules are is compiled in: in a mount namespace, which nothing else sees, /usr/lib has what was unpacked
    as well.
    """

    NAMESPACE = ["unshare", "--mount", "sh", "-ec",
                 'mount -t overlay overlay -o "lowerdir=/usr/lib:$1" /usr/lib; shift; exec "$@"', "sh"]

    def __init__(self, folder, users, more=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.users = self.folder / "users"
        self.users.write_text(users)
        self.configuration = self.folder / "dovecot.conf"
        self.configuration.write_text(f"""
base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/log
import_environment = TZ LD_LIBRARY_PATH LD_PRELOAD NSS_WRAPPER_HOSTS
default_internal_user = games
default_internal_group = games
default_login_user = nobody
protocols =
ssl = no
auth_mechanisms = plain login
auth_failure_delay = 0
stats_writer_socket_path =
passdb {{
  driver = passwd-file
  args = {self.users}
}}
userdb {{
  driver = static
  args = uid=games gid=games home={self.folder}/home
}}
service auth {{
  user = root  # others cannot enter the folder of a test
  unix_listener auth-client {{
    mode = 0666
  }}
}}
{more}
""")
        self.socket = self.folder / "run/auth-client"
        self.process = None

    def start(self, environment=None):
        # As "dovecot -c" does with a doveconf in its own place.
        self.process = Process(
            [*self.NAMESPACE, peer_program("usr/lib"), peer_program("usr/bin/doveconf"), "-c", self.configuration,
             "-f", "service=master", "-e", peer_program("usr/sbin/dovecot"), "-F", "-c", self.configuration],
            self.folder / "output", env={**peer_environment(), **(environment or {})})
        wait_until(lambda: self.process.check_alive() and self.socket.exists(), "Dovecot")

    def log_text(self):
        return (self.folder / "log").read_text(errors="replace")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.kill()


class Haraka:
    """Haraka from npm, as a receiver that takes everything, says in its log for whom, and keeps nothing.

    `plugin` is JavaScript: exports.hook_mail and the like, which call next() with their verdict.
    """

    PROGRAM = PEERS / "npm/Haraka/node_modules/Haraka/bin/haraka"

    def __init__(self, folder, host, certificate, plugin, port=MX_PORT):
        folder = pathlib.Path(folder, "haraka")
        (folder / "config").mkdir(parents=True)
        (folder / "plugins").mkdir()
        parameters = subprocess.run(  # else it makes its own, for seconds
            ["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"],
            check=True, capture_output=True, text=True).stdout
        for name, text in {
                "config/smtp.ini": f"listen={host}:{port}\nnodes=0\n",
                "config/connection.ini": (self.PROGRAM.parents[1] / "config/connection.ini").read_text(),
                "config/tls.ini": f"key={certificate.key}\ncert={certificate.certificate}\ndhparam=dh.pem\n",
                "config/dh.pem": parameters,
                "config/log.ini": "level=notice\n",
                "config/plugins": "tls\ntested\n",
                "plugins/tested.js": plugin + """
exports.hook_lookup_rdns = (next) => next(OK, 'relay.example')
exports.hook_queue = function (next, connection) {
    for (const recipient of connection.transaction.rcpt_to) this.lognotice(`arrived for ${recipient.address}`)
    next(OK)
}
"""}.items():
            (folder / name).write_text(text)
        self.host = host
        self.process = Process(["node", self.PROGRAM, "-c", folder], folder / "haraka.log", start_new_session=True)
        wait_until(lambda: self.process.check_alive() and listening(host, port), "Haraka")

    def log_text(self):
        return self.process.log_text()

    def stop(self):
        self.process.kill()
