# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kubernetes client leaves out of a kubeconfig: who is impersonated, why a plugin failed, what is refused.

Pure.

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
    :raises FleetError: the context names a user whom the kubeconfig does not have, or something of it is there twice or
        in a form that the loader would misunderstand.
    """
    current = context or next(filter(None, (one.get("current-context") for one in documents)), None)
    chosen = _named(documents, "contexts", "context", current) or {}
    user = _named(documents, "users", "user", chosen.get("user"))
    if user is None and chosen.get("user"):
        raise FleetError(
            f"The context {_text.printable(current, 200)} names the user {_text.printable(chosen['user'], 200)}, whom "
            "the kubeconfig does not have",
            todo="Correct the context, or add that user",
        )
    cluster = _named(documents, "clusters", "cluster", chosen.get("cluster")) or {}
    _refuse_cluster(cluster)
    _refuse_plugin((user or {}).get("exec") or {})
    return user or {}, cluster


def _named(documents: typing.List[dict], plural: str, single: str, name: typing.Optional[str]) -> typing.Optional[dict]:
    for document in documents:
        found = [one.get(single) or {} for one in document.get(plural) or [] if one.get("name") == name]
        if len(found) > 1:
            raise FleetError(
                f"The kubeconfig has {len(found)} {plural} with the name {_text.printable(name, 200)}",
                todo="Leave the right one, or call them differently",
            )
        if found:
            return found[0]
    return None


def _refuse_cluster(cluster: dict) -> None:
    """Refuse what says in two ways, or in none that is one, whether the API server's certificate counts.

    :raises FleetError: the loader would take any text for true, and an authority for nothing.
    """
    insecure = cluster.get("insecure-skip-tls-verify")
    if not isinstance(insecure, (bool, type(None))):
        raise FleetError(
            "The cluster of the kubeconfig has an insecure-skip-tls-verify that is no boolean",
            todo="Write true or false, without quotes",
        )
    if insecure and (cluster.get("certificate-authority") or cluster.get("certificate-authority-data")):
        raise FleetError(
            "The cluster of the kubeconfig has insecure-skip-tls-verify and a certificate authority, which excludes it",
            todo="Take one of them out, insecure-skip-tls-verify if in doubt",
        )


def _refuse_plugin(program: dict) -> None:
    """Refuse what no program can be given.

    :raises FleetError: an argument or a variable is no text.
    """
    given = [*(program.get("args") or []), *(one.get("value") for one in program.get("env") or [])]
    if not all(isinstance(one, str) for one in given):
        raise FleetError(
            "The user of the kubeconfig has exec, and something that is no text in its args or env",
            todo="Put numbers, booleans and what is empty there into quotes",
        )


def impersonation(user: dict) -> typing.List[typing.Tuple[str, str]]:
    """The headers by which a user acts as somebody else, as kubectl sends them.

    :raises FleetError: groups or more are given without a name, or not as lists.
    """
    name, uid, groups, extra = (user.get(key) for key in ("as", "as-uid", "as-groups", "as-user-extra"))
    # Of a text each letter would be one.
    lists = isinstance(extra or {}, dict) and [groups or [], *(extra or {}).values()]
    if not lists or not all(isinstance(one, list) for one in lists):
        raise FleetError(
            "The user of the kubeconfig has as-groups or as-user-extra in another form than kubectl's",
            todo="Write as-groups as a list, and as-user-extra as a list for each key",
        )
    headers = [("Impersonate-User", str(name))] if name else []
    headers += [("Impersonate-Uid", str(uid))] if uid else []
    headers += [("Impersonate-Group", str(group)) for group in groups or []]
    for key, values in sorted((extra or {}).items()):
        headers += [("Impersonate-Extra-" + quote(key, safe=""), str(value)) for value in values]
    if headers and not name:
        raise FleetError(
            "The user of the kubeconfig has as-uid, as-groups or as-user-extra without as",
            todo="Name the user to be impersonated (as), or take them out",
        )
    return headers


def header(name: str, value: str) -> str:
    """What a header has to be so that its bytes are UTF-8, as kubectl's are; blanks around it come from files.

    :raises FleetError: no request can carry it. It may be a secret, and is not told.
    """
    text = value.strip()
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        raise FleetError(
            f"What is to be sent to the API server as {name} has a line break or another control character in it",
            todo="Correct it in the kubeconfig, in api_key or in what the plugin gives",
        )
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


# What kubectl could do once, and what it says to use instead.
_GONE = {
    "gcp": 'the credential plugin "gke-gcloud-auth-plugin"',
    "azure": "the credential plugin of https://github.com/Azure/kubelogin",
}
_LOG_IN = "Log in again with what wrote the kubeconfig, or use exec with a credential plugin such as kubelogin"


def refuse_provider(user: dict) -> None:
    """Refuse a user whose auth-provider can give no credentials, as kubectl does.

    :raises FleetError: it is none that there is still, or has no token.
    """
    provider = user.get("auth-provider")
    if not provider:
        return
    name = provider.get("name") if isinstance(provider, dict) else None
    if name != "oidc":
        raise FleetError(
            f"The user of the kubeconfig has the auth-provider {_text.printable(name, 100)}, which there is no more",
            todo=f"Use {_GONE.get(str(name), 'a credential plugin')} by exec in its place",
        )
    config = provider.get("config")
    if not isinstance(config, dict) or not isinstance(config.get("id-token"), str):
        raise provider_failure(user)


def provider_failure(user: dict) -> FleetError:
    """What to say when an auth-provider gave nothing."""
    name = _text.printable(user["auth-provider"].get("name"), 100)
    return FleetError(
        f"There are no credentials, although the user of the kubeconfig has the auth-provider {name}: its id-token is "
        "missing or malformed, or has expired and could not be renewed",
        todo=_LOG_IN,
    )


def plugin_failure(user: dict, said: typing.List[str]) -> FleetError:
    """What to say when a credential plugin gave nothing.

    :param said: what the kubernetes client noted, with the words of the plugin.
    """
    command = _text.printable((user.get("exec") or {}).get("command") or "without a command", 200)
    words = _NAMED_SECRET.sub(r"\1********", _LONG_WORD.sub("********", " ".join(said)))
    words = _text.printable(words, LONGEST).rstrip(".")
    hint = _text.printable(" ".join(str((user.get("exec") or {}).get("installHint") or "").split()), LONGEST).rstrip(
        "."
    )
    return FleetError(
        f"There are no credentials, although the user of the kubeconfig has exec: the plugin {command} gave none"
        + (f" ({words})" if words else ""),
        todo="Run it by hand as the same user and do what it says, for example log in again"
        + (f". If it is missing, the kubeconfig says: {hint}" if hint else ""),
    )
