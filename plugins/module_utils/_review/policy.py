# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy file: which changes of a release need whose approval. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import checks
from ansible_collections.osmigrate.fleet.plugins.module_utils._release.signature import PublicKey, public_keys
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import changes
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.report import Record

SCHEMA = 1
NEXT_STEP = "Correct it, then run the same command again"
# Of the changes that one rule names in a message.
MOST_SHOWN = 10
_WORD = checks.text(r"[0-9A-Za-z][0-9A-Za-z._@-]{0,63}", "a name (letters, digits, dot, dash, underscore, at)")
_PATTERN = checks.text(r"[^\x00-\x1f]+", "a pattern of names")


class Rule(typing.NamedTuple):
    """kind: of changes. by: approvers that count. approvals: how many of them it takes."""

    kind: str
    by: typing.Tuple[str, ...]
    approvals: int
    only: typing.Tuple[str, ...]
    without: typing.Tuple[str, ...]
    megabytes: int


class Policy(typing.NamedTuple):
    """approvers: the keys of each by name."""

    approvers: typing.Dict[str, typing.Tuple[PublicKey, ...]]
    rules: typing.List[Rule]


class Need(typing.NamedTuple):
    """What one rule asks approvals for: sentences, one for each change."""

    rule: Rule
    sentences: typing.List[str]

    def text(self) -> str:
        """Return the rule and the first of its changes in one sentence."""
        shown = self.sentences[:MOST_SHOWN]
        shown += [f"{len(self.sentences) - MOST_SHOWN} more"] * (len(self.sentences) > MOST_SHOWN)
        return f"{self.rule.kind} ({asked(self.rule)}): {'; '.join(shown)}"

    def describe(self) -> Record:
        """Return it as modules do."""
        rule = self.rule
        return {"when": rule.kind, "changes": self.sentences, "by": list(rule.by), "approvals": rule.approvals}


def asked(rule: Rule) -> str:
    """Return who has to approve, as words."""
    return f"{rule.approvals} of {', '.join(rule.by)}"


def validate(document: typing.Any, name: str) -> Policy:
    """Check a policy.

    :param document: what YAML made of it.
    :param name: names the file, at the beginning of a sentence.
    :raises FleetError: lists every problem, each with the path of its key.
    """
    problems: checks.Problems = []
    found = _document(document, "", problems)
    if not problems and found["schema"] != SCHEMA:
        problems.append(f"schema: {found['schema']} is not known here, only {SCHEMA} is")
    if not problems:
        problems = _contradictions(found)
    if problems:
        raise FleetError(f"{name} is not valid: {'; '.join(problems)}", todo=NEXT_STEP)
    approvers = {
        one["name"]: tuple(public_keys(one["key"], f"{name}: the key of {one['name']}")) for one in found["approvers"]
    }
    prints = [key.fingerprint for keys in approvers.values() for key in keys]
    if len(set(prints)) < len(prints):
        raise FleetError(f"{name} gives the same key twice", todo=NEXT_STEP)
    everybody = tuple(approvers)
    return Policy(
        approvers,
        [
            Rule(
                one["when"],
                tuple(one["by"]) or everybody,
                one.get("approvals", 1),
                tuple(one["only"]),
                tuple(one["except"]),
                one.get("more_than_mb", 0),
            )
            for one in found["rules"]
        ],
    )


def needs(policy: Policy, difference: Record) -> typing.List[Need]:
    """Return what needs an approval, in the order of the rules."""
    found = []
    for rule in policy.rules:
        sentences = [
            sentence
            for name, sentence in changes.find(rule.kind, difference, rule.megabytes)
            if not name or (not rule.only or _matches(name, rule.only)) and not _matches(name, rule.without)
        ]
        if sentences:
            found.append(Need(rule, sentences))
    return found


def _matches(name: str, patterns: typing.Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _when(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    known = {**changes.KINDS, **changes.SIZES}
    if checks.is_text(value, path, problems) and value not in known:
        problems.append(f"{path}: {checks.shown(value)} is no kind of change (known: {', '.join(sorted(known))})")
    return value


def _key(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    checks.is_text(value, path, problems)
    return value


_document = checks.mapping(
    required={"schema": checks.integer(1)},
    lists={
        "approvers": checks.list_of(checks.mapping({"name": _WORD, "key": _key})),
        "rules": checks.list_of(
            checks.mapping(
                {"when": _when},
                lists={
                    "by": checks.list_of(_WORD),
                    "only": checks.list_of(_PATTERN),
                    "except": checks.list_of(_PATTERN),
                },
                optional={"approvals": checks.integer(1), "more_than_mb": checks.integer(0)},
            )
        ),
    },
)


def _contradictions(found: Record) -> checks.Problems:
    problems = []
    names = [one["name"] for one in found["approvers"]]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"approvers: {name} is there twice")
    for index, rule in enumerate(found["rules"]):
        path = f"rules[{index}]"
        strangers = sorted(set(rule["by"]) - set(names))
        problems += [f"{path}.by: {name} is no approver" for name in strangers]
        if len(set(rule["by"]) or set(names)) < rule.get("approvals", 1):
            problems.append(f"{path}.approvals: there are not so many approvers")
        if ("more_than_mb" in rule) != (rule["when"] in changes.SIZES):
            problems.append(f"{path}.more_than_mb: goes with {', '.join(changes.SIZES)}, and they with it")
    return problems
