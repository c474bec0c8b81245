# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible_collections.osmigrate.fleet.plugins.modules import release_difference


def test_a_report_is_written_once(tmp_path):
    place = tmp_path / "review" / "one"
    files = {"a.json": "{}\n", "a.txt": "ü\n"}
    planned = release_difference.write(str(place), files, True)
    assert planned == [f"write {place}/a.json", f"write {place}/a.txt"]
    assert not place.exists()
    assert release_difference.write(str(place), files, False) == planned
    assert (place / "a.txt").read_text(encoding="utf-8") == "ü\n"
    assert release_difference.write(str(place), files, False) == []
    (place / "a.txt").write_text("other")
    assert release_difference.write(str(place), files, False) == [f"write {place}/a.txt"]


def test_directories_are_compared(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name / "usr").mkdir(parents=True)
    (tmp_path / "new/usr/a").write_text("a")
    params = {
        "old_repository": None,
        "packages": None,
        "image": None,
        "new_repository": None,
        "feed": None,
        "work_directory": str(tmp_path),
    }
    found = release_difference.compare({"old": str(tmp_path / "old"), "new": str(tmp_path / "new"), **params})
    assert [one["path"] for one in found["files"]] == ["/usr/a"]
