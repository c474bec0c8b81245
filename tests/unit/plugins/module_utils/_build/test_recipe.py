# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recipe is read with what it extends, and each mistake in it is one clear sentence with its line."""

from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import recipe
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

GOOD = """\
schema: 1
name: debian-13
ref: debian/13/x86_64
base:
  directory: root
"""
WRONG = [
    ("colour: red", "line 6: colour: unknown key (known: base, extends"),
    ("file: []", "line 6: file: unknown key (did you mean files?)"),
    ("packages:\n  instal: [jq]", "line 7: packages.instal: unknown key (did you mean install?)"),
    (
        "packages:\n  install:\n    - jq\n    - --purge",
        'line 9: packages.install[1]: "--purge" is not a name of a package',
    ),
    ("packages:\n  pins: {jq: 1.7}", "line 7: packages.pins.jq: must be text, not a decimal number; put it in quotes"),
    ("packages: {pins: [jq]}", "line 6: packages.pins: must be a mapping of packages to versions, not a list"),
    ("files:\n- {path: /etc/motd}", "line 7: files[0]: needs exactly one of content, source, link, directory"),
    (
        'files:\n- {path: /etc/motd, content: a, mode: "644"}',
        'line 7: files[0].mode: "644" is not a mode of four octal digits, such as "0644"',
    ),
    (
        "files:\n- {path: /etc/motd, content: a, mode: 0644}",
        "line 7: files[0].mode: must be text, not a number; put it",
    ),
    ("files:\n- {path: /../etc/motd, content: a}", 'line 7: files[0].path: "/../etc/motd" is not a path from the root'),
    (
        "files:\n- {path: /opt/cni/bin/bridge, content: a}",
        'line 7: files[0].path: "/opt/cni/bin/bridge" would be in no release: what lies below /opt is a node\'s own',
    ),
    ("files:\n- {path: //usr/./local/bin/x, link: a}", "would be in no release: what lies below /usr/local is"),
    ("files:\n- {path: /opt/cni, directory: true}", "would be in no release: what lies below /opt is"),
    ("files:\n- {path: /var/a%b, directory: true}", "would be in no release: what lies below /var is"),
    ("files:\n- {path: /tmp/a, source: a}", "would be in no release: /tmp/a is of one machine"),
    ("files:\n- {path: /etc/fstab, content: a}", "would be in no release: /etc/fstab is of one machine"),
    *(
        (f"files:\n- {{path: {place}/a, content: a}}", f"would be in no release: what lies below {place} is")
        for place in ("/var", "/root", "/home", "/srv", "/mnt", "/media", "/boot", "/dev", "/proc", "/sys")
    ),
    ("files:\n- content: a", "line 7: files[0].path: is missing"),
    ("users:\n- {name: Bob, uid: 1}", 'line 7: users[0].name: "Bob" is not a name of a user or group'),
    ("units: {enable: [kubelet]}", 'line 6: units.enable[0]: "kubelet" is not a unit with its ending'),
    ("kernel: {initramfs: mkinitcpio}", 'line 6: kernel.initramfs: "mkinitcpio" is none of dracut, initramfs-tools'),
    ("leave_out: [doc]", 'line 6: leave_out[0]: "doc" is none of documentation, locales, manuals'),
    ("remove: [/usr/bin/apt]", 'line 6: remove[0]: "/usr/bin/apt" is not a pattern of paths below the root'),
    ("remove: ['*']", 'line 6: remove[0]: "*" is not a pattern of paths below the root'),
    ("remove: [./tmp]", 'line 6: remove[0]: "./tmp" is not a pattern of paths below the root'),
    ("remove: [etc/]", 'line 6: remove[0]: "etc/" is not a pattern of paths below the root'),
    ('files:\n- {path: /etc/a, content: "\\0"}', "line 7: files[0].content: has a NUL or a lone surrogate in it"),
    ('files:\n- {path: /etc/a, content: "\\ud800"}', "line 7: files[0].content: has a NUL or a lone surrogate in it"),
    ('files:\n- {path: "/etc/a\\nb", content: a}', 'line 7: files[0].path: "/etc/a\\nb" is not a path from the root'),
    ('files:\n- {path: /etc/a, link: b, mode: "0644"}', "line 7: files[0].mode: goes with content, source, directory"),
    (f"files:\n- {{path: /etc/a, content: b, sha256: {64 * 'a'}}}", "line 7: files[0].sha256: goes with source"),
    ("users:\n- {name: bob, uid: 4294967295}", "line 7: users[0].uid: must be between 0 and 4294967294"),
    ('users:\n- {name: bob, uid: 1, comment: "a:b"}', "line 7: users[0].comment: must have no colon"),
    ("users:\n- {name: bob, uid: 1, home: '/a:b'}", "line 7: users[0].home: must have no colon"),
    ('scripts:\n- {after: files, text: " "}', "line 7: scripts[0].text: is empty"),
    ("scripts:\n- {before: base, text: id}", 'line 7: scripts[0].before: "base" is none of packages, users'),
    ("units:\n  enable: [a.timer]\n  mask: [a.timer]", 'line 8: units.mask: "a.timer" is in units.enable, too'),
    ("scripts:\n- {after: boot, text: id}", 'line 7: scripts[0].after: "boot" is none of base, packages'),
    ("scripts:\n- {text: id}", "line 7: scripts[0]: needs exactly one of before, after"),
    ("scripts:\n- {after: files, text: id, file: b}", "line 7: scripts[0]: needs exactly one of file, text"),
    ("name: again", "line 6: the key name is there twice"),
    ("packages: &all []", "line 6: anchors and aliases are not allowed"),
]


def written(directory: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (directory / f"{name}.yml").write_text(text)
    return directory / f"{next(iter(texts))}.yml"


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_each_mistake_is_named_with_its_line(tmp_path, text, said):
    with pytest.raises(FleetError) as raised:
        recipe.read(str(written(tmp_path, mine=GOOD + text + "\n")))
    assert said in raised.value.problem
    assert raised.value.problem.startswith(f"Recipe {tmp_path}/mine.yml is not ")
    assert raised.value.problem.count("line ") == 1


def test_two_kinds_of_base_are_one_too_many(tmp_path):
    with pytest.raises(FleetError, match="line 4: base: needs exactly one of mmdebstrap, directory, archive, oci"):
        recipe.read(str(written(tmp_path, mine=GOOD + "  archive: root.tar\n")))


def test_what_a_recipe_needs_may_stand_in_the_one_that_it_extends(tmp_path):
    mine = 'schema: 1\nextends: below.yml\npackages: {install: [jq, zstd], pins: {jq: "1.7*"}}\n'
    mine += "kernel: {initramfs: none}\n"
    below = GOOD + "packages: {install: [zstd, cron], recommends: true}\nkernel: {initramfs: dracut}\n"
    read = recipe.read(str(written(tmp_path, mine=mine, below=below)))
    assert [Path(one).name for one in read.files] == ["mine.yml", "below.yml"]
    packages = read.document["packages"]
    assert packages["install"] == ["zstd", "cron", "jq"]
    assert packages["recommends"] and packages["pins"] == {"jq": "1.7*"}
    assert read.document["kernel"]["initramfs"] == "none"
    assert read.document["base"] == {"directory": str(tmp_path / "root")}


def test_an_argument_that_names_what_follows_it_stands_before_each(tmp_path):
    below = GOOD + "kernel: {arguments: [--add-drivers, virtio_net]}\n"
    mine = "schema: 1\nextends: below.yml\nkernel: {arguments: [--add-drivers, i6300esb]}\n"
    read = recipe.read(str(written(tmp_path, mine=mine, below=below)))
    assert read.document["kernel"]["arguments"] == ["--add-drivers", "virtio_net", "--add-drivers", "i6300esb"]


def test_what_is_done_with_a_unit_is_said_by_who_extends(tmp_path):
    below = GOOD + "units: {enable: [a.timer, b.timer], mask: [c.timer]}\n"
    mine = "schema: 1\nextends: below.yml\nunits: {enable: [c.timer], mask: [a.timer]}\n"
    units = recipe.read(str(written(tmp_path, mine=mine, below=below))).document["units"]
    assert (units["enable"], units["disable"], units["mask"]) == (["b.timer", "c.timer"], [], ["a.timer"])


def test_a_recipe_may_list_hundreds_of_files(tmp_path):
    many = GOOD + "files:\n" + "".join(f"- {{path: /etc/f{number}, content: a}}\n" for number in range(500))
    assert len(recipe.read(str(written(tmp_path, mine=many))).document["files"]) == 500


def test_another_kind_of_base_replaces_the_one_below(tmp_path):
    mine = "schema: 1\nextends: below.yml\nbase: {command: [sh, -c, build]}\n"
    read = recipe.read(str(written(tmp_path, mine=mine, below=GOOD)))
    assert read.document["base"] == {"command": ["sh", "-c", "build"]}


def test_paths_are_meant_from_the_file_that_names_them(tmp_path):
    (tmp_path / "below").mkdir()
    written(tmp_path / "below", node=GOOD + "files: [{path: /etc/a, source: a}]\n")
    mine = "schema: 1\nextends: below/node.yml\nscripts: [{after: files, file: b.sh}]\n"
    document = recipe.read(str(written(tmp_path, mine=mine))).document
    assert document["files"][0]["source"] == str(tmp_path / "below" / "a")
    assert document["scripts"][0]["file"] == str(tmp_path / "b.sh")


def test_a_name_alone_is_a_recipe_that_comes_with_the_collection(tmp_path):
    (tmp_path / "shipped").mkdir()
    written(tmp_path / "shipped", node=GOOD)
    mine = written(tmp_path, mine="schema: 1\nextends: node\n")
    assert recipe.read(str(mine), str(tmp_path / "shipped")).document["name"] == "debian-13"


@pytest.mark.parametrize(
    ("mine", "said"),
    [
        ("schema: 1\n", "name: is missing; ref: is missing; base: is missing"),
        ("schema: 2\n", "line 1: schema: must be 1"),
        ("schema: 1\nextends: mine.yml\n", "extends: leads back to "),
        ("schema: 1\nextends: gone.yml\n", "cannot be read: No such file"),
        ("- a\n", "line 1: document: must be a mapping, not a list"),
        ("a: [\n", "is not proper YAML: line 2: "),
        ("schema: 1\nbase: {command: []}\n", "line 2: base.command: is empty"),
        ('schema: 1\nextends: "a\\0"\n', "line 2: extends: has a NUL"),
    ],
)
def test_what_is_no_recipe_is_refused(tmp_path, mine, said):
    with pytest.raises(FleetError) as raised:
        recipe.read(str(written(tmp_path, mine=mine)))
    assert said in raised.value.problem
