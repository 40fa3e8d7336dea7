"""docs/metrics.md says what the relay exposes, and nothing else."""

from harness import ROOT
from metrics_page import page


def test_the_page_is_what_the_relay_exposes(world):
    relay = world.start()
    text = relay.get("/metrics")[1]
    assert (ROOT / "docs/metrics.md").read_text() == page(text), (
        "write it anew: tests/interop/metrics_page.py URL > docs/metrics.md")
