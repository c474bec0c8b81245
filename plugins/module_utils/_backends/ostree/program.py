# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ostree program and the layout that it keeps on disk. Knows nothing of Ansible or GRUB.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import glob
import os
import re
import shutil
import tempfile
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _amount
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import SEARCH_PATH, Completed, run
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY, SYSROOT
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_text, write_atomic

BOOTED_FLAG = "/run/ostree-booted"
# Where ostree keeps kernels and its notes: in /boot, or where /boot/loader is a directory, which belongs to the boot
# entries of the system of the packages, in one of ours, which is /boot to ostree alone.
BOOT, BESIDE = "/boot", f"{DIRECTORY}/boot"
# In a mount namespace of its own, which ends with the program. Old versions of unshare leave propagation as it is.
AS_BOOT = 'mount --make-rprivate / && mount --bind "$1" "$2" && shift 2 && exec "$@"'
# Remotes of ours begin so. They are there only while something is fetched.
REMOTES = "osmigrate-"
# It names no branch, so no tool of OSTree's finds anything to follow. ostree says the text to who tries.
ORIGIN = "[origin]\nunconfigured-state=This deployment is managed by osmigrate.fleet and follows no branch\n"
# What was merged into its /etc (etc_merge.mark). ostree keeps what it does not know, and removes it with the rest.
MERGED = "[osmigrate]\nmerged={}\n"
# What a repository has beside the files of a commit: its directories and its own notes.
OVERHEAD = 100 * 1000 * 1000
RESUME = "Run the same command again: what was fetched is kept, and not fetched twice before the node is rebooted"
# What ostree keeps free on the file system of a repository that we made, as it reads it.
MIN_FREE = "500MB"
MIN_FREE_KEY = "min-free-space-size"
UNITS = {"MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
# What helps against what ostree says, by a part of that; "" is what helps most often. To ask again helps against none
# of the others before somebody has done something.
ADVICE = (
    (
        r"min-free-space|No space left|Disk quota exceeded",
        "Make room where /ostree lies (df -h, df -i and quotas say what is short), then run the same command again: "
        "what was fetched is kept",
    ),
    (
        r"HTTP 4\d\d",
        "Publish the whole repository there, then run the same command again: what was fetched is kept",
    ),
    (
        r"GPG|[Ss]ignature",
        "Correct gpg_keys of the manifest, or sign the commit with one of those keys, then run the same command again",
    ),
    (
        r"[Nn]o such (branch|ref)|[Rr]ef(spec)? .*not found|Couldn't find|[Bb]inding",
        "Correct payloads.ostree.ref of the manifest, or publish that branch, then run the same command again",
    ),
    (
        r"Preparing /etc|os-release|find kernel|/usr/lib/modules",
        "Build the release with one kernel in /usr/lib/modules, with /usr/lib/os-release and with /usr/etc in place of "
        "/etc, and publish it under another version",
    ),
    (
        r"Parsing .*\.file|[Cc]orrupted .*object|checksum expected|Invalid compressed data|zlib",
        "See that the server has whole files, and that no login page, proxy or cache answers in its place, then run "
        "the same command again: what was fetched is kept",
    ),
    ("", RESUME),
)


class Deployment(typing.NamedTuple):
    stateroot: str
    commit: str
    serial: int
    path: str
    link: str
    kernel: str
    initrd: str
    devicetree: str = ""


class Source(typing.NamedTuple):
    """Where a commit comes from; size: bytes of its files."""

    url: str
    ref: str
    commit: str
    size: int


def parse_boot_loader_entry(text: str) -> typing.Dict[str, str]:
    """Read a Boot Loader Specification entry as ostree writes it.

    :param text: str, the file's content.
    :returns: dict of str to str, one item a line.
    """
    fields = {}
    for line in text.splitlines():
        name, blank, value = line.strip().partition(" ")
        if blank and not name.startswith("#"):
            fields[name] = value.strip()
    return fields


def stable_link(stateroot: str, commit: str, serial: int) -> str:
    """Return the path of our own link to a deployment (docs/design.md, "Why links of our own")."""
    return f"/ostree/boot-0/{stateroot}/{commit}/{serial}"


def kernel_place(path: str) -> str:
    """Return where a kernel or initramfs of ours lies.

    :param path: as GRUB sees it, from the root of whatever file system it is on.
    """
    above, _name, below = path.partition("/ostree/")
    return f"{BESIDE if (BOOT + above).endswith(BESIDE) or above.endswith(BESIDE) else BOOT}/ostree/{below}"


def _link_target(deployment: Deployment) -> str:
    return os.path.join("../../../deploy", deployment.stateroot, "deploy", os.path.basename(deployment.path))


def fetch_etc(source: Source, destination: str, timeout: int) -> None:
    """Fetch nothing of a commit but its /usr/etc, into a directory that does not exist yet, with no repository's help.

    What arrives is checked against the commit's name; it is not asked who signed it.

    :param source: Source.
    :param timeout: int seconds.
    """
    repository = destination + ".repository"
    run(["ostree", "init", f"--repo={repository}", "--mode=archive"])
    run(["ostree", "remote", "add", f"--repo={repository}", "--no-gpg-verify", "release", source.url])
    _pull(repository, "release", source, timeout, "Nothing was changed", ["--subpath=/usr/etc"])
    _check_out_etc(repository, source.commit, destination)


def _pull(
    repository: str,
    remote: str,
    source: Source,
    timeout: int,
    left: str,
    options: typing.Iterable[str] = (),
    tell: typing.Optional[typing.Callable[[int], None]] = None,
) -> None:
    """Fetch a commit from a remote that is there, and say of what fails where it comes from and what helps.

    :param source: Source.
    :param timeout: int seconds.
    :param left: str, the state to name in errors.
    :param options: iterable of str, more arguments of ostree pull.
    :param tell: takes how many bytes of the commit's files are written by now, about once a second.
    """
    argv = ["ostree", "pull", f"--repo={repository}", *options, remote, f"{source.ref}@{source.commit}"]
    # Each file may be written twice: as it is sent, and as it is kept.
    most = 2 * source.size + source.size // 4 + OVERHEAD

    def watch(pid: int) -> str:
        read, written = _bytes_of(pid)
        if tell:
            # What has come is written as it is sent, read again, and written as it is kept.
            tell(written - read)
        if written <= most:
            return ""
        return f"{source.url} sends more than commit {source.commit[:12]} can have by the size that its manifest names"

    done = run(argv, check=False, timeout=timeout, left=left, todo=RESUME, watch=watch)
    if done.rc == 0:
        return
    said = done.said()
    raise FleetError(f"Commit {source.commit[:12]} cannot be fetched from {source.url}: {said}", left, advice(said))


def advice(said: str) -> str:
    """Return the next step after what ostree says, as str."""
    return next(todo for pattern, todo in ADVICE if re.search(pattern, said))


def minimum_free(config: str, size: int) -> int:
    """Return how many bytes ostree leaves free on the file system of a repository; it counts reserved blocks as free.

    :param config: str, the repository's configuration; "" for one that is still to be made.
    :param size: int, bytes of the file system.
    """
    settings = dict(re.findall(r"(?m)^\s*(min-free-space-\w+)\s*=\s*(\S+)", config))
    found = re.match(r"([0-9]+)(MB|GB|TB)$", settings.get(MIN_FREE_KEY, "" if config else MIN_FREE))
    if found:
        return int(found.group(1)) * UNITS[found.group(2)]
    percent = re.match(r"[0-9]+", settings.get("min-free-space-percent", "3"))
    return size * int(percent.group() if percent else 3) // 100


def _bytes_of(pid: int) -> typing.Tuple[int, int]:
    """Return how many bytes of files a process has read so far, and how many it has written.

    The kernel's own count: to look at thousands of files each second would take a small node longer than to fetch them.
    """
    found = dict(re.findall(r"(?m)^([rw]char): ([0-9]+)$", read_text(f"/proc/{pid}/io")))
    return int(found.get("rchar", 0)), int(found.get("wchar", 0))


def _check_out_etc(repository: str, commit: str, destination: str) -> None:
    run(["ostree", "checkout", f"--repo={repository}", "--subpath=/usr/etc", commit, destination])


class Ostree:
    """OSTree on one root.

    :param root: str, where the root file system is visible; "/" but for tests.
    """

    def __init__(self, root: str = "/") -> None:
        self.root = root

    def _path(self, *parts: str) -> str:
        return os.path.join(self.root, *(part.lstrip("/") for part in parts))

    @property
    def boot(self) -> str:
        """Where ostree's boot files lie, one of BOOT and BESIDE; once there is one of ours, that stays."""
        loader = self._path(BOOT, "loader")
        foreign = os.path.isdir(loader) and not os.path.islink(loader)
        return BESIDE if foreign or os.path.isdir(self._path(BESIDE)) else BOOT

    def boot_mounts(self) -> typing.List[str]:
        """Return the lines of fstab by which a deployment sees /boot, where its initramfs does not see to that.

        It does where /boot is no file system of its own and its loader is a link, as ostree makes it.
        """
        if self.boot == BOOT:
            return []
        is_separate = os.stat(self._path(BOOT)).st_dev != os.stat(self._path("/")).st_dev
        return [] if is_separate else [f"{SYSROOT}{BOOT} {BOOT} none bind 0 0"]

    def _admin(self, *words: str, check: bool = True) -> typing.Any:
        """Run ostree admin with what is /boot to it."""
        argv = ["ostree", "admin", *words]
        if self.boot != BOOT:
            place = self._path(self.boot)
            os.makedirs(place, 0o755, exist_ok=True)
            argv = ["unshare", "--mount", "sh", "-c", AS_BOOT, "sh", place, self._path(BOOT), *argv]
        return run(argv, check=check)

    def is_installed(self) -> bool:
        """Say whether the node has the program."""
        return any(os.access(os.path.join(directory, "ostree"), os.X_OK) for directory in SEARCH_PATH.split(":"))

    def version(self) -> str:
        """Return the program's version as str."""
        for line in run(["ostree", "--version"], todo="Install ostree").stdout.splitlines():
            if line.strip().startswith("Version:"):
                return line.split(":", 1)[1].strip().strip("'\"")
        return ""

    def is_booted(self) -> bool:
        """Say whether the running system is an OSTree deployment."""
        return os.path.exists(self._path(BOOTED_FLAG))

    def stateroots(self) -> typing.List[str]:
        """Return the names of the stateroots that are whole, sorted; a cut leaves one without its var."""
        try:
            names = sorted(os.listdir(self._path("ostree/deploy")))
        except OSError:
            return []
        return [name for name in names if os.path.isdir(self._path("ostree/deploy", name, "var"))]

    def stateroot_for(self, system: str) -> str:
        """Return into which stateroot a release goes: what runs hands its /etc and /var on in its own alone.

        :param system: id of the release's operating system, by which the first one is called.
        """
        running = self.booted() if self.is_booted() else None
        return running.stateroot if running else system

    def deployments(self) -> typing.List[Deployment]:
        """Return the deployments that have a boot entry of ostree's, newest first, as list of Deployment."""
        directory = self._path(self.boot, "loader/entries")
        found = []
        for name in os.listdir(directory) if os.path.isdir(directory) else []:
            if not (name.startswith("ostree-") and name.endswith(".conf")):
                continue
            with open(os.path.join(directory, name)) as text:
                fields = parse_boot_loader_entry(text.read())
            target = re.search(r"(?:^|\s)ostree=(\S+)", fields.get("options", ""))
            if not target or not os.path.exists(self._path(target.group(1))):
                continue
            path = os.path.realpath(self._path(target.group(1)))
            commit, _dot, serial = os.path.basename(path).partition(".")
            stateroot = os.path.basename(os.path.dirname(os.path.dirname(path)))
            # Where /boot is a file system of its own the paths in the entry do not begin with /boot.
            kernel, initrd, tree = (
                f"{self.boot}/ostree" + fields.get(key, "").partition("/ostree")[2]
                for key in ("linux", "initrd", "devicetree")
            )
            shown = f"/ostree/deploy/{stateroot}/deploy/{os.path.basename(path)}"
            link = stable_link(stateroot, commit, int(serial))
            deployment = Deployment(
                stateroot, commit, int(serial), shown, link, kernel, initrd, tree if "devicetree" in fields else ""
            )
            found.append((int(fields.get("version", "0")), deployment))
        return [deployment for _version, deployment in sorted(found, key=lambda pair: -pair[0])]

    def booted(self) -> typing.Optional[Deployment]:
        """Return the Deployment that runs now, or None."""
        here = os.stat(self._path("/"))
        for deployment in self.deployments():
            there = os.stat(self._path(deployment.path))
            if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
                return deployment
        return None

    def has_repository(self) -> bool:
        """Say whether the root has an OSTree repository that this collection may use."""
        return os.path.isdir(self._path("ostree/repo/objects"))

    def directory(self) -> str:
        """Return where all of it lies, as str; it need not be there yet."""
        return self._path(SYSROOT if self.is_booted() else "/", "ostree")

    def is_unused(self) -> bool:
        """Say whether nothing was ever deployed or published here: what an interrupted run of ours leaves, say."""
        deployed = glob.glob(self._path("ostree/deploy/*/deploy/*"))
        published = [names for _directory, _below, names in os.walk(self._path("ostree/repo/refs")) if names]
        return not deployed and not published

    def initialize(self) -> None:
        """Make /ostree and its repository on a package-managed root, or finish them; the boot menu stays ours."""
        repository = self._path("ostree/repo")
        if os.path.exists(repository) and self.is_unused() and not self._is_readable():
            shutil.rmtree(repository)
        self._admin("init-fs", "--modern", self.root)
        run(["ostree", "config", f"--repo={repository}", "set", f"core.{MIN_FREE_KEY}", MIN_FREE])
        # Last: by this it is known to be ours, and whole.
        run(["ostree", "config", f"--repo={repository}", "set", "sysroot.bootloader", "none"])

    def _is_readable(self) -> bool:
        argv = ["ostree", "config", f"--repo={self._path('ostree/repo')}", "get", "core.repo_version"]
        return run(argv, check=False).rc == 0

    def minimum_free(self, size: int) -> int:
        """Return how many bytes ostree leaves free, as the function of that name."""
        return minimum_free(read_text(self._path("ostree/repo/config")), size)

    def bootloader_is_ours(self) -> bool:
        """Say whether ostree is told to leave the boot menu alone."""
        done = run(
            ["ostree", "config", f"--repo={self._path('ostree/repo')}", "get", "sysroot.bootloader"], check=False
        )
        return done.rc == 0 and done.stdout.strip() == "none"

    def create_stateroot(self, name: str) -> None:
        """Make the stateroot of that name, or make it anew where a cut has left a part of it."""
        directory = self._path("ostree/deploy", name)
        if os.path.isdir(directory) and not glob.glob(os.path.join(directory, "deploy/*")):
            shutil.rmtree(directory)
        self._admin("os-init", f"--sysroot={self.root}", name)

    def remotes(self) -> typing.List[str]:
        """Return the names of the remotes of ours that are still there, and of those whose branches are, sorted."""
        configured = self._ostree("remote", "list").stdout.split()
        fetched = self._ostree("refs", "--list").stdout.split()
        names = configured + [ref.partition(":")[0] for ref in fetched if ":" in ref]
        return sorted({name for name in names if name.startswith(REMOTES)})

    def forget_remote(self, name: str) -> None:
        """Remove a remote and all that it called its branches; what was deployed from it stays."""
        self._ostree("remote", "delete", "--if-exists", name)
        for ref in self._ostree("refs", "--list").stdout.split():
            if ref.startswith(name + ":"):
                self._ostree("refs", "--delete", ref)

    def _ostree(self, *words: str) -> Completed:
        return run(["ostree", *words, f"--repo={self._path('ostree/repo')}"])

    def followers(self) -> typing.List[Deployment]:
        """Return the deployments whose origin names a branch of a remote of ours, as list of Deployment."""
        return [
            one for one in self.deployments() if re.search(r"(?m)^refspec=" + REMOTES, read_text(self._origin(one)))
        ]

    def unfollow(self, deployment: Deployment) -> None:
        """Let a deployment's origin name no branch."""
        write_atomic(self._origin(deployment), ORIGIN.encode("ascii"), 0o644)

    def merged(self, deployment: Deployment) -> str:
        """Return what was noted of the merge of a deployment's /etc, "" if nothing was."""
        found = re.search(r"(?m)^merged=([0-9a-f]+)$", read_text(self._origin(deployment)))
        return found.group(1) if found else ""

    def note_merged(self, deployment: Deployment, mark: str) -> None:
        """Note what was merged into a deployment's /etc."""
        write_atomic(self._origin(deployment), (ORIGIN + MERGED.format(mark)).encode("ascii"), 0o644)

    def _origin(self, deployment: Deployment) -> str:
        return self._path(deployment.path) + ".origin"

    def pull(self, name: str, source: Source, gpg_keys: typing.Iterable[str], timeout: int) -> None:
        """Fetch one commit; every object is checked against its name while it arrives.

        The remote is there only meanwhile. Its branch stays until forget_remote, so that nothing removes the commit.

        :param name: str, of the remote; it begins with REMOTES.
        :param source: Source.
        :param gpg_keys: list of str, ASCII-armoured public keys; commits are verified against them if there are any.
        :param timeout: int seconds.
        """
        repository = self._path("ostree/repo")
        self._ostree("remote", "delete", "--if-exists", name)
        try:
            self._add_remote(name, source.url, gpg_keys)
            left = "The node serves on as it did; the candidate is not complete and cannot be booted"
            with _amount.telling(source.size) as tell:
                _pull(repository, name, source, timeout, left, tell=tell)
        finally:
            self._ostree("remote", "delete", "--if-exists", name)

    def commits(self) -> int:
        """Return how many commits lie here, int."""
        return len(glob.glob(self._path("ostree/repo/objects/*/*.commit")))

    def discard_rotten(self, commit: str, timeout: int) -> bool:
        """Read every object that lies here and remove those that are not what their name says.

        A pull verifies what arrives, and believes what is there already.

        :param commit: str.
        :param timeout: int seconds.
        :returns: bool, whether the commit misses some now, and has to be fetched again.
        """
        argv = ["ostree", "fsck", f"--repo={self._path('ostree/repo')}", "--quiet", "--all", "--delete"]
        # Its result also speaks of other commits, which are not asked for.
        run(argv, check=False, timeout=timeout, left="The node serves on as it did")
        return os.path.exists(self._path("ostree/repo/state", commit + ".commitpartial"))

    def _add_remote(self, name: str, url: str, gpg_keys: typing.Iterable[str]) -> None:
        arguments = ["ostree", "remote", "add", f"--repo={self._path('ostree/repo')}"]
        if not gpg_keys:
            run(arguments + ["--no-gpg-verify", name, url])
            return
        directory = tempfile.mkdtemp(prefix="osmigrate-")
        try:
            path = os.path.join(directory, "keys.asc")
            with open(path, "w") as keys:
                keys.write("\n".join(gpg_keys))
            run(arguments + ["--set=gpg-verify=true", f"--gpg-import={path}", name, url])
        finally:
            shutil.rmtree(directory)

    def check_out_etc(self, commit: str, destination: str) -> None:
        """Write the /usr/etc of a commit that was pulled into a directory that does not exist yet."""
        _check_out_etc(self._path("ostree/repo"), commit, destination)

    def merge_base(self, stateroot: str) -> typing.Optional[Deployment]:
        """Return the Deployment whose /etc goes into the next one of the stateroot, None if none does."""
        if not self.is_booted():
            return None
        booted = self.booted()
        if booted is not None and booted.stateroot == stateroot:
            return booted
        of_it = [deployment for deployment in self.deployments() if deployment.stateroot == stateroot]
        return of_it[0] if of_it else None

    def etc(self, deployment: Deployment) -> typing.Tuple[str, str]:
        """Return where the default /etc of a deployment and its /etc are visible."""
        return self._path(deployment.path, "usr/etc"), self._path(deployment.path, "etc")

    def deploy(self, stateroot: str, commit: str) -> None:
        """Check a commit out beside what runs, with its /etc merged from the running deployment if there is one."""
        merge = [] if self.is_booted() else ["--no-merge"]
        directory = tempfile.mkdtemp(prefix="osmigrate-")
        try:
            origin = os.path.join(directory, "origin")
            with open(origin, "w") as text:
                text.write(ORIGIN)
            words = ["deploy", f"--sysroot={self.root}", f"--os={stateroot}", "--retain", *merge]
            done = self._admin(*words, f"--origin-file={origin}", commit, check=False)
            if done.rc != 0:
                said = done.said()
                left = "The node serves on as it did"
                raise FleetError(f"Commit {commit[:12]} cannot be deployed: {said}", left, advice(said))
        finally:
            shutil.rmtree(directory)

    def is_linked(self, deployment: Deployment) -> bool:
        """Say whether our own link leads to the deployment."""
        path = self._path(deployment.link)
        return os.path.islink(path) and os.readlink(path) == _link_target(deployment)

    def link(self, deployment: Deployment) -> None:
        """Make our own link to a deployment."""
        path = self._path(deployment.link)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        directory = tempfile.mkdtemp(prefix=".osmigrate-", dir=os.path.dirname(path))
        try:
            os.symlink(_link_target(deployment), os.path.join(directory, "link"))
            os.rename(os.path.join(directory, "link"), path)
        finally:
            shutil.rmtree(directory)

    def undeploy(self, deployment: Deployment) -> None:
        """Remove a deployment that does not run, our link to it, and the objects that nothing else needs."""
        listed = self.deployments()
        if deployment not in listed:
            raise FleetError(f"There is no deployment {deployment.path}")
        self._admin("undeploy", f"--sysroot={self.root}", str(listed.index(deployment)))
        path = self._path(deployment.link)
        if os.path.islink(path):
            os.unlink(path)
