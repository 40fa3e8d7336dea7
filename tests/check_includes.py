#!/usr/bin/python3
"""Fails on an #include that the folder table of docs/architecture.md forbids.

The table's columns: folder, what, may include, third party. A folder may include itself, the folders
named there, the standard library and the operating system; a third-party header only if one of the words
of the last column is in its path; and a header that does so is private to the folder: no other folder
includes it.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]

# What belongs to nobody: POSIX and Linux.
SYSTEM = re.compile(r"^(sys|netinet|arpa|linux|net|bits)/|^(dlfcn|malloc|unistd|fcntl|netdb|poll|pwd|grp|termios|dirent|signal|spawn|sysexits|time|stdlib|stdio|stdint|stddef|string|"
                    r"pthread|syslog|glob|resolv|ifaddrs|endian|getopt|errno)\.h$")


def table():
    """{folder: (allowed folders, words of allowed third-party headers)}"""
    text = (ROOT / "docs/architecture.md").read_text()
    rows = re.findall(r"(?m)^\| *`?([a-z_]+)/`? *\|[^|\n]*\|([^|\n]*)\|([^|\n]*)\|", text)
    words = lambda cell: [word.strip("` /") for word in cell.split(",") if word.strip("` /-")]
    return {folder: (set(words(allowed)), words(third_party)) for folder, allowed, third_party in rows}


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found.group(1) == '"', found.group(2)


def complaints(path, folder, rules, shared):
    """`shared`: the headers that another folder includes."""
    allowed, third_party = rules[folder]
    for number, own, name in includes(path):
        where = f"{path}:{number}: "
        if own:
            target = name.split("/")[0]
            if "/" not in name:
                yield where + f'"{name}": name the folder, from the repository root'
            elif target in rules and target != folder and target not in allowed:
                yield where + f'"{name}": {folder}/ may include {", ".join(sorted(allowed)) or "nothing"} only'
            elif target not in rules:
                yield where + f'"{name}": no such folder in the table'
        elif ("/" not in name or name.startswith("experimental/")) and not name.endswith((".h", ".hpp")):
            continue  # the standard library
        elif SYSTEM.search(name) or (ROOT / name).exists():
            if (ROOT / name).exists():
                yield where + f"<{name}>: own headers in quotes"
        elif not any(word.lower() in name.lower() for word in third_party):
            yield where + f"<{name}>: {folder}/ may include of third parties {', '.join(third_party) or 'nothing'} only"
        elif str(path.relative_to(ROOT)) in shared:
            yield where + f"<{name}>: another folder includes this header; third-party types stay behind it"


def main():
    rules = table()
    if len(rules) < 10:
        print("the folder table of docs/architecture.md cannot be read")
        return 1
    # git ls-files when there is a repository; a source package has none.
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.h", "*.cc"], cwd=ROOT, capture_output=True, text=True)
    names = listing.stdout.split() if listing.returncode == 0 else [
        str(path.relative_to(ROOT)) for folder in rules for path in (ROOT / folder).rglob("*.[hc]*") if path.suffix in (".h", ".cc")]
    shared = {included for name in names for _, own, included in includes(ROOT / name)
              if own and included.split("/")[0] != name.split("/")[0] and not name.startswith("tests/")}
    found = []
    for name in names:
        folder = name.split("/")[0]
        if folder not in rules:
            found.append(f"{name}: {folder}/ is not in the folder table of docs/architecture.md")
        else:
            path = ROOT / name
            found += [text.replace(str(ROOT) + "/", "") for text in complaints(path, folder, rules, shared)]
    print("\n".join(found) or f"{len(names)} files keep to the table")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
