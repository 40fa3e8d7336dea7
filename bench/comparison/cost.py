"""What processes cost: CPU, memory, bytes on the disk, syncs; and what the machine's parts cost alone."""

import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time

TICK = os.sysconf("SC_CLK_TCK")
SYNCS = ("fdatasync", "fsync", "sync_file_range", "sync")


def output_of(*command, **options):
    """What it writes; one that fails ends the run with its own words."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def tree(roots):
    """These processes and all their descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parent = int(pathlib.Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry))
    found, todo = [], list(roots)
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


class Cpu:
    """CPU time of a relay: of its control group where there can be one, since a child that its parent does not
    wait for (Exim's deliveries) leaves no trace in /proc; else the sum over the process tree."""

    def __init__(self, roots):
        self.roots = roots
        self.group = None
        for folder, counter in (("/sys/fs/cgroup/cpuacct", "cpuacct.usage"), ("/sys/fs/cgroup", "cpu.stat")):
            group = pathlib.Path(folder) / f"signpost-compare-{os.getpid()}"
            try:
                group.mkdir(exist_ok=True)
                if not (group / counter).exists():
                    group.rmdir()
                    continue
                for pid in tree(roots):
                    (group / "cgroup.procs").write_text(str(pid))
                self.group, self.counter = group, counter
                return
            except OSError:
                continue

    def seconds(self):
        if self.group is None:
            return tree_seconds(self.roots)
        text = (self.group / self.counter).read_text()
        if self.counter == "cpu.stat":
            return int(re.search(r"usage_usec (\d+)", text)[1]) / 1e6
        return int(text) / 1e9

    def close(self):
        if self.group is not None:
            try:
                self.group.rmdir()
            except OSError:  # a process is not quite gone: an empty group more or less harms nobody
                pass


def tree_seconds(roots):
    """User and system time of these processes and of their children that are gone."""
    total = 0
    for pid in tree(roots):
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:13])
        if pid in roots:
            total += sum(int(field) for field in fields[13:15])
    return total / TICK


def resident_bytes(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def written_bytes(pid):
    return int(re.search(r"^write_bytes: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text(), re.M)[1])


class SyncCounter:
    """Counts the syncs of a relay. With perf where that may trace; else with strace, which makes the relay so slow
    that groups become smaller and syncs more than they are. Where neither is allowed there is no count."""

    def __init__(self, roots, file):
        self.file = file
        file.unlink(missing_ok=True)
        pids = [str(pid) for pid in tree(roots)]
        events = ",".join(f"syscalls:sys_enter_{call}" for call in SYNCS)
        self.tool = "perf"
        if not self.start(["perf", "stat", "-x", ",", "-e", events, "-o", str(file), "-p", ",".join(pids)]):
            self.tool = "strace"
            attach = [word for pid in pids for word in ("-p", pid)]
            if not self.start(["strace", "-f", "-c", "-e", "trace=" + ",".join(SYNCS), "-o", str(file), *attach]):
                self.tool = None

    def start(self, command):
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL)
        except FileNotFoundError:
            return False
        try:
            self.process.wait(1)  # it ends at once if it may not trace, and is attached otherwise
            return False
        except subprocess.TimeoutExpired:
            return True

    def stop(self):
        if self.tool is None:
            return None
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        total = 0
        for line in self.file.read_text().splitlines():
            if self.tool == "perf":
                fields = line.split(",")
                total += int(fields[0]) if len(fields) > 2 and fields[2].startswith("syscalls:") else 0
            else:
                fields = line.split()
                total += int(fields[3]) if fields and fields[-1] in SYNCS else 0
        return total


def signature_us(at_once=1):
    """CPU time of one RSA-2048 signature; with as many running as there are cores it shows what the cores
    cost each other (shared execution units, turbo)."""
    command = ["openssl", "speed", "-seconds", "2", "rsa2048"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
               for _ in range(at_once)]
    texts = [process.communicate()[0] for process in running]
    # "options:" lines differ by version; this one has not changed: name, bits, seconds to sign, …
    return statistics.mean(float(re.search(r"^rsa 2048 bits\s+([\d.]+)s", text, re.M)[1]) for text in texts) * 1e6


def sync_ms(folder):
    """The median time of fdatasync after a write of 4 KB to a file that has its size already."""
    path = folder / "sync"
    with open(path, "wb") as file:
        file.write(bytes(4 << 20))
        file.flush()
        os.fsync(file.fileno())
        times = []
        for number in range(200):
            os.pwrite(file.fileno(), b"x" * 4096, number * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    path.unlink()
    return statistics.median(times)


def handshake_us(certificate, key, host, port, seconds=3):
    """CPU time of one full TLS 1.3 handshake in openssl s_server, with its accept and its close."""
    server = subprocess.Popen(["openssl", "s_server", "-accept", f"{host}:{port}", "-cert", str(certificate), "-key",
                               str(key), "-tls1_3", "-www", "-quiet"], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        meter = Cpu([server.pid])
        before = meter.seconds()
        text = output_of("openssl", "s_time", "-connect", f"{host}:{port}", "-new", "-tls1_3", "-time", seconds)
        used = meter.seconds() - before
    finally:
        server.kill()
        server.wait()
        meter.close()
    # The last such line: "N connections in M real seconds, …"
    connections = int(re.findall(r"(\d+) connections in \d+ real seconds", text)[-1])
    return used / connections * 1e6
