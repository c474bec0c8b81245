# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and groups: people are carried, the system's own come from the release.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Left, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import FILE, Item, Part, item
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import is_below
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import whole_number

PASSWD, GROUP, SHADOW, GSHADOW = "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"
FIRST_PERSON, NOBODY = 1000, 65534
SYSTEM_NUMBERS = range(999, 100, -1)
FALLBACK_SHELL = "/bin/sh"
# Shells by which nobody logs in.
NO_LOGIN = ("", "nologin", "false", "true", "sync", "halt", "shutdown")
SUBIDS = ("/etc/subuid", "/etc/subgid")
FILES = (PASSWD, GROUP, SHADOW, GSHADOW) + SUBIDS
# Names in SUBIDS that no account has to have: container runtimes look for them.
SUBID_NAMES = ("containers",)

# Negative, or larger than any that the kernel has; kept as it is, whatever the system makes of it.
_NUMERIC = re.compile(r"-?[0-9]+\Z")
NO_KERNEL = "the kernel has no such number; the line is kept as it is"

# Where fields lie in the lines of passwd, of group and of their shadows.
NAME, PASSWORD, NUMBER, USER_GROUP, MEMBERS, HOME, SHELL = 0, 1, 2, 3, 3, 5, 6
# Where nobody's home is carried, unless it is below /usr/local.
SEALED = ("/usr", "/etc")

Lines = typing.List[typing.List[str]]  # of a table of accounts, as lists of fields


# numbers: (kind, number on the incumbent) to the number on the candidate; names: kind to dict of name to number there.
class Accounts(typing.NamedTuple):
    found: Found
    numbers: dict
    names: dict
    collisions: list


def parse(text: str) -> Lines:
    """Read passwd or group, or a shadow of them: list of lists of fields; what is no account is left out."""
    lines = [line.split(":") for line in _lines.lines(text)]
    return [fields for fields in lines if len(fields) >= 4 and fields[NAME][:1] not in ("", "+", "-", "#")]


def names(lines: Lines) -> typing.Dict[str, int]:
    """Return dict of name to number; of two lines with one name the first one counts, as it does for the system."""
    numbers = [(fields[NAME], _number(fields[NUMBER])) for fields in reversed(lines)]
    return {name: number for name, number in numbers if number is not None}


def holders(numbers: typing.Mapping[str, int]) -> typing.Dict[int, typing.Set[str]]:
    """Return dict of number to the set of names that have it.

    :param numbers: dict, what names returned.
    """
    found: typing.Dict[int, typing.Set[str]] = {}
    for name, number in numbers.items():
        found.setdefault(number, set()).add(name)
    return found


def _number(text: str) -> typing.Optional[int]:
    """A number of a user or group, None if the kernel can have none like it."""
    found = whole_number(text, 10)
    return found if found is not None and found < 2**32 - 1 else None


def _number_fields(path: str) -> tuple:
    return (NUMBER, USER_GROUP) if path == PASSWD else (NUMBER,)


def _split(lines: list, path: str) -> tuple:
    """Return those lines of passwd or group with numbers that the kernel can have, and all others."""
    usable = [line for line in lines if all(_number(line[field]) is not None for field in _number_fields(path))]
    return usable, [line for line in lines if line not in usable]


def _lines_of_nis(situation: Situation, path: str) -> typing.List[Left]:
    """Return what NIS adds to passwd or group, or takes of it, as list of Left."""
    found = [line.split(":")[NAME] for line in _lines.lines(situation.incumbent.text(path)) if line[:1] in ("+", "-")]
    return [Left(f"{path}: {name}", "a line for NIS, which the candidate's accounts do not ask") for name in found]


def _is_person(number: int) -> bool:
    return number >= FIRST_PERSON and number != NOBODY


class _Table:
    """The lines of one file of the candidate while it is put together.

    :param own: list of lists of fields, what the candidate begins with.
    :param elsewhere: the same of what it has in /usr/lib.
    :param source: the same of where more lines come from. Names that share a number there share it here, too.
    :param kept: set of int, numbers that nobody gets who had another one.
    """

    def __init__(self, own: Lines, elsewhere: Lines, source: Lines, kept: typing.Iterable[int] = ()) -> None:
        self.lines = [list(fields) for fields in own]
        self.elsewhere = elsewhere
        self.numbers = names(elsewhere)
        self.numbers.update(names(own))
        self._first, self._source = holders(self.numbers), holders(names(source))
        self._kept = set(kept) | set(self._source)

    def take(self, fields: typing.List[str]) -> str:
        """Put a line in, in place of one of the same name; return whose number it is on the candidate, or ""."""
        number = int(fields[NUMBER])
        others = self._first.get(number, set()) - self._source.get(number, set()) - {fields[NAME]}
        if others:
            return sorted(others)[0]
        self.put(fields)
        return ""

    def put(self, fields: typing.List[str]) -> None:
        """Put a line in, in place of one of the same name."""
        if fields[NAME] in self.numbers:
            self.lines = [line for line in self.lines if line[NAME] != fields[NAME]]
        self.lines.append(list(fields))
        self.numbers[fields[NAME]] = int(fields[NUMBER])

    def adopt(self, name: str) -> None:
        """Put a line in that the release has in /usr/lib only, so that it can be changed."""
        if not any(line[NAME] == name for line in self.lines):
            self.lines += [list(fields) for fields in self.elsewhere if fields[NAME] == name][:1]

    def settle(self, fields: typing.List[str], may_change: bool) -> typing.Tuple[str, str]:
        """Put a line in, if need be and allowed with the highest number that is free.

        :returns: (name that has the number already, or ""; what was changed).
        """
        holder = self.take(fields)
        if not holder or not may_change:
            return holder, ""
        old, fields[NUMBER] = fields[NUMBER], str(self.free())
        self.put(fields)
        return "", f"its number {old} belongs to {holder} in the release; it becomes {fields[NUMBER]}"

    def free(self) -> int:
        """Return the highest number for the system that nobody has, here or where the lines come from."""
        taken = self._kept | set(self.numbers.values())
        free = [number for number in SYSTEM_NUMBERS if number not in taken]
        if not free:
            raise FleetError(
                f"All {len(SYSTEM_NUMBERS)} numbers of system accounts are taken",
                todo="Remove accounts that nobody needs from the node or from the release",
            )
        return free[0]

    def text(self) -> str:
        return "".join(":".join(fields) + "\n" for fields in self.lines)


def plan(
    situation: Situation,
    needed_users: typing.Set[str],
    needed_groups: typing.Set[str],
    owning: typing.Collection[typing.Tuple[str, int]] = (),
) -> Accounts:
    """Bring the people of the incumbent, and its system accounts that carried files or services need.

    A system account whose number is taken gets another one, unless it owns files that both systems use.

    :param needed_users: set of str, names of system users; needed_groups: the same of groups.
    :param owning: container of (kind, number) on the incumbent: who owns files that both systems use.
    :returns: Accounts.
    """
    incumbent = {path: parse(situation.incumbent.text(path)) for path in (PASSWD, GROUP, SHADOW, GSHADOW)}
    left = []
    odd = {}
    for path in (PASSWD, GROUP):
        left += _lines_of_nis(situation, path)
        incumbent[path], odd[path] = _split(incumbent[path], path)
    # Fields at the end may be missing.
    incumbent[PASSWD] = [fields + [""] * (SHELL + 1 - len(fields)) for fields in incumbent[PASSWD]]
    local = {fields[NAME] for fields in incumbent[PASSWD]}
    needed_users = needed_users | _sub_users(situation) | _logins(incumbent[PASSWD])
    release = {path: parse((situation.pristine(path) or b"").decode("utf-8", "surrogateescape")) for path in incumbent}
    vendor = {path: parse(situation.candidate.text("/usr/lib" + path[len("/etc") :])) for path in (PASSWD, GROUP)}
    for path, renamed in ((PASSWD, situation.translation.users), (GROUP, situation.translation.groups)):
        _rename(incumbent[path], names(vendor[path] + release[path]), renamed)
    users, groups = (
        _Table(release[path], vendor[path], incumbent[path], {number for of, number in owning if of == kind})
        for path, kind in ((PASSWD, "user"), (GROUP, "group"))
    )
    parts: typing.Dict[str, typing.List[Part]] = {PASSWD: [], GROUP: []}
    collisions = []

    people = [
        fields
        for fields in incumbent[PASSWD]
        if _is_person(int(fields[NUMBER])) or (fields[NAME] in needed_users and fields[NAME] not in users.numbers)
    ]
    primary = {int(fields[USER_GROUP]) for fields in people}
    chosen = {fields[NAME] for fields in people}
    for fields in incumbent[GROUP]:
        name, number = fields[NAME], int(fields[NUMBER])
        # Who is in no file comes from a directory service, and may become root by the group.
        members = [
            member for member in fields[MEMBERS].split(",") if member in chosen or member and member not in local
        ]
        wanted = name in needed_groups or number in primary or bool(members)
        if not _is_person(number) and (name in groups.numbers or not wanted):
            continue
        holder, lost = groups.settle(fields[:MEMBERS] + [",".join(members)], ("group", number) not in owning)
        if holder:
            collisions.append(_collision("group", name, number, None, holder))
        else:
            parts[GROUP].append(Part(GROUP, f"{GROUP}: {name}", "accounts", "line", name, lost))
    carried = set()
    group_numbers = _mapping(incumbent[GROUP], groups.numbers)
    for fields in people:
        shell = ""
        fields = list(fields)
        fields[USER_GROUP] = str(group_numbers.get(int(fields[USER_GROUP]), fields[USER_GROUP]))
        # Who could not log in by it cannot do so on the candidate either.
        if (
            _logs_in(fields[SHELL])
            and not situation.has_program(fields[SHELL])
            and situation.incumbent.exists(fields[SHELL])
        ):
            shell = f"the release has no {fields[SHELL]}, the shell becomes {FALLBACK_SHELL}"
            fields[SHELL] = FALLBACK_SHELL
        person = _is_person(int(fields[NUMBER]))
        holder, lost = users.settle(fields, not person and ("user", int(fields[NUMBER])) not in owning)
        lost = "; ".join(word for word in (lost or shell, _home(situation, fields)) if word)
        if holder and person:
            raise FleetError(
                f"The user {fields[NAME]} cannot be carried: its number {fields[NUMBER]} belongs to {holder} in the "
                "release",
                todo="Change the number on the node, or take a release without that user",
            )
        if holder:
            collisions.append(_collision("user", fields[NAME], int(fields[NUMBER]), None, holder))
        else:
            carried.add(fields[NAME])
            parts[PASSWD].append(Part(PASSWD, f"{PASSWD}: {fields[NAME]}", "accounts", "line", fields[NAME], lost))
    for path, table in ((PASSWD, users), (GROUP, groups)):
        for fields in odd[path]:
            name = f"{path}: {fields[NAME]}"
            if fields[NAME] in table.numbers or not all(_NUMERIC.match(fields[each]) for each in _number_fields(path)):
                left.append(Left(name, "its line has no number where one has to be"))
                continue
            table.lines.append(fields)
            parts[path].append(Part(path, name, "accounts", "line", fields[NAME], NO_KERNEL))
            carried.update([fields[NAME]] if path == PASSWD else [])
    for fields in incumbent[GROUP]:
        _join(groups, fields, carried, local, parts[GROUP])
    left += _members(incumbent[GROUP], groups.lines, local & set(users.numbers))
    left += _shells(situation, incumbent[PASSWD], users, carried, parts[PASSWD])

    own_root = {"root"} & {fields[NAME] for fields in incumbent[SHADOW]}
    shadow = _merge_shadow(release[SHADOW], incumbent[SHADOW], carried | own_root)
    gshadow = _merge_group_shadow(incumbent[GSHADOW] + release[GSHADOW], groups.lines)
    items = [
        _file(situation, PASSWD, users.text(), False, parts[PASSWD]),
        _file(situation, GROUP, groups.text(), False, parts[GROUP]),
        _file(situation, SHADOW, _text(shadow), True, []),
        _file(situation, GSHADOW, _text(gshadow), True, []),
    ]
    numbers = {}
    for kind, path, table in (("user", PASSWD, users), ("group", GROUP, groups)):
        for old, new in _mapping(incumbent[path], table.numbers).items():
            numbers[kind, old] = new
    for path in SUBIDS:
        own = _subids(_lines.lines(situation.incumbent.text(path)), users.numbers, numbers)
        if own:
            items.append(_file(situation, path, "\n".join(own) + "\n", False, []))
    for fields in incumbent[PASSWD]:
        if fields[NAME] not in users.numbers:
            left.append(Left(f"{PASSWD}: {fields[NAME]}", "a system user that nothing carried belongs to"))
    taken = set(FILES)
    return Accounts(Found(items, left, taken), numbers, {"user": users.numbers, "group": groups.numbers}, collisions)


def plan_missing(situation: Situation) -> Accounts:
    """Bring the system accounts of a new release into the passwd and group that the backend's merge kept.

    :returns: Accounts without numbers and names: nothing changes its number.
    """
    items, collisions = [], []
    added = set()
    for path, kind in ((PASSWD, "user"), (GROUP, "group")):
        pristine = (situation.pristine(path) or b"").decode("utf-8", "surrogateescape")
        new, parts = _split(parse(pristine), path)[0], []
        elsewhere = parse(situation.candidate.text("/usr/lib" + path[4:]))
        table = _Table(parse(situation.candidate.text(path)), elsewhere, new)
        for fields in new:
            if fields[NAME] in table.numbers:
                continue
            number, fields = int(fields[NUMBER]), list(fields)
            holder = table.take(fields)
            if holder:
                fields[NUMBER] = str(table.free())
                table.put(fields)
                collisions.append(_collision(kind, fields[NAME], number, int(fields[NUMBER]), holder))
            added.add(fields[NAME])
            parts.append(Part(path, f"/usr{path}: {fields[NAME]}", "accounts", "line", fields[NAME], ""))
        if parts:
            items.append(_file(situation, path, table.text(), False, parts))
    for path in (SHADOW, GSHADOW):
        merged = parse(situation.candidate.text(path))
        known = {fields[NAME] for fields in merged}
        extra = [
            fields
            for fields in parse((situation.pristine(path) or b"").decode("utf-8", "surrogateescape"))
            if fields[NAME] in added and fields[NAME] not in known
        ]
        if extra:
            items.append(_file(situation, path, _text(merged + extra), True, []))
    return Accounts(Found(items, [], set()), {}, {}, collisions)


def _rename(lines: Lines, known: typing.Container[str], renamed: typing.Mapping[str, str]) -> None:
    """Give accounts of the incumbent the names under which the release has them, if it has."""
    for fields in lines:
        name = renamed.get(fields[NAME])
        if name is not None and name in known and fields[NAME] not in known:
            fields[NAME] = name


def _mapping(lines: Lines, numbers: typing.Mapping[str, int]) -> typing.Dict[int, int]:
    """Return dict of number on the incumbent to number; of several names the one that keeps it counts, or the first."""
    found = {}
    for name, number in sorted(names(lines).items()):
        if name in numbers and (number not in found or numbers[name] == number):
            found[number] = numbers[name]
    return found


def _subids(
    lines: typing.List[str], known: typing.Container[str], numbers: typing.Mapping[typing.Tuple[str, int], int]
) -> typing.List[str]:
    """Return the lines of a table of subordinate ids whose accounts the candidate has; some name them by number."""
    kept = []
    for line in lines:
        key, colon, rest = line.partition(":")
        if _number(key) is not None and key not in known:
            new = numbers.get(("user", int(key)))
            if new is not None:
                kept.append(f"{new}{colon}{rest}")
        elif key in known or key in SUBID_NAMES:
            kept.append(line)
    return kept


def _sub_users(situation: Situation) -> typing.Set[str]:
    """Return the names in the tables of subordinate ids: kubelet looks for its own there, though it owns no file."""
    lines = [line for path in SUBIDS for line in _lines.lines(situation.incumbent.text(path))]
    return {line.split(":")[0] for line in lines}


def _logins(lines: Lines) -> typing.Set[str]:
    """Return the names of system accounts by which somebody can log in; their homes may lie where no search goes."""
    return {fields[NAME] for fields in lines if os.path.basename(fields[SHELL]) not in NO_LOGIN}


def _join(
    groups: _Table,
    fields: typing.List[str],
    carried: typing.Container[str],
    local: typing.Container[str],
    parts: typing.List[Part],
) -> None:
    """Keep people, and those whom no file knows, in the system groups that they are in."""
    wanted = [member for member in fields[MEMBERS].split(",") if member]
    wanted = [member for member in wanted if member in carried or member not in local]
    if wanted:
        groups.adopt(fields[NAME])
    for line in groups.lines:
        if line[NAME] == fields[NAME]:
            members = [member for member in line[MEMBERS].split(",") if member]
            joining = [member for member in wanted if member not in members]
            if joining:
                line[MEMBERS] = ",".join(members + joining)
                source = f"{GROUP}: {fields[NAME]}"
                parts.append(Part(GROUP, source, "accounts", "line", ",".join(joining), ""))


def _members(incumbent: Lines, candidate: Lines, known: typing.Set[str]) -> typing.List[Left]:
    """Name the accounts of both systems that are in a group of both systems on one of them only."""
    before = {fields[NAME]: set(fields[MEMBERS].split(",")) & known for fields in incumbent}
    after = {fields[NAME]: set(fields[MEMBERS].split(",")) & known for fields in candidate}
    left = []
    for name in sorted(set(before) & set(after)):
        for member in sorted(before[name] ^ after[name]):
            here, there = ("node", "release") if member in before[name] else ("release", "node")
            left.append(Left(f"{GROUP}: {name}", f"{member} is in it on the {here}, and not on the {there}"))
    return left


def _shells(
    situation: Situation, incumbent: Lines, users: _Table, carried: typing.Container[str], parts: typing.List[Part]
) -> typing.List[Left]:
    """Keep root's shell, and of other accounts of the release that nobody logs in; say what cannot be kept."""
    left, own = [], {fields[NAME]: fields[SHELL] for fields in incumbent if fields[NAME] not in carried}
    for line in [line for line in users.lines if len(line) > SHELL]:
        shell, name = own.get(line[NAME], line[SHELL]), f"{PASSWD}: {line[NAME]}"
        may, might = _logs_in(shell), _logs_in(line[SHELL])
        if shell == line[SHELL] or (not may and not might):
            continue
        keeps = may < might or line[NAME] == "root"
        if keeps and (not shell or situation.has_program(shell)):
            line[SHELL] = shell
            parts.append(Part(PASSWD, name, "accounts", "line", shell, ""))
        else:
            left.append(
                Left(name, f"its shell is {shell or 'the default'} on the node, the release's is {line[SHELL]}")
            )
    return left


def _home(situation: Situation, fields: typing.List[str]) -> str:
    """Say whether somebody's home lies where the candidate has only what is the release's."""
    home = fields[HOME]
    is_sealed = any(is_below(home, place) for place in SEALED) and not is_below(home, "/usr/local")
    is_missed = is_sealed and situation.incumbent.is_directory(home) and not situation.candidate.is_directory(home)
    return f"its home {home} is not on the candidate" if is_missed and _logs_in(fields[SHELL]) else ""


def _logs_in(shell: str) -> bool:
    return os.path.basename(shell) not in NO_LOGIN[1:]


def compare(situation: Situation, items: typing.Iterable[Item]) -> typing.List[str]:
    """Return in sentences by which accounts somebody may log in with a password on the candidate, and not on the node.

    :param items: what the candidate gets.
    """
    text_of = situation.reading(items)
    before = _by_password(situation.incumbent.text(PASSWD), situation.incumbent.text(SHADOW))
    after = _by_password(text_of(PASSWD), text_of(SHADOW))
    return [f"{name}: the release has a password for it" for name in sorted(after - before)]


def _by_password(passwd: str, shadow: str) -> typing.Set[str]:
    passwords = {fields[NAME]: fields[PASSWORD] for fields in parse(passwd)}
    passwords.update((fields[NAME], fields[PASSWORD]) for fields in parse(shadow))
    users = {fields[NAME] for fields in parse(passwd) if len(fields) > SHELL and _logs_in(fields[SHELL])}
    # An empty one is the same as one that everybody knows.
    return {name for name in users if passwords[name] != "x" and not passwords[name].startswith(("!", "*"))}


def _merge_shadow(release: Lines, incumbent: Lines, carried: typing.Container[str]) -> Lines:
    kept = [fields for fields in release if fields[NAME] not in carried]
    own = [fields for fields in incumbent if fields[NAME] in carried]
    return own[:1] + kept + own[1:] if own and own[0][NAME] == "root" else kept + own


def _merge_group_shadow(merged: Lines, groups: Lines) -> Lines:
    """Give each group its password and administrators; of two lines the last one counts."""
    known = {fields[NAME]: fields for fields in merged}
    return [(known.get(fields[NAME]) or [fields[NAME], "!", "", ""])[:3] + [fields[MEMBERS]] for fields in groups]


def _text(lines: Lines) -> str:
    return "".join(":".join(fields) + "\n" for fields in lines)


def _file(situation: Situation, path: str, text: str, secret: bool, parts: typing.List[Part]) -> Item:
    status = situation.candidate.lstat(situation.pristine_path(path)) or situation.candidate.lstat(path)
    mode = stat.S_IMODE(status.st_mode) if status else (0o640 if secret else 0o644)
    owner = (status.st_uid, status.st_gid) if status else (0, 0)
    return item(FILE, path, path, "accounts", text, mode, owner, parts=parts)


def _collision(
    kind: str, name: str, incumbent: int, candidate: typing.Optional[int], holder: str
) -> typing.Dict[str, typing.Any]:
    return {
        "kind": kind,
        "name": name,
        "incumbent": incumbent,
        "candidate": candidate,
        "detail": f"{incumbent} belongs to {holder} in the release",
        "example": "",
        "files": 0,
    }
