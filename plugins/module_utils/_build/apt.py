# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages a recipe needs, by apt, and the package files themselves. This machine's own packages do not count.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import os
import re
import shutil
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _command
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import lock, recipe, schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.recipe import Document
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import LEFT, Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import make_directory, read_text

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# What a recipe says without a URI of its own choice, and how apt knows such a mirror.
_OFFICIAL = {
    "http://deb.debian.org/debian": "Debian Debian ",
    "http://deb.debian.org/debian-security": "Debian Debian-Security ",
}
# Of this machine's own settings, those that decide whether a download works.
_OWN = ("Acquire::http::", "Acquire::https::", "Acquire::Check-", "Acquire::Retries", "Acquire::ForceIPv4")
ESSENTIAL = {"minbase": "?or(?essential,?priority(required))", "apt": "?essential"}
_INSTALLS = re.compile(r"^Inst (\S+?)(?::\S+)? ", re.MULTILINE)
_NAMES = re.compile(r"^Package: (\S+)", re.MULTILINE)
_CHANGED = ("Hash Sum mismatch", "File has unexpected size", "Mirror sync in progress", " 404 ", "is not the expected")
_SETTINGS = """\
Dir "{scratch}";
Dir::State "state";
Dir::State::status "{status}";
Dir::Cache "cache";
Dir::Etc "etc";
Dir::Etc::sourcelist "{scratch}/sources.list";
Dir::Etc::preferences "{scratch}/preferences";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "/dev/null";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "{recommends}";
APT::Sandbox::User "root";
APT::Get::Assume-Yes "true";
Acquire::Languages "none";
Debug::NoLocking "true";
"""


def resolve(document: Document, directory: str, status: str, log: Log) -> typing.List[lock.Package]:
    """Download what a recipe needs into a directory that apt can read, and list it.

    :param directory: new; gets the package files and their index.
    :param status: path of dpkg's status file of the base, "" where the base begins from packages.
    :raises FleetError: a package does not exist, a key is missing or expired, or a mirror fails.
    """
    packages = document.get("packages", {})
    first, then = packages.get("base", []), packages.get("install", [])
    variant = document["base"].get(schema.MMDEBSTRAP)
    if variant:
        first = [ESSENTIAL[variant], schema.APT, *first]
    if not first and not then:
        return []
    scratch = directory + ".apt"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        config = _configure(document, scratch, status)
        bases = _installed_by(config, first, log) if variant else set()
        _download(config, [*first, *then], log)
        make_directory(directory)
        archives = os.path.join(scratch, "cache", "archives")
        found = []
        with open(os.path.join(directory, lock.INDEX), "w", encoding="utf-8", errors="surrogateescape") as index:
            for name in sorted(one for one in os.listdir(archives) if one.endswith(".deb")):
                path = os.path.join(directory, name)
                os.rename(os.path.join(archives, name), path)
                package, fields = _describe(path, bases)
                index.write(fields)
                found.append(package)
        _see_pins(packages, found, status, log)
        return found
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def source_list(document: Document) -> str:
    """Return the sources of a recipe as the release has them: without mirrors and keyrings of this machine."""
    return "".join(_line(one, one["uri"], "") for one in document.get("packages", {}).get("sources", []))


def _configure(document: Document, scratch: str, status: str) -> str:
    packages = document.get("packages", {})
    for name in ("state/lists/partial", "cache/archives/partial", "etc"):
        os.makedirs(os.path.join(scratch, name))
    if not packages.get("sources"):
        raise FleetError("The recipe has packages and no packages.sources", LEFT, "Say from where packages come")
    lines = []
    for source in packages["sources"]:
        keyring = source.get("keyring") or packages.get("keyring") or KEYRING
        if not os.path.isfile(keyring):
            raise FleetError(f"Keyring {keyring} of source {source['uri']} does not exist", LEFT, "Install or name it")
        lines.append(_line(source, _reachable(source["uri"]), f"signed-by={keyring} "))
    empty = os.path.join(scratch, "status")
    pins = "".join(
        f"Package: {name}\nPin: version {version}\nPin-Priority: 1001\n\n"
        for name, version in sorted(packages.get("pins", {}).items())
    )
    settings = _SETTINGS.format(
        scratch=scratch,
        status=status or empty,
        architecture=packages.get("architecture") or _command.run(["dpkg", "--print-architecture"]).stdout.strip(),
        recommends=str(packages.get("recommends", False)).lower(),
    )
    own = [line for line in _command.run(["apt-config", "dump"]).stdout.splitlines() if line.startswith(_OWN)]
    texts = {"status": "", "sources.list": "".join(lines), "preferences": pins}
    texts["apt.conf"] = settings + "".join(line + "\n" for line in own if not line.endswith(' "";'))
    for name, text in texts.items():
        with open(os.path.join(scratch, name), "w", encoding="utf-8") as stream:
            stream.write(text)
    return os.path.join(scratch, "apt.conf")


def _line(source: typing.Dict[str, typing.Any], uri: str, options: str) -> str:
    options = f"[{options.strip()}] " if options else ""
    components = "".join(" " + one for one in source["components"])
    return f"deb {options}{uri} {source['suite']}{components}\n"


def _reachable(uri: str) -> str:
    """Return the mirror that this machine's own apt uses instead of Debian's own ones, if there is one."""
    known = _OFFICIAL.get(uri.rstrip("/"))
    if known:
        form = "$(ORIGIN) $(LABEL) $(REPO_URI)"
        listed = _command.run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"], check=False)
        for line in sorted(listed.stdout.splitlines()):
            if line.startswith(known):
                return line[len(known) :].rstrip("/")
    return uri


def _installed_by(config: str, wanted: typing.Sequence[str], log: Log) -> typing.Set[str]:
    """Return the names of the packages that apt would install, after it has read the sources."""
    _apt(config, ["update"], "reading the sources", log)
    said = _apt(config, ["install", "--simulate", *wanted], "resolving the base", log)
    return set(_INSTALLS.findall(said))


def _download(config: str, wanted: typing.Sequence[str], log: Log) -> None:
    """Fetch package files. A mirror may change between the list and them; then both are fetched once more."""
    for last in (False, True):
        _apt(config, ["update"], "reading the sources", log)
        try:
            _apt(config, ["install", "--download-only", *wanted], "fetching packages", log)
            return
        except FleetError as error:
            if last or not any(sign in error.problem for sign in _CHANGED):
                raise


def _apt(config: str, arguments: typing.Sequence[str], doing: str, log: Log) -> str:
    # A warning of update is an error here: lists of before would be used without a word.
    options = ["--option", "APT::Update::Error-Mode=any"] if arguments[0] == "update" else []
    return log.run(["apt-get", "--quiet", *options, *arguments], doing, 0, APT_CONFIG=config).stdout


def _describe(path: str, bases: typing.Set[str]) -> typing.Tuple[lock.Package, str]:
    """Return a package file and its paragraph of the index."""
    fields = _command.run(["dpkg-deb", "--field", path], errors="surrogateescape").stdout
    values = dict(re.findall(r"^([A-Za-z-]+): (.*)$", fields, re.MULTILINE))
    name, size, sha256 = values["Package"], os.path.getsize(path), lock.file_digest(path)
    stage = schema.BASE if name in bases else schema.PACKAGES
    file = os.path.basename(path)
    installed = int(values.get("Installed-Size", "0"))
    package = lock.Package(name, values["Version"], values["Architecture"], sha256, size, installed, file, stage)
    return package, fields.rstrip("\n") + f"\nFilename: ./{file}\nSize: {size}\nSHA256: {sha256}\n\n"


def _see_pins(
    packages: typing.Dict[str, typing.Any], found: typing.Sequence[lock.Package], status: str, log: Log
) -> None:
    """See that each pin is that of a package which is there, in a version as it says."""
    pins = packages.get("pins", {})
    for package in found:
        wanted = pins.get(package.name, "*")
        if not fnmatch.fnmatchcase(package.version, wanted):
            raise FleetError(
                f"Package {package.name} is pinned to {wanted}, and the sources have {package.version}",
                LEFT,
                "Change packages.pins, or add a source that has it",
            )
    there = {one.name for one in found} | set(_NAMES.findall(read_text(status) if status else ""))
    for name in sorted(set(pins) - there):
        raise log.failed(
            f"{packages[recipe.AT][name]}: package {name} is pinned, and nothing installs it",
            "Correct its name, or remove the pin",
        )
