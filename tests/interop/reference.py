"""What the reference pages say, to compare a running relay with it. That the pages are what the program
prints is the unit tests' matter (tests/relay/reference_test.cc)."""

import json
import re

from harness import ROOT

TYPES = {"string": str, "integer": int, "boolean": bool}


def metrics():
    """{name: (type, {label: {values}, or None for an open set})} of docs/metrics.md"""
    described = {}
    for row in re.findall(r"^\| `(signpost_\w+)` \| (\w+) \| (.*?) \| ", (ROOT / "docs/metrics.md").read_text(), re.M):
        labels = {}
        for label, values in re.findall(r"`(\w+)`: ([^;]*)", row[2]):
            is_open = " " in values.replace(", ", ",")
            labels[label] = None if is_open else set(values.split(", "))
        described[row[0]] = (row[1], labels)
    return described


def faults_of_metrics(text):
    """What an exposition has that the reference lacks."""
    known = metrics()
    faults, types = [], {}
    for line in text.splitlines():
        if match := re.match(r"# TYPE (\S+) (\S+)", line):
            types[match[1]] = match[2]
            if match[1].startswith("signpost_") and known.get(match[1], ("",))[0] != match[2]:
                faults.append(f"{match[1]} is a {match[2]}")
        elif match := re.match(r"(signpost_\w+?)(?:\{(.*)\})? \S+$", line):
            name = match[1] if match[1] in types else re.sub(r"_(bucket|sum|count)$", "", match[1])
            labels = dict(re.findall(r'(\w+)="([^"]*)"', match[2] or ""))
            labels.pop("le", None)
            expected = known.get(name, ("", {}))[1]
            if labels.keys() != expected.keys():
                faults.append(f"{name} has the labels {sorted(labels)}")
            faults += [f"{name}: {label} is {value}" for label, value in labels.items()
                       if expected.get(label) is not None and value not in expected[label]]
    return faults


def faults_of_events(events):
    """What log lines have that docs/events.schema.json does not describe."""
    schema = json.loads((ROOT / "docs/events.schema.json").read_text())
    known = {one["title"]: one for one in schema["oneOf"]}
    faults = []
    for event in events:
        name = event["event"]
        if name not in known:
            faults.append(f"{name}: unknown")
            continue
        properties = known[name]["properties"]
        faults += [f"{name}: no {field}" for field in known[name]["required"] if field not in event]
        for field, value in event.items():
            rule = properties.get(field)
            if rule is None:
                faults.append(f"{name}: {field} is unknown")
            elif "const" in rule and value != rule["const"] or "enum" in rule and value not in rule["enum"] \
                    or "type" in rule and type(value) is not TYPES[rule["type"]]:
                faults.append(f"{name}: {field} is {value!r}")
    return faults
