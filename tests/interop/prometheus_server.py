"""A real Prometheus beside the relays of a test, and the alert rules in a shape that fires within seconds."""

import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import harness

PORT = 9090
RULES = harness.ROOT / "etc/prometheus/signpost.rules.yml"
UNITS = {"s": 1, "m": 60, "h": 3600}
LONGEST_FOR = 10  # seconds


def quick(duration):
    """A sixtieth; of a quarter of an hour and more a fifteenth, so that three starts fit in."""
    seconds = int(duration[:-1]) * UNITS[duration[-1]]
    return seconds // (15 if seconds >= 900 else 60)


def quickened(rules):
    """The rules as they fire within seconds.

    Every range is divided as quick() says, and every `for` by 60, to at most ten seconds. Of the thresholds the one that is an
    age of mail becomes less (`signpost_queue_oldest_seconds ... > 300` becomes `> 5`). The others, which are shares, counts
    and the days of a certificate, stay as they are.
    """
    rules = re.sub(r"\[(\d+[smh])\]", lambda found: f"[{quick(found[1])}s]", rules)
    rules = re.sub(r"\[(\d+[smh]):1m\]", lambda found: f"[{quick(found[1])}s:1s]", rules)
    rules = re.sub(r"(?m)^( +for: )(\d+)m$", lambda found: f"{found[1]}{min(int(found[2]), LONGEST_FOR)}s", rules)
    assert not re.search(r"[\[:]\d+[mhd]", rules), "a duration of another form"
    rules, ages = re.subn(r'(signpost_queue_oldest_seconds\{state="ready"\}\) > )300\b', r"\g<1>5", rules)
    assert ages == 1, "the age of mail has another threshold now"
    return rules


class Prometheus:
    """Scrapes `targets` (host, port) every half second as the job "signpost".

    `inside`: the words that run a command where the targets are, as in another network namespace.
    """

    def __init__(self, folder, host, targets, rules=None, inside=()):
        folder.mkdir()
        self.inside = list(inside)
        self.url = f"http://{host}:{PORT}"
        lines = ["global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}",
                 "scrape_configs:", "  - job_name: signpost", "    static_configs:",
                 f"      - targets: [{', '.join(f'{name}:{port}' for name, port in targets)}]"]
        if rules:
            (folder / "rules.yml").write_text(rules)
            lines.append("rule_files: [rules.yml]")
        (folder / "prometheus.yml").write_text("\n".join(lines) + "\n")
        self.process = harness.Process(
            [*self.inside, harness.peer_program("usr/bin/prometheus"), f"--config.file={folder}/prometheus.yml",
             f"--storage.tsdb.path={folder}/data", f"--web.listen-address={host}:{PORT}", "--log.level=warn"],
            folder / "prometheus.log", env=harness.peer_environment())
        harness.wait_until(lambda: self.process.check_alive() and self.ready(), "Prometheus")

    def fetch(self, path):
        """The body of the answer; an OSError if there is none, or one of 400 and more."""
        if self.inside:
            done = subprocess.run([*self.inside, "curl", "-sS", "--fail-with-body", "--max-time", "10", self.url + path],
                                  capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise OSError(done.stderr + done.stdout)
            return done.stdout
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as reply:
                return reply.read().decode()
        except urllib.error.HTTPError as error:
            raise OSError(error.read().decode()) from error

    def ready(self):
        try:
            self.fetch("/-/ready")
            return True
        except OSError:  # not there yet, or 503
            return False

    def query(self, expression):
        """[(labels, value)] of an instant vector; a mistake in the expression is an error."""
        try:
            answer = json.loads(self.fetch("/api/v1/query?" + urllib.parse.urlencode({"query": expression})))
        except OSError as error:
            raise AssertionError(f"{expression}: {error}") from error
        return [(one["metric"], float(one["value"][1])) for one in answer["data"]["result"]]

    def stop(self):
        self.process.kill()
