# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recipe, read with those that it extends.

This module util is PRIVATE to the collection. Python versions supported: >=3.6. It needs PyYAML; modules look at
MISSING of _release/reader.py before they call anything here.
"""

import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import reader
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_text

Document = typing.Dict[str, typing.Any]
DEEPEST = 10
ENDING = ".yml"
# Key of what stands in a recipe: its file and line.
AT = "at"
_NEXT_STEP = "Correct it and run the same command again"
_BUILT_IN = re.compile(r"[0-9A-Za-z_-]+")
# What a problem says about begins with the path of its key.
_PROBLEM = re.compile(r"(?P<path>[^\s:]+): ")

# As plugins/doc_fragments/recipe.py documents it.
ARGUMENT_SPEC: typing.Dict[str, typing.Dict[str, typing.Any]] = {
    "recipe": {"type": "path", "required": True},
    "recipes": {"type": "path"},
    "lock": {"type": "path"},
    "work_directory": {"type": "path", "default": "/var/tmp/osmigrate-build"},
}


class Recipe(typing.NamedTuple):
    """What a release is to be made of.

    path: of the file that was asked for. files: all that were read, that one first. document: by the schema, with what
    was extended in it, defaults filled in, and paths of other files absolute.
    """

    path: str
    files: typing.List[str]
    document: Document


def read(path: str, shipped: str = "") -> Recipe:
    """Read a recipe.

    :param path: of its file.
    :param shipped: directory with recipes that another one may extend by their names alone.
    :raises FleetError: it is not there or not valid; each problem is named with its line.
    """
    files: typing.List[str] = []
    document: Document = {}
    following = os.path.abspath(path)
    while following:
        if following in files:
            raise _wrong(files[-1], f"extends: leads back to {following}")
        if len(files) == DEEPEST:
            raise _wrong(files[0], f"extends: more than {DEEPEST} recipes extend each other")
        one = _read_one(following, files)
        files.append(following)
        following = _extended(one.pop("extends", ""), following, shipped)
        document = merged(one, document)
    missing = [key for key in schema.REQUIRED if key not in document]
    if missing:
        raise _wrong(files[0], "; ".join(f"{key}: is missing" for key in missing))
    return Recipe(files[0], files, document)


def asked(params: typing.Dict[str, typing.Any]) -> typing.Tuple[Recipe, str]:
    """Read the recipe that a module was given.

    :param params: the module's parameters, with those of ARGUMENT_SPEC.
    :returns: (the recipe, directory of its lock).
    :raises FleetError: it is none.
    """
    given = read(params["recipe"], params["recipes"] or "")
    return given, params["lock"] or lock_of(given)


def lock_of(recipe: Recipe) -> str:
    """Return where the lock of a recipe lies, unless somebody says otherwise: beside it."""
    return recipe.path[: -len(ENDING) if recipe.path.endswith(ENDING) else None] + ".lock"


def where(recipe: Recipe, word: str) -> str:
    """Say in which file and line of a recipe a word stands, "" if it does not."""
    whole = re.compile(rf"(?<![\w.+-]){re.escape(word)}(?![\w.+-])")
    for path in recipe.files:
        for number, text in enumerate(read_text(path).split("\n"), 1):
            if whole.search(text.partition("#")[0]):
                return f"{os.path.basename(path)} line {number}"
    return ""


def merged(below: Document, above: Document) -> Document:
    """Return what two recipes say together: lists one after the other, mappings key by key, else what is above.

    A tree has one base, so another kind of base replaces the one below. So does what is done with a unit: one that is
    enabled below and masked above is masked. A list says each thing once, but for arguments of a program, of which one
    may be the name of what follows it.
    """
    result = dict(below)
    for verb in schema.VERBS:
        others = [unit for other in schema.VERBS if other != verb for unit in above.get(other, [])]
        if below.get(verb) and others:
            result[verb] = [unit for unit in below[verb] if unit not in others]
    for key, value in above.items():
        old = result.get(key)
        if key == "base" and isinstance(old, dict) and set(old) != set(value):
            result[key] = value
        elif isinstance(value, dict) and isinstance(old, dict):
            result[key] = merged(old, value)
        elif isinstance(value, list) and isinstance(old, list) and key != schema.COMMAND:
            result[key] = old + [one for one in value if key == schema.ARGUMENTS or one not in old]
        else:
            result[key] = value
    return result


def _read_one(path: str, before: typing.Sequence[str]) -> Document:
    try:
        with open(path, "rb") as stream:
            content = stream.read()
    except OSError as error:
        by = f" (extended by {before[-1]})" if before else ""
        raise FleetError(f"Recipe {path}{by} cannot be read: {error.strerror}", todo="Check its path")
    document = reader.parse(content, f"Recipe {path}", _NEXT_STEP, reader.MOST_OF_OURS)
    problems: typing.List[str] = []
    document = schema.part(document, "", problems)
    if problems:
        lines = reader.lines(content)
        raise _wrong(path, "; ".join(_with_line(problem, lines) for problem in problems))
    _make_absolute(document, os.path.dirname(path))
    _mark(document, os.path.basename(path), reader.lines(content))
    return document


def _with_line(problem: str, lines: typing.Dict[str, int]) -> str:
    """Put the line before a problem: that of the key, or of what it is missing from."""
    found = _PROBLEM.match(problem)
    path = found.group("path") if found else ""
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return f"line {lines.get(path, 1)}: {problem}"


def _mark(document: Document, name: str, lines: typing.Dict[str, int]) -> None:
    """Note with each user, file, script, unit and pin where it stands, for messages of the build."""
    for key in ("users", "groups", "files", "scripts"):
        for index, one in enumerate(document.get(key, [])):
            line = lines.get(f"{key}[{index}]", 1)
            one[AT] = f"{name} line {line}"
    packages = document.get("packages", {})
    if packages.get("pins"):
        packages[AT] = {
            package: f"{name} line {lines.get(f'packages.pins.{package}', 1)}" for package in packages["pins"]
        }
    units = document.get("units", {})
    places = {}
    for verb in [verb for verb in units if isinstance(units[verb], list)]:
        for index, unit in enumerate(units[verb]):
            line = lines.get(f"units.{verb}[{index}]") or lines.get(f"units.{verb}", 1)
            places[f"{verb} {unit}"] = f"{name} line {line}"
    if places:
        units[AT] = places


def _extended(name: str, by: str, shipped: str) -> str:
    if not name:
        return ""
    if _BUILT_IN.fullmatch(name):
        return os.path.join(os.path.abspath(shipped), name + ENDING)
    return os.path.normpath(os.path.join(os.path.dirname(by), os.path.expanduser(name)))


def _make_absolute(document: Document, directory: str) -> None:
    """Let each path of another file begin at the root: it is meant from where its recipe lies."""

    def beside(name: str) -> str:
        return os.path.normpath(os.path.join(directory, os.path.expanduser(name)))

    def absolute(holder: typing.Any, key: str) -> None:
        if isinstance(holder, dict) and key in holder:
            holder[key] = beside(holder[key])

    # Of the words of a command nobody says which are paths.
    base = document.get("base", {})
    for index, word in enumerate(base.get(schema.COMMAND, [])):
        if os.path.isfile(beside(word)):
            base[schema.COMMAND][index] = beside(word)
    for key in (schema.DIRECTORY, schema.ARCHIVE, schema.OCI):
        absolute(base, key)
    packages = document.get("packages", {})
    for one in [packages, *packages.get("sources", [])]:
        absolute(one, "keyring")
    for one in document.get("files", []):
        absolute(one, "source")
    for one in document.get("scripts", []):
        absolute(one, "file")


def _wrong(path: str, problems: str) -> FleetError:
    return FleetError(f"Recipe {path} is not valid: {problems}", todo=_NEXT_STEP)
