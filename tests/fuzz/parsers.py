# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parsers of text that others write, each as a function of that text, and how their inputs are made. Those of
objects in a cluster are in a file of their own.

A parser may take a text, keep of it what it understands, or raise a domain error. Anything else is a finding.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines, _osrelease, _storage, _text
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import arguments, bls, env, grub, grubcfg, script
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import (
    accounts,
    dpkg,
    dropins,
    model,
    mounts,
    sysctl,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats import reader
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import windows
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import merge, model as network
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import (
    ifcfg,
    ifupdown,
    iptext,
    keyfiles,
    networkd,
    state,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import envelope, schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import changelog, content, policy, software
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import (
    evidence,
    healthstate,
    node_object,
    record,
)
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import (
    _job_events as job_events,
    _page as page,
    _rollout as rollout,
    _run_report as run_report,
)

from tests.backends.roots import deployed
from tests.fuzz.objects import NEXT, TARGETS

CORPUS = Path(__file__).parent / "corpus"
# Where files cost little.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
LINK = network.Link("eth0", network.PHYSICAL, "02:00:00:00:00:01", True, "02:00:00:00:00:01", 1500, True, "", "", {},
                    ["192.0.2.5/24"], [])  # fmt: skip
STATE = network.State({"eth0": LINK}, [("eth0", "boot", network.route("default", "192.0.2.1"))])
# Pieces that have broken parsers: of other scripts, of other types, too long, nothing at all.
PIECES = (
    "", " ", "\t", "\n", "\0", "=", ":", "#", "/", "/24", "-", "²", "٣", "\x85", "\u2028", "'", '"', "{", "[", "]",
    "null", "{}", "0x" + "f" * 5000, "9" * 5000, "-1", "1e999", "*", "..", "../x" * 40, "default", "[z-a]",
    "\\", "\udcff",
)  # fmt: skip


class Place:
    """A root of a few files, which is written anew for each input."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="osmigrate-fuzz-", dir=MEMORY)
        self.root = Path(self._directory.name)

    def write(self, name: str, text: str) -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))

    def tree(self) -> Tree:
        return Tree(str(self.root))


def of_network(read: Callable, *names: str) -> Callable[[str], None]:
    """Reads files of a network, and puts them together with what runs."""
    place = Place()

    def parse(text: str) -> None:
        parts = text.split(NEXT)
        for number, name in enumerate(names):
            place.write(name, parts[number] if number < len(parts) else "")
        merge.merge([read(place.tree())], STATE)

    return parse


def of_accounts() -> Callable[[str], None]:
    place, release = Place(), Place()
    names = (accounts.PASSWD, accounts.GROUP, accounts.SHADOW, accounts.SUBIDS[0])

    def parse(text: str) -> None:
        parts = text.split(NEXT)
        for number, name in enumerate(names):
            part = parts[number] if number < len(parts) else ""
            place.write(name, part)
            release.write("/usr" + name, part)
            release.write(name, part)
        situation = model.open_situation(str(place.root), deployed(release.root), [])
        accounts.plan(situation, {"daemon"}, {"adm"})
        accounts.plan_missing(situation)

    return parse


def of_sysctl() -> Callable[[str], None]:
    place = Place()

    def parse(text: str) -> None:
        place.write("/etc/sysctl.d/x.conf", text)
        for key in sysctl.effective(place.tree()):
            place.tree().text(sysctl.LIVE + key)

    return parse


def of_kubelet() -> Callable[[str], None]:
    place = Place()

    def parse(text: str) -> None:
        place.write("/kubelet.conf", text)
        node_object.read_kubeconfig(str(place.root / "kubelet.conf"))

    return parse


def of_fstab(text: str) -> None:
    place = Tree("/nonexistent")
    for fields in mounts.parse_fstab(text):
        place.resolve(mounts.plain(fields[1]))


def of_sshd(text: str) -> None:
    mine, _mark, theirs = text.partition(NEXT)
    dropins.sshd_changes(mine, theirs)
    for line in _lines.effective(mine):
        dropins._keyword(line)


def of_record(text: str) -> None:
    state = record.parse(text)
    for block in (None, {"osm_default": "package", "osm_trial": "d-1", "osm_tries": "x"}):
        record.judge(state, block, "package", "b")
    record.fallback(state, state["default"])
    record.attempts(state, "d-1")
    record.render(state)


def of_ended(text: str) -> None:
    trial = {"entry": "d-1", "armed_boot_id": "b"}
    evidence.explain(trial, evidence.Evidence(evidence.parse_ended(text), ""), "nothing")


def of_block(text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    try:
        env.render(env.parse((env.HEADER + data + b"#" * env.SIZE)[: env.SIZE]))
    except ValueError:
        pass  # its domain error


def of_grub(text: str) -> None:
    grubcfg.settings(text)
    script.ends_early(grub.with_block(text))
    grub.without_block(text)


def of_boot_entry(text: str) -> None:
    """A text as an entry, as the grub.cfg around it, and as what grubenv has."""
    entry = bls.parse("m-1.conf", text)
    bls.find("/", entry.linux)
    bls.pending(bls.expanded(entry.options, bls.shared_options(text)), grub.parse_command_line(text))
    for name in (text.strip(), bls.default_name(text, {"saved_entry": text.strip()})):
        bls.default([entry], name)
        bls.is_named(text, [entry], name)


def of_ip(text: str) -> None:
    asked = {"addresses": iptext.addresses(text, text), "routes4": iptext.routes(text), "routes6": []}
    state.parse(state.Answers(asked, {}))


def of_command_line(text: str) -> None:
    words = grub.parse_command_line(text)
    arguments.words(words)


def of_formats(text: str) -> None:
    for patterns, _reader in reader.READERS:
        reader.names(patterns.split()[0], text)


def of_windows(text: str) -> None:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = text
    given = given if isinstance(given, list) else [given]
    schedules: tuple[tuple[list, list], ...] = ((given, []), ([], given))
    for schedule in schedules:
        try:
            windows.opening(windows.parse(*schedule), 1_800_000_000, 600)
        except FleetError:
            pass


def of_manifest(text: str) -> None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = text  # how its bytes become a document is for the envelope to say
    schema.validate(document)


def of_policy(text: str) -> None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = text  # as of_manifest
    policy.validate(document, "Policy x")


def of_changelog(text: str) -> None:
    now = software.Software("tool", "1.1", "all", "tool", "1.1", "", "", "", 0, (), ())
    changelog.since(text, now._replace(version="1.0", source_version="1.0"), now)
    raw = text.encode("utf-8", "surrogateescape")
    for line in content.difference(b"x\n", raw):
        line.encode("utf-8")
    content.is_same("x.pyc", b"x" * 20, raw)


def of_text(text: str) -> None:
    _text.printable(text, 40).encode("utf-8")
    _text.whole_number(text)
    _text.is_address(text)
    _text.is_node_name(text)


def of_os_release(text: str) -> None:
    _osrelease.family(_osrelease.parse_os_release(text))


def of_events(text: str) -> None:
    """A log of events, or those of a job, and all reports on it."""
    said = run_report.facts(rollout.reduce(job_events.read_texts([text])))
    for suffix, form in page.FORMS.items():
        told = form(said)
        told.encode()
        if suffix == "xml":
            ElementTree.fromstring(told)


PARSERS: dict[str, Callable[[str], object]] = {
    **TARGETS,
    "accounts": of_accounts(),
    "block": of_block,
    "boot-entry": of_boot_entry,
    "changelog": of_changelog,
    "command-line": of_command_line,
    "dpkg": dpkg.parse_conffiles,
    "ended": of_ended,
    "envelope": lambda text: envelope.parse(text, "x"),
    "events": of_events,
    "fstab": of_fstab,
    "formats": of_formats,
    "grub": of_grub,
    "health": lambda text: healthstate.parse(text, True),
    "ifcfg": of_network(ifcfg.read, *(f"{ifcfg.PLACE}/{kind}-eth0" for kind in ("ifcfg", "route", "rule"))),
    "ifupdown": of_network(ifupdown.read, ifupdown.PLACE),
    "keyfiles": of_network(keyfiles.read, "/etc/NetworkManager/system-connections/x"),
    "ip": of_ip,
    "installed": dpkg.parse_installed,
    "kubelet": of_kubelet(),
    "manifest": of_manifest,
    "mountinfo": _storage.parse_mountinfo,
    "networkd": of_network(networkd.read, "/etc/systemd/network/x.network"),
    "os-release": of_os_release,
    "policy": of_policy,
    "record": of_record,
    "sshd": of_sshd,
    "sysctl": of_sysctl(),
    "text": of_text,
    "windows": of_windows,
}


def seeds(parser: str) -> list[str]:
    """The texts of a parser's corpus: plain ones, and those that have broken it."""
    found = sorted((CORPUS / parser).glob("*"))
    return [path.read_bytes().decode("utf-8", "surrogateescape") for path in found]


def run(parser: str, text: str) -> None:
    """Give a parser a text; a domain error is an answer."""
    try:
        PARSERS[parser](text)
    except FleetError as error:
        assert str(error), "an error without a sentence"


def changed(text: str, others: list[str], chance: random.Random) -> str:
    """A text that is nearly another one: pieces go, come twice, are cut off or come from elsewhere."""
    for _step in range(chance.randint(1, 4)):
        lines = text.split("\n")
        here = chance.randrange(len(lines))
        kind = chance.randrange(7)
        if kind == 0:
            del lines[here]
        elif kind == 1:
            lines.insert(here, lines[chance.randrange(len(lines))])
        elif kind == 2:
            lines[here] = lines[here][: chance.randint(0, len(lines[here]))]
        elif kind == 3:
            other = chance.choice(others).split("\n")
            lines[here] = other[chance.randrange(len(other))]
        elif kind == 4:
            words = lines[here].split(" ")
            words[chance.randrange(len(words))] = chance.choice(PIECES)
            lines[here] = " ".join(words)
        else:
            start = chance.randint(0, len(lines[here]))
            end = min(len(lines[here]), start + chance.randint(0, 6))
            lines[here] = lines[here][:start] + chance.choice(PIECES) + lines[here][end:]
        text = "\n".join(lines)
    return text


def fuzz(parser: str, seconds: float, seed: int) -> tuple[int, dict[str, tuple[str, str]]]:
    """Give a parser changed texts for so long.

    :returns: how many, and for each place where it broke the error and the shortest such text.
    """
    chance, given, broken = random.Random(seed), seeds(parser), {}
    number, ends = 0, time.monotonic() + seconds
    while time.monotonic() < ends:
        text = changed(chance.choice(given), given, chance)
        number += 1
        try:
            run(parser, text)
        except Exception as error:
            trace = error.__traceback__
            while trace.tb_next:
                trace = trace.tb_next
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
            if place not in broken or len(text) < len(broken[place][1]):
                broken[place] = (repr(error), text)
    return number, broken
