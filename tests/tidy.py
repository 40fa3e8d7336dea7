#!/usr/bin/python3
"""clang-tidy over the sources that differ from origin's main, or over all of them.

Takes the compile commands of the clang preset (cmake --preset clang). A source that was clean is not looked
at again until it, a header that it includes, a .clang-tidy or clang-tidy itself changes: a folder in the user's cache remembers,
for all clones. The exit code is 1 after any finding, not for what --seconds left out: that is
listed at the end, and ./check shows it beside its "ok".
"""

import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/clang"
CLEAN = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "signpost-tidy"
TIDY = "clang-tidy-19"
LEFT_OUT = "NOT CHECKED"  # ./check looks for it


def git(*words):
    """The lines it prints; None if it fails."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else None


def changed_files():
    """What differs from origin's main, committed or not; None in a clone without history to it."""
    for main in ("origin/main", "main"):
        base = git("merge-base", main, "HEAD")
        if base:
            return git("diff", "--name-only", "--diff-filter=d", base[0]) + git("ls-files", "--others", "--exclude-standard")
    return None


def compile_commands():
    """{name of a source: (words, directory)}"""
    commands = {}
    for one in json.loads((BUILD / "compile_commands.json").read_text()):
        name = os.path.relpath(os.path.join(one["directory"], one["file"]), ROOT)
        commands[name] = shlex.split(one["command"]), one["directory"]
    return commands


def source_of(name, commands):
    """The source through which a file is looked at: for a header that of its name, else one that includes it."""
    if name.endswith(".cc"):
        return name if name in commands else None
    if name[:-2] + ".cc" in commands:
        return name[:-2] + ".cc"
    users = git("grep", "--untracked", "-lF", f'#include "{name}"', "--", "*.cc") or []
    return next((user for user in users if user in commands), None)


def rules_for(name):
    """The text of each .clang-tidy that speaks of a source."""
    return b"".join(file.read_bytes() for folder in (ROOT / name).parents if (file := folder / ".clang-tidy").exists())


def fingerprint(name, words, directory):
    """Of everything that the findings depend on, wherever the clone is: the preprocessed text with its comments, the rules, and
    who looks."""
    words = words[next(i for i, word in enumerate(words) if "clang++" in word):]
    output = words.index("-o")
    del words[output:output + 2]
    text = subprocess.run([*words, "-E", "-C"], cwd=directory, capture_output=True, check=True).stdout
    everything = text + rules_for(name) + " ".join(words).encode()
    return hashlib.sha256(everything.replace(os.fsencode(ROOT), b"") + tool_version()).hexdigest()


@functools.cache
def tool_version():
    return subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout


def findings(name, command, end):
    """What clang-tidy says about one source: empty when it is clean, None when there was no time left to look."""
    seen = CLEAN / fingerprint(name, *command)
    if seen.exists():
        return ""
    if time.monotonic() > end:
        return None
    done = subprocess.run([TIDY, "-p", BUILD, "--quiet", "--warnings-as-errors=*", name], cwd=ROOT,
                          capture_output=True, text=True)
    if done.returncode == 0:
        seen.touch()
        return ""
    # Of stderr only what went wrong; the rest counts warnings in other people's headers.
    errors = [line for line in done.stderr.splitlines() if not re.search(r"warnings? (generated|treated)", line)]
    return done.stdout.replace(f"{ROOT}/", "") + "\n".join(errors)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="every source")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin with no further source after this time")
    parser.add_argument("files", nargs="*", metavar="FILE", help="look at these instead of the changed ones")
    options = parser.parse_args()

    commands = compile_commands()
    names = sorted(commands) if options.all else options.files or changed_files()
    if names is None:
        print("no history to origin's main, so nothing counts as changed; --all looks at every source")
        return 0
    sources = sorted({source for name in names if name.endswith((".cc", ".h")) and (source := source_of(name, commands))})
    CLEAN.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + options.seconds
    found = 0
    left = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, text in zip(sources, pool.map(lambda one: findings(one, commands[one], end), sources)):
            if text is None:
                left.append(source)
            elif text:
                found += 1
                print(text, flush=True)
    print(f"{len(sources) - len(left)} of {len(sources)} sources looked at, {found} with findings")
    if left:
        print(f"{LEFT_OUT}: no time was left for {len(left)} of {len(sources)} sources, which the next run begins with:",
              *left, sep="\n  ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
