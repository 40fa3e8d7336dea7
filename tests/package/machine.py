"""A Debian machine to install on: debootstrapped once, booted by systemd-nspawn from a copy that is thrown away.

It has a loopback interface and no other. Needs root, debootstrap, systemd-nspawn and a mirror; missing() says
what is not there.
"""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BASES = SOURCE / "build" / "machine"
# What the tests run on the machine, besides what Signpost's package depends on.
TOOLS = ["swaks", "libnet-ssleay-perl", "libphp-phpmailer", "php-cli", "openssl"]
PATIENCE = 60  # seconds to wait for an event: a busy host must not fail a test


def run(*words, check=True, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=900, check=False,
                          **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def mirror():
    """Address and suite of the archive that this machine itself is installed from; None if it is not Debian's."""
    texts = [path.read_text() for path in [*pathlib.Path("/etc/apt/sources.list.d").glob("*.sources"),
                                           *pathlib.Path("/etc/apt/sources.list.d").glob("*.list"),
                                           pathlib.Path("/etc/apt/sources.list")] if path.exists()]
    for text in texts:
        found = (re.search(r"(?m)^URIs: (\S+/debian/?)$(?s:.*?)^Suites: (\w+)", text) or
                 re.search(r"(?m)^deb (?:\[.*?\] )?(\S+/debian/?) (\w+) ", text))
        if found:
            return found[1], found[2]
    return None


def missing():
    """Why there can be no machine here; "" if there can."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("debootstrap", "systemd-nspawn", "nsenter"):
        if not shutil.which(program):
            return f"needs {program}"
    if mirror() is None:
        return "finds no Debian mirror in /etc/apt"
    if run("unshare", "--mount", "--net", "true", check=False).returncode != 0:
        return "may not make namespaces"
    return ""


def dependencies(package):
    fields = run("dpkg-deb", "-f", package, "Depends", "Recommends").stdout
    return ", ".join(line.partition(": ")[2] for line in fields.splitlines())


def base(package):
    """A folder with Debian, our tools and what `package` depends on; made if it is not there."""
    archive, suite = mirror()
    # Without versions: those are the newest in any case.
    wanted = re.sub(r" \([^)]*\)", "", dependencies(package))
    name = hashlib.sha256(repr((suite, TOOLS, wanted)).encode()).hexdigest()[:12]
    folder = BASES / f"base-{name}"
    if folder.exists():
        return folder
    for old in BASES.glob("base-*"):
        shutil.rmtree(old)
    BASES.mkdir(parents=True, exist_ok=True)
    making = BASES / "base-making"
    run("debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus", suite, making, archive)
    shutil.copy("/etc/resolv.conf", making / "etc/resolv.conf")
    apt = ["chroot", making, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-q", "--no-install-recommends"]
    run(*apt, "install", *TOOLS)
    run(*apt, "satisfy", wanted)
    run(*apt, "clean")
    (making / "etc/resolv.conf").unlink()
    making.rename(folder)
    return folder


class Machine:
    """Boots at once. REQUIRES: a mount namespace of our own, which takes the overlay with it."""

    def __init__(self, package):
        lower = base(package)
        self.work = BASES / "run"
        shutil.rmtree(self.work, ignore_errors=True)
        self.root = self.work / "root"
        for folder in ("upper", "changes", "root"):
            (self.work / folder).mkdir(parents=True)
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir={lower},upperdir={self.work}/upper,workdir={self.work}/changes", self.root)
        self.log = open(self.work / "console.log", "w", encoding="utf-8")
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--console=pipe",
             "--hostname=mail.shop.example", "--machine=signpost-test", "-D", self.root, "--boot"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.init = self.wait_for("systemd to start", self.find_init)
            self.wait_for("systemd to be up", lambda: self.run(
                "systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded"))
        except BaseException:
            self.stop()
            raise

    def find_init(self):
        if self.nspawn.poll() is not None:
            raise AssertionError("systemd-nspawn ended:\n" + (self.work / "console.log").read_text())
        children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
        # Before it is systemd it is nspawn's own second half.
        return next((int(pid) for pid in children
                     if pathlib.Path(f"/proc/{pid}/comm").read_text() == "systemd\n"), None)

    def wait_for(self, what, condition):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if result := condition():
                return result
            time.sleep(0.1)
        raise AssertionError(f"waited {PATIENCE} s in vain for {what}")

    def run(self, *words, check=True, input=None):
        """A command on the machine, as root."""
        return run("nsenter", "--target", self.init, "--mount", "--uts", "--ipc", "--net", "--pid",
                   "--root", "--wd", "--", "env", "-i", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
                   "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", *words, check=check,
                   input=input)

    def network(self):
        """The words before a command of this host that has the machine's network."""
        return ["nsenter", "--target", str(self.init), "--net", "--"]

    def shell(self, script, check=True, input=None):
        return self.run("bash", "-c", script, check=check, input=input)

    def write(self, path, text, mode=0o644):
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def read(self, path):
        return (self.root / path.lstrip("/")).read_text()

    def rights(self, path):
        return self.run("stat", "-c", "%a %U:%G", path).stdout.strip()

    def property(self, name):
        """Of the service's unit."""
        return self.run("systemctl", "show", "--value", "-p", name, "signpost").stdout.strip()

    def stop(self):
        # systemd-nspawn stops the machine at the first SIGTERM, and kills it at the second.
        for _ in range(2):
            if self.nspawn.poll() is None:
                self.nspawn.terminate()
                try:
                    self.nspawn.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    continue
        if self.nspawn.poll() is None:
            self.nspawn.kill()
            self.nspawn.wait()
        self.log.close()
        run("umount", self.root)
        shutil.rmtree(self.work, ignore_errors=True)
