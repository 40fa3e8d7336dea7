#!/usr/bin/python3
"""The command line as an operator meets it: exit codes, words on stderr, files, terminal, admin API.

usage: command_line_test.py PROGRAM
"""
import contextlib
import fcntl
import functools
import http.server
import json
import os
import pathlib
import pty
import pwd
import re
import resource
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unicodedata
import unittest
import urllib.error
import urllib.parse
import urllib.request

PROGRAM = os.path.abspath(sys.argv.pop(1))
SOURCE = pathlib.Path(__file__).resolve().parents[2]

CONFIG = """hostname = "mail.shop.example"
user = ""
[[listener]]
bind = "127.0.0.1:2525"
mode = "plain"
[auth]
users = "users.toml"
"""
os.umask(0o077)  # as people who write secrets set it
HASH = "{ARGON2ID}$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2g"


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="signpost-cli-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.config = self.folder / "signpost.toml"
        self.config.write_text(CONFIG)

    def run_program(self, *words, input="", env=None):
        done = subprocess.run([PROGRAM, *map(str, words)], input=input, capture_output=True,
                              text=True, timeout=60, env={**os.environ, "TZ": "UTC", **(env or {})})
        # Whatever else runs on this machine may have the ports of the smallest configuration.
        done.stderr = re.sub(r"signpost: warning: \S+ \S+ \S+:(8025|2525) is in use by .*\n", "", done.stderr)
        # And so may its disk be nearly full, or its limit on open files low.
        done.stderr = re.sub(r"signpost: warning: \S+ limits.disk_free: .* to be kept: .*\n", "", done.stderr)
        done.stderr = re.sub(r"signpost: warning: \S+ limits.sessions: the system allows .*\n", "", done.stderr)
        return done

    def signpost(self, *words, **more):
        return self.run_program("-c", self.config, *words, **more)

    def check(self, result, code, out="", err=""):
        self.assertEqual((result.returncode, result.stdout, result.stderr), (code, out, err))

    def refused(self, result, err, code=1):
        self.check(result, code, "", "signpost: " + err + "\n")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Usage(Case):
    def test_help_and_version_are_done(self):
        for words in (["--help"], ["queue", "--help"], ["queue", "list", "-h"], ["user", "add", "-h"]):
            result = self.run_program(*words)
            self.assertEqual((result.returncode, result.stderr), (0, ""), words)
        self.assertIn("Example:", self.run_program("queue", "list", "--help").stdout)
        self.assertRegex(self.run_program("--version").stdout, r"^signpost \d+\.\d+\.\d+\n$")

    def test_wrong_usage_is_2_with_one_line(self):
        for words in ([], ["nonsense"], ["check", "--nonsense"], ["dkim"], ["dkim", "keygen"],
                      ["user", "add"], ["queue", "list", "--state", "sad"], ["queue", "list", "--limit", "-1"],
                      ["queue", "list", "--limit=-1"], ["queue", "list", "--limit", "1.5"],
                      ["queue", "list", "--limit", ""], ["queue", "retry"],
                      ["queue", "remove", "--yes"], ["queue", "show"], ["check", "extra"],
                      ["dkim", "keygen", "--domain", "a.example", "--selector", "s", "--out", "x",
                       "--algorithm", "dsa"],
                      ["dkim", "keygen", "--domain", "a.example", "--selector", "s", "--out", "x",
                       "--bits", "512"]):
            result = self.run_program(*words)
            self.assertEqual(result.returncode, 2, words)
            self.assertEqual(result.stdout, "", words)
            self.assertRegex(result.stderr, r"^signpost: [^\n]+\n$", words)

    def test_an_option_without_its_value_takes_no_other_word_for_it(self):
        for words in (["queue", "list", "--to="], ["queue", "remove", "--to=", "--yes"],
                      ["queue", "remove", "--to=", "a.example", "--yes"], ["--config=", "check"],
                      ["user", "add", "shop", "--sender="], ["check", "--dns="]):
            result = self.run_program(*words)
            option = next(word for word in words if word.endswith("="))
            self.refused(result, f"{option} has no value; see --help", 2)
        for words in (["-c", "", "check"], ["queue", "remove", ""], ["queue", "show", ""],
                      ["queue", "list", "--user", ""], ["user", "add", ""], ["user", "add", "a", "--users", ""],
                      ["user", "add", "a", "--sender", ""], ["queue", "retry", "--from", ""],
                      ["dkim", "keygen", "--domain", "", "--selector", "s", "--out", "x"]):
            result = self.run_program(*words)
            self.assertEqual((result.returncode, result.stdout), (2, ""), words)
            self.assertRegex(result.stderr, r"^signpost: [^\n]*is empty[^\n]*\n$", words)

    def test_an_empty_filter_is_refused_with_the_remedy_of_its_command(self):
        for command in ("remove", "retry", "hold", "release"):
            for option, what in (("--to", "a domain or an address"), ("--user", "a login"),
                                 ("--from", "a domain or an address, <> for the null sender")):
                result = self.run_program("queue", command, option, "")
                self.refused(result, f"{option}: is empty; write {what}, or use --all for the whole queue; see --help", 2)
        self.refused(self.run_program("queue", "list", "--to", ""),
                     "--to: is empty; write a domain or an address, or leave the option out to see all; see --help", 2)
        self.refused(self.run_program("queue", "remove", ""),
                     "id: is empty; write the ID that the reply to the message named; see --help", 2)

    def test_a_whole_queue_is_changed_only_when_that_is_said(self):
        for words, err in ((["remove", "--to", "a.example"], "--yes is required"), (["remove", "--all"], "--yes is required"),
                           (["retry", "--all", "--to", "a.example"], "contradict"),
                           (["hold"], "--all is required"), (["release"], "--all is required")):
            result = self.run_program("queue", *words)
            self.assertEqual((result.returncode, result.stdout), (2, ""), words)
            self.assertIn(err, result.stderr)

    def test_unknown_command_is_named(self):
        self.refused(self.run_program("lsit"), "unknown command lsit; see --help", 2)
        self.refused(self.run_program("queue", "lsit"), "unknown command lsit; see --help", 2)
        self.refused(self.run_program("check", "-c", "a", "-c", "b"), "--config is given more than once; see --help", 2)
        self.refused(self.run_program("queue", "show", "a", "b", "c"), "nothing can be done with b c; see --help", 2)

    def test_config_may_follow_the_command(self):
        self.assertIn("users.toml", self.run_program("user", "list", "-c", self.config).stderr)

    def test_sendmail_takes_its_own_options_by_each_of_its_names(self):
        self.assertEqual(self.run_program("sendmail", "-z").stderr, "sendmail: option -z: unknown\n")
        self.assertEqual(self.run_program("sendmail", "-bt").returncode, 64)
        self.assertIn("/usr/sbin/sendmail", self.run_program("sendmail", "--help").stdout)
        for name, words, stdout in [("sendmail", ["-q"], ""), ("newaliases", [], ""), ("mailq", [], "0 waiting")]:
            link = self.folder / name
            link.symlink_to(PROGRAM)
            result = subprocess.run([link, *words], capture_output=True, text=True, timeout=60)
            self.assertEqual((result.returncode, result.stdout[:len(stdout)], result.stderr), (0, stdout, ""), name)

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_output_that_cannot_be_written_is_refused(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([PROGRAM, "check", "--keys"], stdout=full, timeout=60,
                                    stderr=subprocess.PIPE, text=True)
        self.assertEqual((result.returncode, result.stderr),
                         (1, "signpost: standard output cannot be written\n"))


class Check(Case):
    def test_good_configuration_is_summed_up(self):
        self.signpost("user", "add", "shop", input="secret\n")
        key = self.folder / "s1.pem"
        made = self.signpost("dkim", "keygen", "--domain", "shop.example", "--selector", "s1", "--out",
                             key)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.config.write_text(CONFIG + '[[dkim]]\ndomain = "shop.example"\nselector = "s1"\n'
                               'key = "s1.pem"\n')
        result = self.signpost("check")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("  listener  127.0.0.1:2525 plain, login required\n", result.stdout)
        self.assertIn("  users     1\n", result.stdout)
        self.assertIn("  dkim      shop.example selector s1, rsa-sha256, ", result.stdout)
        summary = json.loads(self.signpost("check", "--json").stdout)
        self.assertTrue(summary["ok"])
        self.assertEqual(summary["users"], 1)
        self.assertEqual(summary["dkim"][0]["algorithm"], "rsa-sha256")

    def test_too_few_descriptors_are_warned_about(self):
        (self.folder / "users.toml").write_text(f'[shop]\npassword = "{HASH}"\n')
        self.config.write_text("workers = 1\n" + CONFIG + "[limits]\nsessions = 1000\n")

        def warnings(limit):
            done = subprocess.run([PROGRAM, "-c", str(self.config), "check"], capture_output=True, text=True, timeout=60,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, 64), limit)))
            self.assertEqual(done.returncode, 0, done.stderr)
            return [line for line in done.stderr.splitlines() if "limits.sessions" in line]

        self.assertEqual(warnings(2048), [])
        self.assertEqual(warnings(100), [
            f"signpost: warning: {self.config}:10:12: limits.sessions: the system allows this process fewer descriptors than "
            "limits.sessions needs: enough for 27 of 1000 sessions, with 8 connections to receivers; raise the limit (LimitNOFILE "
            "in the unit, ulimit -n) or lower limits.sessions"])
        few, = warnings(70)
        self.assertIn("too few open files: only enough for 4 sessions beside the queue", few)
        self.assertTrue(few.endswith("; serve cannot start with fewer"), few)

    def test_people_read_warnings_in_u_labels(self):
        (self.folder / "users.toml").write_text(f'[shop]\npassword = "{HASH}"\n')
        self.signpost("dkim", "keygen", "--domain", "bücher.example", "--selector", "s1", "--algorithm", "ed25519",
                      "--out", self.folder / "xn--bcher-kva.example.pem")
        self.config.write_text(CONFIG + '[[dkim]]\ndomain = "bücher.example"\nselector = "s1"\n'
                               'key = "xn--bcher-kva.example.pem"\n')
        done = self.signpost("check")
        self.assertIn(": dkim.key: bücher.example has Ed25519 keys only", done.stderr)
        self.assertIn("  dkim      bücher.example selector s1, ed25519-sha256, ", done.stdout)
        shown = json.loads(self.signpost("check", "--json").stdout)
        self.assertEqual(shown["dkim"][0]["domain"], "xn--bcher-kva.example")

    def test_every_mistake_is_shown(self):
        (self.folder / "users.toml").write_text(f'[shop]\npassword = "{HASH}"\n')
        self.config.write_text(CONFIG + "[log]\nlevel = 1\n[limits]\nsesions = 1\n")
        expect = ('expected "debug", "info", "warning" or "error"')
        self.check(self.signpost("check"), 1, "",
                   f"signpost: {self.config}:9:9: log.level: found a whole number, {expect}\n"
                   f"signpost: {self.config}:11:1: limits.sesions: unknown key; "
                   'did you mean "sessions"?\n')
        result = self.signpost("check", "--json")
        self.assertEqual(result.returncode, 1)
        errors = json.loads(result.stdout)["errors"]
        self.assertEqual([(e["line"], e["column"], e["key"]) for e in errors],
                         [(9, 9, "log.level"), (11, 1, "limits.sesions")])

    def test_every_file_is_read(self):
        (self.folder / "users.toml").write_text('[shop]\npassword = "hunter2"\n')
        (self.folder / "s1.pem").write_text("nonsense")
        (self.folder / "token").write_text("\n")
        self.config.write_text(
            CONFIG + '[tls]\ncertificate = "cert.pem"\nkey = "key.pem"\n'
            '[[dkim]]\ndomain = "a.example"\nselector = "s1"\nkey = "s1.pem"\n'
            '[[dkim]]\ndomain = "a.example"\nselector = "s2"\nkey = "s2.pem"\n'
            '[admin]\ntoken_file = "token"\n')
        result = self.signpost("check")
        self.assertEqual(result.returncode, 1)
        lines = [line for line in result.stderr.splitlines() if "warning" not in line]
        for line, part in zip(lines, [
                "signpost.toml:9:15: tls.certificate: {0}/cert.pem: cannot be read: No such file or directory; "
                "write the path of the certificate with its chain",
                "signpost.toml:10:7: tls.key: {0}/key.pem: cannot be read: No such file or directory; "
                "write the path of the certificate's private key",
                "users.toml:2:12: shop.password", "signpost.toml:14:7: dkim.key: {0}/s1.pem: has no private key in PEM",
                "signpost.toml:18:7: dkim.key: {0}/s2.pem: cannot be read: No such file or directory; make it with "
                "signpost dkim keygen --domain a.example --selector s2 --out {0}/s2.pem",
                "signpost.toml:20:14: admin.token_file: {0}/token: is empty; write the secret into it"]):
            self.assertIn(part.format(self.folder), line)
        self.assertEqual(len(lines), 6)
        self.assertNotIn("hunter2", result.stderr)

    def test_secrets_that_everybody_may_read_are_refused(self):
        users = self.folder / "users.toml"
        users.write_text(f'[shop]\npassword = "{HASH}"\n')
        self.check(self.signpost("check"), 0, self.signpost("check").stdout)
        for mode, may in ((0o644, "read"), (0o602, "write")):
            users.chmod(mode)
            for command in ("check", "serve"):
                self.refused(self.signpost(command), f"{self.config}:7:9: auth.users: {users}: everyone on this "
                             f"machine may {may} it; run chmod o= {users}", 78 if command == "serve" else 1)
        users.chmod(0o640)
        self.assertEqual(self.signpost("check").returncode, 0)

    def test_missing_configuration_is_named(self):
        self.refused(self.run_program("check", "-c", "/nowhere/x.toml"),
                     "/nowhere/x.toml: cannot be read: No such file or directory")

    def test_keys_are_listed(self):
        text = self.signpost("check", "--keys").stdout
        self.assertIn('[limits]\nmessage_size = "50MiB"\n', text)
        keys = json.loads(self.signpost("check", "--keys", "--json").stdout)["keys"]
        self.assertIn({"section": "delivery", "key": "port", "default": "25", "required": False,
                       "value": "a whole number from 1 to 65535", "meaning": "Port of MX hosts."},
                      keys)


class Setups(Case):
    """serve and check read the configuration by one loader: they agree on every setup."""

    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.admin = free_port()
        self.users = self.folder / "users.toml"
        self.users.write_text(f'[shop]\npassword = "{HASH}"\n')
        self.key = self.folder / "s1.pem"
        self.key.write_text(self.rsa_key())
        self.token = self.folder / "token"
        self.token.write_text("open sesame\n")

    @staticmethod
    @functools.cache
    def rsa_key():
        return subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, text=True, check=True).stdout

    def write(self, general="", listener="", more=""):
        stay = 'user = ""\n'  # the tests may be root's, without an account to switch to
        self.config.write_text(
            f'hostname = "mail.shop.example"\ndata_dir = "data"\nworkers = 1\n{general}'
            f'{"" if "user =" in general else stay}'
            f'[[listener]]\nbind = "127.0.0.1:{self.port}"\nmode = "plain"\n{listener}'
            f'[auth]\nusers = "users.toml"\n'
            f'[admin]\nbind = "127.0.0.1:{self.admin}"\ntoken_file = "token"\n{more}')

    def dkim(self, selector="s1", file="s1.pem", more=""):
        return (f'[[dkim]]\ndomain = "shop.example"\nselector = "{selector}"\nkey = "{file}"\n{more}')

    def user(self, name, more):
        return f'[{name}]\npassword = "{HASH}"\n{more}'

    def certificate(self, name, *more, host="mail.shop.example", days=90, key="ec_paramgen_curve:prime256v1"):
        kind = key.partition("_")[0]
        subprocess.run(["openssl", "req", "-x509", "-newkey", kind, "-pkeyopt", key, "-nodes", "-subj", f"/CN={name}", "-days", str(days),
                        "-addext", f"subjectAltName=DNS:{host}", "-keyout", self.folder / f"{name}.key",
                        "-out", self.folder / f"{name}.pem", *more],
                       check=True, capture_output=True, timeout=60)

    def both_refuse(self, *parts):
        """Both refuse with the same lines, each of which has its part."""
        check, serve = self.signpost("check"), self.signpost("serve")
        self.assertEqual((check.returncode, serve.returncode), (1, 78), check.stdout + serve.stderr)
        # Besides, check says what it finds of the machine.
        lines = [line for line in check.stderr.splitlines()
                 if "signpost: warning: " not in line and " cannot be used: " not in line]
        self.assertEqual(lines, serve.stderr.splitlines())
        self.assertEqual(len(lines), len(parts), check.stderr)
        for line, part in zip(lines, parts):
            self.assertIn(part, line)

    def both_accept(self, *doubts):
        """With a warning for each of `doubts`, which has that part."""
        check = self.signpost("check")
        self.assertEqual(check.returncode, 0, check.stderr)
        warnings = check.stderr.splitlines()
        self.assertEqual(len(warnings), len(doubts), check.stderr)
        for warning, doubt in zip(warnings, doubts):
            self.assertIn(doubt, warning)
        self.assertIn(f"{self.config} is good\n", check.stdout)
        with self.relay():
            pass

    @contextlib.contextmanager
    def relay(self):
        with open(self.folder / "log", "w") as log:
            relay = subprocess.Popen([PROGRAM, "-c", self.config, "serve"], stderr=log)
        try:
            for _ in range(600):
                if relay.poll() is not None or self.get("/healthz") == 200:
                    break
                time.sleep(0.05)
            self.assertIsNone(relay.poll(), (self.folder / "log").read_text())
            yield relay
        finally:
            relay.terminate()
            self.assertEqual(relay.wait(60), 0, (self.folder / "log").read_text())

    def get(self, path, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin}{path}", headers=headers)
        try:
            return urllib.request.urlopen(request, timeout=10).status
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError:
            return None

    def test_good_setups(self):
        self.write(more=self.dkim() + self.dkim("s2"))
        self.users.chmod(0o640)
        self.token.write_text("open sesame \t\n\n")
        self.both_accept()
        self.assertEqual((self.folder / "data").stat().st_mode & 0o7777, 0o700)  # whatever the umask

    def test_admin_token(self):
        self.write()
        for text, problem in (("", "token: is empty"), (" \n", "token: is empty"),
                              ("a\nb\n", "token: has more than one line")):
            self.token.write_text(text)
            self.both_refuse(problem)
        self.token.chmod(0o644)
        self.both_refuse("token: has more than one line", "token: everyone on this machine may read")
        self.token.unlink()
        self.both_refuse("token: cannot be read: No such file")
        self.token.mkdir(0o700)
        self.both_refuse("token: cannot be read: a folder, not a regular file")
        self.token.rmdir()
        os.mkfifo(self.token, 0o600)
        self.both_refuse("token: cannot be read: a pipe, not a regular file")

    def test_what_is_no_file_is_named_as_what_it_is(self):
        """Nobody is told to chmod a device."""
        for kind, what in (("/dev/zero", "a device"), (self.folder, "a folder")):
            self.write(more=f'{self.dkim(file=kind)}[tls]\ncertificate = "{kind}"\nkey = "{kind}"\n')
            text = self.config.read_text()
            self.config.write_text(text.replace('"users.toml"', f'"{kind}"').replace('"token"', f'"{kind}"'))
            self.both_refuse(*[f"{key}: {kind}: cannot be read: {what}, not a regular file"
                               for key in ("tls.certificate", "tls.key", "auth.users", "dkim.key", "admin.token_file")])

    def test_secrets_of_next_hops(self):
        def route(key):
            self.write(more=f'[[route]]\nvia = "smtps://shop@relay.example"\n{key} = "secret"\n{self.dkim()}')

        secret = self.folder / "secret"
        for key, advice in (("password_file", "write the password into it"),
                            ("token_file", "have the token written there")):
            secret.unlink(missing_ok=True)
            route(key)
            self.both_refuse(f"route.{key}: {secret}: cannot be read: No such file or directory; {advice}")
            secret.write_text("\n")
            secret.chmod(0o600)
            self.both_refuse(f"route.{key}: {secret}: is empty")
            secret.write_text("hunter2\n")
            secret.chmod(0o644)
            self.both_refuse(f"route.{key}: {secret}: ")
            secret.chmod(0o600)
            self.both_accept()
            check = self.signpost("check")
            self.assertNotIn("hunter2", check.stdout + check.stderr)

    def test_domains_from_files(self):
        tenant = '[[tenant]]\nname = "acme"\ndomains_file = "acme"\n'
        self.write(more=tenant + '[[tenant]]\nname = "other"\ndomains = ["b.example"]\n' + self.dkim())
        self.both_refuse("tenant.domains_file: " + str(self.folder / "acme") + ": cannot be read: No such file")
        (self.folder / "acme").write_text("a.example\n*\n")
        self.both_refuse('acme: line 2: "*" would be every domain')
        (self.folder / "acme").write_text("a.example\nb.example\n")
        self.both_refuse('acme: "b.example" is in the tenant "other" as well; remove it from one of them')
        (self.folder / "acme").write_text("shop.example\n")
        (self.folder / "senders").write_text("shop.example\nelsewhere.example\n")
        self.users.write_text(self.user("shop", 'tenant = "acme"\nsenders_file = "senders"\n'))
        self.both_refuse('shop.senders_file: "@elsewhere.example" is not in a domain of tenant "acme"')
        (self.folder / "senders").write_text("shop.example\n")
        self.both_accept("b.example")

    def test_users(self):
        self.write()
        self.users.write_text(f'[shop]\npassword = "secret"\n[b]\npasword = "{HASH}"\n')
        self.both_refuse("users.toml:2:12: shop.password: ",
                         "users.toml:4:1: b.pasword: unknown key; did you mean")
        self.users.write_text("[shop\n")
        self.both_refuse("users.toml:1:6: ")
        self.users.unlink()
        self.both_refuse(f"signpost.toml:9:9: auth.users: {self.users}: cannot be read: No such file or directory; "
                         "signpost user add makes it with its first login")
        self.users.touch(0o600)
        self.both_refuse("users.toml: is empty, as a file is while it is being written")
        os.truncate(self.users, 0)
        self.users.write_text("# no logins\n")
        self.assertIn("users.toml: has no users", self.signpost("check").stderr)

    def test_providers(self):
        file = self.folder / "providers.toml"
        head = 'version = 1\nedition = "2099-12-31"\n'
        provider = '[[provider]]\nname = "example"\nmx = ["*.mx.example"]\n'
        self.write(more='[delivery]\nproviders = "providers.toml"\n')
        self.both_refuse(f"delivery.providers: {file}: cannot be read: No such file or directory; copy "
                         "/usr/share/signpost/providers.toml there, or remove the key")
        file.write_text(head + provider + "conections = 5\n" + '[[reply]]\ncode = "550"\nclass = "adress"\n')
        self.both_refuse(f'{file}:6:1: provider.conections: unknown key; did you mean "connections"?',
                         f'{file}:9:9: reply.class: unknown value "adress"; write "address", ')
        file.write_text("[[provider\n")
        self.both_refuse(f"{file}:1:")
        file.write_text(head + provider)
        self.both_accept()
        file.write_text(file.read_text().replace("2099-12-31", "2020-01-01"))
        self.both_accept(f"delivery.providers: {file}: its edition 2020-01-01 is older than the built-in one, ")
        shutil.copy(SOURCE / "etc/providers.toml", file)
        self.both_accept()

    def test_a_reload_puts_other_providers_in_force(self):
        """With numbers of their own beside those of the names before; a file with mistakes changes nothing."""
        file = self.folder / "providers.toml"
        text = 'version = 1\nedition = "2099-12-31"\n[[provider]]\nname = "NAME"\nmx = ["*.mx.example"]\n'
        file.write_text(text.replace("NAME", "first"))
        self.write(more='metrics = "open"\n[delivery]\nproviders = "providers.toml"\n')

        def named():
            page = urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics", timeout=10).read().decode()
            return set(re.findall(r'signpost_delivery_replies_total{class="policy",provider="([^"]+)"}', page))
        with self.relay():
            self.assertEqual(named(), {"other", "first"})
            file.write_text(text.replace("NAME", "second"))
            self.assertEqual(self.signpost("reload").returncode, 0)
            for _ in range(200):  # the worker takes the settings over in its own time
                if "second" in named():
                    break
                time.sleep(0.05)
            self.assertEqual(named(), {"other", "first", "second"})
            file.write_text(text.replace("NAME", "Third"))
            refused = self.signpost("reload")
            self.assertEqual(refused.returncode, 1)
            self.assertIn(f'{file}:4:8: provider.name: "Third" is not the name of a provider', refused.stderr)
            self.assertEqual(named(), {"other", "first", "second"})

    def test_tenants(self):
        tenant = '[[tenant]]\nname = "acme"\ndomains = ["acme.example"]\n'
        self.write(more=tenant)
        self.users.write_text(self.user("shop", 'tenant = "acme"\n') + self.user("b", 'tenant = "acne"\n'))
        self.both_refuse('users.toml:4:2: b.tenant: unknown tenant "acne"; write [[tenant]] with name = "acne" in')
        self.users.write_text(self.user("shop", 'tenant = "acme"\nsenders = ["@acme.example", "@b.example"]\n'))
        self.both_refuse('users.toml:1:2: shop.senders: "@b.example" is not in a domain of tenant "acme"')
        self.users.write_text(self.user("shop", 'tenant = "acme"\n') + self.user("b", 'senders = ["@b.example"]\n'))
        self.both_accept()

    def test_logins_that_are_not_bound(self):
        self.write()
        self.both_accept()  # the only one
        self.users.write_text(self.user("a", 'senders = ["@a.example"]\n') + self.user("b", "") + self.user("c", ""))
        check = self.signpost("check")
        doubt = f'{self.users}: "b", "c" may send with every domain that no other login or tenant has'
        self.assertEqual(check.returncode, 0)
        self.assertRegex(check.stderr, rf"warning: {self.config}:\d+:9: auth.users: {doubt}")
        self.assertIn(doubt, json.loads(self.signpost("check", "--json").stdout)["warnings"][0])
        with self.relay():
            pass
        self.assertIn("config_doubtful", (self.folder / "log").read_text())

    def test_dkim_keys(self):
        self.write(more=self.dkim() + self.dkim())
        self.both_refuse("dkim.selector: s1._domainkey.shop.example is a duplicate of line ")
        self.write(more=self.dkim() + self.dkim("s2", "s2.pem"))
        self.both_refuse("s2.pem: cannot be read: No such file")
        (self.folder / "s2.pem").write_text("nonsense")
        self.both_refuse("s2.pem: ")
        self.key.chmod(0o644)
        self.both_refuse("s1.pem: everyone on this machine may read it", "s2.pem: ")
        self.key.chmod(0o600)
        self.write(more=self.dkim("s 1"))
        self.both_refuse('dkim.selector: "s 1" is not a selector')

    @unittest.skipUnless(shutil.which("openssl"), "needs openssl")
    def test_a_key_with_a_passphrase(self):
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:x", "-out", self.key],
                       check=True, capture_output=True, timeout=60)
        self.certificate("one")
        shutil.copy(self.key, self.folder / "one.key")
        self.write(more='[tls]\ncertificate = "one.pem"\nkey = "one.key"\n' + self.dkim())
        self.both_refuse("tls.key: " + str(self.folder / "one.key") + ": has a passphrase, which nobody can type",
                         "dkim.key: " + str(self.key) + ": has a passphrase, which nobody can type")

    @unittest.skipUnless(shutil.which("openssl"), "needs openssl")
    def test_certificate(self):
        self.certificate("one")
        self.certificate("two")
        tls = '[tls]\ncertificate = "{}"\nkey = "{}"\n'
        self.write(more=tls.format("one.pem", "two.key"))
        self.both_refuse(f"tls.key: {self.folder}/two.key: is not the key of the certificate; write the key that it "
                         "was issued for, or the certificate of this key")
        self.write(more=tls.format("three.pem", "one.key"))
        self.both_refuse("three.pem: cannot be read: No such file")
        self.write(more=tls.format("one.key", "one.key"))
        self.both_refuse("one.key: is a key; name the file of the certificate")
        (self.folder / "one.key").chmod(0o604)
        self.write(more=tls.format("one.pem", "one.key"))
        self.both_refuse("one.key: everyone on this machine may read it")
        (self.folder / "one.key").chmod(0o600)
        self.both_accept("one.pem: is self-signed: clients refuse it unless they are set up to trust it")

    @unittest.skipUnless(shutil.which("openssl"), "needs openssl")
    def test_keys_and_certificates_that_are_not_pem(self):
        self.certificate("one")
        for words in ("x509 -in one.pem -outform DER -out der.pem", "pkey -in one.key -outform DER -out der.key",
                      "pkey -in one.key -pubout -out public.key",
                      "pkcs12 -export -in one.pem -inkey one.key -passout pass:x -out both.p12"):
            subprocess.run(["openssl", *words.split()], cwd=self.folder, check=True, capture_output=True, timeout=60)
        for file in self.folder.glob("*.*"):
            file.chmod(0o600)
        tls = '[tls]\ncertificate = "{}"\nkey = "{}"\n'
        certificate = "convert it to PEM with openssl x509 -inform DER -in FILE -out NEW"
        key = "convert it to PEM with openssl pkey -inform DER -in FILE -out NEW"
        for files, *words in ((("der.pem", "one.key"), f"der.pem: is DER; {certificate}"),
                              (("one.pem", "der.key"), f"der.key: is DER; {key}"),
                              (("one.pem", "public.key"), "public.key: is a public key; name the file of the private key"),
                              (("both.p12", "one.key"), "both.p12: is PKCS#12; extract the certificates"),
                              (("one.pem", "both.p12"), "both.p12: is PKCS#12; extract the key")):
            self.write(more=tls.format(*files))
            self.both_refuse(*words)
        for file, words in (("der.key", f"der.key: is DER; {key}"), ("public.key", "public.key: is a public key; ")):
            self.write(more=self.dkim(file=file))
            self.both_refuse(words)

    @unittest.skipUnless(shutil.which("openssl"), "needs openssl")
    def test_a_certificate_that_clients_refuse(self):
        self.certificate("short", days=3)
        self.certificate("other", host="other.example")
        self.certificate("issued", "-CA", self.folder / "other.pem", "-CAkey", self.folder / "other.key")
        for name, words in (("short", ", in 2 days; renew it: the relay takes the new files by itself"),
                            ("other", 'is not valid for mail.shop.example (hostname), only for "other.example":'),
                            ("issued", "the chain is incomplete: CN = other is neither in the file nor")):
            self.write(more=f'[tls]\ncertificate = "{name}.pem"\nkey = "{name}.key"\n')
            check = self.signpost("check")
            self.assertEqual(check.returncode, 0)
            warnings = [line for line in check.stderr.splitlines() if " is self-signed: " not in line]
            self.assertEqual(len(warnings), 1, check.stderr)
            self.assertRegex(warnings[0], rf"warning: {self.config}:\d+:15: tls.certificate: {self.folder}/{name}.pem: ")
            self.assertIn(words, warnings[0])
            self.assertIn(words, json.loads(self.signpost("check", "--json").stdout)["warnings"][0])
        with open(self.folder / "issued.pem", "a") as chain:
            chain.write((self.folder / "other.pem").read_text())
        self.both_accept()

    @unittest.skipUnless(shutil.which("openssl"), "needs openssl")
    def test_a_certificate_that_serves_no_tls(self):
        """What clients cannot speak TLS with is refused, and the certificate is named, not its key."""
        tls = '[tls]\ncertificate = "{0}.pem"\nkey = "{0}.key"\n'
        self.certificate("short", key="rsa_keygen_bits:1024")
        self.certificate("curve", key="ec_paramgen_curve:secp256k1")
        self.certificate("root", "-addext", "basicConstraints=critical,CA:TRUE")
        self.certificate("old", "-CA", self.folder / "root.pem", "-CAkey", self.folder / "root.key", "-sha1")
        for name, words in (("short", "has an RSA key of 1024 bits, which clients refuse as too short; have it issued for an "
                             "RSA key of 2048 bits or more, or for one on P-256"),
                            ("curve", "has a key on the curve secp256k1, which clients do not know; have it issued for "),
                            ("old", "is signed with SHA1, which clients no longer accept; have it issued with a signature ")):
            self.write(more=tls.format(name))
            self.both_refuse(f":15: tls.certificate: {self.folder}/{name}.pem: {words}")
        # One that vouches for it, too.
        self.certificate("own", "-CA", self.folder / "short.pem", "-CAkey", self.folder / "short.key")
        with open(self.folder / "own.pem", "a") as chain:
            chain.write((self.folder / "short.pem").read_text())
        self.write(more=tls.format("own"))
        self.both_refuse("own.pem: certificate 2 in the file has an RSA key of 1024 bits")
        for key in ("rsa_keygen_bits:2048", "ec_paramgen_curve:secp384r1"):
            self.certificate("good", key=key)
            self.write(more=tls.format("good"))
            self.both_accept("good.pem: is self-signed")

    @unittest.skipUnless(shutil.which("openssl"), "needs openssl")
    def test_a_certificate_for_another_purpose_or_with_its_chain_out_of_order(self):
        def issue(name, by, *more):
            self.certificate(name, "-CA", self.folder / f"{by}.pem", "-CAkey", self.folder / f"{by}.key", *more)

        def doubted(*words):
            self.write(more='[tls]\ncertificate = "one.pem"\nkey = "one.key"\n')
            self.both_accept(*(f"tls.certificate: {self.folder}/one.pem: {text}" for text in words))
        authority = ("-addext", "basicConstraints=critical,CA:TRUE")
        self.certificate("root", *authority)
        issue("middle", "root", *authority)
        pem = {name: (self.folder / f"{name}.pem").read_text() for name in ("root", "middle")}
        for usage, *words in (("extendedKeyUsage=clientAuth", "is not for servers (its extendedKeyUsage lacks serverAuth)"),
                              ("extendedKeyUsage=serverAuth,clientAuth",), ("extendedKeyUsage=anyExtendedKeyUsage",),
                              ("keyUsage=digitalSignature",),
                              ("keyUsage=keyCertSign", "is not for TLS (its keyUsage lacks digitalSignature)")):
            issue("one", "root", "-addext", usage)
            with open(self.folder / "one.pem", "a") as chain:
                chain.write(pem["root"])
            doubted(*words)
        issue("one", "middle")
        own = (self.folder / "one.pem").read_text()
        (self.folder / "one.pem").write_text(own + pem["middle"] + pem["root"])
        doubted()
        (self.folder / "one.pem").write_text(own + pem["root"] + pem["middle"])
        doubted("the chain is out of order: certificate 1 in the file was issued by number 3; write each one right before")

    def test_addresses_of_other_machines(self):
        self.write()
        self.config.write_text(self.config.read_text().replace(f"127.0.0.1:{self.port}", "192.0.2.55:587").replace(
            'mode = "plain"', 'mode = "plain"\nauth = "off"\ntrusted_networks = ["10.0.0.0/8"]'))
        check = self.signpost("check")
        self.assertEqual(check.returncode, 0)
        self.assertEqual(check.stderr, f"signpost: warning: {self.config}:6:8: listener.bind: 192.0.2.55 is not an address of "
                         "this machine now; serve cannot start before it is\n")
        serve = self.signpost("serve")
        self.assertEqual(serve.returncode, 1)
        self.assertIn("no interface of this machine has that address", serve.stderr)

    def test_all_there_is_to_say_is_said_at_once(self):
        self.write(general="core_files = 1\n", more=self.dkim(file="s9.pem") + self.dkim("s2"))
        self.users.write_text(self.user("shop", 'senders = ["@shop.example"]\ntenat = "x"\n'))
        self.both_refuse("core_files: found a whole number", "shop.tenat: unknown key", "s9.pem: cannot be read")

    def test_swapped_files_are_both_named(self):
        self.certificate("one")
        self.write(more='[tls]\ncertificate = "one.key"\nkey = "one.pem"\n')
        self.both_refuse(f"tls.certificate: {self.folder}/one.key: is a key; ",
                         f"tls.key: {self.folder}/one.pem: is a certificate; ")
        self.write(more='[tls]\ncertificate = "one.key"\nkey = "one.key"\n')
        self.both_refuse(f"tls.certificate: {self.folder}/one.key: is a key; ")
        self.write(more='[tls]\ncertificate = "one.pem"\nkey = "one.pem"\n')
        self.both_refuse(f"tls.key: {self.folder}/one.pem: is a certificate; ")

    def test_a_port_of_another_program(self):
        self.write()
        with socket.socket() as other:
            other.bind(("127.0.0.1", self.port))
            other.listen()
            check = self.signpost("check")
            self.assertEqual(check.returncode, 0)
            self.assertRegex(check.stderr, rf":6:8: listener.bind: 127.0.0.1:{self.port} is in use by another program")
        with self.relay():
            self.assertEqual(self.signpost("check").stderr, "", "it is the relay's own")

    def test_a_port_of_another_signpost_of_the_same_account(self):
        """check tells this relay from one that has another data_dir, at the port or at the admin socket."""
        def another(bind, more=""):
            other = self.folder / "other.toml"
            other.write_text(f'hostname = "b.example"\ndata_dir = "other"\nworkers = 1\nuser = ""\n'
                             f'[[listener]]\nbind = "{bind}"\nmode = "plain"\nauth = "off"\n'
                             f'trusted_networks = ["127.0.0.1/32"]\n{more}')
            with open(self.folder / "other.log", "w") as log:
                relay = subprocess.Popen([PROGRAM, "-c", other, "serve"], stderr=log)
            for _ in range(600):
                if " started" in (self.folder / "other.log").read_text():
                    return relay
                time.sleep(0.05)
            self.fail((self.folder / "other.log").read_text())

        def warnings():
            done = self.signpost("check")
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stderr
        taken = rf"^signpost: warning: \S+:6:8: listener.bind: 127.0.0.1:{self.port} is in use by another Signpost of this account, "
        for more in ("", f'[admin]\nsocket = "{self.folder}/data/admin.sock"\n'):
            self.write()
            (self.folder / "data").mkdir(mode=0o700, exist_ok=True)
            relay = another(f"127.0.0.1:{self.port}", more)
            try:
                self.assertRegex(warnings(), taken)
            finally:
                relay.terminate()
                self.assertEqual(relay.wait(60), 0)
        # Our relay runs, and the address that was added since is another one's; so without its API.
        for more in ("", 'socket = ""\n'):
            self.write()
            self.config.write_text(self.config.read_text() + more)
            with self.relay():
                self.assertEqual(warnings(), "", "it is the relay's own")
        self.write()
        relay = another(f"127.0.0.2:{self.port}")
        try:
            with self.relay():
                self.config.write_text(self.config.read_text().replace("127.0.0.1", "127.0.0.2", 1))
                self.assertRegex(warnings(), taken.replace("127.0.0.1", "127.0.0.2"))
        finally:
            relay.terminate()
            self.assertEqual(relay.wait(60), 0)

    def test_a_data_folder_that_cannot_be_made(self):
        (self.folder / "file").write_text("")
        self.write()
        self.config.write_text(self.config.read_text().replace('"data"', '"file/data"'))
        check, serve = self.signpost("check"), self.signpost("serve")
        self.assertEqual((check.returncode, serve.returncode), (1, 1), "the machine is at fault, not the file")
        self.assertIn(f":2:12: data_dir: {self.folder}/file/data does not exist and cannot be made: Not a directory",
                      check.stderr)
        self.assertIn("file/data: Not a directory", serve.stderr)

    def test_a_data_folder_on_a_file_system_that_takes_none(self):
        """By root, who would make it for the account, and by anyone else."""
        for account in ("", "nobody") if os.geteuid() == 0 else ("",):
            self.write(general=f'user = "{account}"\n')
            self.config.write_text(self.config.read_text().replace('"data"', '"/proc/data"'))
            check = self.signpost("check")
            self.assertEqual(check.returncode, 1)
            self.assertIn(":2:12: data_dir: /proc/data does not exist and cannot be made: ", check.stderr)

    def closed_to_others(self):
        for folder in self.folder.parents:
            if folder.stat().st_mode & 0o001 == 0:
                return folder
        return None

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_an_account_that_may_not_look_into_the_data_folder_checks_the_rest(self):
        """An operator in the relay's group: nobody is told to give the relay's data away."""
        if folder := self.closed_to_others():
            self.skipTest(f"{folder} is closed to others")
        program = self.folder / "signpost"
        shutil.copy(PROGRAM, program)
        program.chmod(0o755)
        self.write()
        data = self.folder / "data"
        for secret in (self.users, self.token):
            shutil.chown(secret, "root", "daemon")
            secret.chmod(0o640)
        self.config.chmod(0o644)

        def check():
            return subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--groups=daemon", program, "-c",
                                   self.config, "check"], capture_output=True, text=True, timeout=60)
        for folder, mode in ((data, 0o700), (data, 0o750), (data, 0o770), (self.folder / "closed" / "data", 0o700)):
            shutil.rmtree(data, ignore_errors=True)
            self.folder.chmod(0o755)
            self.write()
            self.config.chmod(0o644)
            self.config.write_text(self.config.read_text().replace('"data"', f'"{folder}"'))
            (folder / "queue").mkdir(parents=True)
            folder.parent.chmod(0o700 if folder != data else 0o755)
            shutil.chown(folder, "daemon", "daemon")
            folder.chmod(mode)
            done = check()
            self.assertEqual(done.returncode, 0, done.stderr)
            owner = "daemon" if folder == data else "the relay's account"
            self.assertIn(f"signpost: warning: {self.config}:2:12: data_dir: the account nobody may not look into {folder}",
                          done.stderr)
            self.assertIn(f": the queue is not checked; run signpost check as {owner} or as root\n", done.stderr)
            self.assertNotIn("chown", done.stderr)
            self.assertNotIn("limits.disk_free", done.stderr)
            self.assertIn(f"{self.config} is good\n", done.stdout)
            shutil.rmtree(folder)
        # The account that the file names is told what to do.
        self.write(general='user = "nobody"\n')
        (data / "queue").mkdir(parents=True)
        done = check()
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(f"{data} cannot be used: Permission denied for the account nobody; if {data} is for this relay "
                      f"alone, run as root: chown -R nobody {data}\n", done.stderr)

    def test_a_data_folder_that_is_open_to_all(self):
        self.write()
        data = self.folder / "data"
        data.mkdir()
        data.chmod(0o777)
        check = self.signpost("check")
        self.assertEqual((check.returncode, check.stdout), (1, ""))
        self.assertIn(f":2:12: data_dir: every account of this machine may remove and replace the mail in {data}; run "
                      f"chmod o-rwx {data}\n", check.stderr)
        with self.relay():
            pass
        self.assertIn("may remove and replace the mail", (self.folder / "log").read_text())
        data.chmod(0o755)
        self.both_accept("data_dir: every account of this machine may look into")

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("chattr"), "needs root and chattr")
    def test_an_immutable_data_folder_is_named_with_its_remedy(self):
        self.write()
        data = self.folder / "data"
        data.mkdir()
        for letter, name in (("i", "immutable"), ("a", "append-only")):
            if subprocess.run(["chattr", f"+{letter}", data], capture_output=True).returncode != 0:
                self.skipTest("the file system has no attributes")
            try:
                check = self.signpost("check")
            finally:
                subprocess.run(["chattr", f"-{letter}", data], check=True)
            self.assertEqual(check.returncode, 1)
            self.assertIn(f"data_dir: {data} cannot be used: it is {name}; as root run chattr -{letter} {data}\n",
                          check.stderr)
            self.assertEqual(list(data.iterdir()), [])

    def test_a_disk_with_less_space_than_is_to_be_kept(self):
        self.write(more='[limits]\ndisk_free = "1000TiB"\n')
        done = subprocess.run([PROGRAM, "-c", self.config, "check"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"signpost: warning: \S+:14:13: limits.disk_free: \S+ has \S+ .B free of \S+ .B, less "
                         r"than the 1.1 PB to be kept: mail is refused with 452 until there is more; make room, ")

    def test_a_broken_file_is_reported_in_the_format_that_it_asks_for(self):
        self.config.write_text('hostname = mail.shop.example\n[log]\nformat = "json"\n')
        serve = self.signpost("serve")
        self.assertEqual(serve.returncode, 78)
        event = json.loads(serve.stderr)
        self.assertEqual((event["event"], event["detail"]), (
            "start_failed", f'{self.config}:1:12: mail.shop.example is not in quotes; write "mail.shop.example"'))

    def test_a_reload_says_which_listeners_came_and_went(self):
        self.write(more='[[listener]]\nbind = "127.0.0.2:%d"\nmode = "plain"\n' % self.port)
        with self.relay():
            text = self.config.read_text()
            self.config.write_text(text.replace("127.0.0.2", "127.0.0.3").replace("workers = 1", "workers = 2"))
            self.check(self.signpost("reload"), 0, "reloaded\n",
                       "signpost: warning: workers: its change takes effect at a restart only\n")
            self.config.write_text(text.replace("127.0.0.2", "127.0.0.3"))
            self.check(self.signpost("reload"), 0, "reloaded\n")
        log = (self.folder / "log").read_text()
        self.assertEqual(log.count(f" listening bind=127.0.0.3:{self.port}"), 1)
        self.assertEqual(log.count(f" listener_closed bind=127.0.0.2:{self.port}"), 1)
        self.assertEqual(log.count("config_needs_restart key=workers"), 1, "changed back, it is as it runs")

    def test_a_refused_reload_is_counted_whoever_finds_the_mistake(self):
        """Mistakes that keep the command from reading its own file, too."""
        self.write()
        good = self.config.read_text()

        def numbers():
            text = urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics", timeout=10).read().decode()
            return [int(re.search(rf"^{name} (\d+)", text, re.M)[1]) for name in (
                'signpost_config_reloads_total{result="failed"}', "signpost_config_last_reload_successful")]
        with self.relay():
            self.assertEqual(numbers(), [0, 1])
            for count, (broken, mistake) in enumerate((
                    (good + "[log\n", "signpost.toml:13"),
                    (good + "[[[\n", "signpost.toml:13"),
                    (good.replace('"mail.shop.example"', "mail.shop.example"), "signpost.toml:1:12: "),
                    (good + 'socket = 5\n', "admin.socket: "),
                    (good + 'metrics = "perhaps"\n', "admin.metrics: "),
                    (good.replace("workers = 1", "workers = -1"), "workers: ")), start=1):
                self.config.write_text(broken)
                done = self.signpost("reload")
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn(mistake, done.stderr)
                self.assertTrue(done.stderr.endswith(
                    "signpost: nothing was reloaded; the old configuration stays in force\n"), done.stderr)
                self.assertEqual(numbers(), [count, 0])
            # A copy elsewhere is not what the relay reads.
            self.config.write_text(good)
            copy = self.folder / "copy.toml"
            copy.write_text(good + "[log\n")
            done = self.run_program("-c", copy, "reload")
            self.assertEqual(done.returncode, 1)
            self.assertTrue(done.stderr.endswith(
                f"signpost: the relay reloaded its own configuration, not {copy}\n"), done.stderr)
            self.assertEqual(numbers(), [count, 1])
        self.assertEqual((self.folder / "log").read_text().count(" config_reload_failed "), count)
        self.config.write_text(broken + "[log\n")
        done = self.signpost("reload")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.endswith(f"signpost: no running relay is found by what can be read of {self.config}: "
                                             "nothing was reloaded\n"), done.stderr)

    def test_a_reload_counts_the_logins(self):
        self.write()
        self.users.write_text(self.user("a", 'senders = ["@a.example"]\n') + self.user("b", 'senders = ["@b.example"]\n'))
        with self.relay():
            self.users.write_text(self.user("a", 'senders = ["@a.example"]\n'))
            done = self.signpost("reload")
            self.assertEqual((done.returncode, done.stdout), (0, "reloaded\n"))
            self.assertRegex(done.stderr, r"^signpost: warning: .*users.toml: 1 of 2 logins is gone: .*b")
            os.truncate(self.users, 0)
            self.assertIn("is empty", self.signpost("reload").stderr)
        log = (self.folder / "log").read_text()
        self.assertIn("users_before=2 users=1 ", log)
        self.assertRegex(log, r'config_doubtful detail=".*users.toml: 1 of 2 logins is gone: .*b')

    def test_the_file_itself(self):
        self.write(general='postmaster = "nobody"\n')
        self.both_refuse(':4:14: postmaster: "nobody" is not an address')
        self.write(general='user = "no such account"\n')
        if os.geteuid() == 0:
            self.both_refuse("user: there is no account no such account")
        (self.folder / "data").write_text("")
        self.write()
        self.both_refuse(f"data_dir: {self.folder}/data is not a folder")

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_what_the_account_cannot_read(self):
        for folder in (self.folder, *self.folder.parents):
            if folder.stat().st_mode & 0o005 != 0o005 and folder != self.folder:
                self.skipTest(f"{folder} is closed to others")
        self.folder.chmod(0o755)
        (self.folder / "data").mkdir()
        self.write(general='user = "nobody"\n', more=self.dkim())
        self.config.chmod(0o644)
        denied = "cannot be read by the account nobody: Permission denied; run this as root or as the relay's account"
        self.both_refuse(f"users.toml: {denied}", f"s1.pem: {denied}", f"token: {denied}")
        self.config.chmod(0o600)
        self.both_refuse(f"signpost.toml: {denied}")

    def test_every_mistake_at_once_in_json(self):
        self.write(more=self.dkim(file="s2.pem"))
        self.users.write_text('[shop]\npassword = "secret"\n')
        self.token.write_text("")
        errors = json.loads(self.signpost("check", "--json").stdout)["errors"]
        self.assertEqual([(e["file"], e.get("line"), e.get("key")) for e in errors],
                         [(str(self.users), 2, "shop.password"), (str(self.config), 16, "dkim.key"),
                          (str(self.config), 12, "admin.token_file")])

    def test_trailing_blanks_of_the_token_do_not_matter(self):
        self.token.write_text("open sesame \r\n")
        self.write()
        with self.relay():
            self.assertEqual(self.get("/api/v1/queue"), 401)
            self.assertEqual(self.get("/api/v1/queue", "open sesame"), 200)
            self.check(self.signpost("queue", "list"), 0, "0 jobs\n")

    def test_reload_takes_a_new_token_over(self):
        self.write()
        with self.relay() as relay:
            self.token.write_text("abracadabra\n")
            relay.send_signal(signal.SIGHUP)
            for _ in range(200):
                if self.get("/api/v1/queue", "abracadabra") == 200:
                    break
                time.sleep(0.05)
            self.assertEqual(self.get("/api/v1/queue", "abracadabra"), 200)
            self.assertEqual(self.get("/api/v1/queue", "open sesame"), 401)
            self.token.write_text("shazam\n")
            self.check(self.signpost("reload"), 0, "reloaded\n")  # over the socket: any token will do
            self.assertEqual(self.get("/api/v1/queue", "shazam"), 200)
            self.token.write_text("\n")
            self.refused(self.signpost("reload"), f"{self.config}:12:14: admin.token_file: {self.token}: is empty; "
                         "write the secret into it\n"
                         "signpost: nothing was reloaded; the old configuration stays in force")
            log = (self.folder / "log").read_text()
            self.assertIn("by=SIGHUP", log)
            self.assertRegex(log, f'by="[^"]*, uid {os.getuid()}, pid [0-9]+"')

    def test_metrics_are_open_on_loopback_unless_the_token_is_required(self):
        self.write(general='limits.disk_free = "10MiB"\n')  # or a nearly full disk makes it not ready
        with self.relay():
            self.assertEqual([self.get(path) for path in ("/healthz", "/readyz", "/metrics", "/api/v1/queue")],
                             [200, 200, 200, 401])
        self.write(more='metrics = "token"\n')
        with self.relay():
            self.assertEqual([self.get(path) for path in ("/healthz", "/readyz", "/metrics", "/api/v1/queue")],
                             [200, 200, 401, 401])
            self.assertEqual(self.get("/metrics", "open sesame"), 200)

    def test_a_socket_in_use_is_not_taken_over(self):
        self.write()
        with self.relay():
            self.port, self.admin = free_port(), free_port()
            taken = self.folder / "data/admin.sock"
            self.write(general="", more=f'socket = "{taken}"\n')
            self.config.write_text(self.config.read_text().replace('"data"', '"other"'))
            result = self.signpost("serve")
            self.assertEqual(result.returncode, 1)
            self.assertIn(f"signpost: admin.socket: {taken}: another process, perhaps a Signpost, listens there\n",
                          result.stderr)
            self.check(self.signpost("queue", "list"), 0, "0 jobs\n")

    def test_a_socket_left_by_a_crash_is_replaced(self):
        self.write()
        (self.folder / "data").mkdir()
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(self.folder / "data/admin.sock"))
        left.close()
        self.refused(self.signpost("reload"), f"no relay answers at 127.0.0.1:{self.admin} (admin.bind in "
                     f"{self.config}): is it running?")
        with self.relay():
            self.check(self.signpost("reload"), 0, "reloaded\n")
        self.assertFalse((self.folder / "data/admin.sock").exists())


class Dkim(Case):
    def keygen(self, *words):
        return self.run_program("dkim", "keygen", "--domain", "Shop.Example", "--selector", "s1",
                                "--out", self.folder / "key.pem", *words)

    def test_key_is_private_and_its_record_ready(self):
        for algorithm, kind in (("rsa", "rsa"), ("ed25519", "ed25519")):
            result = self.keygen("--algorithm", algorithm)
            self.assertEqual((result.returncode, result.stderr), (0, "" if kind == "rsa" else
                             "signpost: warning: many receivers cannot verify Ed25519: sign with an RSA key beside it\n"))
            self.assertTrue(result.stdout.startswith("s1._domainkey.shop.example"), result.stdout)
            self.assertIn(f"v=DKIM1; k={kind}; p=", result.stdout)
            key = self.folder / "key.pem"
            self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
            again = self.run_program("dkim", "record", "--key", key, "--domain", "shop.example",
                                     "--selector", "s1")
            self.check(again, 0, result.stdout)
            record = json.loads(self.run_program("dkim", "record", "--key", key, "--domain",
                                                 "shop.example", "--selector", "s1",
                                                 "--json").stdout)
            self.assertEqual(record["name"].rstrip("."), "s1._domainkey.shop.example")
            self.assertTrue(record["text"].startswith(f"v=DKIM1; k={kind}; p="))
            key.unlink()

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_key_of_root_is_for_the_relays_account(self):
        self.config.write_text(CONFIG.replace('user = ""', 'user = "nobody"'))
        self.assertEqual(self.signpost("dkim", "keygen", "--domain", "shop.example", "--selector", "s1", "--out",
                                       self.folder / "key.pem").returncode, 0)
        facts = (self.folder / "key.pem").stat()
        self.assertEqual((facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode)), (0, pwd.getpwnam("nobody").pw_gid, 0o640))

    def test_existing_key_is_never_overwritten(self):
        key = self.folder / "key.pem"
        key.write_text("precious")
        self.refused(self.keygen(), f"{key} exists already and is left as it is; name another file with --out, or print "
                     f"that key's record: signpost dkim record --key {key} --domain shop.example --selector s1")
        self.assertEqual(key.read_text(), "precious")

    def test_names_are_checked(self):
        out = self.folder / "key.pem"
        self.refused(self.run_program("dkim", "keygen", "--domain", "a b", "--selector", "s",
                                      "--out", out), '--domain: "a b" is not a domain name')
        self.refused(self.run_program("dkim", "keygen", "--domain", "a.example", "--selector", "s 1",
                                      "--out", out), '--selector: "s 1" is not a selector')
        self.assertFalse(out.exists())

    def test_wrong_key_is_named(self):
        key = self.folder / "key.pem"
        key.write_text("nonsense")
        result = self.run_program("dkim", "record", "--key", key, "--domain", "a.example",
                                  "--selector", "s")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertTrue(result.stderr.startswith(f"signpost: {key}: "), result.stderr)


class Users(Case):
    def setUp(self):
        super().setUp()
        self.users = self.folder / "users.toml"

    def test_password_comes_from_standard_input(self):
        self.check(self.signpost("user", "add", "shop", "--sender", "@Shop.example", "--sender",
                                 "a@b.example", input="secret words\r\nrest\n"),
                   0, f'"shop" is in {self.users}; run `signpost reload` to put it in force\n')
        text = self.users.read_text()
        self.assertRegex(text, r'^\[shop\]\npassword = "\{ARGON2ID\}\$argon2id\$')
        self.assertIn('senders = ["@shop.example", "a@b.example"]\n', text)
        self.assertNotIn("secret", text)
        self.assertEqual(stat.S_IMODE(self.users.stat().st_mode), 0o600)

    def test_existing_login_needs_replace(self):
        self.signpost("user", "add", "shop", "--sender", "@a.example", input="one\n")
        before = self.users.read_text()
        self.refused(self.signpost("user", "add", "shop", input="second words\n"),
                     f'{self.users}: user "shop" already exists; give --replace to change the '
                     'password')
        self.assertEqual(self.users.read_text(), before)
        self.assertEqual(self.signpost("user", "add", "shop", "--replace", input="two\n").returncode, 0)
        self.assertNotEqual(self.users.read_text(), before)
        self.assertIn("@a.example", self.users.read_text())

    def test_a_tenant_that_is_none_is_refused_before_the_relay_does(self):
        self.refused(self.signpost("user", "add", "shop", "--tenant", "nosuch", input="correct horse\n"),
                     f'unknown tenant "nosuch"; write [[tenant]] with name = "nosuch" in {self.config} first, or the relay '
                     "cannot start")
        self.assertFalse(self.users.exists())

    def test_a_short_password_is_taken_with_a_warning(self):
        self.check(self.signpost("user", "add", "shop", input="pw\n"), 0,
                   f'"shop" is in {self.users}; run `signpost reload` to put it in force\n',
                   "signpost: warning: the password has fewer than 8 characters: it can be guessed\n")

    def test_limits_and_tenant_of_a_login(self):
        with self.config.open("a") as config:
            config.write('[[tenant]]\nname = "acme"\ndomains = ["acme.example"]\n')
        self.signpost("user", "add", "shop", "--tenant", "acme", "--rate", "500/h", "--daily", "5000", input="one\n")
        self.assertIn('tenant = "acme"\nrate = "500/h"\ndaily = 5000\n', self.users.read_text())
        self.signpost("user", "add", "shop", "--replace", "--daily", "7", input="two\n")
        self.assertIn('tenant = "acme"\nrate = "500/h"\ndaily = 7\n', self.users.read_text())

    def test_what_cannot_be_a_login_is_refused(self):
        for words, text, error in (
                (["shop"], "", "no password was given"),
                (["shop"], "\n", "no password was given"),
                (["shop"], "x" * 1025 + "\n", "a password may have at most 1024 octets"),
                (["shop"], "a\0b\n", "a password cannot contain NUL"),
                (["a\nb"], "secret\n", "a name cannot contain control characters"),
                (["shop", "--sender", "shop.example"], "secret\n",
                 '--sender: "shop.example" has no "@"; write @shop.example for a domain, or an address'),
                (["shop", "--sender", "*.shop.example"], "secret\n",
                 '--sender: "*.shop.example" has no "@"; write @*.shop.example for a domain, or an address'),
                (["shop", "--sender", "a b"], "secret\n",
                 '--sender: "a b" has no "@"; write @shop.example for a domain, or an address'),
                (["shop", "--rate", "500"], "secret\n", '--rate: "500" is not a rate; write one from 1/h to 1000000/s, as in '
                 '500/h or 10/min')):
            self.refused(self.signpost("user", "add", *words, input=text), error)
        self.assertFalse(self.users.exists())

    def test_list_shows_no_hash(self):
        self.users.write_text(f'["who@b.example"]\npassword = "{HASH}"\n'
                              f'[a]\nsenders = ["@a.example"]\npassword = "{HASH}"\n')
        self.check(self.signpost("user", "list"), 0,
                   "NAME           SCHEME    SENDERS\n"
                   "a              ARGON2ID  @a.example\n"
                   "who@b.example  ARGON2ID  any domain with a key\n")
        self.assertEqual(json.loads(self.signpost("user", "list", "--json").stdout), {"users": [
            {"name": "a", "scheme": "ARGON2ID", "senders": ["@a.example"], "tenant": "", "class": ""},
            {"name": "who@b.example", "scheme": "ARGON2ID", "senders": [], "tenant": "", "class": ""}]})

    def test_list_shows_tenants_and_files_of_senders(self):
        (self.folder / "domains").write_text("b.example\nc.example\n")
        self.users.write_text(f'[a]\ntenant = "acme"\npassword = "{HASH}"\n'
                              f'[b]\nsenders = ["a@b.example"]\nsenders_file = "domains"\npassword = "{HASH}"\n')
        self.check(self.signpost("user", "list"), 0,
                   "NAME  SCHEME    SENDERS\n"
                   "a     ARGON2ID  the domains of acme\n"
                   f"b     ARGON2ID  a@b.example, 2 of {self.folder}/domains\n")

    def test_remove(self):
        self.users.write_text(f'# ours\n[a]\npassword = "{HASH}"\n')
        self.check(self.signpost("user", "remove", "a"), 0,
                   f'"a" is removed from {self.users}; run `signpost reload` to put it in force\n')
        self.assertEqual(self.users.read_text(), "# ours\n")
        self.refused(self.signpost("user", "remove", "a"), f'{self.users}: there is no user "a"')

    def test_file_may_be_named(self):
        other = self.folder / "other.toml"
        result = self.run_program("user", "add", "a", "--users", other, "-c", "/nowhere",
                                  input="secret\n")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(other.exists())

    def test_configuration_without_users_is_named(self):
        self.config.write_text(CONFIG.replace('[auth]\nusers = "users.toml"\n', ""))
        self.refused(self.signpost("user", "list"), f"{self.config} has no [auth] users; add it, or "
                     "give --users")

    def terminal(self, *answers):
        """Runs `user add shop` on a terminal of its own; gives exit status and what was shown."""
        child, terminal = pty.fork()
        if child == 0:
            os.execv(PROGRAM, [PROGRAM, "-c", str(self.config), "user", "add", "shop"])
        shown = b""
        pending = list(answers)
        while True:
            try:
                part = os.read(terminal, 1000)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
            if shown.endswith(b": ") and pending:
                os.write(terminal, pending.pop(0))
        _, status = os.waitpid(child, 0)
        os.close(terminal)
        return status, shown.decode()

    def test_terminal_is_asked_twice_without_echo(self):
        status, shown = self.terminal(b"secret\n", b"secret\n")
        self.assertEqual(status, 0, shown)
        self.assertIn("New password: ", shown)
        self.assertIn("Repeat it: ", shown)
        self.assertNotIn("secret", shown)
        self.assertTrue(self.users.exists())

    def test_after_a_mistype_the_password_is_asked_for_again(self):
        status, shown = self.terminal(b"secret\n", b"Secret\n", b"secret\n", b"secret\n")
        self.assertEqual(status, 0, shown)
        self.assertEqual(shown.count("The two passwords differ; once more."), 1)
        self.assertTrue(self.users.exists())

    def test_two_different_passwords_are_refused(self):
        status, shown = self.terminal(*[b"secret\n", b"Secret\n"] * 3)
        self.assertEqual(os.waitstatus_to_exitcode(status), 1)
        self.assertIn("signpost: the two passwords differ", shown)
        self.assertFalse(self.users.exists())

    def test_interrupt_ends_the_question(self):
        status, _ = self.terminal(b"sec\x03")
        self.assertTrue(os.WIFSIGNALED(status))
        self.assertFalse(self.users.exists())


JOB = {"id": "01hx", "number": 0, "state": "deferred", "from": "shop@a.example",
       "to": ["x@example.net"], "domain": "example.net", "size": 12345,
       "received": "2026-03-01T12:00:00Z", "attempts": 2, "due": "2026-03-01T13:00:00Z",
       "last_attempt": None, "last_reply": "450 4.7.1 later \x1b[31m", "last_remote": "mx.example.net",
       "user": "shop"}


class Init(Case):
    """A first configuration in a folder, without a terminal and at one; tests/package has the one in /etc."""

    def setUp(self):
        super().setUp()
        self.relay = self.folder / "relay"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=mail.shop.example", "-addext", "subjectAltName=DNS:mail.shop.example",
                        "-keyout", self.folder / "key.pem", "-out", self.folder / "certificate.pem"],
                       check=True, capture_output=True)

    def words(self, *more):
        return ["init", "--directory", self.relay, "--hostname", "mail.shop.example",
                "--certificate", self.folder / "certificate.pem", "--key", self.folder / "key.pem",
                "--listen", f"127.0.0.1:{free_port()}", "--account", "root", *more]

    def files(self):
        return {str(path.relative_to(self.relay)): stat.S_IMODE(path.stat().st_mode)
                for path in sorted(self.relay.rglob("*"))}

    def test_a_relay_from_options_and_defaults(self):
        result = self.run_program(*self.words(), input="secret\n")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.files(), {"dkim": 0o700, "dkim/shop.example.s1.pem": 0o600, "queue": 0o700,
                                        "signpost.toml": 0o600, "users.toml": 0o600})
        self.assertIn(f"{self.relay}/signpost.toml is good", result.stdout)  # check has the last word
        users = self.run_program("-c", self.relay / "signpost.toml", "user", "list", "--json")
        self.assertEqual([user["name"] for user in json.loads(users.stdout)["users"]], ["shop"])
        self.assertNotIn("secret", result.stdout + result.stderr)

    def test_what_is_piped_answers_no_question(self):
        words = [word for word in self.words() if word not in ("--hostname", "mail.shop.example")]
        named = subprocess.run(["unshare", "--uts", "sh", "-c", 'hostname nameless && exec "$@"', "sh", PROGRAM, *words],
                               input="a password\n", capture_output=True, text=True)
        if "unshare" in named.stderr:
            self.skipTest("needs the right to name a machine")
        self.assertNotIn("a password", named.stdout + named.stderr)
        self.assertIn("--hostname", named.stderr)

    def test_its_records_are_those_of_key_and_certificate(self):
        out = self.run_program(*self.words(), input="secret\n").stdout
        key = self.run_program("dkim", "record", "--domain", "shop.example", "--selector", "s1",
                               "--key", self.relay / "dkim/shop.example.s1.pem").stdout
        self.assertIn(key, out)
        public = subprocess.run(f"openssl x509 -in {self.folder}/certificate.pem -noout -pubkey | "
                                "openssl pkey -pubin -outform DER | sha256sum", shell=True, check=True,
                                capture_output=True, text=True).stdout.split()[0]
        self.assertRegex(out, rf"(?m)^_\d+\._tcp\.mail\.shop\.example\. IN TLSA 3 1 1 {public}$")

    def test_a_made_up_password_is_shown_and_works(self):
        result = self.run_program(*self.words("--generate-password"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"(?m)^Login shop, password [a-z2-9]{24} ")

    def test_nothing_that_exists_is_replaced_unasked(self):
        self.run_program(*self.words(), input="secret\n")
        before = {path: path.read_text() for path in self.relay.rglob("*") if path.is_file()}
        config = self.relay / "signpost.toml"
        self.refused(self.run_program(*self.words(), input="other\n"),
                     f"{config} exists already; --replace keeps it as signpost.toml.old")
        self.assertEqual({path: path.read_text() for path in before}, before)
        result = self.run_program(*self.words("--replace", "--domain", "shop.example"), input="")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual((self.relay / "signpost.toml.old").read_text(), before[config])
        self.assertIn("Login shop exists and keeps its password", result.stdout)
        config.write_text("# by hand\n")
        self.assertEqual(self.run_program(*self.words("--replace"), input="").returncode, 0)
        self.assertEqual((self.relay / "signpost.toml.old").read_text(), before[config])
        self.assertEqual((self.relay / "signpost.toml.old.2").read_text(), "# by hand\n")
        for path in before:
            if path != config:
                self.assertEqual(path.read_text(), before[path], path)

    def test_without_a_terminal_it_says_all_that_is_missing(self):
        result = self.run_program("init", "--directory", self.relay, "--hostname", "mail", "--domain", "-",
                                  "--certificate", self.folder / "none.pem")
        self.assertEqual(result.returncode, 1)
        self.assertIn("--hostname: ", result.stderr)
        self.assertIn("--domain: ", result.stderr)
        self.assertFalse(self.relay.exists())
        words = self.words()
        words[words.index("--certificate") + 1] = self.folder / "none.pem"
        result = self.run_program(*words, input="secret\n")
        self.refused(result, f"{self.folder}/none.pem: cannot be read: No such file or directory; --certificate names "
                     "another one, and `certbot certonly --standalone -d mail.shop.example` has one issued")
        self.assertFalse(self.relay.exists())
        self.assertIn("no password was given", self.run_program(*self.words()).stderr)
        self.assertFalse(self.relay.exists(), "no key was made for nothing")

    def test_all_problems_are_told_at_once_and_nothing_is_written(self):
        (self.folder / "key.pem").write_text("nonsense")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=a", "-keyout", "/dev/null",
                        "-out", self.folder / "certificate.pem"], check=True, capture_output=True)
        words = self.words()
        expected = ["certificate.pem has an RSA key of 1024 bits", "key.pem ", "no password was given"]
        if os.getuid() == 0:
            words[words.index("--account") + 1] = "nobody-at-all"
            expected.insert(0, "there is no account nobody-at-all")
        result = self.run_program(*words)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(result.stderr.splitlines()), len(expected), result.stderr)
        for line, words in zip(result.stderr.splitlines(), expected):
            self.assertIn(words, line)
        self.assertFalse(self.relay.exists())

    def test_a_password_that_is_mistyped_for_good_leaves_nothing_behind(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(PROGRAM, [PROGRAM, *map(str, self.words("--domain", "shop.example", "--selector", "s1", "--login", "till"))])
        seen, typed = "", 0
        with contextlib.suppress(OSError):
            while chunk := os.read(terminal, 4096).decode():
                seen += chunk
                while typed < 6 and seen.count("New password: ") + seen.count("Repeat it: ") > typed:
                    os.write(terminal, f"guess {typed}\n".encode())
                    typed += 1
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 1, seen)
        self.assertIn("the two passwords differ", seen)
        self.assertFalse(self.relay.exists())

    def at_terminal(self, words, answers):
        """What is seen when these answers, by the start of the question, are typed; all must be asked for."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(PROGRAM, [PROGRAM, *map(str, words)])
        seen = ""
        with contextlib.suppress(OSError):
            while chunk := os.read(terminal, 4096).decode():
                seen += chunk
                for question in [question for question in answers if question in seen]:
                    os.write(terminal, (answers.pop(question) + "\n").encode())
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, seen)
        os.close(terminal)
        self.assertEqual(answers, {})
        return seen

    def test_it_asks_at_a_terminal(self):
        words = self.words()
        at = words.index("--hostname")
        seen = self.at_terminal(words[:at] + words[at + 2:], {
            "Host name of the relay": "nonsense!\nmail.shop.example", "Domain that mail": "",
            "DKIM selector": "s2026", "Login of the first client": "till", "New password: ": "secret",
            "Repeat it: ": "secret"})
        self.assertIn('"nonsense!"', seen)
        self.assertIn("dkim/shop.example.s2026.pem", self.files())
        self.assertIn("[till]", (self.relay / "users.toml").read_text())

    def test_a_mistyped_password_costs_no_other_answer(self):
        seen = self.at_terminal(self.words(), {
            "Domain that mail": "", "DKIM selector": "", "Login of the first client": "till",
            "New password: ": "secret", "Repeat it: ": "Secret", "once more.\r\nNew password: ": "secret",
            "once more.\r\nNew password: \r\nRepeat it: ": "secret"})
        self.assertEqual(seen.count("Login of the first client"), 1)
        self.assertIn("[till]", (self.relay / "users.toml").read_text())

    def test_the_mode_of_a_listener_follows_from_its_option_or_port(self):
        words = self.words("--listen", "127.0.0.1:465", "--listen-tls", "127.0.0.1:2465")
        result = self.run_program(*words, input="secret\n")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"listener +127.0.0.1:465 implicit TLS")
        self.assertRegex(result.stdout, r"listener +127.0.0.1:2465 implicit TLS")
        self.assertEqual(len(re.findall(r"listener +127.0.0.1:\d+ starttls", result.stdout)), 1)

    def test_an_empty_account_is_refused_in_words(self):
        words = self.words()
        words[words.index("--account") + 1] = ""
        self.refused(self.run_program(*words), "--account: is empty; write root for a relay that stays root, or leave "
                     "the option out for the account signpost; see --help", 2)

    def test_yes_asks_nothing_at_a_terminal(self):
        self.assertRegex(self.at_terminal(self.words("--yes"), {}), r"Login shop, password [a-z2-9]{24} ")

    @unittest.skipUnless(os.getuid() == 0, "needs root")
    def test_the_account_of_roots_relay_reads_and_does_not_write(self):
        os.chmod(self.folder, 0o755)
        for name in ("key.pem", "certificate.pem"):
            shutil.chown(self.folder / name, "nobody")
        words = self.words()
        words[words.index("--account") + 1] = "nobody"
        result = self.run_program(*words, input="secret\n")
        self.assertEqual(result.returncode, 0, result.stderr)
        nobody = pwd.getpwnam("nobody")
        for name in ("signpost.toml", "users.toml", "dkim/shop.example.s1.pem"):
            facts = (self.relay / name).stat()
            self.assertEqual((facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode)), (0, nobody.pw_gid, 0o640))
        self.assertEqual((self.relay / "queue").stat().st_uid, nobody.pw_uid)
        words[words.index("--account") + 1] = "nobody-at-all"
        self.assertIn("there is no account nobody-at-all", self.run_program(*words, "--replace").stderr)

    @unittest.skipUnless(os.getuid() == 0, "needs root")
    def test_what_cannot_be_given_to_the_account_does_not_stay(self):
        """As in a container whose root may change no owner: the next try would leave it alone, and no relay could read it."""
        words = self.words()
        words[words.index("--account") + 1] = "nobody"
        done = subprocess.run(["setpriv", "--bounding-set=-chown", "--inh-caps=-chown", PROGRAM, *map(str, words)],
                              input="secret\n", capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{self.relay}: cannot be given to its owner: Operation not permitted", done.stderr)
        self.assertFalse(self.relay.exists())


class FakeRelay(http.server.BaseHTTPRequestHandler):
    """The admin API with answers that a test sets; remembers what it was asked."""
    answers = {}
    asked = []

    def answer(self, body=""):
        type(self).asked.append((self.command, self.path, body, self.headers.get("Authorization")))
        path = self.path.split("?")[0]
        status, text = type(self).answers.get(path, (404, {"error": "not found"}))
        if callable(text):
            text = text(urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query))
        data = (text if isinstance(text, str) else json.dumps(text)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def log_message(self, *_):
        pass


class Admin(Case):
    def setUp(self):
        super().setUp()
        FakeRelay.answers, FakeRelay.asked = {}, []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FakeRelay)
        thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.port = self.server.server_address[1]
        (self.folder / "token").write_text("open sesame\n")
        self.by_address()

    def by_address(self, port=None):
        self.config.write_text(CONFIG + f'[admin]\nbind = "127.0.0.1:{port or self.port}"\nsocket = ""\n'
                               'token_file = "token"\n')

    def by_socket(self, path):
        """What the socket answers, the address would not."""
        self.config.write_text(CONFIG + f'[admin]\nbind = "127.0.0.1:{free_port()}"\nsocket = "{path}"\n')

    def serve(self, path, answer, status=200):
        FakeRelay.answers[path] = (status, answer)

    def test_people_read_the_names_of_sites_in_u_labels(self):
        key = "mx:mx1.xn--bcher-kva.example,mx2.xn--bcher-kva.example"
        shown = "mx:mx1.bücher.example,mx2.bücher.example"
        site = {"site": key, "state": "backing_off", "waits_for": "mx1.xn--bcher-kva.example does not answer",
                "connections": 0, "connections_limit": 10, "lanes": 1, "jobs_in_memory": 1,
                "hosts": [{"name": "mx1.xn--bcher-kva.example", "rank": 0}],
                "some_lanes": [{"domain": "xn--bcher-kva.example", "account": "@xn--bcher-kva.example", "route": "", "priority": 0}]}
        pause = {"site": key, "since": "2026-03-01T00:00:00Z", "until": None, "by": "root", "reason": ""}
        self.serve("/api/v1/sites", {"sites": [site], "total": 1, "pauses": [pause], "routes": []})
        self.serve("/api/v1/site", {"name": key, "pause": None, "sites": [site], "total": 1})
        self.serve("/api/v1/site/pause", pause)
        self.serve("/api/v1/site/resume", {"site": key})
        for words in (["list"], ["show", "bücher.example"], ["pause", "bücher.example"], ["resume", "bücher.example"]):
            done = self.signpost("site", *words)
            self.assertEqual((done.returncode, done.stderr), (0, ""), words)
            self.assertIn(shown, done.stdout)
            self.assertNotIn("xn--", done.stdout)
            self.assertIn(key, self.signpost("site", *words, "--json").stdout)
        self.serve("/api/v1/site", {"error": "xn--bcher-kva.example has no site"}, 404)
        self.refused(self.signpost("site", "show", "bücher.example"), "bücher.example has no site")

    def test_a_login_is_shown_with_what_it_used(self):
        shop = {"name": "shop", "listed": True, "tenant": "acme", "senders": ["@a.example"], "senders_file": "",
                "listed_senders": 0, "otherwise": "reject", "recipients_per_message": 50, "limits": [
                    {"scope": "login", "name": "shop", "limit": "rate", "most": 500, "seconds": 3600, "used": 120,
                     "left": 380, "until": None},
                    {"scope": "server", "name": "", "limit": "daily", "most": 20000, "seconds": 86400, "used": 800,
                     "left": 19200, "until": "2026-03-02T00:00:00Z"}]}
        self.serve("/api/v1/user", shop)
        self.check(self.signpost("user", "show", "shop", env={"TZ": "CET-1"}), 0, """\
Login shop
  tenant       acme
  senders      @a.example
  otherwise    reject
  one message  50 recipients at most

COUNTS  NAME  LIMIT        USED   LEFT  UNTIL
login   shop  500 an hour   120    380  -
server  -     20000 a day   800  19200  2026-03-02T01:00:00+01:00
""")
        self.assertEqual(FakeRelay.asked[-1][:2], ("GET", "/api/v1/user?name=shop"))
        self.assertEqual(json.loads(self.signpost("user", "show", "shop", "--json").stdout), shop)
        for more, senders in (({"senders": [], "senders_file": "/d", "listed_senders": 7}, "7 of /d"),
                              ({"senders": []}, "the tenant's domains"),
                              ({"senders": [], "tenant": ""}, "any domain with a key"),
                              ({"senders": [], "tenant": "", "listed": False}, "its own address"),
                              ({"senders": [], "tenant": "", "listed": False, "name": "uid:33"}, "any")):
            self.serve("/api/v1/user", {**shop, "limits": [], **more})
            text = self.signpost("user", "show", "x").stdout
            self.assertIn(f"  senders      {senders}\n", text)
            self.assertIn("\nNo limit on recipients in a period of time.\n", text)
        self.serve("/api/v1/user", {"error": "there is no login x in /u"}, status=404)
        self.refused(self.signpost("user", "show", "x"), "there is no login x in /u")

    def test_list_is_a_table_in_local_time(self):
        second = {**JOB, "id": "01hy", "state": "ready", "from": "", "to": ["a@b.example"] * 5,
                  "due": None, "last_reply": "", "last_remote": "", "size": 7, "attempts": 0}
        self.serve("/api/v1/queue", {"jobs": [JOB, second], "next": ""})
        self.check(self.signpost("queue", "list", env={"TZ": "CET-1"}), 0, """\
ID    STATE      SIZE  RECEIVED                   DUE                        TRIES  FROM            TO                                                LAST REPLY
01hx  deferred  12345  2026-03-01T13:00:00+01:00  2026-03-01T14:00:00+01:00      2  shop@a.example  x@example.net                                     mx.example.net: 450 4.7.1 later \\x1b[31m
01hy  ready         7  2026-03-01T13:00:00+01:00  -                              0  <>              a@b.example, a@b.example, a@b.example and 2 more  -
2 jobs
""")

    def test_list_in_json_is_in_utc(self):
        self.serve("/api/v1/queue", {"jobs": [JOB], "next": ""})
        result = self.signpost("queue", "list", "--json", env={"TZ": "CET-1"})
        self.assertEqual(json.loads(result.stdout), {"jobs": [JOB], "more": False})
        self.serve("/api/v1/queue", {"jobs": [], "next": ""})
        self.assertEqual(json.loads(self.signpost("queue", "list", "--json").stdout),
                         {"jobs": [], "more": False})

    def test_list_follows_the_pages(self):
        pages = {None: ([JOB] * 2, "aa"), "aa": ([], "bb"), "bb": ([JOB], "")}

        def page(query):
            jobs, after = pages[query.get("after", [None])[0]]
            return {"jobs": jobs, "next": after}
        self.serve("/api/v1/queue", page)
        result = self.signpost("queue", "list", "--json")
        self.assertEqual(len(json.loads(result.stdout)["jobs"]), 3)
        self.assertTrue(self.signpost("queue", "list").stdout.endswith("\n3 jobs\n"))

    def test_list_says_when_there_is_more(self):
        self.serve("/api/v1/queue", {"jobs": [JOB], "next": "aa"})
        result = self.signpost("queue", "list", "--limit", 1)
        self.assertTrue(result.stdout.endswith("\n1 job, and there are more\n"), result.stdout)
        self.assertIn("limit=1", FakeRelay.asked[-1][1])
        result = self.signpost("queue", "list", "--limit", 1, "--json")
        self.assertTrue(json.loads(result.stdout)["more"])

    def test_filters_are_passed_on(self):
        self.serve("/api/v1/queue", {"jobs": [], "next": ""})
        self.check(self.signpost("queue", "list", "--to", "a&b=c.example", "--from", "<>", "--user",
                                 "ü x", "--state", "held"), 0, "0 jobs\n")
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(FakeRelay.asked[0][1]).query)
        self.assertEqual(query, {"to": ["a&b=c.example"], "from": ["<>"], "user": ["ü x"],
                                 "state": ["held"], "limit": ["1000"]})

    def test_show(self):
        message = {"id": "01hx", "from": "shop@a.example", "user": "shop", "peer": "192.0.2.1",
                   "received": "2026-03-01T12:00:00Z", "size": 12345, "message_id": "<m@a.example>",
                   "envelope_id": "", "notification": False, "jobs": [JOB]}
        self.serve("/api/v1/queue/01hx", message)
        self.check(self.signpost("queue", "show", "01hx"), 0, """\
Message 01hx
  from         shop@a.example
  user         shop
  peer         192.0.2.1
  received     2026-03-01T12:00:00+00:00
  size         12345
  message id   <m@a.example>

JOB  STATE     DUE                        TRIES  TO             LAST REPLY
  0  deferred  2026-03-01T13:00:00+00:00      2  x@example.net  mx.example.net: 450 4.7.1 later \\x1b[31m
""")
        self.assertEqual(json.loads(self.signpost("queue", "show", "01hx", "--json").stdout), message)
        self.refused(self.signpost("queue", "show", "01hz"), "there is no message 01hz in the queue")
        self.serve("/api/v1/queue/01hy", {"error": "no", "accepted": "2026-03-01T12:00:00Z"}, 404)
        self.refused(self.signpost("queue", "show", "01hy", env={"TZ": "CET-1"}),
                     "there is no message 01hy in the queue: it was delivered, bounced or removed, or was never here; "
                     'see the log: journalctl -u signpost --since "2026-03-01 13:00:00" | grep 01hy')
        self.refused(self.signpost("queue", "show", "../x"), '"../x" is not a queue ID')

    def test_explain(self):
        job = {**JOB, "reply_class": "rate", "waits_for": "", "last_attempt": "2026-03-01T12:28:10Z",
               "expires": "2026-03-03T12:00:00Z"}
        FakeRelay.answers["/api/v1/queue"] = (200, {"jobs": [job], "next": ""})
        out = self.signpost("queue", "explain", "01hx").stdout
        self.assertIn("/api/v1/queue?id=01hx&limit=20", [path for _, path, _, _ in FakeRelay.asked])
        for line in ("Message 01hx from shop@a.example to x@example.net",
                     "attempts     2, the last at 2026-03-01T12:28:10+00:00",
                     "meaning      The receiver takes no more for now",
                     "next         an attempt at about 2026-03-01T13:00:00+00:00, 32m after attempt 2\n",
                     "given up     by 2026-03-03T12:00:00+00:00, 2d after its acceptance; its sender gets a report then\n",
                     "signpost queue retry 01hx tries it at once"):
            self.assertIn(line, out)
        self.assertNotIn("\x1b", out)
        for change, line in (
                ({"state": "held"}, "next         nothing before somebody releases it: signpost queue release 01hx"),
                ({"state": "active"}, "next         it is being delivered at the moment"),
                ({"state": "ready", "attempts": 0, "last_reply": "", "due": None, "waits_for": "421 4.4.5 slow down"},
                 "waits for    421 4.4.5 slow down\n  next         an attempt as soon as the receiver is no longer held up"),
                ({"state": "ready", "attempts": 0, "last_reply": "", "waits_for": "4.4.3 DNS: MX of xn--bcher-kva.example"},
                 "waits for    4.4.3 DNS: MX of bücher.example\n"),
                ({"last_remote": "mx.xn--bcher-kva.example"}, "last reply   mx.bücher.example: "),
                ({"state": "ready", "attempts": 0, "last_reply": "", "due": None},
                 "next         an attempt as soon as a connection to the receiver is free")):
            FakeRelay.answers["/api/v1/queue"] = (200, {"jobs": [{**job, **change}], "next": ""})
            self.assertIn(line, self.signpost("queue", "explain", "x@example.net").stdout)
        for change in ({"state": "held", "expires": None}, {"expires": ""}):
            FakeRelay.answers["/api/v1/queue"] = (200, {"jobs": [{**job, **change}], "next": ""})
            self.assertNotIn("given up", self.signpost("queue", "explain", "x@example.net").stdout)
        self.assertIn("/api/v1/queue?to=x%40example.net&limit=20", [path for _, path, _, _ in FakeRelay.asked])
        FakeRelay.answers["/api/v1/queue"] = (200, {"jobs": [], "next": ""})
        self.refused(self.signpost("queue", "explain", "01hz"), "there is no message 01hz in the queue")  # as queue show
        self.refused(self.signpost("queue", "explain", "x@example.net"),
                     'no mail to "x@example.net" is in the queue: it was delivered, bounced or removed, or there was none; '
                     "see the log: journalctl -u signpost | grep -F x@example.net")

    def test_retry_and_remove(self):
        self.serve("/api/v1/queue/retry", {"matched": 3, "changed": 2, "busy": 1})
        self.check(self.signpost("queue", "retry", "01hx"), 0, "3 matched, 2 due now, 1 being delivered at the moment\n")
        self.serve("/api/v1/queue/remove", {"matched": 3, "changed": 3, "busy": 0})
        self.check(self.signpost("queue", "remove", "--to", "a.example", "--user", "shop", "--yes"), 0,
                   "3 matched, 3 removed\n")
        self.check(self.signpost("queue", "remove", "--from", "<>", "--json", "--yes"), 0,
                   '{\n  "busy": 0,\n  "changed": 3,\n  "matched": 3\n}\n')
        self.assertEqual([(method, path, json.loads(body)) for method, path, body, _ in
                          FakeRelay.asked],
                         [("POST", "/api/v1/queue/retry", {"id": "01hx"}),
                          ("POST", "/api/v1/queue/remove", {"to": "a.example", "user": "shop"}),
                          ("POST", "/api/v1/queue/remove", {"from": "<>"})])

    def test_what_was_not_removed_is_reported(self):
        self.serve("/api/v1/queue/remove", {"matched": 3, "changed": 2, "busy": 1})
        self.check(self.signpost("queue", "remove", "01hx"), 1, "3 matched, 2 removed\n",
                   "signpost: 1 not removed because it is being delivered at the moment; try again\n")
        self.serve("/api/v1/queue/remove", {"matched": 0, "changed": 0, "busy": 0})
        self.refused(self.signpost("queue", "remove", "01hx"), "nothing in the queue matches")

    def test_other_recipients_of_the_same_messages_are_mentioned(self):
        self.serve("/api/v1/queue/remove", {"matched": 1, "changed": 1, "busy": 0, "recipients": 1, "others": 49})
        self.check(self.signpost("queue", "remove", "--to", "u7@a.example", "--yes"), 0,
                   "1 matched, recipients removed: 1, other recipients of the same messages that stay: 49\n")
        self.serve("/api/v1/queue/retry", {"matched": 1, "changed": 1, "busy": 0, "recipients": 1, "others": 49})
        self.check(self.signpost("queue", "retry", "--to", "u7@a.example"), 0,
                   "1 matched, 1 due now, other recipients of the same messages that are tried with them: 49\n")

    SUMMARY = {"jobs": 2, "recipients": 3, "first": "01hx", "last": "01hz", "next": "",
               "states": [{"name": "deferred", "jobs": 2, "recipients": 3}],
               "domains": [{"name": "a.example", "jobs": 1, "recipients": 1},
                           {"name": "xn--bcher-kva.example", "jobs": 1, "recipients": 2}],
               "sites": [{"name": "", "jobs": 2, "recipients": 3}],
               "replies": [{"name": "450 4.7.1", "jobs": 2, "recipients": 3, "example": "450 4.7.1 later \x1b"}],
               "users": [{"name": "", "jobs": 1, "recipients": 1}, {"name": "shop", "jobs": 1, "recipients": 2}]}

    def on_terminal(self, *words, answer=b"", size=None):
        """With a terminal for standard input, and for standard output if it has a size (columns)."""
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        if size:
            fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, size, 0, 0))
        os.write(leader, answer)
        output = {"stdout": follower if size else subprocess.PIPE, "stderr": subprocess.PIPE}
        environment = {**{name: value for name, value in os.environ.items() if name != "COLUMNS"}, "TZ": "UTC"}
        result = subprocess.run([PROGRAM, "-c", self.config, *words], stdin=follower, timeout=60, text=True,
                                env=environment, **output)
        os.close(follower)
        if size:
            result.stdout = ""
            while "\n" not in result.stdout[-2:]:
                result.stdout += os.read(leader, 65536).decode()
            result.stdout = result.stdout.replace("\r\n", "\n")
        return result

    def test_remove_asks_on_a_terminal_what_a_summary_shows(self):
        self.serve("/api/v1/queue/summary", self.SUMMARY)
        self.serve("/api/v1/queue/remove", {"matched": 1, "changed": 1, "busy": 0})
        for answer, code, asked in ((b"n\n", 1, 1), (b"\n", 1, 1), (b"y\n", 0, 2)):
            FakeRelay.asked.clear()
            result = self.on_terminal("queue", "remove", "--to", "*.example", answer=answer)
            self.assertEqual((result.returncode, len(FakeRelay.asked)), (code, asked), result.stderr)
            self.assertIn("[y/N]", result.stderr)
            self.assertIn("2 jobs for 3 recipients\n", result.stderr)
            self.assertIn("bücher.example", result.stderr)
        # What is accepted after the question was not asked about.
        self.assertEqual(json.loads(FakeRelay.asked[1][2]), {"to": "*.example", "until": "01hz"})
        self.serve("/api/v1/queue/summary", {"jobs": 0, "recipients": 0, "next": ""})
        result = self.on_terminal("queue", "remove", "--all")
        self.refused(result, "nothing in the queue matches")

    def test_a_summary_adds_the_pages_up(self):
        def page(query):
            return {**self.SUMMARY, "next": {None: "aa", "aa": "bb", "bb": ""}[query.get("after", [None])[0]]}
        self.serve("/api/v1/queue/summary", page)
        self.check(self.signpost("queue", "summary", "--state", "deferred", "--limit", 1), 0, """\
6 jobs for 9 recipients

JOBS  RECIPIENTS  STATE
   6           9  deferred

JOBS  RECIPIENTS  DOMAIN
   3           3  a.example
   3           6  others

JOBS  RECIPIENTS  SITE
   6           9  not looked up yet

JOBS  RECIPIENTS  REPLY      FOR EXAMPLE
   6           9  450 4.7.1  450 4.7.1 later \\x1b

JOBS  RECIPIENTS  LOGIN
   3           3  without a login
   3           6  others
""")
        self.assertEqual([urllib.parse.parse_qs(urllib.parse.urlsplit(path).query) for _, path, _, _ in FakeRelay.asked],
                         [{"state": ["deferred"]}, {"state": ["deferred"], "after": ["aa"]},
                          {"state": ["deferred"], "after": ["bb"]}])
        summary = json.loads(self.signpost("queue", "summary", "--json").stdout)
        self.assertEqual((summary["jobs"], summary["last"]), (6, "01hz"))
        self.assertEqual(summary["domains"], [{"name": "a.example", "jobs": 3, "recipients": 3},
                                              {"name": "xn--bcher-kva.example", "jobs": 3, "recipients": 6}])

    def test_a_change_follows_the_pages(self):
        pages = iter([{"matched": 256, "changed": 256, "busy": 0, "next": "aa"},
                      {"matched": 0, "changed": 0, "busy": 0, "next": "bb"},
                      {"matched": 3, "changed": 2, "busy": 1, "next": ""}])
        self.serve("/api/v1/queue/retry", lambda _: next(pages))
        self.check(self.signpost("queue", "retry", "--all"), 0, "259 matched, 258 due now, 1 being delivered at the moment\n")
        self.assertEqual([json.loads(body) for _, _, body, _ in FakeRelay.asked],
                         [{"all": True}, {"all": True, "after": "aa"}, {"all": True, "after": "bb"}])

    def test_hold_and_release(self):
        self.serve("/api/v1/queue/hold", {"matched": 3, "changed": 2, "busy": 1})
        self.check(self.signpost("queue", "hold", "--user", "shop"), 1, "3 matched, 2 held\n",
                   "signpost: 1 not held because it is being delivered at the moment; try again\n")
        self.serve("/api/v1/queue/release", {"matched": 2, "changed": 2, "busy": 0})
        self.check(self.signpost("queue", "release", "--all"), 0, "2 matched, 2 released\n")
        self.serve("/api/v1/queue/retry", {"matched": 2, "changed": 1, "busy": 0, "held": 1})
        self.check(self.signpost("queue", "retry", "--all"), 0, "2 matched, 1 due now, 1 held: see queue release\n")

    def test_a_table_fits_the_terminal(self):
        wide = {**JOB, "from": "orders@" + "x" * 60 + ".example", "to": ["顧客@例え.example"], "last_reply": "450 " + "y" * 90}
        self.serve("/api/v1/queue", {"jobs": [JOB, wide], "next": ""})
        self.serve("/api/v1/queue/01hx", {"id": "01hx", "from": "shop@a.example", "jobs": [JOB, wide]})
        for size in (64, 80, 100, 160):
            lines = self.on_terminal("queue", "show", "01hx", size=size).stdout.splitlines()
            for line in lines:
                self.assertLessEqual(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line), size, line)
            self.assertIn("03-01 13:00", lines[-1])
            lines = self.on_terminal("queue", "list", size=size).stdout.splitlines()
            self.assertEqual(len(lines), 4, lines)
            for line in lines:
                self.assertLessEqual(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line), size, line)
            self.assertIn("01hx  ", lines[1])
            self.assertEqual("deferred" in lines[1], size >= 80, lines[1])
            self.assertEqual("FROM" in lines[0], size >= 100, lines[0])
            self.assertIn("03-01 13:00", lines[1])
            self.assertIn("…", lines[2])
            self.assertEqual("TRIES" in lines[0], size >= 100, lines[0])
            self.assertEqual("SIZE" in lines[0], size >= 160, lines[0])
        everything = self.signpost("queue", "list", env={"COLUMNS": "60"}).stdout
        self.assertIn("y" * 90, everything)

    def test_reload(self):
        self.serve("/api/v1/reload", {"result": "ok"})
        self.check(self.signpost("reload"), 0, "reloaded\n")
        self.serve("/api/v1/reload", {"errors": ["x.toml:1:2: a: bad", "y.toml: bad"]}, 409)
        self.check(self.signpost("reload"), 1, "", "signpost: x.toml:1:2: a: bad\n"
                   "signpost: y.toml: bad\n"
                   "signpost: nothing was reloaded; the old configuration stays in force\n")

    def test_mistakes_elsewhere_in_the_file_do_not_matter(self):
        with self.config.open("a") as config:
            config.write("[log]\nlevel = 1\n")
        self.serve("/api/v1/queue", {"jobs": [], "next": ""})
        self.check(self.signpost("queue", "list"), 0, "0 jobs\n")
        self.config.write_text(CONFIG + '[admin]\nbind = "nonsense"\n')
        result = self.signpost("queue", "list")
        self.assertEqual(result.returncode, 1)
        self.assertIn(":9:8: admin.bind: ", result.stderr)

    def test_token_is_shown_to_the_relay(self):
        self.serve("/api/v1/queue", {"jobs": [], "next": ""})
        self.check(self.signpost("queue", "list"), 0, "0 jobs\n")
        self.assertEqual(FakeRelay.asked[0][3], "Bearer open sesame")
        self.serve("/api/v1/queue", {"error": "no"}, 401)
        self.assertIn("requires the token", self.signpost("queue", "list").stderr)
        self.serve("/api/v1/queue", {"error": "not from here"}, 403)
        self.refused(self.signpost("queue", "list"), "not from here")
        (self.folder / "token").unlink()
        self.refused(self.signpost("queue", "list"), f'{self.config}: admin.socket is ""; {self.folder}/token: '
                     "cannot be read: No such file or directory")

    def test_the_environments_proxy_is_not_asked(self):
        self.serve("/api/v1/queue", {"jobs": [], "next": ""})
        proxy = {"http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}
        self.check(self.signpost("queue", "list", env=proxy), 0, "0 jobs\n")

    def test_the_socket_is_used_where_there_is_one(self):
        class UnixServer(http.server.ThreadingHTTPServer):
            address_family = socket.AF_UNIX

            def server_bind(self):
                self.socket.bind(self.server_address)
                self.server_name, self.server_port = "localhost", 0

            def get_request(self):
                return self.socket.accept()[0], ("socket", 0)

        path = self.folder / "admin.sock"
        server = UnixServer(str(path), FakeRelay)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.by_socket(path)
        self.serve("/api/v1/queue", {"jobs": [JOB], "next": ""})
        self.assertEqual(self.signpost("queue", "list", "--json").returncode, 0)
        self.serve("/api/v1/queue/retry", {"matched": 1, "changed": 1, "busy": 0})
        self.check(self.signpost("queue", "retry", "01hx"), 0, "1 matched, 1 due now\n")
        self.assertEqual([(asked[0], asked[3]) for asked in FakeRelay.asked], [("GET", None), ("POST", None)])

    def test_missing_relay_is_named(self):
        port = free_port()
        self.by_address(port)
        for words in (["queue", "list"], ["queue", "show", "x"], ["queue", "retry", "x"], ["reload"]):
            self.refused(self.signpost(*words), f"no relay answers at 127.0.0.1:{port} "
                         f"(admin.bind in {self.config}): is it running?")
        path = self.folder / "none" / "admin.sock"
        self.by_socket(path)
        for words in (["queue", "list"], ["reload"]):
            self.refused(self.signpost(*words), f"no relay answers at {path} (admin.socket in {self.config}): is it "
                         "running? If admin.socket or data_dir has been changed since its start, restart it: it keeps "
                         "the old one until then")
        self.config.write_text(CONFIG + '[admin]\nbind = ""\nsocket = ""\n')
        self.refused(self.signpost("queue", "list"), f'{self.config}: admin.socket is ""')

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_accounts_that_may_not_use_the_socket_learn_who_may(self):
        path = self.folder / "admin.sock"
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
            listening.listen()
            path.chmod(0o660)
            self.folder.chmod(0o755)
            self.config.chmod(0o644)
            self.by_socket(path)
            program = shutil.copy2(PROGRAM, self.folder)

            # Files that the environment names, as sanitizers have them, may be closed to that account.
            environment = {"PATH": os.environ["PATH"]}

            def as_nobody():
                return subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "-c",
                                       self.config, "queue", "list"], capture_output=True, text=True, timeout=60,
                                      env=environment)
            where = f"{path} (admin.socket in {self.config}): Permission denied: root"
            self.refused(as_nobody(), f"{where} and the members of group root may use it")
            closed = self.folder / "closed"
            closed.mkdir(0o700)
            self.by_socket(closed / "admin.sock")
            self.refused(as_nobody(), f"{closed}/admin.sock (admin.socket in {self.config}): Permission denied: "
                         "root may use it")

    def test_strange_answers_are_survived(self):
        for answer in ("", "nonsense", "[]", "{}", '{"jobs": 5}', '{"jobs": [{"to": {}}]}',
                       '{"jobs": [{"id": 5, "to": [1], "due": true}]}'):
            self.serve("/api/v1/queue", answer)
            result = self.signpost("queue", "list")
            self.assertIn(result.returncode, (0, 1), answer)
            self.assertRegex(result.stdout + result.stderr, r"jobs?\n$|answered 200\n$", answer)
        self.serve("/api/v1/queue", {"error": "the queue is upset"}, 503)
        self.refused(self.signpost("queue", "list"), "the queue is upset")


class NameServer(threading.Thread):
    """Answers questions for MX records on a loopback port; other names do not exist."""

    def __init__(self, records):
        super().__init__()
        self.records = records  # domain: [(preference, host)], or None: no answer that is of use
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    @staticmethod
    def encoded(name):
        labels = [label for label in name.split(".") if label]
        return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"

    def answer(self, query):
        end = query.index(b"\0", 12) + 1
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        name, question = ".".join(labels), query[12:end + 4]
        hosts = self.records.get(name, [])
        code = 2 if hosts is None else 0 if name in self.records else 3
        answers = b""
        if struct.unpack(">H", query[end:end + 2])[0] != 15:
            hosts = []
        for preference, host in hosts or []:
            data = struct.pack(">H", preference) + self.encoded(host)
            answers += self.encoded(name) + struct.pack(">HHIH", 15, 1, 60, len(data)) + data
        return query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(hosts or []), 0, 0) + question + answers

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            if not query:
                return
            self.socket.sendto(self.answer(query), peer)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", ("127.0.0.1", self.port))
        self.join()
        self.socket.close()


class Providers(Case):
    def setUp(self):
        super().setUp()
        self.dns = NameServer({
            "shop.example": [(20, "alt1.aspmx.l.google.com"), (10, "aspmx.l.google.com")],
            "mixed.example": [(10, "mx.mixed.example"), (20, "mx1.mail.ovh.net")],
            "null.example": [(0, ".")],
            "broken.example": None,
            "plain.example": [],
        })
        self.dns.start()
        self.addCleanup(self.dns.close)
        self.configure()

    def configure(self, more=""):
        self.config.write_text(CONFIG + f'[dns]\nservers = ["127.0.0.1:{self.dns.port}"]\n{more}')

    def json(self, *words):
        done = self.signpost("provider", *words, "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def test_list_and_show(self):
        listed = self.json("list")
        names = {provider["name"]: provider for provider in listed["providers"]}
        self.assertIsNone(listed["file"])
        self.assertIn("*.google.com", names["google"]["mx"])
        self.assertEqual(names["yahoo"]["messages_per_connection"], 20)
        table = self.signpost("provider", "list")
        self.assertEqual(table.returncode, 0)
        self.assertTrue(table.stdout.startswith(f"Providers, edition {listed['edition']}, built in\nNAME "), table.stdout)
        self.assertEqual(len(table.stdout.splitlines()), 2 + len(names))
        shown = self.json("show", "orange")
        self.assertEqual((shown["name"], shown["connections"]), ("orange", 2))
        self.assertIn({"address"}, [{reply["class"]} for reply in shown["replies"]])
        self.assertTrue(shown["common_replies"])
        text = self.signpost("provider", "show", "orange").stdout
        self.assertIn("ofr_416", text)
        self.refused(self.signpost("provider", "show", "oragne"),
                     f"no provider oragne in edition {listed['edition']}, built in; signpost provider list shows their names")
        self.assertEqual(self.signpost("provider", "show").returncode, 2)

    def test_a_file_takes_the_place_of_the_built_in_edition(self):
        file = self.folder / "own.toml"
        file.write_text('version = 1\nedition = "2027-01-02"\n')
        self.configure('[delivery]\nproviders = "own.toml"\n')
        self.assertEqual(self.json("list"), {"edition": "2027-01-02", "file": str(file), "providers": []})
        self.check(self.signpost("provider", "list"), 0,
                   f"Providers, edition 2027-01-02, {file}\n"
                   "None: every receiver has the limits of the configuration.\n")
        file.write_text('version = 9\nedition = "2027-01-02"\n')
        self.refused(self.signpost("provider", "list"),
                     f"{file}:1:11: version: 9 is not a known format; write 1, the format that this program reads")

    def test_mistakes_elsewhere_do_not_matter(self):
        self.configure("[limits]\nsessions = 0\n")
        self.assertEqual(self.json("test", "shop.example")["provider"], "google")

    def test_a_domain_is_that_of_its_mx_hosts(self):
        found = self.json("test", "Shop.Example.")
        self.assertEqual(found["domain"], "shop.example")
        self.assertEqual([(host["preference"], host["host"], host["provider"]) for host in found["hosts"]],
                         [(10, "aspmx.l.google.com", "google"), (20, "alt1.aspmx.l.google.com", "google")])
        self.assertEqual(found["limits"]["connections"], {"value": "10", "from": "provider google"})
        self.assertEqual((found["provider"], found["route"], found["destination"]), ("google", None, None))
        mixed = self.json("test", "mixed.example")
        self.assertEqual([host["provider"] for host in mixed["hosts"]], ["other", "ovh"])
        self.assertEqual(mixed["provider"], "other")
        self.assertEqual(mixed["limits"]["rate"], {"value": None, "from": "default"})
        self.assertEqual(self.json("test", "plain.example")["hosts"],
                         [{"host": "plain.example", "preference": 0, "provider": "other"}])
        text = self.signpost("provider", "test", "shop.example").stdout
        self.assertIn("  host      aspmx.l.google.com, preference 10: google\n", text)
        self.refused(self.signpost("provider", "test", "bücher.example"), "bücher.example does not exist")
        self.assertIn("  limit     connections 10 (provider google)\n", text)

    def test_a_destination_comes_before_the_provider_and_a_route_before_the_dns(self):
        self.configure('[[destination]]\nmatch = ["*.other.example", "shop.example"]\nconnections = 3\nrate = "5/s"\n'
                       '[[route]]\nrecipients = ["routed.example"]\nsenders = ["@a.example"]\n'
                       'via = "smtp://mx1.mail.ovh.net:2525"\n')
        found = self.json("test", "shop.example")
        self.assertEqual(found["destination"], ["*.other.example", "shop.example"])
        self.assertEqual(found["limits"]["connections"], {"value": "3", "from": "[[destination]]"})
        self.assertEqual(found["limits"]["rate"], {"value": "5/s", "from": "[[destination]]"})
        self.assertEqual(found["limits"]["recipients_per_transaction"], {"value": "100", "from": "provider google"})
        routed = self.json("test", "routed.example", "--from", "b@a.example")
        self.assertEqual(routed["route"], "smtp://mx1.mail.ovh.net:2525")
        self.assertEqual(routed["hosts"], [{"host": "mx1.mail.ovh.net", "preference": None, "provider": "ovh"}])
        self.refused(self.signpost("provider", "test", "routed.example"), "routed.example does not exist")

    def test_a_domain_that_cannot_be_delivered_to_is_refused(self):
        self.refused(self.signpost("provider", "test", "null.example"),
                     'null.example takes no mail: its MX record is "." (RFC 7505)')
        self.refused(self.signpost("provider", "test", "no.example"), "no.example does not exist")
        self.assertIn("the MX records of broken.example cannot be looked up now: ",
                      self.signpost("provider", "test", "broken.example").stderr)
        self.refused(self.signpost("provider", "test", "a b"), '"a b" is not a domain name')
        self.refused(self.signpost("provider", "test", "shop.example", "--from", "nobody"), "nobody is not an address")

    def test_a_reply_is_read(self):
        read = self.json("test", "shop.example", "--reply", "421-4.7.28 Gmail has detected\n421 4.7.28 an unusual rate")["reply"]
        self.assertEqual((read["class"], read["common"], read["pattern"]["status"]), ("rate", False, ["4.7.28"]))
        read = self.json("test", "mixed.example", "--reply", "550 5.7.1 listed in zen.spamhaus.org")["reply"]
        self.assertEqual((read["class"], read["common"]), ("policy", True))
        read = self.json("test", "mixed.example", "--reply", "550 5.1.1 Gone")["reply"]
        self.assertEqual((read["class"], read["pattern"]), ("address", None))
        for command, expected in (("connect", "policy"), ("mail", "policy"), ("rcpt", "address"), ("data", "other"), ("dot", "address")):
            read = self.json("test", "mixed.example", "--reply", "550 5.1.1 Gone", "--command", command)["reply"]
            self.assertEqual(read["class"], expected, command)
        text = self.signpost("provider", "test", "mixed.example", "--reply", "550 5.1.1 Gone", "--command", "mail").stdout
        self.assertIn("its code and enhanced status; not address, since it is not about one recipient\n", text)
        self.assertEqual(self.signpost("provider", "test", "mixed.example", "--reply", "550", "--command", "noop").returncode, 2)
        text = self.signpost("provider", "test", "mixed.example", "--reply", "450 4.2.0 Greylisted").stdout
        self.assertRegex(text, r"  class     rate\n  decided   by line \d+ of the built-in providers.toml; text greylist")
        self.refused(self.signpost("provider", "test", "shop.example", "--reply", "no such user"),
                     '--reply is not a reply; write its code and what follows, as in "550 5.1.1 User unknown"')
        empty = self.signpost("provider", "test", "shop.example", "--reply", "")
        self.assertEqual(empty.returncode, 2)


class PublishedKeys(Case):
    """check --dns: what is not to be looked up is unknown, not wrong."""

    def check_dns(self, port):
        self.config.write_text(CONFIG + f'[dns]\nservers = ["127.0.0.1:{port}"]\n'
                               '[[dkim]]\ndomain = "shop.example"\nselector = "s1"\nkey = "s1.pem"\n')
        done = self.signpost("check", "--dns")
        self.assertEqual(done.returncode, 1)
        published = json.loads(self.signpost("check", "--dns", "--json").stdout)["published"]
        self.assertEqual([record["name"] for record in published], ["s1._domainkey.shop.example"])
        self.assertIn("not compared: SPF, DMARC, the addresses of hostname and their reverse names\n", done.stdout)
        return done, published[0]

    def test_a_name_server_that_is_away_leaves_the_record_unknown(self):
        self.run_program("dkim", "keygen", "--domain", "shop.example", "--selector", "s1", "--out", self.folder / "s1.pem",
                         "--algorithm", "ed25519")
        (self.folder / "users.toml").write_text(f'[shop]\npassword = "{HASH}"\n')
        for records in ({"s1._domainkey.shop.example": None}, None):
            port = free_port()
            if records:
                server = NameServer(records)
                server.start()
                self.addCleanup(server.close)
                port = server.port
            done, record = self.check_dns(port)
            self.assertIn("s1._domainkey.shop.example: not compared, since it cannot be looked up now: ", done.stderr)
            self.assertIn("  published s1._domainkey.shop.example: unknown, see above\n", done.stdout)
            self.assertNotIn("publish", done.stderr)
            self.assertIsNone(record["ok"])
        server = NameServer({})
        server.start()
        self.addCleanup(server.close)
        done, record = self.check_dns(server.port)
        self.assertIn('no such record; publish "v=DKIM1; k=ed25519; p=', done.stderr)
        self.assertIn("  published s1._domainkey.shop.example: wrong, see above\n", done.stdout)
        self.assertIs(record["ok"], False)


class Reference(Case):
    """The tables from which the documents are made (docs/regenerate --check compares those)."""

    def reference(self, *words):
        result = self.run_program("reference", *words)
        self.assertEqual((result.returncode, result.stderr), (0, ""), words)
        return result.stdout

    def test_keys(self):
        self.assertEqual(self.reference("keys", "--format", "json"),
                         self.run_program("check", "--keys", "--json").stdout)
        text = self.reference("keys")
        self.assertIn("## [[listener]]\n\n| key | default | meaning |\n|---|---|---|\n| `bind` | required | "
                      "Address and port to listen on, or a unix socket for programs of this machine", text)
        man = self.reference("keys", "--format", "man")
        self.assertIn('.SH "[delivery]"\n.TP\n.B port\nPort of MX hosts.\nWrite a whole number from 1 to '
                      "65535.\nDefault: 25.\n", man)

    def test_commands(self):
        commands = {command["command"]: command
                    for command in json.loads(self.reference("commands", "--format", "json"))["commands"]}
        self.assertEqual(commands["queue"]["subcommands"],
                         ["list", "summary", "show", "explain", "retry", "hold", "release", "remove", "bounce",
                          "redirect"])
        self.assertEqual(commands["site"]["subcommands"], ["list", "show", "pause", "resume"])
        options = {option["name"]: option for option in commands["queue list"]["options"]}
        self.assertEqual(options["--state"]["choices"], ["ready", "active", "deferred", "scheduled", "held"])
        self.assertEqual((options["--limit"]["value"], options["--limit"]["default"]), ("NUMBER", "0"))
        self.assertEqual((options["--json"]["value"], options["--json"]["default"]), ("", None))
        login = commands["user add"]["options"][1]
        self.assertTrue(login["positional"] and login["required"])
        self.assertIn("-f ADDRESS or -r ADDRESS: the envelope sender.", commands["sendmail"]["details"][1])
        self.assertIn("signpost user add [--users FILE] NAME [--sender ADDRESS]... [--tenant NAME] "
                      "[--class transactional|bulk] [--rate NUMBER/PERIOD] "
                      "[--daily NUMBER] [--replace] [--no-password]\n",
                      self.reference("commands"))
        self.assertIn("\\fBuser remove\\fR [\\fB\\-\\-users\\fR \\fIFILE\\fR] \\fINAME\\fR\nRemove a login.\n",
                      self.reference("commands", "--format", "man"))

    def test_what_cannot_be_printed_is_refused(self):
        self.refused(self.run_program("reference", "keys", "--format", "zsh"),
                     "keys cannot be printed as zsh")
        self.assertEqual(self.run_program("reference", "nonsense").returncode, 2)

    @unittest.skipUnless(shutil.which("bash"), "needs bash")
    def test_bash_completes(self):
        def complete(*words):
            script = (f'source "{SOURCE}/etc/completion/signpost.bash"; COMP_WORDS=("$@"); '
                      'COMP_CWORD=$(($# - 1)); _signpost; echo "${COMPREPLY[*]}"')
            return subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True,
                                  text=True, check=True, timeout=60).stdout.split()
        self.assertEqual(complete("signpost", "qu"), ["queue"])
        self.assertEqual(complete("signpost", "-c", "user", "queue", "re"),
                         ["retry", "release", "remove", "redirect"])
        self.assertEqual(complete("signpost", "queue", "list", "--st"), ["--state"])
        self.assertEqual(complete("signpost", "queue", "list", "--state", "d"), ["deferred"])
        self.assertEqual(complete("signpost", "user", "add", "shop", "--re"), ["--replace"])
        self.assertEqual(complete("signpost", "--c"), ["--config"])
        self.assertEqual(complete("signpost", "reference", "k"), ["keys"])
        self.assertEqual(complete("signpost", "provider", "test", "--r"), ["--reply"])

    @unittest.skipUnless(shutil.which("fish"), "needs fish")
    def test_fish_completes(self):
        def complete(line):
            script = f'source "{SOURCE}/etc/completion/signpost.fish"; complete -C "{line}"'
            lines = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True,
                                   check=True, timeout=60, env={**os.environ, "HOME": str(self.folder)}).stdout
            return [line.split("\t")[0] for line in lines.splitlines()]
        self.assertEqual(complete("signpost qu"), ["queue"])
        self.assertEqual(sorted(complete("signpost -c user queue re")), ["redirect", "release", "remove", "retry"])
        self.assertEqual(complete("signpost queue list --st"), ["--state"])
        self.assertEqual(complete("signpost queue list --state d"), ["deferred"])
        self.assertEqual(complete("signpost user add shop --re"), ["--replace"])
        self.assertEqual(complete("signpost reference k"), ["keys"])

    def test_shells_complete_logins(self):
        """Of the file of users; a login with characters that a shell gives a meaning is not offered."""
        bin_folder = self.folder / "bin"
        bin_folder.mkdir()
        program = bin_folder / "signpost"
        program.write_text(f'#!/bin/sh\nexec {PROGRAM} -c {self.config} "$@"\n')
        program.chmod(0o700)
        (self.folder / "users.toml").write_text("".join(
            f'["{name}"]\npassword = "{HASH}"\n' for name in ("shop", "sh$(touch x)", "other")))
        environment = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(self.folder)}
        scripts = {
            "bash": 'COMP_WORDS=(signpost user remove sh); COMP_CWORD=3; source "$1"; _signpost; '
                    'echo "${COMPREPLY[@]}"',
            "fish": 'source "$argv[1]"; complete -C "signpost user remove sh"',
        }
        for shell, script in scripts.items():
            if not shutil.which(shell):
                continue
            words = [shell, "-c", script] + ([shell] if shell == "bash" else [])
            done = subprocess.run([*words, f"{SOURCE}/etc/completion/signpost.{shell}"], capture_output=True,
                                  text=True, check=True, timeout=60, cwd=self.folder, env=environment)
            self.assertEqual(done.stdout.split(), ["shop"], shell)


    def test_shells_complete_sites_and_routes(self):
        """Names with colons, which bash takes for the ends of words; not what a shell would interpret."""
        bin_folder = self.folder / "bin"
        bin_folder.mkdir()
        program = bin_folder / "signpost"
        listing = {"sites": [{"site": "mx:mx.example.net", "group": ""}, {"site": "mx:a.example>b.example", "group": ""},
                             {"site": "mx:mx.google.example", "group": "google"}, {"site": "mx:$(touch x)", "group": ""}],
                   "routes": [{"via": "smtp://relay.example:25"}, {"via": "smtp://[2001:db8::5]:25"}]}
        program.write_text(f"#!/bin/sh\ntest \"$1 $2\" = 'site list' && cat <<'END'\n{json.dumps(listing, indent=2)}\nEND\n")
        program.chmod(0o700)
        environment = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(self.folder)}

        def complete(shell, script):
            words = [shell, "-c", script] + ([shell] if shell == "bash" else [])
            done = subprocess.run([*words, f"{SOURCE}/etc/completion/signpost.{shell}"], capture_output=True, text=True,
                                  check=True, timeout=60, cwd=self.folder, env=environment)
            return [line.split("\t")[0] for line in done.stdout.splitlines() if line]

        def in_bash(*words):
            script = (f'COMP_WORDS=({" ".join(words)}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_WORDBREAKS=$\' \\t\\n:=\'; '
                      'source "$1"; _signpost; printf "%s\\n" "${COMPREPLY[@]}"')
            return complete("bash", script)

        if shutil.which("bash"):
            self.assertEqual(in_bash("signpost", "queue", "hold", "--site", "g"), ["google"])
            self.assertEqual(in_bash("signpost", "site", "pause", "mx", ":", "mx.ex"), ["mx.example.net"])
            self.assertEqual(in_bash("signpost", "site", "resume", "mx", ":"), ["mx.example.net", "mx.google.example"])
            self.assertEqual(in_bash("signpost", "queue", "redirect", "--via", "smtp", ":", "//r"), ["//relay.example:25"])
            self.assertEqual(in_bash("signpost", "queue", "redirect", "--via", "smtp", ":", "//r", ":", "2"), [])
            self.assertEqual(in_bash("signpost", "queue", "redirect", "--via", "smtp", ":", "//relay.example", ":", "25", "--cl"),
                             ["--clear"])
        if shutil.which("fish"):
            for line, found in (("queue hold --site g", ["google"]),
                                ("site pause mx:mx.ex", ["mx:mx.example.net"]),
                                ("queue redirect --via smtp://r", ["smtp://relay.example:25"])):
                self.assertEqual(complete("fish", f'source "$argv[1]"; complete -C "signpost {line}"'), found, line)
        self.assertFalse((self.folder / "x").exists())


if __name__ == "__main__":
    unittest.main()
