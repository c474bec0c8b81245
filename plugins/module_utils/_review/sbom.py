# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of the software of a release in the forms of CycloneDX 1.6 and SPDX 2.3. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

No clock and no chance is in them, so that the same release has the same lists: where the forms want a time, it is that
of the release, and where they want a number of its own, that is made of the release's id.
"""

import json
import re
import typing
import uuid
from urllib.parse import quote

from ansible_collections.osmigrate.fleet.plugins.module_utils._review.report import Record
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.software import Software

TOOL = "osmigrate.fleet"
_NOT_IN_AN_ID = re.compile(r"[^a-zA-Z0-9.-]")
_MAINTAINER = re.compile(r"(.*?)\s*(?:<([^<>]*)>)?")
_WEB = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
Licences = typing.Dict[str, typing.List[str]]


def purl(one: Software, distribution: str) -> str:
    """Return the package URL, by which scanners know a package."""
    version = quote(one.version, safe=":")
    return f"pkg:deb/{distribution}/{quote(one.name, safe='')}@{version}?arch={quote(one.architecture, safe='')}"


def cyclonedx(
    software: typing.List[Software], licences: Licences, name: str, version: str, digest: str, made: str, system: str
) -> Record:
    """Return the list as CycloneDX.

    :param licences: what packages say, by their names.
    :param name: of the release; version: of it, digest: its id in hex.
    :param made: time in UTC, such as 2026-11-21T00:00:00Z.
    :param system: id of the distribution, such as debian.
    """
    references = {one.name: purl(one, system) for one in software}
    root = f"{name}@{version}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'osmigrate:' + digest)}",
        "version": 1,
        "metadata": {
            "timestamp": made,
            "tools": {"components": [{"type": "application", "name": TOOL}]},
            "component": {"type": "operating-system", "bom-ref": root, "name": name, "version": version},
        },
        "components": [
            {
                "type": "library",
                "bom-ref": purl(one, system),
                "name": one.name,
                "version": one.version,
                "purl": purl(one, system),
                **_supplier(one),
                **(
                    {"licenses": [{"license": {"name": each}} for each in licences[one.name]]}
                    if licences.get(one.name)
                    else {}
                ),
                **({"externalReferences": [{"type": "website", "url": one.homepage}]} if _is_web(one) else {}),
                "properties": [
                    {"name": f"{TOOL}:source", "value": one.source},
                    {"name": f"{TOOL}:source_version", "value": one.source_version},
                ],
            }
            for one in software
        ],
        "dependencies": [
            {"ref": root, "dependsOn": sorted(set(purl(one, system) for one in software))},
            *(
                {
                    "ref": purl(one, system),
                    "dependsOn": sorted({references[other] for other in one.depends if other in references}),
                }
                for one in software
            ),
        ],
    }


def spdx(
    software: typing.List[Software], licences: Licences, name: str, version: str, digest: str, made: str, system: str
) -> Record:
    """Return the list as SPDX; parameters as of cyclonedx()."""
    ids = {(one.name, one.architecture): f"SPDXRef-Package-{_id(one.name)}-{_id(one.architecture)}" for one in software}
    by_name = {one.name: ids[(one.name, one.architecture)] for one in software}
    root = "SPDXRef-Release"
    packages = [
        {
            "SPDXID": root,
            "name": name,
            "versionInfo": version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False,
            "primaryPackagePurpose": "OPERATING-SYSTEM",
        }
    ]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", root)]
    for one in software:
        own = ids[(one.name, one.architecture)]
        packages.append(
            {
                "SPDXID": own,
                "name": one.name,
                "versionInfo": one.version,
                "downloadLocation": "NOASSERTION",
                "filesAnalyzed": False,
                "licenseConcluded": "NOASSERTION",
                "licenseDeclared": "NOASSERTION",
                "copyrightText": "NOASSERTION",
                "sourceInfo": f"built from {one.source} {one.source_version}",
                **({"licenseComments": "; ".join(licences[one.name])} if licences.get(one.name) else {}),
                **({"supplier": _spdx_supplier(one)} if one.maintainer else {}),
                **({"homepage": one.homepage} if _is_web(one) else {}),
                "externalRefs": [
                    {
                        "referenceCategory": "PACKAGE-MANAGER",
                        "referenceType": "purl",
                        "referenceLocator": purl(one, system),
                    }
                ],
            }
        )
        relations.append((root, "CONTAINS", own))
        relations += [(own, "DEPENDS_ON", by_name[other]) for other in one.depends if by_name.get(other, own) != own]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{name}-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/{name}-{version}-{digest}",
        "creationInfo": {"created": made, "creators": [f"Tool: {TOOL}"]},
        "packages": packages,
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relations
        ],
    }


def as_json(document: Record) -> str:
    """Return the text of one of them."""
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _id(text: str) -> str:
    # A plus is common in names, and two of them must not become one.
    return _NOT_IN_AN_ID.sub("-", text.replace("+", "-plus"))


def _is_web(one: Software) -> bool:
    return _WEB.fullmatch(one.homepage) is not None


def _supplier(one: Software) -> Record:
    match = _MAINTAINER.fullmatch(one.maintainer)
    if not one.maintainer or not match:
        return {}
    mail = match.group(2) or ""
    return {
        "supplier": {
            "name": match.group(1),
            **({"contact": [{"name": match.group(1), "email": mail}]} if "@" in mail else {}),
        }
    }


def _spdx_supplier(one: Software) -> str:
    match = _MAINTAINER.fullmatch(one.maintainer)
    name, mail = (match.group(1), match.group(2)) if match else (one.maintainer, "")
    return f"Organization: {name}" + (f" ({mail})" if mail else "")
