"""Mail libraries and programs as clients: what they hand in arrives once, whole and signed, over a connection with TLS
and a login that they keep for several messages, and over one for each. Those that other toolchains must compile are
for bench/clients."""

import re
import sys

import pytest

import harness
from conftest import World

sys.path.append(str(harness.ROOT / "tests/clients"))
import client  # noqa: E402

PAGE = harness.ROOT / "docs/clients.md"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("clients"), None)
    try:
        yield client.Shop(world)
    finally:
        world.stop()


@pytest.mark.parametrize("one", [one for one in client.CLIENTS if one.debian], ids=lambda one: one.name)
def test_mail_arrives_once_whole_and_signed(shop, one):
    try:
        for mode in one.modes:
            shop.measure(one, shop.site(one.name), mode, 2)
    except client.Missing as reason:
        pytest.skip(str(reason))


def test_the_page_shows_what_the_programs_do():
    """Each block that names a file has only lines of that program, in their order."""
    blocks = re.findall(r"<!-- (\S+) -->\n```\w*\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) > 10
    for name, block in blocks:
        lines = iter((client.PROGRAMS / name).read_text().splitlines())
        missing = [line for line in block.splitlines() if line.strip() not in ("", "…") and
                   not any(line.strip() == other.strip() for other in lines)]
        assert missing == [], f"{name}: not there, or not in this order"
