"""The Debian package: what is in it, with which rights, and what lintian says of it."""

import pathlib
import re
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def package():
    """As ./package makes it, which fails when lintian objects."""
    run(SOURCE / "package", "--no-install")
    found = list((SOURCE / "build/package").glob("signpost_*.deb"))
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="module")
def content(package):
    """Path -> mode and owner."""
    lines = run("dpkg-deb", "-c", package).splitlines()
    return {line.split()[5].removeprefix("."): tuple(line.split()[:2]) for line in lines}


def field(package, name):
    return run("dpkg-deb", "-f", package, name).strip()


def test_it_has_everything_that_a_service_needs(content):
    for path in ("/usr/bin/signpost", "/lib/systemd/system/signpost.service", "/usr/lib/sysusers.d/signpost.conf",
                 "/usr/lib/tmpfiles.d/signpost.conf", "/usr/share/bash-completion/completions/signpost",
                 "/usr/share/zsh/vendor-completions/_signpost", "/usr/share/fish/vendor_completions.d/signpost.fish",
                 "/usr/share/man/man1/signpost.1.gz", "/usr/share/man/man1/signpost-sendmail.1.gz",
                 "/usr/share/man/man5/signpost.toml.5.gz",
                 "/usr/share/man/man5/signpost-users.toml.5.gz", "/usr/share/doc/signpost/copyright",
                 "/usr/share/doc/signpost/changelog.Debian.gz", "/usr/share/signpost/grafana/signpost.json",
                 "/usr/share/signpost/prometheus/signpost.rules.yml", "/usr/share/signpost/providers.toml"):
        assert path in content, path


def test_its_files_are_roots_and_nobody_elses_to_write(content):
    for path, (mode, owner) in content.items():
        wanted = ("drwxr-xr-x" if path.endswith("/") else "-rwxr-xr-x"
                  if path in ("/usr/bin/signpost", "/usr/share/signpost/certbot-deploy-hook") else "-rw-r--r--")
        assert (mode, owner) == (wanted, "root/root"), path


def test_an_example_is_no_configuration(content, package, tmp_path):
    assert [path for path in content if path.startswith("/etc/signpost/")] == [
        "/etc/signpost/", "/etc/signpost/signpost.toml.example"]
    run("dpkg-deb", "-x", package, tmp_path)
    unit = (tmp_path / "lib/systemd/system/signpost.service").read_text()
    assert "\nConditionPathExists=/etc/signpost/signpost.toml\n" in unit


def test_it_depends_on_what_the_program_links(package):
    depends = field(package, "Depends")
    for library in ("libc6", "libssl3", "librocksdb", "libuv1", "libcurl4"):
        assert re.search(rf"\b{library}", depends), library
    assert "-dev" not in depends


def test_its_version_is_the_programs(package):
    version = re.search(r"project\(signpost VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text())[1]
    assert field(package, "Version").split("-")[0] == version


def test_the_program_is_stripped(package, tmp_path):
    run("dpkg-deb", "-x", package, tmp_path)
    assert ".debug_info" not in run("readelf", "-SW", tmp_path / "usr/bin/signpost")
