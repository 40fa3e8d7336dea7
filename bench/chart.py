"""Draws what bench/compare measured: one bar per relay, in SVG that can be read on light and dark pages."""

import html
import json
import sys

WIDTH, LABEL, BAR, GAP = 760, 210, 24, 10
PANELS = [("rate", "end to end, messages a second (longer is better)", "{:,.0f}"),
          ("cpu_us", "CPU per message, µs (shorter is better)", "{:,.0f}"),
          ("p99_ms", "end of data to 250, p99 in ms (shorter is better)", "{:,.1f}")]

STYLE = """<style>
text { font: 13px sans-serif; fill: #222 } .title { font-weight: bold } .small { font-size: 12px }
.ours { fill: #2b7a4b } .theirs { fill: #8a8f98 } .range { stroke: #222; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .range { stroke: #ddd } .ours { fill: #4cb37a } }
</style>"""


def name_of(row):
    return row["relay"] + (", TLS" if row["tls"] else "")


def panel(rows, key, title, form, top):
    """(elements, height)"""
    largest = max(row[key]["max"] for row in rows) or 1
    scale = (WIDTH - LABEL - 90) / largest
    out = [f'<text class="title" x="0" y="{top + 14}">{html.escape(title)}</text>']
    y = top + 26
    for row in rows:
        figure = row[key]
        kind = "ours" if row["relay"].startswith("Signpost") else "theirs"
        end = LABEL + figure["median"] * scale
        out += [f'<text x="{LABEL - 8}" y="{y + 17}" text-anchor="end">{html.escape(name_of(row))}</text>',
                f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{max(1, end - LABEL):.1f}" height="{BAR}"/>',
                f'<line class="range" x1="{LABEL + figure["min"] * scale:.1f}" x2="{LABEL + figure["max"] * scale:.1f}" '
                f'y1="{y + BAR / 2}" y2="{y + BAR / 2}"/>',
                f'<text x="{LABEL + figure["max"] * scale + 8:.1f}" y="{y + 17}">{form.format(figure["median"])}</text>']
        y += BAR + GAP
    return out, y - top + 8


def draw(result):
    elements, top = [], 4
    for key, title, form in PANELS:
        drawn, height = panel(result["rows"], key, title, form, top)
        elements += drawn
        top += height
    facts = result["machine"]
    captions = [f"{facts['date']}, {facts['cpu']}, {facts['cores']} cores, Linux {facts['kernel']}. Load, relay and sink "
                "share the cores.",
                "4 KB messages over 50 connections, synced, signed (RSA-2048 unless named), delivered. Line: min to max."]
    for line in captions:
        elements.append(f'<text class="small" x="0" y="{top + 12}">{html.escape(line)}</text>')
        top += 18
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 4}" role="img" '
            f'aria-label="Signpost compared">{STYLE}\n' + "\n".join(elements) + "\n</svg>\n")


if __name__ == "__main__":
    sys.stdout.write(draw(json.load(open(sys.argv[1]))))
