"""Which version a client is of, as its table in docs/clients.md has it; "" when this machine cannot tell."""

import glob
import pathlib
import re
import subprocess
import urllib.parse

import harness

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"


def said_by(*words):
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def debian(package):
    """The version of its makers, without what Debian adds to it: unpacked, or else installed."""
    def version():
        files = sorted(glob.glob(str(harness.PEERS / "packages" / f"{package}_*.deb")))
        whole = urllib.parse.unquote(files[-1].split("_")[-2]) if files else said_by("dpkg-query", "-W", "-f", "${Version}", package)
        return re.sub(r"^\d+:|[-+~].*$", "", whole)
    return version


def pinned(file, pattern):
    """What `pattern` finds in a file beside the program."""
    return lambda: re.search(pattern, (PROGRAMS / file).read_text())[1]


def go():
    return said_by("go", "env", "GOVERSION").removeprefix("go")
