"""Programs whose libraries come from the package registries of other languages: fetched and compiled once, kept under
build/clients. What cannot be had here raises Missing: no toolchain, no registry, or none that answers in time. What can
be had and does not compile is an error.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import subprocess

import harness

BUILT = harness.ROOT / "build/clients"
TO_FETCH, TO_BUILD = 120, 300  # seconds


class Missing(Exception):
    """What a client needs and this machine does not have."""


def installed(program, package=None):
    path = shutil.which(program)
    if not path:
        raise Missing(f"{package or program} is not installed")
    return path


def run(words, folder, limit, **more):
    """(exit code, output); its children end with it. Raises Missing when it takes longer than `limit` seconds."""
    with subprocess.Popen([str(word) for word in words], cwd=folder, env=dict(os.environ, **more), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=limit * harness.PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise Missing(f"{' '.join(map(str, words[:2]))} took longer than {limit:g} s")
    return process.returncode, output


def fetch(words, folder, **more):
    code, output = run(words, folder, TO_FETCH, **more)
    if code != 0:
        said = [line for line in output.splitlines() if line.strip()]
        raise Missing(f"{' '.join(map(str, words[:2]))} brought nothing: {said[-1].strip() if said else code}")


def build(words, folder, **more):
    code, output = run(words, folder, TO_BUILD, **more)
    assert code == 0, f"{words}: {output[-3000:]}"


@contextlib.contextmanager
def kept_folder(name):
    """A folder that stays for later runs, for one process at a time."""
    BUILT.mkdir(parents=True, exist_ok=True)
    with open(BUILT / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (BUILT / name).mkdir(exist_ok=True)
        yield BUILT / name


def go_program(site, name):
    """The program of programs/NAME, with the modules that its go.mod and go.sum name."""
    installed("go")
    program = site.folder / f"{name}.program"
    if not program.exists():
        source = site.program(name)
        fetch(["go", "mod", "download"], source, GOFLAGS="-mod=readonly", GOTOOLCHAIN="local")
        build(["go", "build", "-o", program, "."], source, GOFLAGS="-mod=readonly", GOPROXY="off", GOTOOLCHAIN="local")
    return program


def cargo_program(site, name):
    """The program of programs/NAME, with the crates that its Cargo.toml names; theirs are as they were the first time."""
    installed("cargo")
    program = site.folder / f"{name}.program"
    if not program.exists():
        with kept_folder(name) as folder:
            shutil.copytree(site.program(name), folder, dirs_exist_ok=True)
            fetch(["cargo", "fetch", "--quiet"], folder, CARGO_NET_RETRY="0")
            build(["cargo", "build", "--release", "--quiet", "--offline"], folder, CARGO_TARGET_DIR=str(folder / "target"))
            shutil.copy(folder / "target/release/client", program)
    return program


def maven_jars(name):
    """The jars that the pom.xml of programs/NAME depends on."""
    installed("java", "a JDK")
    pom = pathlib.Path(__file__).resolve().parent / "programs" / name / "pom.xml"
    with kept_folder(name) as folder:
        same = folder / "pom.xml"
        if not same.exists() or same.read_bytes() != pom.read_bytes():
            installed("mvn", "Maven")
            shutil.rmtree(folder / "jars", ignore_errors=True)
            fetch(["mvn", "--batch-mode", "--quiet", "--file", pom, "dependency:copy-dependencies",
                   f"-DoutputDirectory={folder}/jars"], folder)
            shutil.copy(pom, same)
        return sorted((folder / "jars").glob("*.jar"))
