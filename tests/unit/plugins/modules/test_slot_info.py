# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of two slots; they are files, and the machine that tests has no partitions to find."""

import hashlib
import os

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import layout, marks
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.modules import slot_info

SIZE = 1 << 20


@pytest.fixture
def node(tmp_path, monkeypatch):
    slots, held = {}, {}
    for name in layout.SLOTS:
        (tmp_path / name).write_bytes(os.urandom(2 * SIZE))
        slots[name] = layout.Partition(str(tmp_path / name), "", 2 * SIZE, f"uuid-{name}")
        digest = hashlib.sha256((tmp_path / name).read_bytes()[:SIZE]).hexdigest()
        held[f"uuid-{name}"] = marks.Mark("debian-13-13.1", digest, SIZE, True)
    monkeypatch.setattr(layout, "read", lambda: layout.Layout(slots, "ROOT-A"))
    monkeypatch.setattr(marks, "read", lambda: held)
    return held


def told(verify, field):
    return [slot_info.facts(verify)["slots"][name][field] for name in layout.SLOTS]


def test_slots_that_are_what_was_written(node):
    assert told(False, "state") == ["running", "good"]
    assert told(False, "verified") == [None, None]
    assert told(True, "verified") == [True, True]


def test_one_bit_is_noticed_and_what_lies_behind_the_image_is_not(node, tmp_path):
    for place in (SIZE + 5, SIZE - 1):
        with open(tmp_path / "ROOT-B", "r+b") as slot:
            slot.seek(place)
            (byte,) = slot.read(1)
            slot.seek(place)
            slot.write(bytes([byte ^ 1]))
        assert told(True, "verified") == [True, place > SIZE]


def test_what_was_not_written_to_its_end_is_not_read(node):
    node["uuid-ROOT-B"] = node["uuid-ROOT-B"]._replace(good=False)
    del node["uuid-ROOT-A"]
    assert told(True, "state") == ["running", "partial"]
    assert told(True, "verified") == [None, None]


def test_a_node_without_slots_says_why(monkeypatch):
    def nothing():
        raise FleetError("This node has no partition ROOT-A")

    monkeypatch.setattr(layout, "read", nothing)
    assert slot_info.facts(True) == {
        "problem": "This node has no partition ROOT-A",
        "running": "",
        "partitions": {},
        "slots": {},
    }
