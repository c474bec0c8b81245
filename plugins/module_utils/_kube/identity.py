# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kubernetes client leaves out of a kubeconfig's user: who is impersonated, and why a plugin failed. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing
from urllib.parse import quote

from ansible_collections.osmigrate.fleet.plugins.module_utils import _text
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

# What a plugin says may quote what it was to keep: long words without blanks are no sentences.
_LONG_WORD = re.compile(r"[A-Za-z0-9+/_=.~-]{40,}")
_NAMED_SECRET = re.compile(r"(?i)(bearer\s+|(?:token|password|secret|passphrase|key)[\"']?\s*[:=]\s*)[^\s&]+")
LONGEST = 300


def pick(documents: typing.List[dict], context: typing.Optional[str]) -> typing.Tuple[dict, dict]:
    """The user and the cluster that a context names. Several files count as one, the first to name something wins.

    :param documents: kubeconfigs.
    :param context: its name; None means the current one.
    """
    current = context or next(filter(None, (one.get("current-context") for one in documents)), None)
    chosen = _named(documents, "contexts", "context", current)
    user = _named(documents, "users", "user", chosen.get("user"))
    return user, _named(documents, "clusters", "cluster", chosen.get("cluster"))


def _named(documents: typing.List[dict], plural: str, single: str, name: typing.Optional[str]) -> dict:
    for document in documents:
        for one in document.get(plural) or []:
            if one.get("name") == name:
                return one.get(single) or {}
    return {}


def impersonation(user: dict) -> typing.List[typing.Tuple[str, str]]:
    """The headers by which a user acts as somebody else, as kubectl sends them.

    :raises FleetError: groups or more are given without a name.
    """
    name, uid = user.get("as"), user.get("as-uid")
    headers = [("Impersonate-User", str(name))] if name else []
    headers += [("Impersonate-Uid", str(uid))] if uid else []
    headers += [("Impersonate-Group", str(group)) for group in user.get("as-groups") or []]
    for key, values in sorted((user.get("as-user-extra") or {}).items()):
        headers += [("Impersonate-Extra-" + quote(key, safe=""), str(value)) for value in values]
    if headers and not name:
        raise FleetError(
            "The user of the kubeconfig has as-uid, as-groups or as-user-extra without as",
            todo="Name the user to be impersonated (as), or take them out",
        )
    return headers


def plugin_failure(user: dict, said: typing.List[str]) -> FleetError:
    """What to say when a credential plugin gave nothing.

    :param said: what the kubernetes client noted, with the words of the plugin.
    """
    command = _text.printable((user.get("exec") or {}).get("command") or "without a command", 200)
    words = _NAMED_SECRET.sub(r"\1********", _LONG_WORD.sub("********", " ".join(said)))
    words = _text.printable(words, LONGEST).rstrip(".")
    return FleetError(
        f"There are no credentials, although the user of the kubeconfig has exec: the plugin {command} gave none"
        + (f" ({words})" if words else ""),
        todo="Run it by hand as the same user and do what it says, for example log in again",
    )
