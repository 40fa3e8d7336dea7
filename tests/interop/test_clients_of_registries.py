"""Mail libraries that the package registries of other languages bring: as in test_clients.py. Without its toolchain or its
registry one is skipped, with the reason."""

import sys

import pytest

import harness

sys.path.append(str(harness.ROOT / "tests/clients"))
import client  # noqa: E402


@pytest.mark.parametrize("one", [one for one in client.CLIENTS if one.registry], ids=lambda one: one.name)
def test_mail_arrives_once_whole_and_signed(clients_shop, one):
    clients_shop.try_out(one)
