# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kubernetes client makes of the options that say how to reach a cluster.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import functools
import logging
import os
import traceback
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options, identity

try:
    import yaml
    from kubernetes import config as kubernetes_config
    from kubernetes.client import Configuration
    from kubernetes.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION

    IMPORT_ERROR = None
except ImportError:
    IMPORT_ERROR = traceback.format_exc()

# Where kubectl looks, too, where KUBECONFIG is there and empty.
LAST_LOCATION = "~/.kube/config"


def make_configuration(auth: auth_options.Auth) -> typing.Any:
    """Turn the options into the kubernetes client's configuration, with C(impersonation) as a list of headers.

    :raises FleetError: no kubeconfig, a broken one, a context that it does not have, a file that is missing.
    """
    configuration = Configuration()
    certificate = auth.client_cert and auth.client_key
    user: dict = {}
    cluster: dict = {}
    with _noting() as said:
        if not (auth.host and (auth.api_key or certificate)):
            user, cluster = _load(auth, configuration)
    has_credentials = auth.api_key or certificate or _has_token(configuration) or configuration.cert_file
    if user.get("exec") and not has_credentials:
        raise identity.plugin_failure(user, said)
    if user.get("auth-provider") and not has_credentials:
        raise identity.provider_failure(user)
    token = _token_of_file(user)
    if token:
        configuration.api_key = {"authorization": "Bearer " + token}
        configuration.refresh_api_key_hook = None
    configuration.impersonation = identity.impersonation(user)
    if configuration.refresh_api_key_hook:
        configuration.refresh_api_key_hook = functools.partial(_refresh, configuration.refresh_api_key_hook)
    for name in ("ca_cert", "client_cert", "client_key"):
        path = getattr(auth, name)
        if path and not os.path.isfile(path):
            raise FleetError(f"The file {path} given as {name} does not exist")
    host = auth.host.rstrip("/") if auth.host else configuration.host
    auth_options.require_url(host)
    configuration.host = host
    if auth.api_key:
        configuration.api_key = {"authorization": "Bearer " + auth.api_key}
        configuration.refresh_api_key_hook = None
    if auth.validate_certs is not None:
        configuration.verify_ssl = auth.validate_certs
    configuration.ssl_ca_cert = auth.ca_cert or configuration.ssl_ca_cert
    configuration.cert_file = auth.client_cert or configuration.cert_file
    configuration.key_file = auth.client_key or configuration.key_file
    if auth.proxy or cluster.get("proxy-url"):
        configuration.proxy = auth.proxy or configuration.proxy
        configuration.no_proxy = None  # as with kubectl, a proxy that is asked for is used
    auth_options.refuse_plain_token(configuration.host, bool(configuration.auth_settings()))
    return configuration


def _has_token(configuration: typing.Any) -> bool:
    """Say whether there is a token; a plugin may give an empty one."""
    return any(setting["value"].strip() not in ("", "Bearer") for setting in configuration.auth_settings().values())


def _token_of_file(user: dict) -> str:
    """Return the token of a user's file where it has a token beside that, as kubectl takes it; "" for the loader's."""
    if not (user.get("token") and user.get("tokenFile")) or user.get("auth-provider"):
        return ""
    try:
        with open(user["tokenFile"], encoding="utf-8", errors="surrogateescape") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def _refresh(hook: typing.Callable, configuration: typing.Any) -> None:
    """Take a token that was renewed, and nothing else: the loader's own hook would undo what the options say."""
    loaded = Configuration()
    hook(loaded)
    configuration.api_key = dict(loaded.api_key)


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: typing.List[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextlib.contextmanager
def _noting() -> typing.Iterator[typing.List[str]]:
    """Collect what the kubernetes client logs instead of raising it."""
    handler = _Kept()
    logging.getLogger().addHandler(handler)
    try:
        yield handler.said
    finally:
        logging.getLogger().removeHandler(handler)


def paths(auth: auth_options.Auth) -> typing.List[str]:
    """Return the files that a kubeconfig is looked for in, where it is not given as a structure."""
    named = (auth.kubeconfig or KUBE_CONFIG_DEFAULT_LOCATION or LAST_LOCATION).split(os.pathsep)
    return [os.path.expanduser(path) for path in named]


def _load(auth: auth_options.Auth, configuration: typing.Any) -> typing.Tuple[dict, dict]:
    """Fill the configuration from a kubeconfig, or from the pod that this runs in. Returns its user and its cluster."""
    options = dict(context=auth.context, client_configuration=configuration, persist_config=False)
    if isinstance(auth.kubeconfig, dict):
        what = "The given kubeconfig"
        found = _guard(what, identity.pick, [auth.kubeconfig], auth.context)
        identity.refuse_provider(found[0])
        _guard(what, kubernetes_config.load_kube_config_from_dict, auth.kubeconfig, **options)
        return found
    named = paths(auth)
    given = os.pathsep.join(named)
    if any(os.path.isfile(path) for path in named):
        what = "The kubeconfig " + given
        documents = _guard(what, _read, given)
        # Of several files the loader would take the last one's.
        options["context"] = _context(what, documents, auth.context)
        found = _guard(what, identity.pick, documents, options["context"])
        identity.refuse_provider(found[0])
        _guard(what, kubernetes_config.load_kube_config, given, **options)
        return found
    if auth.kubeconfig or auth.context:
        raise FleetError(f"The kubeconfig {given} does not exist", todo="Check kubeconfig or K8S_AUTH_KUBECONFIG")
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        _guard("The service account of this pod", kubernetes_config.load_incluster_config, configuration)
        return {}, {}
    raise FleetError(
        f"There is no kubeconfig at {given} and this does not run inside a cluster",
        todo="Give kubeconfig (K8S_AUTH_KUBECONFIG), or host and api_key (K8S_AUTH_HOST, K8S_AUTH_API_KEY)",
    )


def _context(what: str, documents: typing.List[dict], wanted: typing.Optional[str]) -> str:
    """The context to use. Several files count as one, the first to name something wins, as with kubectl.

    :raises FleetError: there is no such context, which the loader would only hint at.
    """
    names, current = _guard(what, _contexts, documents)
    context = wanted or current
    if context not in names:
        lacks = f"no context {context}" if context else "no current context"
        raise FleetError(
            f"{what} has {lacks}, it has {', '.join(names) or 'none'}",
            todo="Choose one with context or K8S_AUTH_CONTEXT",
        )
    return context


def _read(given: str) -> typing.List[dict]:
    """The kubeconfigs of all files that there are; the files of tokens lie beside them."""
    documents = []
    for path in given.split(os.pathsep):
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as stream:
                document = dict(yaml.safe_load(stream) or {})
            for one in document.get("users") or []:
                user = one.get("user") or {}
                if user.get("tokenFile"):
                    user["tokenFile"] = os.path.join(os.path.dirname(path), user["tokenFile"])
            documents.append(document)
    return documents


def _contexts(documents: typing.List[dict]) -> typing.Tuple[typing.List[str], typing.Optional[str]]:
    """The names of all contexts, and the current one or None."""
    names = [context["name"] for document in documents for context in document.get("contexts") or []]
    return names, next(filter(None, (document.get("current-context") for document in documents)), None)


def _guard(what: str, load: typing.Callable, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
    """Call a loader of the kubernetes client, which trips over malformed input in many different ways."""
    try:
        return load(*args, **kwargs)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise FleetError(f"{what} is not valid YAML{where}")
    except kubernetes_config.ConfigException as error:
        # What follows a brace is a part of the file, and may be a secret.
        raise FleetError(f"{what} cannot be used: {str(error).partition('{')[0].strip().rstrip('./')}")
    except FleetError:
        raise
    except OSError as error:
        raise FleetError(f"{what} cannot be used, because {error.filename} cannot be read ({error.strerror})")
    except Exception as error:
        raise FleetError(f"{what} has not the structure of a kubeconfig ({type(error).__name__})")
