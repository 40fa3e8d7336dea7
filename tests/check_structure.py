#!/usr/bin/python3
"""Fails when the sources lose their structure. What is checked is the argument:

  circles   no file includes itself over others. A header and the source of its name count as one, since what
            either includes must be understood with it.
  sizes     no folder holds more than a fifth of the code, tests aside. A folder that does is several concepts
            under one name.
  clocks    no source asks the real clock, since what it decides by that cannot be tested on virtual time: it
            takes a Clock (base/clock.h).
"""

import argparse
import collections
import pathlib
import re
import subprocess
import sys

from check_includes import includes

LARGEST_SHARE = 0.20
SUFFIXES = (".h", ".cc", ".py", ".sh")
INTERPRETERS = ("python", "bash", "sh")
REAL_CLOCK = re.compile(r"\b(steady|system|high_resolution)_clock::now\b")
# The clock itself and the log's thread; when the process began; the progress of long work on the store, and how often RocksDB
# is asked to resume; a program that ends at once; how long a signature takes.
MAY_ASK_THE_CLOCK = ("base/", "metrics/process_metrics.cc", "rocks/", "sendmail/spool.cc", "delivery/outgoing_message.cc",
                     "bench/", "tests/")


def files(root):
    """The names of all files that git knows or would take; of all files where there is no repository."""
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root, capture_output=True, text=True)
    if listing.returncode == 0:
        return sorted(name for name in listing.stdout.splitlines() if (root / name).is_file())
    return sorted(str(path.relative_to(root)) for path in root.rglob("*")
                  if path.is_file() and "build" not in path.relative_to(root).parts)


def unit(name):
    return name.rsplit(".", 1)[0]


def include_graph(root):
    """{unit: units that its header or source includes}"""
    sources = [name for name in files(root) if name.endswith((".h", ".cc"))]
    units = {unit(name) for name in sources}
    graph = {one: set() for one in sorted(units)}
    for name in sources:
        for _, own, included in includes(root / name):
            if own and unit(included) in units and unit(included) != unit(name):
                graph[unit(name)].add(unit(included))
    return graph


def way_back(graph, start):
    """The shortest circle through `start`: [start, …, start]; None if there is none."""
    before = {}
    line = collections.deque([start])
    while line:
        one = line.popleft()
        for target in sorted(graph[one]):
            if target == start:
                way = [start, one]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if target not in before:
                before[target] = one
                line.append(target)
    return None


def circles(root):
    graph = include_graph(root)
    found = {one: way for one in graph if (way := way_back(graph, one))}
    if not found:
        print(f"{len(graph)} units include each other in no circle")
        return 0
    print(f"{len(found)} units include themselves over others:", *found)
    print("the shortest circle:", " -> ".join(min(found.values(), key=len)))
    return 1


def is_code(path):
    if path.suffix in SUFFIXES:
        return True
    if path.suffix:
        return False
    with open(path, "rb") as file:
        first = file.readline(200)
    return first.startswith(b"#!") and any(word.encode() in first for word in INTERPRETERS)


def sizes(root):
    lines = collections.Counter()
    for name in files(root):
        folder = name.split("/")[0] if "/" in name else "."
        if folder != "tests" and is_code(root / name):
            lines[folder] += (root / name).read_bytes().count(b"\n")
    total = lines.total()
    for folder, count in lines.most_common():
        print(f"{folder:12} {count:6} {count / total:6.1%}")
    large = [folder for folder, count in lines.items() if folder != "." and count > LARGEST_SHARE * total]
    if large:
        print(f"more than {LARGEST_SHARE:.0%} of the code:", *large)
    return 1 if large else 0


def clocks(root):
    found = []
    for name in files(root):
        if not name.endswith((".h", ".cc")) or name.startswith(MAY_ASK_THE_CLOCK):
            continue
        for number, line in enumerate((root / name).read_text().splitlines(), 1):
            if REAL_CLOCK.search(line):
                found.append(f"{name}:{number}: asks the real clock; take a Clock")
    print("\n".join(found) or "no source asks the real clock that should not")
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=["circles", "sizes", "clocks"])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[1])
    options = parser.parse_args()
    return {"circles": circles, "sizes": sizes, "clocks": clocks}[options.check](options.root)


if __name__ == "__main__":
    sys.exit(main())
