# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say how to reach a cluster, named as in kubernetes.core. Needs no kubernetes client.

Modules and the inventory plugin both come in through C(read_options), with their own way to look an option up.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible.module_utils.basic import env_fallback

SECRET_KEYS = ("token", "password", "client-key-data", "client-certificate-data")


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


def _option(kind, variable, **more):
    return dict(type=kind, fallback=(env_fallback, [variable]), **more)


ARGUMENT_SPEC = dict(
    kubeconfig=_option("raw", "K8S_AUTH_KUBECONFIG"),
    context=_option("str", "K8S_AUTH_CONTEXT"),
    host=_option("str", "K8S_AUTH_HOST"),
    api_key=_option("str", "K8S_AUTH_API_KEY", no_log=True),
    validate_certs=_option("bool", "K8S_AUTH_VERIFY_SSL", aliases=["verify_ssl"]),
    ca_cert=_option("path", "K8S_AUTH_SSL_CA_CERT", aliases=["ssl_ca_cert"]),
    client_cert=_option("path", "K8S_AUTH_CERT_FILE", aliases=["cert_file"]),
    client_key=_option("path", "K8S_AUTH_KEY_FILE", aliases=["key_file"], no_log=False),
    proxy=_option("str", "K8S_AUTH_PROXY"),
    api_timeout=_option("int", "OSMIGRATE_API_TIMEOUT", default=120),
)


def read_options(lookup):
    """Collect the options.

    :param lookup: callable that takes an option's name and returns its value or None.
    """
    return Auth(**{name: lookup(name) for name in Auth._fields})


def secrets(kubeconfig):
    """List the secret strings of a kubeconfig that was given as a structure, so that they can be kept out of logs."""
    if isinstance(kubeconfig, dict):
        found = [str(value) for key, value in kubeconfig.items() if key in SECRET_KEYS and value]
        return found + [secret for value in kubeconfig.values() for secret in secrets(value)]
    if isinstance(kubeconfig, list):
        return [secret for value in kubeconfig for secret in secrets(value)]
    return []
