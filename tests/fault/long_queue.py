#!/usr/bin/python3
"""A long queue: deferred messages over many domains whose receivers are down, a fifth of them for one domain that
stays dead. What must hold whatever the length: submission goes on, a listing finds what is there, a restart loses
nothing, and when the receivers return every message arrives once, without waiting for the dead domain's. What it
takes is printed; with --assert-figures also judged, with room for noise beside the figures of docs/reliability.md:
memory before and after the restart, octets on the disk, start to first delivery below 5 s, the submission rate within
20 % of an empty queue's, `queue list --to` below a second.

    tests/fault/long_queue.py                                                        # a short one
    tests/fault/long_queue.py --messages 1000000 --domains 100000 --retry 300 --assert-figures
"""

import argparse
import json
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import harness  # noqa: E402
from harness import BIN  # noqa: E402

GROUPS = 10  # of domains: one address each, else there are not enough ports for the connections
CHUNK = 500  # domains named on one command line
DEAD = "dead.example"


def say(text):
    print(text, flush=True)


def domain(number):
    return f"d{number}.g{number % GROUPS}.example"


def submit(relay, domains, messages, ledger):
    """Messages a second."""
    done = subprocess.run(
        [str(BIN / "signpost-load"), "--to", f"{relay.host}:{harness.TRUSTED_PORT}", "--messages", str(messages),
         "--connections", "30", "--size", "1024", "--recipient-domains", ",".join(domains), "--from", "orders@shop.example",
         "--ledger", str(ledger), "--json"], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout)["messages_per_second"]


def fill(relay, first, last, messages, ledger):
    """`messages` over the domains first … last - 1, a fifth of them for the dead one."""
    rates = []
    chunks = [range(at, min(at + CHUNK, last)) for at in range(first, last, CHUNK)]
    for number, chunk in enumerate(chunks):
        share = messages * (number + 1) // len(chunks) - messages * number // len(chunks)
        names = []
        for place, one in enumerate(chunk):
            names.append(domain(one))
            if place % 4 == 3:
                names.append(DEAD)
        rates.append(submit(relay, names, share, ledger))
        if number % 20 == 19:
            say(f"  {number + 1} of {len(chunks)} parts, {rates[-1]:.0f} a second, {memory(relay):.0f} MB")
    return rates


def memory(relay):
    return resident(relay.process.process.pid) / 1e6


def resident(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def most_memory(domains):
    """MB, for any number of messages: what the relay and the store's caches take, and some 300 octets a lane."""
    return 250 + 300 * domains / 1e6


def timed(action):
    began = time.monotonic()
    result = action()
    return time.monotonic() - began, result


def ids(path):
    return [line.split()[0] for line in path.read_text().split("\n")[:-1]] if path.exists() else []


def queue_bytes(relay):
    return sum(path.stat().st_size for path in (relay.folder / "data/queue").iterdir())


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--messages", type=int, default=5000)
    options.add_argument("--domains", type=int, default=500)
    options.add_argument("--retry", type=int, default=10, help="seconds between attempts")
    options.add_argument("--assert-figures", action="store_true")
    options.add_argument("--folder", type=pathlib.Path, help="where the queue is (default: a temporary one)")
    arguments = options.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    folder = pathlib.Path(tempfile.mkdtemp(prefix="signpost-long-", dir=arguments.folder and arguments.folder.resolve()))
    dns = harness.NameServer(folder / "dns", harness.address(1))
    relay = harness.Relay(folder / "relay", harness.address(2), dns=dns, certificate=harness.Certificate(folder),
                          settings={"log": 'level = "warning"\nformat = "json"', "retry": f'schedule = ["{arguments.retry}s"]\nexpire = "5d"'})
    relay.add_key("shop.example", "s1", "ed25519")
    hosts = [harness.address(10 + group) for group in range(GROUPS)]
    for group, host in enumerate(hosts):
        dns.mx(f"*.g{group}.example", (10, f"mx{group}.example", host))
    dns.mx(DEAD, (10, "mx.dead.example", harness.address(9)))
    ledger, arrived = folder / "acknowledged", folder / "arrived"
    sinks = []
    try:
        dns.start()
        relay.start()
        return run(arguments, relay, hosts, ledger, arrived, sinks, folder)
    except BaseException:
        if relay.process:
            say(f"the relay: exit code {relay.process.process.poll()}, its log ends\n{relay.log_end()}")
        raise
    finally:
        relay.kill()
        for one in (*sinks, dns):
            one.stop()
        shutil.rmtree(folder, ignore_errors=True)


def run(arguments, relay, hosts, ledger, arrived, sinks, folder):
    figures = {}
    probe = max(200, arguments.messages // 50)
    began = time.monotonic()
    empty = fill(relay, 0, min(CHUNK, arguments.domains), probe, ledger)[0]
    say(f"empty queue: {empty:.0f} messages a second accepted")
    fill(relay, 0, arguments.domains, arguments.messages - 2 * probe, ledger)
    full = fill(relay, 0, min(CHUNK, arguments.domains), probe, ledger)[0]
    figures["submission, share of an empty queue's"] = full / empty
    figures["memory, MB"] = memory(relay)
    figures["octets on the disk a message"] = queue_bytes(relay) / arguments.messages
    queued = relay.metric("signpost_queue_messages")
    say(f"{arguments.messages} accepted, {queued:.0f} jobs queued, {full:.0f} messages a second accepted")
    assert queued == arguments.messages, queued

    wanted = domain(0)  # one that has mail however few messages there are
    figures["queue list --to, s"], listed = timed(lambda: relay.queue("list", "--to", wanted))
    listed = listed["jobs"] if isinstance(listed, dict) else listed
    assert listed, f"no message for {wanted} is listed"

    stopping, code = timed(relay.stop)
    say(f"stopped in {stopping:.1f} s, exit code {code}")
    for number, host in enumerate(hosts):
        sinks.append(harness.Sink(folder / f"sink{number}", host, save=False,
                                  options=("--ledger", folder / f"arrived{number}")))

    def all_arrived():
        return [one for number in range(GROUPS) for one in ids(folder / f"arrived{number}")]

    # Each wait is stretched by up to a tenth: now some are due.
    time.sleep(max(0, began + 1.1 * arguments.retry - time.monotonic()))
    began = time.monotonic()
    relay.launch()
    figures["start to ready, s"] = time.monotonic() - began
    harness.wait_until(lambda: any((folder / f"arrived{number}").exists() and (folder / f"arrived{number}").stat().st_size
                                   for number in range(GROUPS)), "the first delivery", deadline=120)
    figures["start to first delivery, s"] = time.monotonic() - began
    say(f"first delivery {figures['start to first delivery, s']:.1f} s after the start")

    left = settled = None
    peak = memory(relay)
    while True:
        time.sleep(1)
        peak = max(peak, memory(relay))
        now = relay.metric("signpost_queue_messages")
        if left is None or now < left[0]:
            left = (now, time.monotonic())
        dead = sum(1 for one in ids(ledger)) - len(set(all_arrived())) if now < arguments.messages * 0.21 else None
        if dead is not None and now == dead and settled == now and relay.queue("list", "--limit", "1"):
            break
        settled = now if now == dead else None
        if time.monotonic() - left[1] > 120 * harness.PATIENCE:
            break
    figures["all delivered after, s"] = time.monotonic() - began
    figures["memory after the restart at most, MB"] = peak

    promised = set(ids(ledger))
    # The two are not read in one moment: what arrives in between is in neither.
    for _ in range(5):
        came = all_arrived()
        queued = int(relay.metric("signpost_queue_messages"))
        if len(promised) == len(set(came)) + queued:
            break
    for name, value in figures.items():
        say(f"{name}: {value:.2f}")
    say(f"{len(promised)} acknowledged, {len(set(came))} arrived, {queued} queued for {DEAD}, "
        f"{len(came) - len(set(came))} duplicates")
    assert len(came) == len(set(came)), "some arrived twice"
    assert len(promised) == len(set(came)) + queued, "some are neither delivered nor queued"
    assert queued == arguments.messages // 5 or abs(queued - arguments.messages / 5) < arguments.messages * 0.02, queued
    if arguments.assert_figures:
        assert max(figures["memory, MB"], peak) < most_memory(arguments.domains)
        # Beside data files, what is in the log and in memtables only, whatever the length.
        assert figures["octets on the disk a message"] < 1300 + 300e6 / arguments.messages
        assert figures["start to first delivery, s"] < 5 * harness.PATIENCE
        assert figures["submission, share of an empty queue's"] > 0.8
        assert figures["queue list --to, s"] < 1 * harness.PATIENCE
    return 0


if __name__ == "__main__":
    sys.exit(main())
