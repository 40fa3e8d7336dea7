"""One run: the load on one side of a relay, the sink on the other, and a check of all that arrived."""

import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import time

import harness
from comparison.cost import output_of
from comparison.relays import DOMAIN, HOST, RELAY_PORT, SELECTOR, SINK_HOST, SINK_PORT, more_files

SIZE = 4096
SAMPLE = 5


def pinned(cores):
    return ["taskset", "--cpu-list", ",".join(map(str, cores))] if cores else []


def children_seconds():
    """CPU time of the children that are gone: here, the load and the sink."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Bench:
    """The programs, the keys and the folder that all runs share."""

    def __init__(self, bin_folder, work, keys):
        self.bin, self.work, self.keys = bin_folder, work, keys

    def load(self, messages, *options, connections=50, size=SIZE, port=RELAY_PORT, cores=None):
        more_files()
        return json.loads(output_of(*pinned(cores), self.bin / "signpost-load", "--to", f"{HOST}:{port}", "--connections", connections,
                                    "--messages", messages, "--size", size, "--from", f"load@{DOMAIN}", "--json",
                                    *options))

    def start_sink(self, messages, tls, cores=None):
        self.saved = self.work / "sink"
        shutil.rmtree(self.saved, ignore_errors=True)
        self.saved.mkdir(parents=True)
        certificate = self.keys.certificate
        options = ["--tls-cert", certificate.certificate, "--tls-key", certificate.key] if tls else []
        sink = subprocess.Popen([str(word) for word in [
            *pinned(cores), self.bin / "signpost-sink", "--listen", f"{SINK_HOST}:{SINK_PORT}", "--json", "--exit-after", messages,
            "--max-seconds", 300, "--save", self.saved, "--save-limit", SAMPLE, *options]],
            stdout=subprocess.PIPE, text=True)
        assert sink.stdout.readline().startswith("listening"), "the sink does not listen"
        return sink

    def measure(self, relay, messages, *options, tls=False, algorithm="rsa", cores=None, **load):
        """Sends and delivers; the figures, after a check that all arrived once, whole and signed. `cores`: those
        that the load and the sink keep to."""
        sink = self.start_sink(messages, tls, cores)
        try:
            others, before, began = children_seconds(), relay.cpu.seconds(), time.monotonic()
            report = self.load(messages, *(["--starttls"] if tls else []), *options, cores=cores, **load)
            counts = json.loads(sink.communicate(timeout=320)[0])
            took = time.monotonic() - began
            others = children_seconds() - others
            # What a relay still does about messages that are gone belongs to them.
            time.sleep(0.5)
            used = relay.cpu.seconds() - before
        finally:
            sink.kill()
            sink.wait()
        assert (counts["unique"], counts["corrupt"], counts["duplicates"], counts["without_id"]) == (messages, 0, 0, 0), counts
        assert bool(counts["tls_handshakes"]) == tls, counts
        self.verify_sample(algorithm)
        latency = report["reply_ms"]
        return {"rate": messages / took, "accept_rate": report["messages_per_second"], "cpu_us": used / messages * 1e6,
                # What load and sink took from the cores that they share with the relay is counted out.
                "rate_alone": messages / max(took - others / os.cpu_count(), 1e-9),
                "p50_ms": latency["p50"], "p99_ms": latency["p99"], "connections_to_sink": counts["connections"]}

    def verify_sample(self, algorithm):
        import dkim
        records = {f"{SELECTOR}._domainkey.{DOMAIN}.": self.keys.records[algorithm]}
        sample = sorted(self.saved.glob("*.eml"))
        assert sample, "the sink saved nothing"
        for path in sample:
            verified = dkim.verify(path.read_bytes(), dnsfunc=lambda name, timeout=5: records.get(
                name.decode() if isinstance(name, bytes) else name))
            assert verified, f"{path} does not verify"


def summary(runs):
    """{figure: median, min, max}"""
    return {key: {"median": statistics.median(run[key] for run in runs), "min": min(run[key] for run in runs),
                  "max": max(run[key] for run in runs)} for key in runs[0]}
