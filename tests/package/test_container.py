"""What can be said of the container files without an engine that runs them."""

import json
import pathlib
import re

import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FOLDER = SOURCE / "etc/container"


def test_what_compose_mounts_is_there():
    compose = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    named = set(compose["volumes"])
    for name, service in compose["services"].items():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            # ./signpost is the operator's: init writes it.
            assert source in named or source == "./signpost" or (FOLDER / source).exists(), (name, source)
    build = compose["services"]["signpost"]["build"]
    assert (FOLDER / build["context"] / build["dockerfile"]).exists()


def test_prometheus_and_grafana_find_what_is_mounted():
    compose = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
    prometheus = yaml.safe_load((FOLDER / "prometheus/prometheus.yml").read_text())
    inside = [volume.split(":")[1] for volume in compose["prometheus"]["volumes"]]
    assert set(prometheus["rule_files"]) <= set(inside)
    # The host name of the relay: its admin server answers to no other (421).
    target = prometheus["scrape_configs"][0]["static_configs"][0]["targets"][0]
    assert target.split(":")[0] == compose["signpost"]["hostname"]
    assert target.split(":")[0] in compose["signpost"]["networks"]["default"]["aliases"]
    # The rules look for this job.
    rules = (SOURCE / "etc/prometheus/signpost.rules.yml").read_text()
    assert f'job="{prometheus["scrape_configs"][0]["job_name"]}"' in rules
    provider = yaml.safe_load((FOLDER / "grafana/provisioning/dashboards/signpost.yaml").read_text())
    inside = [volume.split(":")[1] for volume in compose["grafana"]["volumes"]]
    assert provider["providers"][0]["options"]["path"] in inside
    json.loads((SOURCE / "etc/grafana/signpost.json").read_text())


def test_the_image_runs_as_its_own_account():
    lines = (FOLDER / "Containerfile").read_text()
    last = lines[lines.rindex("\nFROM "):]
    assert re.search(r"(?m)^USER signpost$", last)
    assert re.search(r"(?m)^VOLUME /var/lib/signpost$", last)
    assert re.search(r"(?m)^HEALTHCHECK .*/readyz$", last)
    for copied in re.findall(r"(?m)^COPY (\S+) /source$", lines):
        assert (SOURCE / copied).exists()


def test_the_first_configuration_is_made_with_the_capabilities_that_it_takes():
    """init gives files to a group, which the service may not do."""
    compose = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]["signpost"]
    assert compose["cap_drop"] == ["ALL"]
    line = re.search(r"(?m)^docker .* init .*$", (FOLDER / "README.md").read_text())[0]
    assert line.startswith("docker run ") and "--user root" in line
    assert f" {compose['image']} init " in line
