#!/usr/bin/env python3
"""Writes docs/metrics.md from what a running relay exposes.

usage: metrics_page.py http://127.0.0.1:8025/metrics > docs/metrics.md
"""

import re
import sys
import urllib.request

HEAD = """# Metrics

Everything that `/metrics` of the admin listener exposes, as a running relay says it (a test keeps this page
true). Counters start at zero with the process. No label can be multiplied by the outside world: receivers
appear as `provider`, a name from a closed list, else `other`.

"""


def families(text):
    """[(name, type, [label names], help)], sorted by name."""
    helps, types, labels = {}, {}, {}
    for line in text.splitlines():
        if match := re.match(r"# HELP (\S+) (.*)", line):
            helps[match[1]] = match[2]
        elif match := re.match(r"# TYPE (\S+) (\S+)", line):
            types[match[1]] = match[2]
        elif match := re.match(r"([a-z0-9_]+)(?:\{(.*)\})? ", line):
            name = match[1]
            if name not in types:
                name = re.sub(r"_(bucket|sum|count)$", "", name)
            found = labels.setdefault(name, [])
            for label in re.findall(r'([a-z_]+)="', match[2] or ""):
                if label != "le" and label not in found:
                    found.append(label)
    return [(name, types[name], sorted(labels.get(name, [])), helps[name]) for name in sorted(types)
            if name.startswith("signpost_")]


def page(text):
    lines = ["| metric | type | labels | what it answers |", "|---|---|---|---|"]
    for name, kind, label_names, help_text in families(text):
        labels = ", ".join(f"`{label}`" for label in label_names)
        lines.append(f"| `{name}` | {kind} | {labels} | {help_text} |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page(urllib.request.urlopen(sys.argv[1]).read().decode()))
