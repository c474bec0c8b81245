# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers and libraries say, as messages have it. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re

from ansible_collections.osmigrate.fleet.plugins.module_utils import _text

_SECRETS = re.compile(r"(?i)(bearer\s+|://(?:[^/\s:@\"']+:)?(?=[^/\s\"'@]+@))[^\s\"'@]+")
# What may come behind the path of an address: a webhook's holds more than its deadline.
_QUERY = re.compile(r"(://[^\s\"'?]+)\?[^\s\"']*")
# Names of objects in memory, of classes, and of lines in the source of Python.
_PYTHON = re.compile(r"<[^>]* object at 0x[0-9a-f]+>:? ?|HTTPS?Connection(Pool)?\([^)]*\): ?| \(_ssl\.c:\d+\)")
# An error inside an error: a sentence, then a class with its words.
_NESTED = re.compile(r"""^\('(?P<first>.*?)\.?', \w+\((?:\d+, )?(?P<quote>['"])(?P<second>.*)(?P=quote)\)\)$""")
LONGEST = 1000
# What the TLS library says of files, before anybody was asked.
_NO_PEM = (
    (
        re.compile(r"PEM lib|KEY_VALUES_MISMATCH"),
        "The client certificate for the API server {} and its key are no pair in the form PEM",
    ),
    (
        re.compile(r"NO_CERTIFICATE_OR_CRL_FOUND|NO_START_LINE"),
        "The certificate authority for the API server {} is no certificate in the form PEM",
    ),
)


def clean(text: str) -> str:
    """One line without credentials and without what only a Python programmer understands."""
    text = _NESTED.sub(r"\g<first>: \g<second>", _PYTHON.sub("", " ".join(text.split())))
    return _text.printable(_SECRETS.sub(r"\1********", _QUERY.sub(r"\1", text)), LONGEST).rstrip(".")


def no_pem(text: str, server: str) -> str:
    """What is wrong with a certificate or key of this side; empty if the TLS library does not say that.

    :param text: what it says.
    :param server: the API server that they are for.
    """
    return next((problem.format(server) for words, problem in _NO_PEM if words.search(text)), "")
