# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import json

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import marks

MARK = marks.Mark("debian-13-13.1", "ab" * 32, 4096, True)


def test_what_is_put_is_read(tmp_path):
    path = str(tmp_path / "below/slots.json")
    marks.put("uuid-a", MARK, path)
    marks.put("uuid-b", MARK._replace(good=False), path)
    found = marks.read(path)
    assert {key: marks.state(mark) for key, mark in found.items()} == {"uuid-a": "good", "uuid-b": "partial"}
    assert found["uuid-a"].at > 0
    assert marks.state(marks.UNKNOWN) == "unknown"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "\0" * 100,
        "[" * 100000,
        '{"schema": 2, "slots": {"a": {}}}',
        '{"schema": 1, "slots": []}',
        '{"schema": 1, "slots": {"a": {"good": "yes"}}}',
        '{"schema": 1, "slots": {"a": {"better": true}}}',
        '{"schema": 1, "slots": {"a": null}}',
    ],
)
def test_what_cannot_be_read_makes_no_slot_good(text):
    assert not any(mark.good for mark in marks.parse(text).values())


def test_half_a_file_makes_no_slot_good():
    whole = marks.render({"a": MARK})
    assert json.loads(whole)
    assert not any(mark.good for cut in range(len(whole) - 3) for mark in marks.parse(whole[:cut]).values())
