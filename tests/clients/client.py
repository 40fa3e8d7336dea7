"""Mail libraries and programs as shops use them, each handing messages to a relay.

programs/ holds them as they stand in docs/clients.md: the host mail.shop.example, port 587, the login shop with
the password SECRET. A run replaces these by those of the relay that it is for. A program takes two words, "kept"
or "each" (one connection for all messages, or one for each) and how many, and prints how many milliseconds it
waited for each message.
"""

import email
import email.policy
import glob
import os
import pathlib
import re
import statistics
import subprocess
import time

import harness
import toolchains
import versions
from toolchains import Missing, installed
from versions import debian, pinned

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"

SENDER, RECIPIENT = "orders@shop.example", "customer@receiver.example"
LOGIN, SECRET = "shop", "s3cret-of-the-shop"
BODY = "Thank you, Jürgen.\n.\n..\nBye\n"
BOTH = ("kept", "each")

NODEMAILER = "10.6.0"  # from npm

# What tests/interop/peers.sh is to unpack; the rest is on any machine that runs the tests.
PACKAGES = ["php-cli", "php-mbstring", "libphp-phpmailer", "php-symfony-mailer", "ruby", "ruby-mail", "node-nodemailer",
            "msmtp", "ssmtp", "libjakarta-mail-java", "python3-aiosmtplib", "python3-django", f"npm:nodemailer@{NODEMAILER}"]


def unpacked(pattern):
    found = sorted(glob.glob(str(harness.PEERS / "root" / pattern)))
    if not found:
        raise Missing(f"{pattern} is not among the unpacked packages")
    return found[-1]


def from_peers():
    return {"LD_LIBRARY_PATH": harness.peer_environment()["LD_LIBRARY_PATH"]}


def program(pattern, name):
    """The program's path and the variables that it needs: unpacked, or the machine's own."""
    try:
        return unpacked(pattern), from_peers()
    except Missing:
        return installed(name), {}


class Site:
    """Where a client sends to, and a folder for what it needs."""

    def __init__(self, relay, certificate, folder, port=harness.SUBMISSION_PORT):
        self.host, self.port, self.certificate, self.folder = relay.host, port, certificate, folder
        folder.mkdir(parents=True, exist_ok=True)

    def filled(self, text, host=None):
        for placeholder, value in (("mail.shop.example", host or self.host), ("587", str(self.port)), ("SECRET", SECRET),
                                   ("/etc/ssl/certs/ca-certificates.crt", str(self.certificate))):
            text = text.replace(placeholder, value)
        return text

    def program(self, name, host=None):
        """A copy of programs/NAME, a file or a folder, for this site."""
        source, target = PROGRAMS / name, self.folder / name
        files = [file for file in source.rglob("*") if file.is_file()] if source.is_dir() else [source]
        for file in files:
            copy = target / file.relative_to(source) if source.is_dir() else target
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(self.filled(file.read_text(), host))
        return target


class Client:
    """`prepare`: a function of the site that returns the program's command and the variables it needs besides. `version`:
    see versions.py. `registry`: not Debian's, but a language's brings it."""

    modes = BOTH

    def __init__(self, name, prepare, version=None, registry=False):
        self.name, self.prepare, self.version, self.registry = name, prepare, version, registry

    def run(self, site, mode, count):
        """The milliseconds that each message took. Raises Missing."""
        command, environment = self.prepare(site)
        done = subprocess.run([*map(str, command), mode, str(count)], env=self.environment(site, environment), cwd=site.folder,
                              capture_output=True, text=True, timeout=120 * harness.PATIENCE)
        assert done.returncode == 0, f"{self.name}: {done.stdout[-1000:]}{done.stderr[-3000:]}"
        return [float(line) for line in done.stdout.split()]

    @staticmethod
    def environment(site, more):
        # What most of them take for the list of certificate authorities.
        return dict(os.environ, SSL_CERT_FILE=str(site.certificate), NODE_EXTRA_CA_CERTS=str(site.certificate)) | more


def content(number):
    """A whole message, for those that make none themselves."""
    return (f"From: {SENDER}\nTo: {RECIPIENT}\nSubject: Order {number}\nMIME-Version: 1.0\n"
            f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{BODY}")


class CommandClient(Client):
    """A program that sends one message a run, which it finds in message.eml and on its standard input."""

    modes = ("each",)

    def run(self, site, mode, count):
        command, environment = self.prepare(site)
        took = []
        for i in range(count):
            (site.folder / "message.eml").write_text(content(i))
            began = time.monotonic()
            done = subprocess.run([*map(str, command)], input=content(i), env=self.environment(site, environment),
                                  cwd=site.folder, capture_output=True, text=True, timeout=60 * harness.PATIENCE)
            took.append((time.monotonic() - began) * 1000)
            assert done.returncode == 0, f"{self.name}: {done.stdout[-1000:]}{done.stderr[-3000:]}"
        return took


def php(name):
    def prepare(site):
        path, environment = program("usr/bin/php8*", "php")
        words = [path, "-d", f"include_path=.:/usr/share/php:{harness.PEERS}/root/usr/share/php"]
        if environment:
            words += ["-n", "-d", f"extension_dir={pathlib.Path(unpacked('usr/lib/php/*/mbstring.so')).parent}"]
            for extension in ("ctype", "iconv", "mbstring"):
                words += ["-d", f"extension={extension}"]
        return [*words, site.program(name)], environment
    return prepare


def ruby(site):
    path, environment = program("usr/bin/ruby3*", "ruby")
    root = harness.PEERS / "root/usr"
    folders = [root / "lib/ruby/vendor_ruby"]
    if environment:
        for pattern in ("lib/ruby/3*", "lib/*-linux-*/ruby/3*", "lib/ruby/gems/*/gems/*/lib", "share/rubygems-integration/*/gems/*/lib"):
            folders += sorted(glob.glob(f"{root}/{pattern}"))
    return [path, site.program("ruby_mail.rb")], environment | {"RUBYLIB": ":".join(map(str, folders))}


def perl(site):
    for module in ("IO::Socket::SSL", "Authen::SASL"):
        if subprocess.run(["perl", f"-M{module}", "-e1"], capture_output=True).returncode != 0:
            raise Missing(f"Perl's {module} is not installed")
    return ["perl", site.program("net_smtp.pl")], {}


def python(name, module=None):
    def prepare(site):
        folder = harness.PEERS / "root/usr/lib/python3/dist-packages"
        if module:
            unpacked(f"usr/lib/python3/dist-packages/{module}/__init__.py")
        return ["/usr/bin/python3", site.program(name)], {"PYTHONPATH": str(folder)}
    return prepare


def nodemailer(site):
    path, environment = program("usr/bin/node", "node")
    folder = pathlib.Path(unpacked("usr/share/nodejs/nodemailer")).parent
    return [path, site.program("nodemailer.js")], environment | {"NODE_PATH": str(folder)}


def nodemailer_from_npm(site):
    folder = harness.PEERS / "npm/nodemailer/node_modules"
    if not folder.exists():
        raise Missing("nodemailer from npm is not among the unpacked packages: that needs node 20, npm and its registry")
    return [installed("node"), site.program("nodemailer.js")], {"NODE_PATH": str(folder)}


def jakarta_mail(site):
    return java(site, [unpacked(f"usr/share/java/jakarta-{name}.jar") for name in ("mail", "activation")])


def angus_mail(site):
    return java(site, toolchains.maven_jars("angus"))


def java(site, jars):
    store = site.folder / "trusted.p12"
    if not store.exists():
        subprocess.run([installed("keytool", "a JDK"), "-importcert", "-noprompt", "-alias", "relay", "-file", site.certificate,
                        "-keystore", store, "-storepass", "changeit"], check=True, capture_output=True)
    hosts = site.folder / "hosts"  # it verifies names, not addresses
    hosts.write_text(f"{site.host} mail.shop.example\n")
    return [installed("java", "a JDK"), f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit",
            f"-Djdk.net.hosts.file={hosts}", "-cp", ":".join(map(str, jars)), site.program("JakartaMail.java", host="mail.shop.example")], {}


def go(name):
    return lambda site: ([toolchains.go_program(site, name)], {})


def lettre(site):
    return [toolchains.cargo_program(site, "lettre")], {}


def curl(site):
    return [installed("curl"), "--silent", "--show-error", "--crlf", "--ssl-reqd", "--user", f"{LOGIN}:{SECRET}",
            "--mail-from", SENDER, "--mail-rcpt", RECIPIENT, "--upload-file", "message.eml",
            f"smtp://{site.host}:{site.port}/shop.example"], {"CURL_CA_BUNDLE": str(site.certificate)}


def swaks(site):
    return [installed("swaks"), "--server", f"{site.host}:{site.port}", "--tls", "--auth-user", LOGIN, "--auth-password", SECRET,
            "--from", SENDER, "--to", RECIPIENT, "--data", "@message.eml"], {}


def msmtp(site):
    configuration = site.program("msmtprc")
    configuration.chmod(0o600)
    path, environment = program("usr/bin/msmtp", "msmtp")
    return [path, "-C", configuration, "-t"], environment


def ssmtp(site):
    path, environment = program("usr/sbin/ssmtp", "ssmtp")
    return [path, f"-C{site.program('ssmtp.conf')}", "-t"], environment


CLIENTS = [
    Client("PHPMailer", php("phpmailer.php"), debian("libphp-phpmailer")),
    Client("Symfony Mailer", php("symfony.php"), debian("php-symfony-mailer")),
    Client("Ruby mail", ruby, debian("ruby-mail")),
    Client("Perl Net::SMTP", perl, debian("perl")),
    Client("Python smtplib", python("smtplib_client.py"), debian("python3")),
    Client("aiosmtplib", python("aiosmtplib_client.py", "aiosmtplib"), debian("python3-aiosmtplib")),
    Client("Django", python("django_client.py", "django"), debian("python3-django")),
    Client("Nodemailer", nodemailer, debian("node-nodemailer")),
    Client("Nodemailer from npm", nodemailer_from_npm, lambda: NODEMAILER, registry=True),
    Client("Jakarta Mail", jakarta_mail, debian("libjakarta-mail-java")),
    Client("Angus Mail", angus_mail, pinned("angus/pom.xml", r"angus-mail</artifactId>\s*<version>(.*)</version>"), registry=True),
    Client("Go net/smtp", go("go_net_smtp"), versions.go, registry=True),
    Client("go-mail", go("go_mail"), pinned("go_mail/go.mod", r"go-mail v(\S+)"), registry=True),
    Client("lettre", lettre, pinned("lettre/Cargo.toml", r'lettre = .*"=(.*?)"'), registry=True),
    CommandClient("curl", curl, debian("curl")),
    CommandClient("swaks", swaks, debian("swaks")),
    CommandClient("msmtp", msmtp, debian("msmtp")),
    CommandClient("ssmtp", ssmtp, debian("ssmtp")),
]


def faults(messages, count):
    """What is wrong with what arrived from a client that sent `count` messages: each once, with its text."""
    wrong = []
    subjects = []
    for content in messages:
        message = email.message_from_bytes(content, policy=email.policy.default)
        subjects.append(message["Subject"])
        text = message.get_content().replace("\r", "")  # Ruby mail 2.7 encodes carriage returns as text
        if text.rstrip("\n") != BODY.rstrip("\n"):
            wrong.append(f"{message['Subject']}: its text is {text!r}")
    if sorted(subjects) != sorted(f"Order {i}" for i in range(count)):
        wrong.append(f"sent were {count}, arrived have {sorted(subjects)}")
    return wrong


def milliseconds(took):
    return statistics.median(took)


class Shop:
    """A relay with a shop's login, key and certificate, and the receiver of its mail: what the clients need around them."""

    def __init__(self, world):
        self.world = world
        self.sink = world.receiver("receiver.example", "--save-limit", "1000000")
        self.relay = world.add_relay()
        self.relay.certificate = harness.Certificate(world.folder, "mail.shop.example", addresses=[self.relay.host])
        self.relay.add_key("shop.example", "s1", "rsa")
        self.relay.add_user(LOGIN, SECRET)
        world.start()

    def site(self, name):
        return Site(self.relay, self.relay.certificate.certificate, self.world.folder / re.sub(r"\W+", "-", name))

    def try_out(self, client):
        """Two messages in each of its modes; the running test is skipped for what the client lacks here."""
        import pytest
        try:
            for mode in client.modes:
                self.measure(client, self.site(client.name), mode, 2)
        except Missing as reason:
            pytest.skip(str(reason))

    def measure(self, client, site, mode, count):
        """The milliseconds each of `count` messages took, once all have arrived as they should."""
        accepted, seen = len(self.relay.events("accepted")), len(self.sink.saved())
        took = client.run(site, mode, count)
        messages = [content for _, content in self.sink.wait_for(seen + count)[seen:]]
        wrong = faults(messages, count) + [f"no valid signature: {content[:500]!r}" for content in messages if not self.signed(content)]
        assert not wrong, f"{client.name}, {mode}: {wrong}"
        harness.wait_until(lambda: len(self.relay.events("accepted")) >= accepted + count, "the log")
        sessions = {event["session"] for event in self.relay.events("accepted")[accepted:]}
        assert len(sessions) == (1 if mode == "kept" else count), f"{client.name}, {mode}: {len(sessions)} connections"
        return took

    def signed(self, content):
        import dkim
        return dkim.verify(content, dnsfunc=lambda name, timeout=5: self.world.dns.txt(name.decode()))
