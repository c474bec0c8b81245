# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How devices will be called on the candidate, and where their names are written down.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import ini, model, tables

# The candidate's own udev looks at the node's own devices; its mounts vanish with the process. Without /proc udev 257
# takes no directory for one of sysfs.
_MOUNTS = 'mount --rbind /sys "$1/sys" && mount --rbind /proc "$1/proc"'
_LOOK = _MOUNTS + ' && exec chroot "$1" udevadm test-builtin net_id "/sys/class/net/$2"'
_POLICY_FILES = ("/usr/lib/systemd/network/99-default.link", "/lib/systemd/network/99-default.link")
_POLICIES = {"database": "FROM_DATABASE", "onboard": "ONBOARD", "slot": "SLOT", "path": "PATH", "mac": "MAC"}
_RULES, _LINKS = "/etc/udev/rules.d/*.rules", "/etc/systemd/network/*.link"
_RULE_ADDRESS = re.compile(r'ATTR\{address\}=="([0-9A-Fa-f:]{17})"')
_RULE_NAME = re.compile(r'\bNAME="([^"$%]+)"')
_TEXT_MAX = 1000000
_TIMEOUT = 30


# name: as it runs. predicted: as it will be, "" where that is not known. kept_for: the file that names it, for which
# the name is kept, "" if it is not. detail: what may go wrong, "" for nothing.
class Name(typing.NamedTuple):
    name: str
    mac: str
    predicted: str
    kept_for: str
    detail: str


def predict(
    root: str, candidate: typing.Any, links: typing.Iterable[model.Link], command_line: str
) -> typing.Dict[str, str]:
    """Ask the candidate's udev how it will call the devices with hardware.

    :param root: str, the candidate's.
    :param candidate: Tree of it.
    :param links: iterable of Link.
    :param command_line: str, the kernel's, whose arguments about names are carried.
    :returns: dict of name now to name then; what is not known is not in it.
    """
    if re.search(r"\b(net\.ifnames=0|biosdevname=1)\b", command_line):
        return {}
    policy = next((parse_policy(candidate.text(path)) for path in _POLICY_FILES if candidate.exists(path)), [])
    found = {}
    for link in links:
        if link.kind == model.PHYSICAL:
            try:
                argv = ["unshare", "--mount", "sh", "-c", _LOOK, "sh", root, link.name]
                name = choose(run(argv, timeout=_TIMEOUT).stdout, policy)
            except FleetError:
                continue  # then the plan says that it is not known
            if name:
                found[link.name] = name
    return found


def parse_policy(text: str) -> typing.List[str]:
    """Return the words of the policy by which a .link file names devices."""
    said = re.findall(r"(?m)^\s*NamePolicy\s*=(.*)$", text)
    return said[-1].split() if said else []


def choose(answer: str, policy: typing.Iterable[str]) -> str:
    """Return the name that a policy chooses of what net_id knows, "" if it leaves the kernel's name."""
    known = dict(re.findall(r"(?m)^ID_NET_NAME_(\w+)=(\S+)$", answer))
    for word in policy:
        if _POLICIES.get(word) in known:
            return known[_POLICIES[word]]
    return ""


def written(tree: typing.Any) -> typing.Dict[str, str]:
    """Return the names that an administrator gave by .link files and udev's rules, which come along: dict by MAC."""
    found = {}
    for path in tree.glob(_RULES):
        for line in _lines.rules(tree.text(path)):
            address, name = _RULE_ADDRESS.search(line), _RULE_NAME.search(line)
            if address and name:
                found[address.group(1).lower()] = name.group(1)
    for path in reversed(tree.glob(_LINKS)):
        said = dict(line for _section, lines in ini.parse(tree.text(path)) for line in lines)
        mac = said.get("PermanentMACAddress") or said.get("MACAddress", "")
        if mac and said.get("Name"):
            found[mac.lower()] = said["Name"]
    return found


def judge(
    links: typing.Iterable[model.Link],
    predicted: typing.Mapping[str, str],
    given: typing.Mapping[str, str],
    texts: typing.Iterable[typing.Tuple[str, str]],
) -> typing.List[Name]:
    """Decide which names have to be kept.

    :param links: iterable of Link, those that the candidate shall have.
    :param predicted: dict, see predict.
    :param given: dict, see written.
    :param texts: iterable of (path, text), files that may name devices; of several that name one the first counts.
    :returns: list of Name.
    """
    devices = [link for link in links if link.kind == model.PHYSICAL]
    kernels = [link.name for link in devices if tables.KERNEL_NAMES.match(link.name)]
    then = {link.name: given.get(link.mac.lower(), predicted.get(link.name, "")) for link in devices}
    named = _named([name for name, new in then.items() if new != name], texts)
    found = []
    for link in devices:
        why, detail = named.get(link.name, ""), ""
        if why and link.name in kernels and len(kernels) > 1:
            detail = f"the kernel may give the name {link.name} to another device first"
        found.append(Name(link.name, link.mac, then[link.name], why, detail))
    return found


def _named(devices: typing.List[str], texts: typing.Iterable[typing.Tuple[str, str]]) -> typing.Dict[str, str]:
    """Return the first file that names each of some devices, as dict."""
    found: typing.Dict[str, str] = {}
    missing = set(devices)
    for path, text in texts if missing else ():
        known = "|".join(re.escape(name) for name in sorted(missing, key=len, reverse=True))
        for name in re.findall(rf"(?:(?<![\w-])|(?<=-net-devices-))(?:{known})(?![\w-])", text):
            found.setdefault(name, path)
            missing.discard(name)
        if not missing:
            break
    return found


def texts(tree: typing.Any, paths: typing.Iterable[str]) -> typing.Iterator[typing.Tuple[str, str]]:
    """Yield the files that can be read as text, as (path, str).

    :param tree: Tree.
    :param paths: iterable of str, names in it.
    """
    for path in paths:
        status = tree.lstat(path)
        if status is not None and not stat.S_ISDIR(status.st_mode) and status.st_size <= _TEXT_MAX:
            text = tree.text(path)
            if "\0" not in text:
                yield path, text
