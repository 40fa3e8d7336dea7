"""The result as a table in Markdown."""

import datetime
import os
import pathlib
import platform
import re
import subprocess

import harness
from comparison.cost import output_of

ROOT = pathlib.Path(__file__).resolve().parents[2]


def machine(bin_folder, work):
    text = pathlib.Path("/proc/cpuinfo").read_text()
    cpu = re.search(r"model name\s*: (.*)", text)
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) / 2**20
    source, kind = output_of("findmnt", "-n", "-o", "SOURCE,FSTYPE", "-T", work).split()
    versions = {"signpost": output_of(bin_folder / "signpost", "--version").strip().split()[-1],
                "openssl": output_of("openssl", "version").split()[1]}
    for name in ("postfix", "opendkim", "exim4-daemon-light"):
        for package in (harness.PEERS / "packages").glob(f"{name}_*.deb"):
            versions[name] = package.name.split("_")[1].replace("%3a", ":")
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    return {"cpu": cpu[1] if cpu else platform.machine(), "cores": os.cpu_count(), "memory_gib": round(memory, 1),
            "disk": source, "filesystem": kind, "kernel": platform.release(), "versions": versions,
            "commit": commit.stdout.strip() or "unknown",
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
            "load_before": round(os.getloadavg()[0], 2)}


def cell(figure, digits=0):
    text = f"{figure['median']:,.{digits}f}"
    if figure["min"] == figure["max"]:
        return text
    return f"{text} ({figure['min']:,.{digits}f}–{figure['max']:,.{digits}f})"


def figures(rows, found, signature, busy):
    """[(figure, measured)]"""
    of = {(row["relay"], row["tls"]): row for row in rows}
    ours = of["Signpost", False]
    cpu = ours["cpu_us"]["median"]
    table = [("CPU of one `openssl speed rsa2048` signature, alone / with all cores busy",
              f"{cell(signature)} / {cell(busy)} µs"),
             ("CPU per message / one signature alone", cell(ours["signatures"], 2)),
             ("the same with TLS on both sides", cell(of["Signpost", True]["signatures"], 2)),
             ("CPU per message with an Ed25519 key alone", f"{cell(of['Signpost, Ed25519', False]['cpu_us'])} µs")]
    for peer in ("Postfix + OpenDKIM", "Exim"):
        for tls in (False, True):
            if (peer, tls) in of:
                mine, theirs = of["Signpost", tls], of[peer, tls]
                table.append((f"{peer}{' with TLS' if tls else ''}: Signpost's rate / its rate, its CPU / Signpost's",
                              f"{mine['rate']['median'] / theirs['rate']['median']:.1f}, "
                              f"{theirs['cpu_us']['median'] / mine['cpu_us']['median']:.1f}"))
    own, handshake = found["cpu_us_own_connection"], found["cpu_us_handshake"]
    return table + [
        ("to the 250 at half of the peak rate, p50 / p99",
         f"{found['half_peak_p50_ms']:.1f} / {found['half_peak_p99_ms']:.1f} ms"),
        ("one serial client, to the 250, p50 / p99 (one sync alone)",
         f"{found['serial_p50_ms']:.2f} / {found['serial_p99_ms']:.2f} ms ({found['sync_ms']:.2f} ms)"),
        ("bytes written to disk / bytes accepted", f"{found['disk_bytes_a_byte']:.2f}"),
        ("memory idle", f"{found['memory_idle_mib']:.1f} MiB"),
        (f"an idle session, of the second half of {found['idle_sessions']:,} / with TLS, of {found['idle_tls_sessions']:,}",
         f"{found['memory_session_kib']:.1f} / {found['memory_tls_session_kib']:.1f} KiB"),
        ("100 KB messages: CPU beyond the signature", f"{found['cpu_us_100k'] - signature['median']:.0f} µs"),
        ("BDAT / DATA, messages accepted a second and CPU per message: 4 KB; 1 MB",
         f"{cell(found['bdat_rate_4k'], 2)} and {cell(found['bdat_cpu_4k'], 2)}; "
         f"{cell(found['bdat_rate_1m'], 2)} and {cell(found['bdat_cpu_1m'], 2)}"),
        ("a connection with TLS 1.3 and a cached login for each message: CPU per message",
         f"{own:.0f} µs, {own - cpu:.0f} of them for the connection"),
        ("one such handshake in `openssl s_server` / the connection's share in handshakes",
         f"{handshake:.0f} µs / {(own - cpu) / handshake:.2f}"),
        ("2 workers on two cores / 1 worker on one, load and sink counted out: rate; CPU per message",
         f"{cell(found['scaling'], 2)}; {cell(found['scaling_cpu'], 2)}"),
    ]


def markdown(result):
    facts = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    lines = [
        f"Measured {facts['date']} at commit {facts['commit']}: {facts['cpu']}, {facts['cores']} cores, "
        f"{facts['memory_gib']} GiB, {facts['filesystem']} on {facts['disk']}, Linux {facts['kernel']}; {versions}; load "
        f"average before it {facts['load_before']}. "
        f"Messages of {result['size']} octets ({result['messages']} for each run of Signpost, fewer for slower relays) over 50 "
        "kept-alive connections, each synced before its 250, signed (RSA-2048 unless named, relaxed/relaxed) and delivered "
        "to one sink that keeps connections; load, relay and sink share the cores. "
        f"Medians of {result['rounds']} interleaved rounds (min–max).",
        "",
        "| relay | TLS | end to end, messages/s | CPU per message, µs | signatures' worth | end of data to 250, p50 ms | p99 ms | syncs per message | a client that writes line by line, p50 ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        syncs = f"{row['syncs']:.3f}" if row.get("syncs") is not None else ""
        slow = f"{row['line_writes_p50_ms']:.1f}" if "line_writes_p50_ms" in row else ""
        lines.append(f"| {row['relay']} | {'both sides' if row['tls'] else 'no'} | {cell(row['rate'])} | "
                     f"{cell(row['cpu_us'])} | {cell(row['signatures'], 2)} | {cell(row['p50_ms'], 1)} | "
                     f"{cell(row['p99_ms'], 1)} | {syncs} | {slow} |")
    counted = {row["syncs_counted_by"] for row in result["rows"] if row.get("syncs_counted_by")}
    if counted:
        lines += ["", f"Syncs are counted by {' and '.join(sorted(counted))}, in runs of their own."]
    lines += ["", "| Signpost | measured |", "|---|---|"]
    lines += [f"| {name} | {text} |" for name, text in result["figures"]]
    return "\n".join(lines) + "\n"
