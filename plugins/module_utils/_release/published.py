# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory that a web server shows: an OSTree repository, releases, channels; each is seen when it is whole.

This module util is PRIVATE to the collection. Python versions supported: >=3.6. It needs PyYAML and cryptography, as
reader does.
"""

import contextlib
import fcntl
import functools
import os
import re
import shutil
import tempfile
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import (
    channel,
    channels,
    envelope,
    fetch,
    images,
    reader,
    retention,
    schema,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import need_directory, read_bytes

MANIFEST = "release.yml"
# A web server that lists directories leaves these out, and nothing names them.
_LOCK, _NEW, _OLD = ".osmigrate-lock", ".osmigrate-new-", ".osmigrate-old-"
# By this a commit stays when others go.
_REF = "osmigrate/{}"
_REMOTE = "osmigrate-mirror"
# A delta is kept if it is smaller than so much of what nodes would fetch without it.
_PAYS = 0.8
_SUMMED_UP = re.compile(r"^\* (.+)\n.*\n +([0-9a-f]{64})$", re.MULTILINE)
_CHECKSUM = re.compile(r"^[-l][0-7]{5} +[0-9]+ +[0-9]+ +[0-9]+ ([0-9a-f]{64}) ", re.MULTILINE)

Step = typing.Tuple[str, typing.Callable[[], None]]


class Site:
    """What is published in a directory.

    :param place: its path.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self.repository = os.path.join(place, "repo")

    @contextlib.contextmanager
    def alone(self) -> typing.Iterator[None]:
        """Keep others that publish here away, and clear up what one that was killed has left."""
        need_directory(self.place)
        with open(os.path.join(self.place, _LOCK), "w", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FleetError(f"Somebody else publishes in {self.place} now", todo="Wait until that has ended")
            for name in os.listdir(self.place):
                if name.startswith((_NEW, _OLD)):
                    shutil.rmtree(os.path.join(self.place, name))
            for name in self._images():
                if name.startswith(images.NEW):
                    os.unlink(os.path.join(self.place, images.DIRECTORY, name))
            yield

    def releases(self) -> typing.Dict[str, retention.Release]:
        """Return the manifests that are there, by id."""
        found = {}
        for name in sorted(os.listdir(self.place)) if os.path.isdir(self.place) else []:
            content = read_bytes(os.path.join(self.place, name, MANIFEST)) if not name.startswith(".") else None
            if content:
                release = reader.unsigned(content, f"Release manifest {self.place}/{name}/{MANIFEST}").release
                found[schema.entry_id(release)] = release
        return found

    def pointers(self) -> typing.Dict[str, channel.Pointer]:
        """Return the channels that are there, by the names of their files."""
        found = {}
        for name in sorted(os.listdir(self.place)) if os.path.isdir(self.place) else []:
            if channel.is_pointer(name):
                pointer = self._pointer(name)
                if pointer:
                    found[name] = pointer
        return found

    def _pointer(self, name: str) -> typing.Optional[channel.Pointer]:
        path = os.path.join(self.place, name)
        signed = channels.read_signed(path, 0)
        return channel.read_payload(signed.payload, path, channels.name_of(path)) if signed else None

    def has(self, commit: str) -> bool:
        """Whether the repository has a commit whole."""
        there = os.path.join(self.repository, "objects", commit[:2], f"{commit[2:]}.commit")
        partial = os.path.join(self.repository, "state", f"{commit}.commitpartial")
        return os.path.lexists(there) and not os.path.lexists(partial)

    def _images(self) -> typing.List[str]:
        place = os.path.join(self.place, images.DIRECTORY)
        return sorted(os.listdir(place)) if os.path.isdir(place) else []

    def ref(self, name: str) -> str:
        """Return the commit of a branch, "" if there is none."""
        if not os.path.isdir(self.repository):
            return ""
        done = run(["ostree", "rev-parse", f"--repo={self.repository}", "--", name], check=False)
        return "" if done.rc else done.stdout.strip()

    def _refs(self) -> typing.Dict[str, str]:
        """Return the commits of all branches, by name."""
        found, top = {}, os.path.join(self.repository, "refs", "heads")
        for directory, _below, names in os.walk(top):
            for path in (os.path.join(directory, name) for name in names):
                found[os.path.relpath(path, top)] = (read_bytes(path) or b"").decode("ascii", "replace").strip()
        return found

    def _is_summed_up(self) -> bool:
        """Whether the summary says what branches there are. It comes last, so where it does not, a run was killed."""
        if not os.path.isdir(self.repository):
            return True
        said = run(["ostree", "summary", f"--repo={self.repository}", "--view"], check=False).stdout
        return dict(_SUMMED_UP.findall(said)) == self._refs()

    # What publishes.

    def plan(self, found: reader.Release, content: bytes, source: str, deltas: bool, timeout: int) -> typing.List[Step]:
        """Return what is left to do until a release is there.

        :param content: the bytes of its manifest.
        :param source: path or URL of the repository that has its commit, and beside which its image lies; "" for where
            the manifest says that they are.
        :param deltas: whether to make static deltas.
        :param timeout: seconds after which a server that sends nothing of an image is given up.
        :raises FleetError: another release has its id here.
        """
        release, entry = found.release, schema.entry_id(found.release)
        present = self.releases()
        there = read_bytes(os.path.join(self.place, entry, MANIFEST))
        if there and there != content:
            pinned = ", ".join(one[:12] for one in schema.commits(present.get(entry, release)).values())
            raise FleetError(
                f"{entry} is published in {self.place} already, as commit {pinned} and with another manifest",
                todo="Give the release another version: nodes and clusters refuse a second one under an id they know",
            )
        steps: typing.List[Step] = []
        payloads = release["payloads"]
        if "ostree" in payloads:
            steps += self._plan_commit(release, present, source, deltas and not there)
        if "slots" in payloads:
            steps += images.plan(payloads["slots"], source, self.place, timeout)
        signed = envelope.render(envelope.Envelope(found.payload, found.signatures))
        if not there:
            steps.append((f"publish {entry}", lambda: self._place(entry, content, signed)))
        elif read_bytes(os.path.join(self.place, entry, MANIFEST + ".sig")) != signed.encode("utf-8"):
            path = os.path.join(self.place, entry, MANIFEST + ".sig")
            steps.append((f"publish the signatures of {entry}", lambda: reader.write(path, signed)))
        return steps

    def _plan_commit(
        self, release: retention.Release, present: typing.Dict[str, retention.Release], source: str, deltas: bool
    ) -> typing.List[Step]:
        steps: typing.List[Step] = []
        payload = release["payloads"]["ostree"]
        commit, source = payload["commit"], source or payload["url"]
        if not self.has(commit):
            steps.append(
                (f"fetch commit {commit[:12]} from {fetch.shown(source)}", lambda: self._fetch(source, commit))
            )
        for before in self._bases(release, present) if deltas else []:
            steps.append(
                (f"make a delta from {before[:12]} if it pays", functools.partial(self._delta, before, commit))
            )
        wanted = {_REF.format(commit): commit}
        of_ostree = [one for one in present.values() if _commit(one)]
        newest = retention.newest_first([*of_ostree, release], release["name"])[0]
        if _commit(newest) == commit:
            wanted[payload["ref"]] = commit
        for ref in sorted(name for name, target in wanted.items() if self.ref(name) != target):
            steps.append((f"let branch {ref} be {commit[:12]}", functools.partial(self._set, ref, commit)))
        return [*steps, ("write the summary", self._summarize)] if steps or not self._is_summed_up() else []

    def plan_channel(self, found: channels.Found, coming: typing.Iterable[str]) -> typing.List[Step]:
        """Return what is left to do until a channel is there.

        :param coming: ids of releases that are about to be published.
        :raises FleetError: it is older than the one that is there, or names a release that is not.
        """
        name = channel.file_name(found.pointer.name, found.pointer.channel)
        channel.see_that_it_is_newer(found.pointer, self._pointer(name), found.name)
        if "://" not in found.pointer.manifest and found.pointer.release not in {*self.releases(), *coming}:
            raise FleetError(
                f"{found.name} names {found.pointer.release}, which is not published in {self.place}",
                todo="Publish that release first",
            )
        path, text = os.path.join(self.place, name), envelope.render(found.signed, channel.TYPE)
        if read_bytes(path) == text.encode("utf-8"):
            return []
        return [(f"let {found.pointer.title()} mean {found.pointer.release}", lambda: reader.write(path, text))]

    def plan_retention(
        self,
        coming: typing.Sequence[retention.Release],
        pointing: typing.Iterable[channel.Pointer],
        keep: int,
    ) -> typing.List[Step]:
        """Return what takes away the releases that are not needed any more.

        :param coming: releases that are about to be published.
        :param pointing: channels that are about to be published.
        :param keep: how many of each name stay (see retention.kept).
        """
        present = self.releases()
        all_of_them = {**present, **{schema.entry_id(one): one for one in coming}}
        meant = {
            **self.pointers(),
            **{channel.file_name(one.name, one.channel): one for one in pointing},
        }
        stay = retention.kept(all_of_them.values(), [one.release for one in meant.values()], keep)
        steps: typing.List[Step] = []
        if not keep:
            return steps
        for entry in sorted(set(present) - stay):
            steps.append((f"remove {entry}", functools.partial(self._remove, entry)))
        # What a run that was killed has left belongs to no release any more, so it is looked at what is there.
        needed = [all_of_them[one] for one in stay] + [*coming]
        commits = {_commit(one) for one in needed}
        ours = {commit for name, commit in self._refs().items() if name == _REF.format(commit)}
        for commit in sorted(ours - commits):
            steps.append((f"forget commit {commit[:12]}", functools.partial(self._forget, commit)))
        if ours - commits or not self._is_summed_up():
            steps += [("remove what no release needs", self._prune), ("write the summary", self._summarize)]
        named = {name for one in needed for name in _image_names(one)}
        for name in self._images():
            if name not in named and not name.startswith("."):
                path = os.path.join(self.place, images.DIRECTORY, name)
                steps.append((f"remove {images.DIRECTORY}/{name}", functools.partial(os.unlink, path)))
        return steps

    def verify(self) -> None:
        """Read all of the repository, and all images.

        :raises FleetError: something in them is damaged.
        """
        if os.path.isdir(self.repository):
            todo = "Remove the repository, and fill it anew"
            run(["ostree", "fsck", f"--repo={self.repository}", "--quiet"], todo=todo)
        for release in self.releases().values():
            if _image_names(release):
                images.verify(release["payloads"]["slots"], self.place)

    def _ostree(self, *argv: str, **how: typing.Any) -> str:
        return run(["ostree", argv[0], f"--repo={self.repository}", *argv[1:]], **how).stdout

    def _fetch(self, source: str, commit: str) -> None:
        if not os.path.isdir(self.repository):
            run(["ostree", "init", f"--repo={self.repository}", "--mode=archive"])
        left, todo = "Nothing of the release is to be seen yet", f"See that {fetch.shown(source)} has the commit whole"
        if not fetch.is_url(source):
            self._ostree("pull-local", "--untrusted", source, commit, left=left, todo=todo)
            return
        run(
            ["ostree", "remote", "add", f"--repo={self.repository}", "--no-gpg-verify", "--if-not-exists", _REMOTE]
            + [source]
        )
        try:
            # Another source than the time before, if that was killed.
            self._ostree("pull", "--mirror", f"--url={source}", _REMOTE, commit, left=left, todo=todo)
        finally:
            run(["ostree", "remote", "delete", f"--repo={self.repository}", "--if-exists", _REMOTE])

    def _bases(self, release: retention.Release, present: typing.Dict[str, retention.Release]) -> typing.List[str]:
        """Return commits from which most nodes come: what channels mean, and the release before."""
        older = [one for one in retention.newest_first(present.values(), release["name"]) if one != release]
        ids = [pointer.release for pointer in self.pointers().values() if pointer.name == release["name"]]
        found = older[:1] + [present[one] for one in ids if one in present]
        return sorted({_commit(one) for one in found} - {_commit(release), ""})

    def _delta(self, before: str, commit: str) -> None:
        place = os.path.join(self.repository, "deltas")
        had = _size(place)
        self._ostree("static-delta", "generate", f"--from={before}", f"--to={commit}")
        if _size(place) - had > _PAYS * self._loose(before, commit):
            self._ostree("static-delta", "delete", f"{before}-{commit}")

    def _loose(self, before: str, commit: str) -> int:
        """Return the bytes of files that a node with one commit fetches for the other."""
        sides = [set(_CHECKSUM.findall(self._ostree("ls", "-R", "-C", one))) for one in (before, commit)]
        paths = [os.path.join(self.repository, "objects", one[:2], one[2:] + ".filez") for one in sides[1] - sides[0]]
        return sum(os.path.getsize(path) for path in paths if os.path.exists(path))

    def _set(self, ref: str, commit: str) -> None:
        self._ostree("refs", "--force", f"--create={ref}", commit)

    def _summarize(self) -> None:
        self._ostree("summary", "--update")

    def _place(self, entry: str, content: bytes, signed: str) -> None:
        new = tempfile.mkdtemp(prefix=_NEW, dir=self.place)
        os.chmod(new, 0o755)
        for name, held in ((MANIFEST, content.decode("utf-8")), (MANIFEST + ".sig", signed)):
            reader.write(os.path.join(new, name), held)
        os.rename(new, os.path.join(self.place, entry))

    def _remove(self, entry: str) -> None:
        old = tempfile.mkdtemp(prefix=_OLD, dir=self.place)
        os.rename(os.path.join(self.place, entry), os.path.join(old, entry))
        shutil.rmtree(old)

    def _forget(self, commit: str) -> None:
        if self.ref(_REF.format(commit)):
            self._ostree("refs", "--delete", _REF.format(commit))

    def _prune(self) -> None:
        self._ostree("prune", "--refs-only", "--depth=0")


def _size(place: str) -> int:
    return sum(
        os.path.getsize(os.path.join(directory, name)) for directory, _below, names in os.walk(place) for name in names
    )


def _commit(release: retention.Release) -> str:
    """Return the commit of a release, "" where it has none of OSTree."""
    commit: str = release["payloads"].get("ostree", {}).get("commit", "")
    return commit


def _image_names(release: retention.Release) -> typing.List[str]:
    payload = release["payloads"].get("slots")
    return images.names(payload) if payload else []
