# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every way of writing an OS beside the one that runs has in common: a bootable root, and a backend. Pure.

All rooms may import this file. Only _node, modules and tests know which backends there are (registry.py), so whatever
boots, judges, carries and deletes works with a backend that it has never heard of.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

Entry = typing.Dict[str, typing.Any]  # an item of "entries" in docs/design.md, "State file"
Entries = typing.Dict[str, Entry]  # by id
Release = typing.Dict[str, typing.Any]  # a validated manifest


BOOT_MARGIN = 20000000  # bytes that are left free on a /boot that is a file system of its own


class Step(typing.NamedTuple):
    """One thing that is left to do: a short sentence for people, and what does it."""

    action: str
    do: typing.Callable[[], typing.Any]


class Check(typing.NamedTuple):
    """What may speak against moving a node.

    :ivar key: its name, which never changes once released: operators accept findings by it.
    :ivar severity: one of SEVERITIES.
    :ivar acceptable: whether an operator may accept it.
    :ivar find: takes the node's facts and the release as node_preflight has them, both dicts; returns what was found as
        a sentence without its full stop, "" where all is well.
    """

    key: str
    severity: str
    acceptable: bool
    title: str
    remedy: str
    find: typing.Callable[[typing.Dict[str, typing.Any], typing.Dict[str, typing.Any]], str]


def check(
    find: typing.Callable[[typing.Dict[str, typing.Any], typing.Dict[str, typing.Any]], str],
    severity: str,
    title: str,
    remedy: str,
    acceptable: typing.Optional[bool] = None,
) -> Check:
    """Return the check that is called as the function that finds it.

    :param acceptable: None: whatever is no inhibitor.
    """
    may = severity != "inhibitor" if acceptable is None else acceptable
    return Check(find.__name__.replace("_", "-"), severity, may, title, remedy, find)


def shortage(name: str, free: int, needed: int, more: str = "") -> str:
    """Say that there are not enough bytes free somewhere, "" if there are.

    :param more: what follows.
    """
    if free >= needed:
        return ""
    return f"{name} has {free // 1000000} MB free, and {-(-needed // 1000000)} MB are needed{more}"


class Root(typing.NamedTuple):
    """One bootable root, as it lies on the node's disk now, and as it will see itself once it runs.

    Paths are absolute. Those of the first group are seen from the system that runs now, those of the second from the
    root itself.

    :ivar backend: name of the Backend.
    :ivar path: the directory that is its /.
    :ivar var: the directory that will be its /var.
    :ivar kernel: of what GRUB loads, with initrd and devicetree ("" for that of the firmware).
    :ivar root_uuid: UUID of the file system that the kernel mounts.
    :ivar boot_uuid: UUID of the file system that holds kernel and initrd.
    :ivar arguments: of the kernel, by which it finds this root; the node's own come after them.

    :ivar pristine: the release's own /etc, as nobody has changed it.
    :ivar incumbent_at: where it sees the root of the incumbent, whose data it uses without copying.
    :ivar mounts: lines of fstab, in order, by which the incumbent gets there; none where the initramfs does it.
    :ivar var_mount: the line of fstab by which var becomes /var; "" where it is there without one.
    :ivar etc_merged: whether the backend has brought the incumbent's /etc into its own already. Otherwise the node's
        configuration is carried into it.
    :ivar sealed: whether it is an image that nobody writes: outside its /etc and /var nothing can be made.
    """

    backend: str
    path: str
    var: str
    kernel: str
    initrd: str
    devicetree: str
    root_uuid: str
    boot_uuid: str
    arguments: typing.List[str]
    pristine: str
    incumbent_at: str
    mounts: typing.List[str]
    var_mount: str
    etc_merged: bool
    sealed: bool = False


class Bind(typing.NamedTuple):
    """A directory that is seen elsewhere, too.

    :ivar place: where, below the new root; "" for that itself.
    """

    source: str
    place: str
    read_only: bool


class NextRoot(typing.NamedTuple):
    """How a root is mounted for a soft-reboot, which has no initramfs to do it.

    :ivar problem: why that cannot be, as a sentence's part without its full stop; "" where it can.
    :ivar mounts: in order.
    :ivar files: what files in /run, by path, have to say once it runs.
    """

    problem: str
    mounts: typing.Sequence[Bind]
    files: typing.Dict[str, bytes]


class Candidate:
    """One release on one node, of one backend. Reads on construction; its plans are carried out by whoever asked."""

    def plan(self) -> typing.List[Step]:
        """Decide what is missing until the release lies there complete; nothing that runs, or is needed, is touched.

        Leaves of earlier attempts, and of releases that nothing needs any more, are removed by the first steps: menu
        entries first, by BootControl.forget, then what they boot.

        :raises FleetError: it cannot be brought there, and nothing was changed.
        """
        raise NotImplementedError

    def plan_removal(self) -> typing.List[Step]:
        """Decide what is to be removed so that nothing of the release is left; its menu entry goes first."""
        raise NotImplementedError

    def root(self) -> typing.Optional[Root]:
        """Return the release's root, None while it is not complete."""
        raise NotImplementedError

    def digests(self) -> typing.Dict[str, str]:
        """Read kernel and initramfs back from the disk, and compare them with what the release has.

        :returns: the SHA-256 of each by "kernel" and "initrd", in hex.
        :raises FleetError: they differ, or are missing.
        """
        raise NotImplementedError

    def commit(self) -> str:
        """Return what the manifest pins: the digest of all that is written, in hex. Another one is another build."""
        raise NotImplementedError


class Backend:
    """One way to write an OS beside the one that runs.

    Every method only reads, but for the steps that plans return. None of them may take for granted that the node ever
    had something of this backend.

    :ivar name: the word of manifests (``payloads``), of boot entries (``backend``), and of node_candidate.
    :ivar keeps: paths below the package-managed root that finalize never deletes: what releases live in.
    :ivar checks: what speaks against a move by this backend, over facts().
    """

    name: str = ""
    keeps: typing.Tuple[str, ...] = ()
    checks: typing.Sequence[Check] = ()

    def is_laid_out(self) -> bool:
        """Say whether somebody has laid the node's disk out for this backend, so that a node of packages gets it.

        Whether it was done well is for checks to say: a node must not get another backend because of a mistake.
        """
        raise NotImplementedError

    def not_whole(self) -> typing.List[str]:
        """Name what was begun to be written and is no release: a way back less, until the next one is staged."""
        raise NotImplementedError

    def running(self, entries: Entries) -> typing.Optional[str]:
        """Say what runs now, by what is mounted; what the command line claims is no evidence.

        :param entries: those of this backend.
        :returns: id of the entry; "" for a root of this backend that none of them boots; None for a root of another
            backend, or of packages.
        """
        raise NotImplementedError

    def root(self, entry: Entry) -> typing.Optional[Root]:
        """Return what an entry of this backend boots, None if it is gone."""
        raise NotImplementedError

    def next_root(self, entry: Entry) -> NextRoot:
        """Say how the root of an entry of this backend is mounted without its initramfs."""
        raise NotImplementedError

    def is_complete(self, entry: Entry) -> str:
        """Say what is missing of all that a boot of an entry of this backend needs, "" if it was seen to be there."""
        raise NotImplementedError

    def verify(self, entry: Entry) -> str:
        """Say what is not as it was written of all that a boot of an entry of this backend needs, "" where nothing is.

        What can be read and compared is read, so it may take minutes, while the node serves.

        :raises FleetError: it cannot be read.
        """
        raise NotImplementedError

    def prune(self, boot: typing.Any) -> typing.List[Step]:
        """Decide what is to be removed that is no release any more: what interrupted runs left.

        :param boot: BootControl. What its needed_entries boot stays, and so does what entries of other backends boot.
        """
        raise NotImplementedError

    def forget(self, entry: Entry) -> typing.List[Step]:
        """Decide what is to be removed of an entry of this backend that the menu does not have any more."""
        raise NotImplementedError

    def facts(self, boot: typing.Optional[typing.Any]) -> typing.Dict[str, typing.Any]:
        """Return what node_info shows as the value of name, for checks too.

        :param boot: BootControl, None where GRUB or the record cannot be read.
        """
        raise NotImplementedError


Backends = typing.Sequence[Backend]


def named(backends: Backends, name: str) -> typing.Optional[Backend]:
    """Return the backend of that name, None for one that this version does not know."""
    return next((backend for backend in backends if backend.name == name), None)


def entries_of(entries: Entries, name: str) -> Entries:
    """Return the entries of one backend."""
    return {key: entry for key, entry in entries.items() if entry.get("backend") == name}


def incomplete(backends: Backends, entry: Entry) -> str:
    """Say why it is not known that all is there that an entry boots, "" if its backend has seen it.

    What nobody has looked at is not complete.
    """
    backend = named(backends, entry.get("backend", ""))
    if backend is None:
        return f"This version does not know the backend {entry.get('backend', '')!r} that wrote {entry['id']}"
    return backend.is_complete(entry)
