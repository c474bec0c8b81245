# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against moving a node with what is carried: findings over the plan, before the node is claimed. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

Many things of one kind are one finding with their number. Keys stay what they are once released: operators accept
findings by them.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.judges import (
    DIFFERS,
    REFUSED,
    SAME,
    SILENT,
    WARNED,
    Verdict,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import (
    NO_PLACE,
    OTHER_PROGRAM,
    REFUSED_AUTHORITY,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.named import MISSING
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.plan import Plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.programs import PROGRAMS
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

LONGEST = 2000
SHOWN = 5  # of many things that one finding is about
# Without what these name no pod starts, or kubelet itself does not.
SERVING = ("kubelet", "runtime", "cni")
SERVICES = ("kubelet.service", "containerd.service", "crio.service", "docker.service")
# A boot does not wait for these lines of fstab.
OPTIONAL = ("nofail", "noauto", "_netdev")
Sentences = typing.List[str]
Findings = typing.List[typing.Dict[str, typing.Any]]


class Check(typing.NamedTuple):
    key: str
    severity: str
    acceptable: bool
    title: str
    remedy: str
    find: typing.Callable[[Plan], Sentences]


class _Loss(typing.NamedTuple):
    source: str
    is_vital: bool  # whether the node serves without it
    missing: Sentences
    changed: Sentences


def _losses(made: Plan) -> typing.Iterator[_Loss]:
    for one in made.items:
        for part in one.parts:
            words = part.line.split()
            is_mount = len(words) > 3 and part.source.startswith("/etc/fstab: ")
            is_vital = is_mount and not set(words[3].split(",")) & set(OPTIONAL)
            yield _loss(part.source, is_vital or part.target == "/var/lib/kubelet", part.lost)
        parts = one.target.split("/")
        is_service = any(service in (part, part[: -len(".d")]) for part in parts for service in SERVICES)
        yield _loss(one.source or one.target, one.rule in SERVING or is_service, one.lost)


def _loss(source: str, is_vital: bool, lost: str) -> _Loss:
    words = [word for word in lost.split("; ") if word]
    missing = [word for word in words if any(sign in word for sign in MISSING)]
    return _Loss(source, is_vital, missing, [word for word in words if word not in missing])


def _not_serving(made: Plan) -> Sentences:
    return [f"{loss.source}: {word}" for loss in _losses(made) if loss.is_vital for word in loss.missing]


def _lost(made: Plan) -> Sentences:
    told = [f"{loss.source}: {word}" for loss in _losses(made) if not loss.is_vital for word in loss.missing]
    return told + made.differences.get("lost", [])


def _changed(made: Plan) -> Sentences:
    return [f"{loss.source}: {word}" for loss in _losses(made) for word in loss.changed]


def _unknown(made: Plan) -> Sentences:
    return [found["path"] for found in made.unknown]


def _left(made: Plan) -> Sentences:
    return [f"{left.path} ({left.reason})" for left in made.left if not left.kind]


def _left_as(kind: str) -> typing.Callable[[Plan], Sentences]:
    return lambda made: [f"{left.path}: {left.reason}" for left in made.left if left.kind == kind]


def _collisions(made: Plan) -> Sentences:
    return ["{kind} {name}: {detail}".format(**found) for found in made.collisions]


def _differing(of: str) -> typing.Callable[[Plan], Sentences]:
    return lambda made: made.differences.get(of, [])


# The worst first.
CHECKS = [
    Check(
        "carry-not-serving",
        "inhibitor",
        True,
        "The node would not serve: what it needs is not on the candidate",
        "Take a release that has it, or take out what names it; accept this finding if the node serves without it",
        _not_serving,
    ),
    Check(
        "carry-no-place",
        "inhibitor",
        True,
        "Data of the node would not be seen on the candidate",
        "Take a release that has these directories, or have the data below /var, /home or /srv; accept this finding "
        "if the node serves without it",
        _left_as(NO_PLACE),
    ),
    Check(
        "carry-collisions",
        "high",
        True,
        "Numbers of accounts mean somebody else on the candidate",
        "Give the account another number on the node, or see that nothing on the candidate runs as it",
        _collisions,
    ),
    Check(
        "carry-lost",
        "high",
        True,
        "What carried files name is not on the candidate",
        "Take a release that has it, put it into a directory that both systems use, or take out what names it",
        _lost,
    ),
    Check(
        "carry-own-units",
        "high",
        True,
        "The release's units start something else than the node's own do",
        "Put what the node's units say otherwise into drop-ins, which are carried",
        _left_as(OTHER_PROGRAM),
    ),
    Check(
        "carry-trust-differs",
        "high",
        True,
        "The candidate may trust authorities that the node refuses",
        "Refuse them by a hook, or take a release that does so",
        _left_as(REFUSED_AUTHORITY),
    ),
    Check(
        "carry-silent-mounts",
        "high",
        True,
        "File systems do not answer, so nobody has looked at what is on them",
        "Let them answer or unmount them, then run the same command again",
        _differing("silent"),
    ),
    Check(
        "carry-pam-differs",
        "high",
        True,
        "Who gets in is asked otherwise on the candidate: PAM is the release's",
        "Take a release whose PAM asks the same, or put it there by a hook",
        _differing("pam"),
    ),
    Check(
        "carry-sudo-differs",
        "high",
        True,
        "Other people than on the node may become root, or by other rules: /etc/sudoers is the release's",
        "Say in a file of /etc/sudoers.d, which is carried, what shall count",
        _differing("sudo"),
    ),
    Check(
        "carry-logins-differ",
        "high",
        True,
        "The release lets somebody log in, or log in otherwise, who may not on the node",
        "Take a release without that, or lock such accounts and remove such files by a hook",
        _differing("logins"),
    ),
    Check(
        "carry-mounts-differ",
        "medium",
        True,
        "The candidate mounts with fewer restrictions",
        "Mount what needs them by a line of its own in /etc/fstab",
        _differing("mounts"),
    ),
    Check(
        "carry-modes-differ",
        "medium",
        True,
        "Programs run on the candidate that do not on the node, or with rights of others",
        "Take these rights from them by a hook, or take a release that has done so",
        _differing("modes"),
    ),
    Check(
        "carry-sysctl-differs",
        "medium",
        True,
        "Parameters of the kernel are stricter on the node, by files of its packages",
        "Set them in a file of /etc/sysctl.d, which is carried",
        _differing("sysctl"),
    ),
    Check(
        "carry-services-missing",
        "medium",
        True,
        "What the node's boot starts is not started on the candidate",
        "Take a release that has it, or enable it on the node yourself, which is carried",
        _differing("services"),
    ),
    Check(
        "carry-unknown",
        "medium",
        True,
        "Nobody knows what these files are for, so they stay behind",
        "Add what the node needs to osmigrate_carry_paths",
        _unknown,
    ),
    Check(
        "carry-changed",
        "low",
        True,
        "Some things are carried with a change",
        "Look whether the change is right for the node",
        _changed,
    ),
    Check(
        "carry-services-more",
        "low",
        True,
        "The release starts what the node does not",
        "Mask on the node what shall not run, which is carried",
        _differing("more-services"),
    ),
    Check("carry-left", "info", True, "What stays behind on purpose", "Nothing has to be done", _left),
]


def _nothing(_made: Plan) -> Sentences:
    return []


# What each program of the release may refuse.
REFUSALS = {
    program.name: Check(
        f"carry-refused-{program.name}",
        program.severity,
        True,
        f"The release's {program.name} refuses what the node carries: {program.effect}",
        f"Correct on the node what {program.name} names, or accept this finding",
        _nothing,
    )
    for program in PROGRAMS
}
# What the release's programs say besides; what they refuse has a key of its own.
JUDGED = {
    DIFFERS: Check(
        "carry-sshd-differs",
        "high",
        True,
        "The candidate's sshd would let in or allow something else than the node's",
        "Say on the node what shall count, in a drop-in of sshd_config.d, which is carried",
        _nothing,
    ),
    WARNED: Check(
        "carry-warned",
        "medium",
        True,
        "The release's own programs warn of what the node carries",
        "Correct on the node what they name",
        _nothing,
    ),
    SILENT: Check(
        "carry-not-asked",
        "medium",
        True,
        "Programs of the release could not say whether they take what the node carries",
        "Look at these files on the candidate, or take a release that has these programs",
        _nothing,
    ),
    SAME: Check(
        "carry-refused-before",
        "low",
        True,
        "The node's own programs refuse it as well as the release's",
        "Correct it on the node; nothing gets worse by the move",
        _nothing,
    ),
}
OF_PROGRAMS = list(REFUSALS.values()) + list(JUDGED.values())


def examine(made: Plan, accepted: typing.Sequence[str]) -> Findings:
    """Look for what speaks against the move.

    :param accepted: keys of findings that the operator accepts.
    :returns: findings as node_preflight has them, the worst first.
    """
    found = [(check, sorted(set(check.find(made)))) for check in CHECKS]
    return [finding(check, _some(told), accepted) for check, told in found if told]


def judged(verdicts: typing.Iterable[Verdict], accepted: typing.Sequence[str]) -> Findings:
    """Say what the release's own programs have said: each that refuses something is a finding, the rest one of a kind.

    :param accepted: keys of findings that the operator accepts.
    """
    findings: Findings = []
    gathered: typing.Dict[str, Sentences] = {kind: [] for kind in JUDGED}
    for verdict in verdicts:
        told = [f"{verdict.program}: {word}" for word in verdict.words]
        if verdict.kind == REFUSED:
            findings.append(finding(REFUSALS[verdict.program], _some(told), accepted))
        else:
            gathered[verdict.kind] += told
    return findings + [finding(JUDGED[kind], _some(told), accepted) for kind, told in gathered.items() if told]


def finding(
    check: typing.Union[Check, contract.Check], detail: str, accepted: typing.Sequence[str]
) -> typing.Dict[str, typing.Any]:
    """Return what a check has found as node_preflight has it.

    :param accepted: keys of findings that the operator accepts.
    """
    return {
        "key": check.key,
        "severity": check.severity,
        "title": check.title,
        "detail": detail,
        "remedy": check.remedy,
        "acceptable": check.acceptable,
        "accepted": check.key in accepted,
    }


def _some(told: Sentences) -> str:
    shown = printable("; ".join(told[:SHOWN]), LONGEST)
    return shown if len(told) <= SHOWN else f"{len(told)} in all: {shown}; and {len(told) - SHOWN} more"
