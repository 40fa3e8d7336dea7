"""The relays that are compared, each with a fresh queue below one folder and configured by bench/peers/."""

import os
import pathlib
import pwd
import re
import resource
import shutil
import subprocess

import harness
from comparison.cost import Cpu, output_of

ROOT = pathlib.Path(__file__).resolve().parents[2]

DOMAIN, SELECTOR = "shop.example", "s1"
HOST, SINK_HOST = harness.address(1), harness.address(2)
RELAY_PORT, TLS_PORT, SINK_PORT, MILTER_PORT, ADMIN_PORT = 3525, 3465, 3526, 3891, 3025
USER = "shop"


def more_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def filled(name, values):
    """A file of bench/peers/ with the {word}s that `values` has; other braces are the relay's own."""
    text = (ROOT / "bench/peers" / name).read_text()
    return re.sub(r"\{(\w+)\}", lambda match: str(values.get(match[1], match[0])), text)


def empty(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


class Keys:
    """A certificate, and a DKIM key with its record for each algorithm."""

    def __init__(self, folder, bin_folder):
        self.bin = bin_folder
        self.folder = empty(folder)
        self.certificate = harness.Certificate(self.folder)
        self.records = {}
        for algorithm in ("rsa", "ed25519"):
            path = self.private(algorithm)
            output_of(self.bin / "signpost", "dkim", "keygen", "--domain", DOMAIN, "--selector", SELECTOR,
                      "--algorithm", algorithm, "--out", path)
            text = output_of(self.bin / "signpost", "dkim", "record", "--key", path, "--domain", DOMAIN,
                             "--selector", SELECTOR)
            self.records[algorithm] = "".join(re.findall(r'"([^"]*)"', text)).encode()

    def private(self, algorithm):
        return self.folder / f"{algorithm}.pem"

    def values(self):
        """What the configurations in bench/peers/ name."""
        return {"host": HOST, "port": RELAY_PORT, "sink_host": SINK_HOST, "sink_port": SINK_PORT,
                "tls_port": TLS_PORT, "admin_port": ADMIN_PORT, "milter_host": HOST, "milter_port": MILTER_PORT,
                "domain": DOMAIN, "selector": SELECTOR, "signing_key": self.private("rsa"),
                "certificate": self.certificate.certificate, "key": self.certificate.key}


class Signpost:
    name = "Signpost"

    def __init__(self, folder, keys, tls=False, algorithm="rsa", workers=0, cores=None):
        folder = empty(folder)
        values = keys.values() | {"signing_key": keys.private(algorithm), "workers": workers,
                                  "delivery_tls": "encrypt" if tls else "off"}
        configuration = folder / "signpost.toml"
        configuration.write_text(filled("signpost.toml", values))
        self.password_file = folder / "password"
        self.password_file.write_text(harness.PASSWORD + "\n")
        subprocess.run([str(keys.bin / "signpost"), "user", "add", USER, "-c", str(configuration)],
                       input=harness.PASSWORD, text=True, check=True, stdout=subprocess.DEVNULL)
        def prepare():
            more_files()
            if cores:
                os.sched_setaffinity(0, cores)

        self.process = harness.Process([keys.bin / "signpost", "serve", "-c", configuration], folder / "log",
                                       preexec_fn=prepare)
        harness.wait_until(lambda: self.process.check_alive() and harness.listening(HOST, ADMIN_PORT), self.name)
        self.pids = [self.process.process.pid]
        self.cpu = Cpu(self.pids)

    def stop(self):
        self.process.terminate()
        self.cpu.close()


class Postfix:
    name = "Postfix + OpenDKIM"
    packages = ["postfix", "opendkim"]

    def __init__(self, folder, keys, tls=False):
        folder = empty(folder)
        values = keys.values() | {"internal_hosts": folder / "internal"}
        (folder / "internal").write_text("127.0.0.0/8\n")
        (folder / "opendkim.conf").write_text(filled("opendkim.conf", values))
        self.milter = harness.Process(
            [harness.peer_program("usr/sbin/opendkim"), "-f", "-x", folder / "opendkim.conf"], folder / "opendkim.log",
            env=harness.peer_environment())
        harness.wait_until(lambda: self.milter.check_alive() and harness.listening(HOST, MILTER_PORT), "OpenDKIM")
        settings = {}
        for name in ["postfix.cf"] + (["postfix-tls.cf"] if tls else []):
            for line in filled(name, values).splitlines():
                if line and not line.startswith("#"):
                    key, value = line.split("=", 1)
                    settings[key.strip()] = value.strip()
        self.postfix = harness.Postfix(folder, HOST, RELAY_PORT, settings, parent=folder)
        self.pids = [self.postfix.process.process.pid, self.milter.process.pid]
        self.cpu = Cpu(self.pids)

    def stop(self):
        self.postfix.stop()
        self.milter.terminate()
        self.cpu.close()


class Exim:
    """Debian's program insists on a user "Debian-exim". It gets one in an /etc/passwd that only it sees."""

    name = "Exim"
    packages = ["exim4-daemon-light"]
    OWNER = "games"  # an owner that nothing else runs as

    def __init__(self, folder, keys, tls=False):
        folder = empty(folder)
        self.folder = folder
        owner = pwd.getpwnam(self.OWNER)
        for path in (keys.certificate.certificate, keys.certificate.key, keys.private("rsa")):
            shutil.copy(path, folder / path.name)
            os.chown(folder / path.name, owner.pw_uid, owner.pw_gid)
        for name in ("spool", "log"):
            (folder / name).mkdir()
            os.chown(folder / name, owner.pw_uid, owner.pw_gid)
        program = harness.peer_program("usr/sbin/exim4")
        values = keys.values() | {
            "folder": folder, "program": program, "certificate": folder / keys.certificate.certificate.name,
            "key": folder / keys.certificate.key.name, "signing_key": folder / keys.private("rsa").name,
            "tls_hosts": "*" if tls else "", "plain_hosts": "" if tls else "*"}
        configuration = folder / "exim.conf"
        configuration.write_text(filled("exim.conf", values))
        users, groups = folder / "passwd", folder / "group"
        users.write_text(pathlib.Path("/etc/passwd").read_text() +
                         f"Debian-exim:x:{owner.pw_uid}:{owner.pw_gid}::/nonexistent:/usr/sbin/nologin\n")
        groups.write_text(pathlib.Path("/etc/group").read_text() + f"Debian-exim:x:{owner.pw_gid}:\n")
        self.process = harness.Process(
            ["unshare", "--mount", "--", "sh", "-c",
             'mount --bind "$0" /etc/passwd && mount --bind "$1" /etc/group && shift && exec "$@"',
             users, groups, program, "-C", configuration, "-bdf", "-q1s"],
            folder / "output", env=harness.peer_environment())
        harness.wait_until(lambda: self.process.check_alive() and harness.listening(HOST, RELAY_PORT), self.name)
        self.pids = [self.process.process.pid]
        self.cpu = Cpu(self.pids)

    def stop(self):
        self.process.terminate()
        self.cpu.close()
