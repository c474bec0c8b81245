# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say how to reach a cluster, named as in kubernetes.core. Needs no kubernetes client.

Modules and the inventory plugin both come in through C(read_options), with their own way to look an option up.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import ipaddress
import re
import typing
import urllib.parse

from ansible.module_utils.basic import env_fallback
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._secret import credentials, without_userinfo

# What results say in the place of a kubeconfig that was given as a structure.
STRUCTURE = "(a structure, which is not shown)"
# What a user of a kubeconfig has that is no secret. Everything else is one.
HARMLESS = ("client-certificate", "client-key", "tokenFile", "as", "as-uid", "as-groups", "as-user-extra", "exec")
HARMLESS_OF_PROVIDER = ("cmd-path", "cmd-args", "idp-issuer-url", "expiry", "expiry-key", "token-key")
# Of programs only what is called so: a region or a profile is a part of the names of nodes, too, and would spoil them.
SECRET_NAMES = re.compile(r"token|secret|passw|passphrase|credential|auth|key", re.IGNORECASE)


class Auth(typing.NamedTuple):
    kubeconfig: typing.Any
    context: typing.Optional[str]
    host: typing.Optional[str]
    api_key: typing.Optional[str]
    validate_certs: typing.Optional[bool]
    ca_cert: typing.Optional[str]
    client_cert: typing.Optional[str]
    client_key: typing.Optional[str]
    proxy: typing.Optional[str]
    api_timeout: int


def _option(kind: str, variable: str, **more: typing.Any) -> dict:
    return dict(type=kind, fallback=(env_fallback, [variable]), **more)


# A module may fail before hide() has looked for what is secret in them; until then all of these options is.
ARGUMENT_SPEC = dict(
    kubeconfig=_option("raw", "K8S_AUTH_KUBECONFIG", no_log=True),
    context=_option("str", "K8S_AUTH_CONTEXT"),
    host=_option("str", "K8S_AUTH_HOST", no_log=True),
    api_key=_option("str", "K8S_AUTH_API_KEY", no_log=True),
    validate_certs=_option("bool", "K8S_AUTH_VERIFY_SSL", aliases=["verify_ssl"]),
    ca_cert=_option("path", "K8S_AUTH_SSL_CA_CERT", aliases=["ssl_ca_cert"]),
    client_cert=_option("path", "K8S_AUTH_CERT_FILE", aliases=["cert_file"]),
    client_key=_option("path", "K8S_AUTH_KEY_FILE", aliases=["key_file"], no_log=False),
    proxy=_option("str", "K8S_AUTH_PROXY", no_log=True),
    api_timeout=_option("int", "OSMIGRATE_API_TIMEOUT", default=120),
)


def read_options(lookup: typing.Callable[[str], typing.Any]) -> Auth:
    """Collect the options.

    :param lookup: callable that takes an option's name and returns its value or None.
    :raises FleetError: the kubeconfig is neither a path nor a structure; its content may be a secret, and is not told.
    """
    auth = Auth(**{name: lookup(name) for name in Auth._fields})
    given = auth.kubeconfig
    is_path = isinstance(given, str) and not given.lstrip().startswith("{") and "\n" not in given
    if given is not None and not is_path and not isinstance(given, dict):
        raise FleetError(
            "The kubeconfig that was given is neither the path of a file nor a dictionary",
            todo="Give the path, or the content as a dictionary, for example by the filter from_yaml",
        )
    return auth


def hide(module: typing.Any) -> None:
    """Keep secrets of the options out of everything that a module says, and only those.

    :param module: AnsibleModule, whose options were read before: a structure is no longer there after this.
    """
    given = module.params["kubeconfig"]
    whole = _leaves([module.params[name] for name in ("kubeconfig", "host", "proxy")])
    module.no_log_values.difference_update(whole)
    module.no_log_values.update(secrets(given), filter(None, [module.params["api_key"]]), credentials(module.params))
    if isinstance(given, dict):
        module.params["kubeconfig"] = STRUCTURE


def require_url(server: str) -> None:
    """Refuse an address without http:// or https:// before it: whether it would be spoken to in clear is open. In other
    letters the loader leaves out certificates, and behind a ? no path would be one.

    :raises FleetError: it is no such URL.
    """
    try:
        url = urllib.parse.urlsplit(server)
        usable = server.startswith(("http://", "https://")) and bool(url.hostname) and not (url.query or url.fragment)
    except ValueError:
        usable = False
    if not usable:
        raise FleetError(
            f"The address of the API server is {without_userinfo(server)}, and has to be a URL such as "
            "https://api.example.org:6443",
            todo="Correct host, or server in the kubeconfig",
        )


def refuse_plain_token(server: str, has_token: bool) -> None:
    """Refuse to send a token where everybody on the way can read it.

    :param server: URL of the API server.
    :param has_token: whether requests carry an Authorization header.
    :raises FleetError: they do, over plain http to another machine.
    """
    url = urllib.parse.urlsplit(server)
    if has_token and url.scheme == "http" and not _is_loopback(url.hostname or ""):
        raise FleetError(
            f"The API server http://{url.hostname} would be sent a token over plain http, which everybody on the way "
            "can read",
            todo="Give its https:// URL in host or in the kubeconfig, or use a client certificate or no token with it",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def secrets(kubeconfig: typing.Any) -> typing.List[str]:
    """List the secret strings of a kubeconfig that was given as a structure, so that they can be kept out of logs."""
    users = kubeconfig.get("users") if isinstance(kubeconfig, dict) else None
    found = []
    for one in users if isinstance(users, list) else []:
        user = one.get("user") if isinstance(one, dict) else None
        found += _secrets_of_user(user) if isinstance(user, dict) else []
    return found + credentials(kubeconfig)


def _secrets_of_user(user: typing.Dict[str, typing.Any]) -> typing.List[str]:
    found = [user[key] for key in user if key not in HARMLESS and key != "auth-provider"]
    provider = user.get("auth-provider")
    config = provider.get("config") if isinstance(provider, dict) else None
    if isinstance(config, dict):
        found += [config[key] for key in config if key not in HARMLESS_OF_PROVIDER]
    program = user.get("exec")
    environment = program.get("env") if isinstance(program, dict) else None
    for variable in environment if isinstance(environment, list) else []:
        if isinstance(variable, dict) and SECRET_NAMES.search(str(variable.get("name"))):
            found.append(variable.get("value"))
    return _leaves(found)


def _leaves(value: typing.Any) -> typing.List[str]:
    """All texts of a structure, numbers as texts."""
    if isinstance(value, dict):
        return _leaves(list(value.values()))
    if isinstance(value, list):
        return [leaf for one in value for leaf in _leaves(one)]
    return [] if value is None or isinstance(value, bool) or value == "" else [str(value)]
