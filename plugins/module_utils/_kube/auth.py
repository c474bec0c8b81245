# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kubernetes client makes of the options that say how to reach a cluster.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import traceback

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options

try:
    import yaml
    from kubernetes import config as kubernetes_config
    from kubernetes.client import Configuration
    from kubernetes.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION

    IMPORT_ERROR = None
except ImportError:
    IMPORT_ERROR = traceback.format_exc()


def make_configuration(auth):
    """Turn the options into the kubernetes client's configuration.

    :raises FleetError: no kubeconfig, a broken one, a context that it does not have, a file that is missing.
    """
    configuration = Configuration()
    certificate = auth.client_cert and auth.client_key
    if not (auth.host and (auth.api_key or certificate)):
        _load(auth, configuration)
    for name in ("ca_cert", "client_cert", "client_key"):
        path = getattr(auth, name)
        if path and not os.path.isfile(path):
            raise FleetError(f"The file {path} given as {name} does not exist")
    if auth.host:
        configuration.host = auth.host.rstrip("/")
    if auth.api_key:
        configuration.api_key = {"authorization": "Bearer " + auth.api_key}
        configuration.refresh_api_key_hook = None
    if auth.validate_certs is not None:
        configuration.verify_ssl = auth.validate_certs
    configuration.ssl_ca_cert = auth.ca_cert or configuration.ssl_ca_cert
    configuration.cert_file = auth.client_cert or configuration.cert_file
    configuration.key_file = auth.client_key or configuration.key_file
    configuration.proxy = auth.proxy or configuration.proxy
    auth_options.refuse_plain_token(configuration.host, bool(configuration.auth_settings()))
    return configuration


def _load(auth, configuration):
    """Fill the configuration from a kubeconfig, or from the pod that this runs in."""
    options = dict(context=auth.context, client_configuration=configuration, persist_config=False)
    if isinstance(auth.kubeconfig, dict):
        _guard("The given kubeconfig", kubernetes_config.load_kube_config_from_dict, auth.kubeconfig, **options)
        return
    given = os.path.expanduser(auth.kubeconfig or KUBE_CONFIG_DEFAULT_LOCATION)
    if any(os.path.isfile(path) for path in given.split(os.pathsep)):
        _check_context(given, auth.context)
        _guard("The kubeconfig " + given, kubernetes_config.load_kube_config, given, **options)
    elif auth.kubeconfig or auth.context:
        raise FleetError(f"The kubeconfig {given} does not exist", todo="Check kubeconfig or K8S_AUTH_KUBECONFIG")
    elif os.environ.get("KUBERNETES_SERVICE_HOST"):
        _guard("The service account of this pod", kubernetes_config.load_incluster_config, configuration)
    else:
        raise FleetError(
            f"There is no kubeconfig at {given} and this does not run inside a cluster",
            todo="Give kubeconfig (K8S_AUTH_KUBECONFIG), or host and api_key (K8S_AUTH_HOST, K8S_AUTH_API_KEY)",
        )


def _check_context(given, wanted):
    """Say what the loader would only hint at. Several files count as one, the first to name something wins."""
    names, current = _guard("The kubeconfig " + given, _read_contexts, given)
    context = wanted or current
    if context not in names:
        lacks = f"no context {context}" if context else "no current context"
        raise FleetError(
            f"The kubeconfig {given} has {lacks}, it has {', '.join(names) or 'none'}",
            todo="Choose one with context or K8S_AUTH_CONTEXT",
        )


def _read_contexts(given):
    """The names of all contexts, and the current one or None."""
    names, current = [], None
    for path in given.split(os.pathsep):
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as stream:
                document = dict(yaml.safe_load(stream) or {})
            names += [context["name"] for context in document.get("contexts") or []]
            current = current or document.get("current-context")
    return names, current


def _guard(what, load, *args, **kwargs):
    """Call a loader of the kubernetes client, which trips over malformed input in many different ways."""
    try:
        return load(*args, **kwargs)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise FleetError("{} is not valid YAML{}".format(what, " at line %d" % (mark.line + 1) if mark else ""))
    except kubernetes_config.ConfigException as error:
        # What follows a brace is a part of the file, and may be a secret.
        raise FleetError(f"{what} cannot be used: {str(error).partition('{')[0].strip().rstrip('./')}")
    except Exception as error:
        raise FleetError(f"{what} has not the structure of a kubeconfig ({type(error).__name__})")
