# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node before and after a move: what is equal, what the plan explains, and what nothing explains. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import SYSROOT
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import whole_number

EQUAL, EXPLAINED, FINDING, UNEXPLAINED = "equal", "explained", "finding", "unexplained"
FIRST_PERSON = 1000
# Rules that give their files a mode of their own.
RESET = ("identity",)
# A row without what it is about: verdict and reason.
Verdict = tuple[str, str]


class _Plan:
    """What node_carry returned, by what is asked of it."""

    def __init__(self, carried: dict) -> None:
        self.by_source: dict[str, list[dict]] = {}
        for record in carried["plan"]:
            for source in {record["source"], *record["source"].split(" ")}:
                self.by_source.setdefault(source, []).append(record)
        self.left = {left["path"]: left["reason"] for left in carried["left"]}
        self.unknown = {found["path"]: found["reason"] for found in carried["unknown"]}
        network = carried.get("network", {})
        self.network = [*network.get("undeclared", []), *network.get("lost", [])]
        self.collisions = {(found["kind"], found["name"]) for found in carried["collisions"]}

    def named(self, *words: str) -> Verdict | None:
        """Return that an address, or a route by destination and gateway, was named as lost or asked for by no file.

        The kernel's own table has an address with its prefix and a destination; sentences have the same words.
        """
        told = [sentence for sentence in self.network if {*words} <= {*sentence.replace(",", " ").split()}]
        return (FINDING, f"named by the plan: {told[0]}") if told else None

    def stays(self, path: str) -> Verdict | None:
        """Return why a path is known to stay behind, or that it was named as a finding."""
        if path in self.left:
            return EXPLAINED, f"stays: {self.left[path]}"
        for known, reason in self.unknown.items():
            if path == known or (known.endswith("/") and path.startswith(known)):
                return FINDING, f"named by the plan: {reason}"
        return None


def differences(before: dict, after: dict, carried: dict) -> list[dict[str, str]]:
    """Compare two states of a node.

    before, after: the state that node_state_info returned; carried: what node_carry returned for the move between.
    Returns a row for everything that was there before: section, name, verdict (equal, explained, finding or
    unexplained) and why, empty for what is equal.
    """
    plan = _Plan(carried)
    rows = []
    for section, compare in SECTIONS.items():
        for name, (verdict, why) in compare(before, after, plan):
            rows.append({"section": section, "name": name, "verdict": verdict, "why": why})
    return rows


def _files(before: dict, after: dict, plan: _Plan) -> Iterator[tuple[str, Verdict]]:
    for path, was in before["files"].items():
        yield path, _file(path, was, after["files"], plan)


def _file(path: str, was: dict, after: dict, plan: _Plan) -> Verdict:
    if after.get(path) == was:
        return EQUAL, ""
    for record in plan.by_source.get(path, []):
        made = after.get(record["target"])
        if record["digest"] and made and made["digest"] == record["digest"]:
            to = "" if record["target"] == path else f" to {record['target']}"
            lost = f"; {record['lost']}" if record["lost"] else ""
            if changed := _widened(record, was, made):
                in_numbers = {("user", was["user"]), ("group", was["group"])} & plan.collisions
                return (
                    FINDING if in_numbers else UNEXPLAINED
                ), f"carried by the rules of {record['rule']}, but {changed}"
            return EXPLAINED, f"carried by the rules of {record['rule']}{to}{lost}"
    if stays := plan.stays(path):
        return stays
    if path in after and after[path]["digest"] == was["digest"]:
        return EXPLAINED, "the release has the same content"
    return UNEXPLAINED, "changed" if path in after else "not there"


def _is_number(text: str) -> bool:
    return whole_number(text, most_digits=10) is not None


def _widened(record: dict, was: dict, made: dict) -> str:
    """Say how a copy is for others than its original, "" where it is not, or where that is what the rule does."""
    if record["lost"] or made["digest"] != was["digest"] or record["rule"] in RESET:
        return ""
    if made["mode"] != was["mode"]:
        return f"its mode was {was['mode']}, is {made['mode']}"
    ownerless = [kind for kind in ("user", "group") if _is_number(made[kind]) and not _is_number(was[kind])]
    return f"its {ownerless[0]} was {was[ownerless[0]]}, is {made[ownerless[0]]}" if ownerless else ""


def _services(before: dict, after: dict, plan: _Plan) -> Iterator[tuple[str, Verdict]]:
    for name, was in before["services"].items():
        yield name, _service(name, was, after["services"].get(name), plan)


def _service(name: str, was: dict, now: dict | None, plan: _Plan) -> Verdict:
    if now is None:
        left = [reason for path, reason in plan.left.items() if path.endswith("/" + name)]
        if was["packaged"]:
            return EXPLAINED, "of a package of the incumbent that the release does not have, or not running"
        return (EXPLAINED, f"stays: {left[0]}") if left else (UNEXPLAINED, f"was {was['state']}, is not there")
    if now["state"] == "failed" and was["state"] != "failed":
        return UNEXPLAINED, f"was {was['state']}, is failed"
    if now["state"] == was["state"]:
        if was["packaged"] or now["enabled"] == was["enabled"]:
            return EQUAL, ""
        return UNEXPLAINED, f"was {was['enabled']}, is {now['enabled']}"
    change = f"was {was['state']}, is {now['state']}"
    if was["state"] == "inactive" or now["state"] == "active":
        return EXPLAINED, f"the release starts it: {change}"
    if not now["conditions"]:
        return EXPLAINED, f"its conditions do not hold on the release: {change}"
    return UNEXPLAINED, change


def _mounts(before: dict, after: dict, plan: _Plan) -> Iterator[tuple[str, Verdict]]:
    for place, was in before["mounts"].items():
        below = SYSROOT if place == "/" else SYSROOT + place
        left = [reason for path, reason in plan.left.items() if f" {place} " in path + " "]
        if after["mounts"].get(place) == was:
            yield place, (EQUAL, "")
        elif place in ("/", "/var") and after["mounts"].get(below, "").split()[:2] == was.split()[:2]:
            yield place, (EXPLAINED, f"seen at {below}; the release has its own")
        elif left:
            yield place, (EXPLAINED, f"stays: {left[0]}")
        else:
            yield place, (UNEXPLAINED, f"was {was}, is {after['mounts'].get(place, 'not mounted')}")


def _addresses(before: dict, after: dict, plan: _Plan) -> Iterator[tuple[str, Verdict]]:
    for address, was in before["addresses"].items():
        now = after["addresses"].get(address)
        if now == was:
            yield address, (EQUAL, "")
        else:
            yield address, plan.named(address) or (UNEXPLAINED, f"was on {was}, is {f'on {now}' if now else 'gone'}")


def _routes(before: dict, after: dict, plan: _Plan) -> Iterator[tuple[str, Verdict]]:
    for route, was in before["routes"].items():
        words = route.split()
        to = words[0]
        # Every default route has the same destination: without its gateway nobody has named it.
        known = [to, words[2]] if words[1] == "via" else [to] * (to != "default")
        now = after["routes"].get(route)
        change = "is gone" if now is None else f"its metric was {was}, is {now}"
        if now == was:
            yield route, (EQUAL, "")
        elif now is not None and _ranks(before["routes"], route) == _ranks(after["routes"], route):
            yield route, (EXPLAINED, f"of the routes to there the same one counts first; {change}")
        else:
            yield route, (plan.named(*known) if known else None) or (UNEXPLAINED, change)


def _ranks(routes: dict, route: str) -> dict[str, int]:
    """Return for the other routes to the same destination whether they count after this one (1), before it or like it.

    Of two routes to the same destination the one with the lower metric counts.
    """
    to, own = route.split()[0], routes[route]
    others = {other: metric for other, metric in routes.items() if other.split()[0] == to and other != route}
    return {other: (metric > own) - (metric < own) for other, metric in others.items()}


Compare = Callable[[dict, dict, _Plan], Iterator[tuple[str, Verdict]]]


def _accounts(kind: str, table: str) -> Compare:
    def compare(before: dict, after: dict, plan: _Plan) -> Iterator[tuple[str, Verdict]]:
        for name, was in before[kind + "s"].items():
            now = after[kind + "s"].get(name)
            source = f"{table}: {name}"
            lost = [record["lost"] for record in plan.by_source.get(source, []) if record["lost"]]
            number = was.split(":")[0]
            person = (whole_number(number, most_digits=10) or 0) >= FIRST_PERSON
            gone = _left_group(was, now, before, after) if kind == "group" else []
            if now == was:
                yield name, (EQUAL, "")
            elif source in plan.left:
                yield name, (EXPLAINED, f"stays: {plan.left[source]}")
            elif now is not None and lost:
                yield name, (EXPLAINED, lost[0])
            elif (kind, name) in plan.collisions:
                yield name, (FINDING, "named by the plan as a collision")
            elif person:
                yield name, (UNEXPLAINED, f"was {was}, is {now or 'not there'}")
            elif gone:
                yield name, (UNEXPLAINED, f"without {', '.join(gone)}: was {was}, is {now}")
            elif now is None:
                yield name, (EXPLAINED, "an account of the incumbent's packages that nothing carried belongs to")
            else:
                yield name, (EXPLAINED, f"accounts of the system are the release's: was {was}, is {now}")

    return compare


def _left_group(was: str, now: str | None, before: dict, after: dict) -> list[str]:
    """Return who is in a group no more though the release knows them, or though they never were in a file."""
    members, present = ({*said.partition(":")[2].split(",")} - {""} for said in (was, now or ""))
    known = {name for name in members if name in after["users"] or name not in before["users"]}
    return sorted(known - present) if now is not None else []


def _sysctls(before: dict, after: dict, plan: _Plan) -> Iterator[tuple[str, Verdict]]:
    for key, was in before["sysctls"].items():
        now = after["sysctls"].get(key, "")
        left = [reason for path, reason in plan.left.items() if path.endswith(f": {key}")]
        if now == was:
            yield key, (EQUAL, "")
        else:
            yield key, (EXPLAINED, left[0]) if left else (UNEXPLAINED, f"was {was}, is {now or 'not there'}")


def _arguments(before: dict, after: dict, plan: _Plan) -> Iterator[tuple[str, Verdict]]:
    for word in before["kernel_arguments"]:
        if word in after["kernel_arguments"]:
            yield word, (EQUAL, "")
        else:
            yield word, plan.stays(f"/proc/cmdline: {word.partition('=')[0]}") or (UNEXPLAINED, "not there")


SECTIONS: dict[str, Compare] = {
    "files": _files,
    "services": _services,
    "mounts": _mounts,
    "addresses": _addresses,
    "routes": _routes,
    "users": _accounts("user", "/etc/passwd"),
    "groups": _accounts("group", "/etc/group"),
    "sysctls": _sysctls,
    "kernel arguments": _arguments,
}
