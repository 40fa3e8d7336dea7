#!/usr/bin/python3
"""Kills the relay with SIGKILL at random moments under load, again and again, and compares what it had
acknowledged with what arrived: nothing may be missing. A message that was between its final dot and the
receiver's reply, or whose removal was not yet written, may come twice (RFC 1047): at the quick receiver each
duplicate must be such a one, the first copy among the last that came before a kill, the second after it.

    tests/fault/kill_loop.py [--rounds 5] [--seed N]
"""

import argparse
import bisect
import os
import pathlib
import random
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import harness  # noqa: E402
from harness import BIN  # noqa: E402


# Copies that came before a kill and may come again: those that 20 connections had under way, two each when
# the next message begins early, and those whose removal waited, up to 5 ms and one write.
IN_FLIGHT = 400


def start_load(relay, ledger, round_number, messages):
    return subprocess.Popen(
        [str(BIN / "signpost-load"), "--to", f"{relay.host}:{harness.TRUSTED_PORT}", "--messages", str(messages),
         "--connections", "30", "--size", "3000", "--recipients-per-message", "2", "--spread-recipients",
         "--recipient-domains", "receiver.example,slow.example", "--from", "orders@shop.example",
         "--id-prefix", f"round{round_number}", "--ledger", str(ledger)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def lines(path):
    return path.read_text().split("\n")[:-1] if path.exists() else []


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    options.add_argument("--messages", type=int, default=20_000, help="a round, at most")
    arguments = options.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    chance = random.Random(arguments.seed)

    folder = harness.scratch("kill")
    certificate = harness.Certificate(folder)
    acknowledged, fast_ledger, slow_ledger = folder / "acknowledged", folder / "fast", folder / "slow"
    dns = harness.NameServer(folder / "dns", harness.address(1))
    # One receiver is quick, one holds mail in flight and sends some of it back for later: at each kill
    # there are messages in every state.
    fast = harness.Sink(folder / "sink1", harness.address(2), options=("--ledger", fast_ledger), save=False)
    slow = harness.Sink(folder / "sink2", harness.address(3), save=False,
                        options=("--ledger", slow_ledger, "--delay-ms", "20", "--delay-share", "0.3", "--defer-rcpt", "0.05",
                                 "--drop-after-dot", "0.002"))
    dns.mx("receiver.example", (10, "mx.receiver.example", fast.host))
    dns.mx("slow.example", (10, "mx.slow.example", slow.host))
    relay = harness.Relay(folder / "relay", harness.address(4), dns=dns, certificate=certificate,
                          settings={"log": 'level = "warning"\nformat = "json"'})
    relay.add_key("shop.example", "s1", "ed25519")
    try:
        dns.start()
        relay.start()
        kills = []  # lines in the quick receiver's ledger when the relay was gone
        for number in range(arguments.rounds):
            load = start_load(relay, acknowledged, number, arguments.messages)
            time.sleep(chance.uniform(0.2, 2.0))  # the moment is the point of it
            relay.kill()
            kills.append(len(lines(fast_ledger)))
            load.kill()
            load.wait()
            started = time.monotonic()
            relay.launch()
            print(f"round {number + 1}: {len(lines(acknowledged))} acknowledged so far, "
                  f"up again after {time.monotonic() - started:.2f} s", flush=True)
        relay.wait_empty(deadline=120 * harness.PATIENCE)
        relay.stop()
        missing = compare(acknowledged, {"receiver.example": fast_ledger, "slow.example": slow_ledger})
        strange = unexplained(lines(fast_ledger), kills)
        return 1 if missing or strange else 0
    finally:
        relay.kill()
        for one in (fast, slow, dns):
            one.stop()


def unexplained(arrived, kills):
    """Duplicates that were not in flight at a kill."""
    first, depth, strange = {}, 0, 0
    for place, one in enumerate(arrived):
        if one not in first:
            first[one] = place
            continue
        kill = bisect.bisect_right(kills, first[one])  # the first one after the first copy
        before = kills[kill] - first[one] if kill < len(kills) and kills[kill] <= place else None
        if before is None or before > IN_FLIGHT:
            strange += 1
            print(f"  STRANGE {one}: copies {first[one]} and {place}, kills at {kills}")
        else:
            depth = max(depth, before)
    duplicates = len(arrived) - len(first)
    print(f"receiver.example: {duplicates} duplicates in {len(kills)} kills, each among the last {depth} copies before one")
    return strange


def compare(acknowledged, ledgers):
    promised = {line.split()[0] for line in lines(acknowledged)}
    failures = 0
    for domain, ledger in ledgers.items():
        arrived = lines(ledger)
        missing = promised - set(arrived)
        print(f"{domain}: {len(promised)} acknowledged, {len(set(arrived) & promised)} of them arrived, "
              f"{len(arrived) - len(set(arrived))} duplicates")
        for one in sorted(missing)[:20]:
            print(f"  MISSING {one}")
        failures += len(missing)
    if not promised:
        print("nothing was acknowledged: the test proves nothing")
        return 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
