"""From a fresh Debian to a mail that arrives signed: the package, the lines of the README, systemd, PHPMailer,
an upgrade, a removal. One machine, on which the tests follow each other as an operator's days do.

tests/package/new_machine.sh runs this in a mount namespace of its own.
"""

import json
import os
import pathlib
import re
import shutil
import sys

import dkim
import machine as machines
import pytest

SOURCE = machines.SOURCE
sys.path.insert(0, str(SOURCE / "tests/interop"))
import prometheus_server  # after its folder
SINK = pathlib.Path(os.environ["SIGNPOST_BIN"]) / "signpost-sink"
PASSWORD = "correct horse battery"
CONFIG = "/etc/signpost/signpost.toml"

# Stands in for Let's Encrypt: makes a certificate, and hands it over as certbot does.
CERTBOT = """#!/bin/bash
set -e
while (($#)); do case $1 in -d) name=$2; shift ;; --deploy-hook) hook=$2; shift ;; esac; shift; done
export RENEWED_LINEAGE=/etc/letsencrypt/live/$name
mkdir -p "$RENEWED_LINEAGE"
chmod 700 /etc/letsencrypt/live
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "${DAYS:-60}" -subj "/CN=$name" \\
  -addext "subjectAltName=DNS:$name" -keyout "$RENEWED_LINEAGE/privkey.pem" \\
  -out "$RENEWED_LINEAGE/fullchain.pem" 2>/dev/null
"$hook"
"""

PHP = """<?php
require '/usr/share/php/libphp-phpmailer/autoload.php';
$mail = new PHPMailer\\PHPMailer\\PHPMailer(true);
$mail->isSMTP();
$mail->Host = 'mail.shop.example';
$mail->Port = 587;
$mail->SMTPAuth = true;
$mail->SMTPSecure = 'tls';
$mail->SMTPOptions = ['ssl' => ['cafile' => '/etc/letsencrypt/live/mail.shop.example/fullchain.pem']];
$mail->Username = 'shop';
$mail->Password = '%s';
$mail->setFrom('orders@shop.example', 'The Shop');
$mail->addAddress('customer@receiver.example');
$mail->Subject = 'Your order is on its way';
$mail->Body = 'Thank you for your order.';
$mail->send();
""" % PASSWORD


@pytest.fixture(scope="module")
def package():
    found = list((SOURCE / "build/package").glob("signpost_*.deb"))
    assert found, "run ./package first"
    return found[0]


@pytest.fixture(scope="module")
def machine(package):
    machine = machines.Machine(package)
    shutil.copy(package, machine.root / "root")
    shutil.copy(SINK, machine.root / "usr/local/bin/signpost-sink")
    machine.write("/usr/local/bin/certbot", CERTBOT, 0o755)
    machine.write("/etc/hosts", "127.0.0.1 localhost\n127.0.0.1 mail.shop.example mail\n")
    yield machine
    machine.stop()


def readme_lines():
    text = (SOURCE / "README.md").read_text()
    block = re.search(r"## Running it\n.*?```sh\n(.*?)```", text, re.S)[1]
    return [line.split("  #")[0].strip() for line in block.splitlines()]


def install(machine, file):
    machine.run("apt-get", "install", "-y", file)


def later_package(package, version):
    """The same program under another version."""
    folder = machines.BASES / "later"
    shutil.rmtree(folder, ignore_errors=True)
    machines.run("dpkg-deb", "-R", package, folder)
    control = folder / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*", f"Version: {version}", control.read_text()))
    file = machines.BASES / f"signpost_{version}.deb"
    machines.run("dpkg-deb", "-Znone", "-b", folder, file)
    shutil.rmtree(folder)
    return file


def journal(machine, **wanted):
    """The service's entries that have these fields, as dictionaries."""
    lines = machine.run("journalctl", "-u", "signpost", "-o", "json", "--no-pager").stdout.splitlines()
    return [entry for entry in map(json.loads, lines)
            if all(wanted[name] in str(entry.get(name)) for name in wanted)]


def queue_size(machine):
    return len(json.loads(machine.run("signpost", "queue", "list", "--json").stdout)["jobs"])


def mails(machine):
    return sorted((machine.root / "var/mail-received").glob("*.eml"))


def test_the_lines_of_the_readme(machine, package):
    build, install_line, certificate, init, start = readme_lines()
    assert build == "./package"  # which this test runs after
    assert install_line == "apt install ./build/package/signpost_*.deb certbot"
    install(machine, f"/root/{package.name}")
    # Enabled and waiting for its configuration; a start is no failure.
    assert machine.run("systemctl", "is-enabled", "signpost").stdout.strip() == "enabled"
    assert machine.property("ActiveState") == "inactive" and machine.property("ConditionResult") == "no"
    for folder in ("/etc/signpost", "/etc/signpost/dkim", "/etc/signpost/tls"):
        assert machine.rights(folder) == "750 root:signpost"
    assert machine.run("getent", "passwd", "signpost").stdout.strip().endswith("/usr/sbin/nologin")

    machine.shell(certificate)
    assert machine.rights("/etc/signpost/tls/privkey.pem") == "640 root:signpost"
    done = machine.shell(init, input=PASSWORD + "\n")
    machine.write("/root/init.txt", done.stdout)
    # The account reads its files, and changes none of them.
    for file in (CONFIG, "/etc/signpost/users.toml", "/etc/signpost/dkim/shop.example.s1.pem"):
        assert machine.rights(file) == "640 root:signpost"
    assert machine.rights("/var/lib/signpost") == "700 signpost:signpost"
    assert f"{CONFIG} is good" in done.stdout

    machine.shell(start)
    assert machine.property("ActiveState") == "active"
    assert machine.run("signpost", "check").returncode == 0


def test_a_mail_of_phpmailer_arrives_signed(machine):
    machine.write(CONFIG, machine.read(CONFIG) + """
[[route]]
recipients = ["receiver.example"]
via = "smtp://127.0.0.2:2525"

[[route]]
recipients = ["away.example"]
via = "smtp://127.0.0.9:2525"
""", 0o640)
    machine.run("systemctl", "reload", "signpost")
    machine.shell("mkdir -p /var/mail-received && systemd-run --unit=sink "
                  "signpost-sink --listen 127.0.0.2:2525 --save /var/mail-received")
    machine.write("/root/send.php", PHP)
    machine.wait_for("the sink", lambda: "listening" in machine.run("journalctl", "-u", "sink").stdout)
    machine.run("php", "/root/send.php")
    machine.wait_for("the mail", lambda: mails(machine))
    record = re.search(r'(?s)^s1\._domainkey\.shop\.example\. IN TXT (.*?)\n;', machine.read("/root/init.txt"),
                       re.M)[1]
    text = "".join(re.findall(r'"([^"]*)"', record)).encode()
    assert dkim.verify(mails(machine)[0].read_bytes(), dnsfunc=lambda name, timeout=5: text)


def test_a_receiver_that_is_down_rings_in_prometheus(machine):
    """In the shape of the rules that takes a sixtieth of the time (prometheus_server.py): the ten minutes that the
    runbook states are ten seconds here. That the rules keep them is proven on virtual time."""
    assert "## SignpostReceiverUnreachable\n\nWarning, after 10 minutes" in (SOURCE / "docs/runbook.md").read_text()
    prometheus = prometheus_server.Prometheus(
        machine.work / "prometheus", "127.0.0.1", [("127.0.0.1", 8025)],
        rules=prometheus_server.quickened(prometheus_server.RULES.read_text()), inside=machine.network())
    firing = 'ALERTS{alertname="SignpostReceiverUnreachable", alertstate="firing", provider="other"}'
    try:
        machine.run("systemctl", "stop", "sink")
        machine.shell("for i in $(seq 12); do php /root/send.php; done")
        machine.wait_for("the alert", lambda: prometheus.query(firing))
        machine.shell("systemd-run --unit=sink-again "
                      "signpost-sink --listen 127.0.0.2:2525 --save /var/mail-received")
        machine.run("signpost", "queue", "retry", "--all")
        machine.wait_for("the mail that waited", lambda: queue_size(machine) == 0)
        machine.wait_for("the alert to end", lambda: not prometheus.query(firing))
    finally:
        prometheus.stop()


def test_certificate_name_service_and_disk_ring_in_prometheus(machine):
    """On a disk of its own, so that it can be filled."""
    runbook = (SOURCE / "docs/runbook.md").read_text()
    for title, begin in (("CertificateEndsSoon", "Critical, 3 days before."), ("NameServiceFails", "Critical, within 2 minutes."),
                         ("DiskNearlyFull", "Warning, after 5 minutes.")):
        assert f"## Signpost{title}\n\n{begin}" in runbook
    data = "/var/lib/signpost"
    machine.shell(f"systemctl stop signpost && mount -t tmpfs -o size=400m,mode=0700,uid=signpost,gid=signpost none {data} "
                  "&& systemctl start signpost")
    prometheus = prometheus_server.Prometheus(
        machine.work / "prometheus-again", "127.0.0.1", [("127.0.0.1", 8025)],
        rules=prometheus_server.quickened(prometheus_server.RULES.read_text()), inside=machine.network())

    def fires(name):
        return lambda: prometheus.query(f'ALERTS{{alertname="Signpost{name}", alertstate="firing"}}')

    def send(*recipients):
        return machine.run("swaks", "--server", "127.0.0.1:587", "--tls", "--auth-user", "shop", "--auth-password", PASSWORD,
                           "--from", "orders@shop.example", "--to", ",".join(recipients), check=False)

    try:
        send("customer@receiver.example")
        assert not any(fires(name)() for name in ("CertificateEndsSoon", "NameServiceFails", "DiskNearlyFull"))

        machine.shell("DAYS=2 " + readme_lines()[2])
        machine.wait_for("the alert about the certificate", fires("CertificateEndsSoon"))
        machine.shell(readme_lines()[2])
        machine.wait_for("its end", lambda: not fires("CertificateEndsSoon")())

        # The machine is alone in its network: no name server answers.
        def ask_for_names():
            send(*(f"customer@shop{number}.example" for number in range(12)))
            return fires("NameServiceFails")()
        machine.wait_for("the alert about the name service", ask_for_names)

        machine.shell(f"fallocate -l $(($(df --output=avail -B1 {data} | tail -1) - 2000000)) {data}/filler")
        machine.wait_for("the alert about the disk", fires("DiskNearlyFull"))
        assert "452" in send("customer@receiver.example").stdout
        machine.shell(f"rm {data}/filler")
        machine.wait_for("its end", lambda: not fires("DiskNearlyFull")())
        machine.wait_for("a message to be taken", lambda: send("customer@receiver.example").returncode == 0)
    finally:
        prometheus.stop()
    machine.shell(f"systemctl stop signpost && umount {data} && systemctl start signpost")


def test_a_reload_of_a_broken_file_fails(machine):
    good = machine.read(CONFIG)
    machine.write(CONFIG, good + "\nnonsense = 1\n", 0o640)
    done = machine.run("systemctl", "reload", "signpost", check=False)
    assert done.returncode != 0
    assert machine.property("ActiveState") == "active"
    assert journal(machine, MESSAGE="config_reload_failed", PRIORITY="3")
    machine.write(CONFIG, good, 0o640)
    machine.run("systemctl", "reload", "signpost")


def test_the_journal_has_priorities_and_no_second_time(machine):
    for entry in journal(machine, _COMM="signpost"):
        assert not re.match(r"<\d>|\d{4}-\d\d-\d\d", entry["MESSAGE"]), entry["MESSAGE"]
    assert journal(machine, MESSAGE="accepted", PRIORITY="6")


def test_a_renewed_certificate_is_taken(machine):
    certificate = readme_lines()[2]
    def served():
        return machine.shell("openssl s_client -connect 127.0.0.1:587 -starttls smtp </dev/null 2>/dev/null | "
                             "openssl x509 -noout -serial").stdout
    before = served()
    machine.shell(certificate)
    machine.wait_for("the new certificate", lambda: served() != before)
    assert journal(machine, MESSAGE="certificate_reloaded")


def test_a_wrong_configuration_is_not_started_again_and_again(machine):
    good = machine.read(CONFIG)
    machine.write(CONFIG, good + "\nnonsense = 1\n", 0o640)
    assert machine.run("systemctl", "restart", "signpost", check=False).returncode != 0
    machine.wait_for("the failure", lambda: machine.property("ActiveState") == "failed")
    assert machine.property("ExecMainStatus") == "78" and machine.property("NRestarts") == "0"
    machine.write(CONFIG, good, 0o640)
    machine.run("systemctl", "start", "signpost")


def test_an_upgrade_keeps_configuration_and_queue(machine, package):
    machine.run("swaks", "--server", "127.0.0.1:587", "--tls", "--auth-user", "shop", "--auth-password", PASSWORD,
                "--from", "orders@shop.example", "--to", "customer@away.example")
    before = machine.read(CONFIG), machine.property("MainPID")
    later = later_package(package, "0.1.0-2")
    shutil.copy(later, machine.root / "root")
    install(machine, f"/root/{later.name}")
    assert machine.run("dpkg-query", "-W", "-f", "${Version}", "signpost").stdout == "0.1.0-2"
    assert machine.property("ActiveState") == "active"
    assert machine.read(CONFIG) == before[0] and machine.property("MainPID") != before[1]
    assert queue_size(machine) == 1


def test_a_removal_keeps_both_and_a_purge_keeps_the_queue(machine):
    machine.run("apt-get", "remove", "-y", "signpost")
    assert machine.property("ActiveState") == "inactive"
    assert not (machine.root / "usr/bin/signpost").exists()
    install(machine, "/root/signpost_0.1.0-2.deb")
    machine.wait_for("the service", lambda: machine.property("ActiveState") == "active")
    assert queue_size(machine) == 1
    purged = machine.run("apt-get", "purge", "-y", "signpost")
    assert "/var/lib/signpost is kept" in purged.stdout + purged.stderr
    assert not (machine.root / "etc/signpost").exists()
    assert (machine.root / "var/lib/signpost").exists()
