"""Measurements of Signpost alone, beyond the rows of the comparison."""

import contextlib
import os
import smtplib
import socket
import ssl

import harness
from comparison import cost, run
from comparison.relays import HOST, RELAY_PORT, TLS_PORT, USER, Signpost
from comparison.run import SIZE

HANDSHAKE_PORT = 3999


@contextlib.contextmanager
def signpost(bench, **options):
    relay = Signpost(bench.work / "signpost", bench.keys, **options)
    try:
        yield relay
    finally:
        relay.stop()


def untrusting():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def idle_sessions(relay, count, port):
    """Octets a session of those that said EHLO and wait; over TLS on the port that speaks it. The first half of `count` is
    not counted: with it come what all share and what the process touches for the first time."""
    context = untrusting()
    with contextlib.ExitStack() as stack:
        for number in range(count):
            if number == count // 2:
                before = cost.resident_bytes(relay.pids[0])
            session = stack.enter_context(socket.create_connection((HOST, port)))
            if port == TLS_PORT:
                session = stack.enter_context(context.wrap_socket(session))
            session.recv(512)
            session.sendall(b"EHLO idle.example\r\n")
            session.recv(512)
        return (cost.resident_bytes(relay.pids[0]) - before) / (count - count // 2)


def memory(bench, quick):
    found = {"idle_sessions": 200 if quick else 10_000, "idle_tls_sessions": 100 if quick else 4_000}
    with signpost(bench) as relay:
        found["memory_idle_mib"] = cost.resident_bytes(relay.pids[0]) / 2**20
        found["memory_session_kib"] = idle_sessions(relay, found["idle_sessions"], RELAY_PORT) / 1024
    with signpost(bench) as relay:
        found["memory_tls_session_kib"] = idle_sessions(relay, found["idle_tls_sessions"], TLS_PORT) / 1024
    return found


def latencies(bench, messages, peak):
    """At half of the peak rate over 50 connections, and one client after the other over one."""
    with signpost(bench) as relay:
        half = bench.measure(relay, max(200, messages // 2), "--rate", f"{int(peak / 2)}/s")
        serial = bench.measure(relay, max(50, messages // 20), connections=1)
    return {"half_peak_p50_ms": half["p50_ms"], "half_peak_p99_ms": half["p99_ms"], "half_peak_cpu_us": half["cpu_us"],
            "serial_p50_ms": serial["p50_ms"], "serial_p99_ms": serial["p99_ms"], "sync_ms": cost.sync_ms(bench.work)}


def disk(bench, messages):
    with signpost(bench) as relay:
        before = cost.written_bytes(relay.pids[0])
        bench.measure(relay, messages)
        written = cost.written_bytes(relay.pids[0]) - before
    return {"disk_bytes_a_byte": written / (messages * SIZE)}


def large(bench, messages):
    with signpost(bench) as relay:
        return {"cpu_us_100k": bench.measure(relay, max(50, messages // 10), size=100_000)["cpu_us"]}


def short_connections(bench, messages):
    """A connection, a TLS 1.3 handshake and a login for each message, the login's hash in the cache."""
    with signpost(bench) as relay:
        with smtplib.SMTP_SSL(HOST, TLS_PORT, context=untrusting()) as first:
            first.login(USER, harness.PASSWORD)
        short = bench.measure(relay, max(50, messages // 10), "--implicit-tls", "--user", USER, "--password-file",
                              relay.password_file, "--messages-per-connection", "1", port=TLS_PORT)
    certificate = bench.keys.certificate
    alone = cost.handshake_us(certificate.certificate, certificate.key, HOST, HANDSHAKE_PORT)
    return {"cpu_us_own_connection": short["cpu_us"], "rate_own_connection": short["rate"], "cpu_us_handshake": alone}


def scaling(bench, messages, rounds):
    """One worker that has one core to itself, load and sink on the others; then two on two cores, in turn. Where
    there are more than two cores, load and sink keep away from the relay's; else what they take is counted out."""
    cores = sorted(os.sched_getaffinity(0))
    others = cores[2:]
    runs = []
    for _ in range(rounds):
        with signpost(bench, workers=1, cores=cores[:1]) as relay:
            one = bench.measure(relay, messages, cores=others or cores[1:] or None)
        with signpost(bench, workers=2, cores=cores[:2]) as relay:
            two = bench.measure(relay, messages, cores=others or None)
        runs.append({"rate_1_worker": one["rate"], "rate_2_workers": two["rate"],
                     "scaling": (two["rate"] if others else two["rate_alone"]) / one["rate"],
                     "scaling_cpu": two["cpu_us"] / one["cpu_us"]})
    return run.summary(runs)


def chunks(bench, messages, rounds):
    """BDAT beside DATA, in turn on one relay: as many messages a second, for as much CPU?"""
    runs = []
    with signpost(bench) as relay:
        for number in range(rounds + 1):
            found = {}
            for name, size, count in (("4k", SIZE, max(200, messages // 4)), ("1m", 1 << 20, max(20, messages // 100))):
                data = bench.measure(relay, count, size=size)
                bdat = bench.measure(relay, count, "--bdat", size=size)
                found |= {f"bdat_rate_{name}": bdat["accept_rate"] / data["accept_rate"],
                          f"bdat_cpu_{name}": bdat["cpu_us"] / data["cpu_us"]}
            if number > 0:  # the first warms up
                runs.append(found)
    return run.summary(runs)


def all_of(bench, messages, peak, rounds, quick, say):
    found = {}
    for name, part in (("memory", lambda: memory(bench, quick)), ("latency", lambda: latencies(bench, messages, peak)),
                       ("disk", lambda: disk(bench, messages)), ("100 KB messages", lambda: large(bench, messages)),
                       ("BDAT", lambda: chunks(bench, messages, rounds)),
                       ("a connection for each message", lambda: short_connections(bench, messages)),
                       ("workers", lambda: scaling(bench, messages, rounds))):
        say(f"Signpost: {name}")
        found |= part()
    return found
