"""signpost sendmail, called as its callers call it: PHP's mail(), cron, git, mail(1). The relay is up, down, or comes
back; whatever a call ended with 0 for arrives once."""

import os
import pathlib
import pwd
import shutil
import socket
import stat
import subprocess
import sys
import tempfile

import pytest

import harness
from conftest import World

sys.path.append(str(harness.ROOT / "tests/clients"))
import client  # noqa: E402

TEMPORARY, UNAVAILABLE, USAGE, DATA_ERROR = 75, 69, 64, 65
RECIPIENT = "someone@receiver.example"
LETTER = f"From: shop@shop.example\nTo: {RECIPIENT}\nSubject: Your order\n\nThank you.\n"


class Machine:
    """A relay with a unix socket and a spool, and programs that call sendmail."""

    def __init__(self, world, account=None):
        self.world = world
        self.receiver = world.receiver("receiver.example")
        # Where another account can get to, unlike pytest's folders.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="signpost-sendmail-"))
        self.folder.chmod(0o755)
        self.socket = self.folder / "submit"
        self.spool = self.folder / "spool"
        self.spool.mkdir()
        self.spool.chmod(0o3777)
        self.relay = world.add_relay(extra=self.listener('["*"]'))
        self.sendmail = self.folder / "sendmail"
        if os.geteuid() == 0:  # other accounts may not see where it was built
            shutil.copy(harness.BIN / "signpost", self.sendmail)
        else:
            self.sendmail.symlink_to(harness.BIN / "signpost")
        self.config = self.folder / "sendmail.toml"

    def listener(self, users):
        return f'[[listener]]\nbind = "unix:{self.socket}"\nallow_users = {users}\nspool = "{self.spool}"\n'

    def start(self):
        self.world.start()
        self.config.write_text(f'hostname = "relay.example"\n{self.listener("[]")}')
        return self

    def run(self, *words, text=LETTER, **options):
        return subprocess.run([self.sendmail, "-C", self.config, *words], input=text, text=True, capture_output=True,
                              timeout=harness.DEADLINE, **options)

    def send(self, *words, **options):
        done = self.run(*words, **options)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done
        return done

    def waiting(self):
        return sorted(path.name for path in self.spool.iterdir())

    def content_to(self, recipient):
        """What arrived for it."""
        return self.receiver.message_to(recipient)[1].decode()

    def subjects(self):
        """Of all that arrived."""
        lines = (line for _, content in self.receiver.saved() for line in content.decode().split("\r\n"))
        return sorted(line[9:] for line in lines if line.startswith("Subject: "))

    def stop(self):
        self.world.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def machine(tmp_path_factory, certificate):
    made = Machine(World(tmp_path_factory.mktemp("sendmail"), certificate))
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture
def own_machine(world):
    made = Machine(world)
    try:
        yield made
    finally:
        made.stop()


def user():
    return f"uid:{os.geteuid()}"


def test_a_message_is_sent_in_the_name_of_the_account(machine):
    machine.send("-t", "-i", "-oi", "-f", "other@shop.example", "-fshop@shop.example", text=LETTER.replace("\n", "\r\n"))
    content = machine.content_to(RECIPIENT)
    accepted = machine.relay.wait_event("accepted", to=RECIPIENT)
    assert (accepted["user"], accepted["address"], accepted["from"]) == (user(), user(), "shop@shop.example")
    assert content.startswith(f"Received: from localhost ({user()})\r\n")
    assert "\r\nDate: " in content and "\r\nMessage-ID: " in content
    assert machine.relay.metric("signpost_smtp_sessions_total", listener=f"unix:{machine.socket}") >= 1


def test_cron_s_mail_gets_domains_and_a_name(machine):
    machine.send("-FCronDaemon", "-i", "-B8BITMIME", "-oem", "cron@receiver.example",
                 text="From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> job\n\nIt failed.\n.\nReally.\n")
    content = machine.content_to("cron@receiver.example")
    assert "\r\nFrom: root@relay.example (Cron Daemon)\r\nTo: root@relay.example\r\n" in content
    assert content.endswith("\r\n\r\nIt failed.\r\n.\r\nReally.\r\n")


def test_text_alone_gets_a_header(machine):
    machine.send("-F", "The Shop", "text@receiver.example", text="Only text.\n")
    content = machine.content_to("text@receiver.example")
    account = pwd.getpwuid(os.getuid()).pw_name
    assert f"\r\nFrom: The Shop <{account}@relay.example>\r\n" in content
    assert content.endswith("\r\n\r\nOnly text.\r\n")


def test_bcc_gets_it_and_nobody_sees_that(machine):
    machine.send("-t", text=f"From: s@shop.example\nTo: a@receiver.example\nBcc: b@receiver.example\nSubject: x\n\n")
    assert "b@receiver" not in machine.content_to("b@receiver.example")
    assert "b@receiver" not in machine.content_to("a@receiver.example")


def test_what_cannot_be_right_is_said_with_the_exit_code_of_sysexits(machine):
    for words, text, code, error in [
            (["-z"], "", USAGE, "sendmail: option -z: unknown\n"),
            (["-bt"], "", USAGE, "sendmail: -b t: not supported; signpost serve is the server\n"),
            ([], "Subject: x\n\n", USAGE, "sendmail: no recipients\n"),
            (["-t"], "To: a b@c.example\n\n", DATA_ERROR,
             'sendmail: To: names no clear address in "a b@c.example"; write it as in "Doe, John" <john@shop.example>\n'),
            (["-i", "x@[192.0.2.1]"], LETTER, UNAVAILABLE, None)]:
        done = machine.run(*words, text=text)
        assert done.returncode == code, done
        assert done.stderr == error if error else "550 5.1.2 Mail to address literals" in done.stderr, done.stderr
    assert machine.waiting() == []


def test_nothing_to_do_is_done(machine):
    for words in [["-q"], ["-q30m"], ["-bi"]]:
        assert machine.send(*words, text="").returncode == 0
    assert machine.run("-bp").stdout.startswith("0 waiting for the relay in ")
    link = machine.folder / "mailq"
    link.symlink_to(harness.BIN / "signpost")
    done = subprocess.run([link, "-C", machine.config], capture_output=True, text=True, timeout=harness.DEADLINE)
    assert done.stdout.startswith("0 waiting")


def test_smtp_on_standard_input_is_a_session_with_the_relay(machine):
    done = machine.run("-bs", text="EHLO x\r\nMAIL FROM:<s@shop.example>\r\nRCPT TO:<bs@receiver.example>\r\nDATA\r\n"
                       "From: s@shop.example\r\n\r\nHi\r\n.\r\nQUIT\r\n")
    assert done.returncode == 0
    codes = [line[:3] for line in done.stdout.splitlines() if line[3:4] == " "]
    assert codes == ["220", "250", "250", "250", "354", "250", "221"]
    machine.receiver.message_to("bs@receiver.example")


# ---- Programs

def php():
    try:
        return client.program("usr/bin/php8*[0-9]", "php")
    except client.Missing as reason:
        pytest.skip(str(reason))


def test_php_s_mail(machine):
    program, environment = php()
    script = machine.folder / "mail.php"
    script.write_text("""<?php
        $sent = mail('Customer <php@receiver.example>', 'From PHP', "Line\\n.\\nlast",
                     ['From' => 'Shop <shop@shop.example>', 'Bcc' => 'hidden@receiver.example'],
                     '-fbounces@shop.example');
        exit($sent ? 0 : 1);""")
    done = subprocess.run([program, "-n", "-d", f"sendmail_path={machine.sendmail} -C {machine.config} -t -i", script],
                          capture_output=True, text=True, timeout=harness.DEADLINE, env=os.environ | environment)
    assert done.returncode == 0, done
    content = machine.content_to("php@receiver.example")
    assert content.endswith("\r\n\r\nLine\r\n.\r\nlast\r\n")
    assert "hidden" not in content
    machine.receiver.message_to("hidden@receiver.example")
    assert machine.relay.wait_event("accepted", to="php@receiver.example,hidden@receiver.example")["from"] == \
        "bounces@shop.example"


def test_git_send_email(machine):
    script = next(iter((harness.PEERS / "root").glob("usr/lib/git-core/git-send-email")), None)
    if script is None or not shutil.which("git"):
        pytest.skip("git-email is not among the unpacked packages")
    patch = machine.folder / "0001-a.patch"
    patch.write_text("From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
                     "From: Dev <dev@shop.example>\nDate: Sun, 29 Nov 2026 16:00:00 +0000\nSubject: [PATCH] a\n\n"
                     "---\n file | 1 +\n")
    wrapper = machine.folder / "wrapper"
    wrapper.write_text(f'#!/bin/sh\nexec {machine.sendmail} -C {machine.config} "$@"\n')
    wrapper.chmod(0o755)
    roots = ":".join(str(path) for path in (harness.PEERS / "root/usr/share").glob("perl*"))
    person = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
              for what, value in (("NAME", "Dev"), ("EMAIL", "dev@shop.example"))}
    done = subprocess.run(["perl", script, "--quiet", "--from=dev@shop.example", "--to=git@receiver.example",
                           "--confirm=never", "--suppress-cc=all", f"--smtp-server={wrapper}", patch],
                          capture_output=True, text=True, timeout=harness.DEADLINE, cwd=machine.folder,
                          env=os.environ | person | {"PERL5LIB": roots, "HOME": str(machine.folder)})
    if "Can't locate" in done.stderr:
        pytest.skip(done.stderr.splitlines()[0])
    assert done.returncode == 0, done
    assert "\r\nSubject: [PATCH] a\r\n" in machine.content_to("git@receiver.example")


def test_mail_of_s_nail(machine):
    program = harness.PEERS / "root/usr/bin/s-nail"
    if not program.exists():
        pytest.skip("s-nail is not among the unpacked packages")
    wrapper = machine.folder / "mta"
    wrapper.write_text(f'#!/bin/sh\nexec {machine.sendmail} -C {machine.config} "$@"\n')
    wrapper.chmod(0o755)
    done = subprocess.run([program, "-n", "-S", f"mta={wrapper}", "-S", "sendwait", "-s", "From mail", "-r",
                           "shop@shop.example", "nail@receiver.example"], input="Text\n", capture_output=True,
                          text=True, timeout=harness.DEADLINE,
                          env=os.environ | client.from_peers() | {"HOME": str(machine.folder)})
    assert done.returncode == 0, done
    assert "\r\nSubject: From mail\r\n" in machine.content_to("nail@receiver.example")


# ---- The socket

def test_the_socket_is_for_all_its_file_goes_and_a_stale_one_is_replaced(own_machine):
    relay, path = own_machine.start().relay, own_machine.socket
    assert stat.S_IMODE(path.stat().st_mode) == 0o666
    inode = path.stat().st_ino
    relay.config.write_text(relay.config.read_text() + "# changed\n")
    assert relay.run("reload").returncode == 0
    assert path.stat().st_ino == inode, "a reload keeps it open"
    text = relay.config.read_text()
    relay.config.write_text(text.replace(own_machine.listener('["*"]'), ""))
    assert relay.run("reload").returncode == 0
    assert not path.exists()
    relay.wait_event("listener_closed", bind=f"unix:{path}")
    relay.config.write_text(text)
    assert relay.run("reload").returncode == 0
    own_machine.send("-t")
    relay.kill()
    assert path.exists()
    relay.launch()
    relay.wait_event("listening", bind=f"unix:{path}")
    own_machine.send("-t")
    assert relay.stop() == 0
    assert not path.exists()


def test_check_knows_the_socket(own_machine):
    own_machine.start()
    done = own_machine.relay.run("check")
    assert f"listener  unix:{own_machine.socket}, for every account of this machine\n" in done.stdout, done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be other accounts")
def test_each_account_sends_as_itself_if_it_is_allowed(own_machine):
    own_machine.relay.extra = own_machine.listener('["nobody"]')
    own_machine.start()
    nobody, other = pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("daemon").pw_uid
    own_machine.send("-t", user=nobody, group=nobody)
    assert own_machine.relay.wait_event("accepted")["user"] == f"uid:{nobody}"
    refused = own_machine.run("-t", user=other, group=other)
    assert refused.returncode == UNAVAILABLE
    assert f"550 5.7.1 The account with uid {other} may not send; " in refused.stderr
    assert own_machine.relay.wait_event("rejected")["user"] == f"uid:{other}"


# ---- While the relay is down

def test_what_is_kept_while_the_relay_is_down_arrives_once(own_machine):
    own_machine.start()
    assert own_machine.relay.stop() == 0
    subjects = [f"letter {number}" for number in range(20)]
    for subject in subjects:
        own_machine.send("-t", text=LETTER.replace("Your order", subject))
    assert len(own_machine.waiting()) == 20
    listed = own_machine.run("-bp").stdout.splitlines()
    assert len(listed) == 21 and f" {user()} <" in listed[0] and f"> to 1 recipient, first <{RECIPIENT}>" in listed[0]
    own_machine.relay.launch()
    own_machine.receiver.wait_for(20)
    harness.wait_until(lambda: own_machine.waiting() == [], "the spool to be empty")
    own_machine.relay.wait_empty()
    assert own_machine.subjects() == sorted(subjects)
    assert {event["user"] for event in own_machine.relay.events("accepted")} == {user()}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may forbid removals in a folder")
def test_a_letter_whose_file_cannot_be_removed_is_not_sent_again(own_machine):
    own_machine.start()
    assert own_machine.relay.stop() == 0
    own_machine.send(RECIPIENT, text=LETTER.replace("Your order", "letter 0"))
    name, = own_machine.waiting()
    letter = (own_machine.spool / name).read_bytes()
    if subprocess.run(["chattr", "+a", own_machine.spool], capture_output=True).returncode != 0:
        pytest.skip("no folders of this file system are for additions alone")
    try:
        own_machine.relay.launch()
        assert own_machine.relay.wait_event("letter_unusable")["file"] == name
        for number in (1, 2):  # each is found in a pass over all that is there
            copy = own_machine.folder / "copy"
            copy.write_bytes(letter.replace(b"letter 0", b"letter %d" % number))
            copy.chmod(0o640)
            copy.rename(own_machine.spool / f"{name[:-1]}{'g' * number}")
            own_machine.relay.wait_event("letter_unusable", file=f"{name[:-1]}{'g' * number}")
    finally:
        subprocess.run(["chattr", "-a", own_machine.spool], check=True)
    harness.wait_until(lambda: own_machine.waiting() == [], "the spool to be empty")
    own_machine.relay.wait_empty()
    assert own_machine.subjects() == ["letter 0", "letter 1", "letter 2"]


def test_a_call_that_is_killed_leaves_a_whole_letter_or_none(own_machine):
    """Killed at any moment, and the relay killed as well: what ended with 0 arrives once, nothing arrives twice."""
    own_machine.start()
    own_machine.relay.kill()
    kept = []
    for number in range(30):
        subject = f"letter {number}"
        process = subprocess.Popen([own_machine.sendmail, "-C", own_machine.config, "-t"], stdin=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        process.stdin.write(LETTER.replace("Your order", subject).encode())
        if number % 3 == 0:
            process.kill()  # before it has all
        process.stdin.close()
        if number % 3 == 1:
            process.kill()  # while it writes, or before, or after
        if process.wait(harness.DEADLINE) == 0:
            kept.append(subject)
    assert len(kept) >= 10
    waiting = len(own_machine.waiting())
    assert waiting >= len(kept)
    own_machine.relay.launch()
    own_machine.receiver.wait_for(waiting)
    harness.wait_until(lambda: own_machine.waiting() == [], "the spool to be empty")
    own_machine.relay.wait_empty()
    arrived = own_machine.subjects()
    assert len(arrived) == len(set(arrived)) == waiting
    assert set(kept) <= set(arrived)


def test_without_a_place_to_keep_it_the_caller_is_told_to_try_again(own_machine):
    own_machine.start()
    assert own_machine.relay.stop() == 0
    own_machine.spool.rmdir()
    done = own_machine.run("-t")
    assert done.returncode == TEMPORARY
    assert "not sent: " in done.stderr and "and not kept: " in done.stderr
    own_machine.spool.mkdir()
    own_machine.spool.chmod(0o777)
    assert own_machine.run("-t").returncode == TEMPORARY, "others could remove it"


def test_a_relay_that_hangs_or_refuses_for_now_does_not_lose_it(own_machine):
    own_machine.start()
    assert own_machine.relay.stop() == 0
    with socket.socket(socket.AF_UNIX) as full:
        full.bind(str(own_machine.socket))
        full.listen(5)
        process = subprocess.Popen([own_machine.sendmail, "-C", own_machine.config, "-t"], stdin=subprocess.PIPE)
        process.stdin.write(LETTER.encode())
        process.stdin.close()
        one, _ = full.accept()
        one.sendall(b"421 4.3.2 Service is closing\r\n")
        one.close()
        assert process.wait(harness.DEADLINE) == 0
    own_machine.socket.unlink()
    assert len(own_machine.waiting()) == 1
    own_machine.relay.launch()
    own_machine.receiver.message_to(RECIPIENT)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be other accounts")
def test_a_letter_belongs_to_the_owner_of_its_file(own_machine):
    own_machine.relay.extra = own_machine.listener('["nobody"]')
    own_machine.start()
    nobody, other = pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("daemon").pw_uid
    assert own_machine.relay.stop() == 0
    own_machine.send("-t", user=nobody, group=nobody)
    own_machine.send("-t", user=other, group=other)
    for path in own_machine.spool.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o640 and path.stat().st_gid == own_machine.spool.stat().st_gid
    (own_machine.spool / "letter-junk").write_text("signpost letter 1\naccount 0\n")
    own_machine.relay.launch()
    refused = own_machine.relay.wait_event("letter_refused")
    assert refused["user"] == f"uid:{other}" and refused["reply"].startswith("550 5.7.1 ")
    assert own_machine.relay.wait_event("letter_unusable")["file"] == "letter-junk"
    own_machine.receiver.message_to(RECIPIENT)
    assert own_machine.relay.wait_event("accepted")["user"] == f"uid:{nobody}"
    harness.wait_until(lambda: own_machine.waiting() == ["refused-" + refused["file"], "refused-letter-junk"],
                       lambda: f"two files set aside, there is {own_machine.waiting()}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts a relay as another account")
def test_a_relay_without_root_reads_the_letters_of_others(own_machine):
    """As installed: the spool is the relay's, and its group's by the folder's set-group-ID bit."""
    account = pwd.getpwnam("nobody")
    own_machine.start()
    assert own_machine.relay.stop() == 0
    os.chown(own_machine.spool, account.pw_uid, account.pw_gid)
    own_machine.spool.chmod(0o3777)
    daemon = pwd.getpwnam("daemon").pw_uid
    own_machine.send("-t", user=daemon, group=daemon)
    reader = subprocess.run(["cat", own_machine.spool / own_machine.waiting()[0]], user=account.pw_uid,
                            group=account.pw_gid, extra_groups=[], capture_output=True, timeout=harness.DEADLINE)
    assert reader.returncode == 0 and reader.stdout.startswith(b"signpost letter 1\n")
    stranger = subprocess.run(["cat", own_machine.spool / own_machine.waiting()[0]], user=account.pw_uid,
                              group=daemon + 1, extra_groups=[], capture_output=True, timeout=harness.DEADLINE)
    assert stranger.returncode != 0
    own_machine.relay.launch()
    own_machine.receiver.message_to(RECIPIENT)


REFUSED = "b@[192.0.2.1]"  # mail to address literals is not accepted
SENDER = "shop@receiver.example"


def reports(machine):
    """Those that arrived."""
    return [content.decode() for envelope, content in machine.receiver.saved() if envelope["mail_from"] == ""]


def test_what_the_relay_refuses_of_the_spool_comes_back_to_its_sender(own_machine):
    own_machine.start()
    assert own_machine.relay.stop() == 0
    own_machine.send("-f", SENDER, REFUSED, RECIPIENT)
    own_machine.relay.launch()
    refused = own_machine.relay.wait_event("letter_refused")
    assert (refused["from"], refused["to"], refused["reported"]) == (SENDER, REFUSED, True)
    envelope, report = own_machine.receiver.message_to(SENDER)
    assert envelope["mail_from"] == ""
    for text in (f"Final-Recipient: rfc822; {REFUSED}\r\nAction: failed", "\r\nSubject: Your order\r\n", "Thank you.",
                 "Reporting-MTA: dns; relay.example"):
        assert text in report.decode(), report.decode()
    own_machine.receiver.message_to(RECIPIENT)
    harness.wait_until(lambda: own_machine.waiting() == [], lambda: f"an empty spool, there is {own_machine.waiting()}")


@pytest.mark.parametrize("options", [["-f", "<>"], ["-f", SENDER, "-N", "never"]])
def test_what_cannot_come_back_is_set_aside(own_machine, options):
    own_machine.start()
    assert own_machine.relay.stop() == 0
    own_machine.send(*options, REFUSED)
    name, = own_machine.waiting()
    own_machine.relay.launch()
    assert own_machine.relay.wait_event("letter_refused")["reported"] is False
    harness.wait_until(lambda: own_machine.waiting() == ["refused-" + name],
                       lambda: f"it set aside, there is {own_machine.waiting()}")
    assert not own_machine.receiver.saved()


def test_a_file_that_cannot_be_set_aside_is_told_of_once(own_machine):
    own_machine.start()
    assert own_machine.relay.stop() == 0
    own_machine.send("-f", "<>", REFUSED)
    refused, = own_machine.waiting()
    own_machine.send("-f", SENDER, RECIPIENT)
    good, = set(own_machine.waiting()) - {refused}
    content = (own_machine.spool / good).read_bytes()
    (own_machine.spool / ("refused-" + refused)).mkdir()
    own_machine.relay.launch()
    own_machine.relay.wait_event("letter_refused")
    for number in range(2):  # letters that are looked at after it
        later = own_machine.spool / f"new-{number}"
        later.write_bytes(content)
        later.rename(own_machine.spool / f"letter-z{number}")
        harness.wait_until(lambda: len(own_machine.receiver.saved()) == number + 2, "the letter")
    assert len(own_machine.relay.events("letter_refused")) == 1
    assert [event["file"] for event in own_machine.relay.events("letter_unusable")] == [refused]


def test_error_modes_say_how_the_sender_learns_of_a_refusal(own_machine):
    own_machine.start()

    def refused(*options):
        done = own_machine.run("-f", SENDER, *options, REFUSED)
        return done.returncode, REFUSED in done.stderr, len(reports(own_machine))

    assert refused() == (UNAVAILABLE, True, 0)
    assert refused("-oep") == (UNAVAILABLE, True, 0)
    assert refused("-oeq") == (UNAVAILABLE, False, 0)
    for number, (option, code) in enumerate([("-oem", UNAVAILABLE), ("-em", UNAVAILABLE), ("-oee", 0)], 1):
        assert refused(option)[:2] == (code, False), option
        harness.wait_until(lambda: len(reports(own_machine)) == number, f"the report of {option}")
    report = reports(own_machine)[0]
    assert f"To: <{SENDER}>" in report and f"Final-Recipient: rfc822; {REFUSED}" in report
    done = own_machine.run("-f", "<>", "-oem", REFUSED)
    assert (done.returncode, REFUSED in done.stderr) == (UNAVAILABLE, True), "nobody to tell by mail"
