# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate authorities: see trust.py. Here: what else lies beside them, where programs look, and keys of releases.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import ALWAYS, area, take

AREA = area(
    "trust",
    # Whose releases the node itself takes: without it the next one would need no word of the node's.
    [take(ALWAYS, "/etc/osmigrate/trusted.d/**")],
    stays=[
        (
            "made anew by programs of the release",
            "/etc/ca-certificates.conf /etc/pki/ca-trust/extracted/** /etc/pki/tls/certs/ca-bundle.crt"
            " /etc/pki/tls/certs/ca-bundle.trust.crt "
            "/etc/pki/tls/cert.pem /etc/pki/java/cacerts",
        ),
        ("belongs to the packages of the release", "/etc/crypto-policies/**"),
    ],
    same=[("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")],
)
