# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases are published and mirrored with real keys, repositories and a real web server."""

import fcntl
import functools
import http.server
import os
import shutil
import subprocess
import threading

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import publish as slots
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import published, retention
from ansible_collections.osmigrate.fleet.plugins.modules import release_publish

from .test_release_channel import Channels
from .test_release_info import NOW, TEXT

pytestmark = pytest.mark.skipif(not shutil.which("ostree"), reason="ostree is not installed")
REF = "debian/13/x86_64"


def ostree(*argv):
    return subprocess.run(["ostree", *argv], check=True, capture_output=True, text=True).stdout.strip()


class Team(Channels):
    """Makes releases of a few files in `build`, and publishes them in `public`."""

    def __init__(self, directory):
        super().__init__(directory)
        self.repository, self.public_directory = directory / "build", directory / "public"
        self.url = "http://images.example/repo"
        ostree("init", f"--repo={self.repository}", "--mode=archive")
        self.commits = {}

    def release(self, version, minimum_from="[]", sign=True, content=None, image=None):
        tree = self.directory / "tree"
        (tree / "usr").mkdir(parents=True, exist_ok=True)
        (tree / "usr/version").write_text(version)
        (tree / "usr/large").write_bytes(content or os.urandom(50000))
        commit = ostree("commit", f"--repo={self.repository}", f"--branch={REF}", f"--tree=dir={tree}")
        text = TEXT.replace("0123456789abcdef" * 4, commit).replace('"13.1"', f'"{version}"')
        text = text.replace("minimum_from: []", f"minimum_from: {minimum_from}")
        place = self.directory / f"r{version}"
        place.mkdir()
        self.manifest = str(place / "release.yml")
        self.commits[version] = commit
        text = text.replace("http://images.example/repo", self.url)
        if image is not None:
            document = yaml.safe_load(text)
            document["payloads"]["slots"] = self.image(version, image)
            text = yaml.safe_dump(document, sort_keys=False)
        super().publish(text)
        if sign:
            self.sign()
        return self.manifest

    def image(self, version, content):
        """Make what a manifest says of an image, and its files in `slots`."""
        boot, image, stored = (self.directory / name for name in ("boot", "image", "slots"))
        boot.mkdir(exist_ok=True)
        stored.mkdir(exist_ok=True)
        (boot / "vmlinuz").write_text("kernel")
        image.write_bytes(content)
        url = f"{self.url.rpartition('/')[0]}/slots"
        wish = slots.Wish(str(image), str(boot), "/vmlinuz", "/vmlinuz", "ext4", str(stored), f"i{version}", url)
        return slots.payload(wish)

    def put(self, manifest=None, check_mode=False, now=NOW, **changes):
        arguments = {
            "manifest": manifest or self.manifest,
            "repository": str(self.repository),
            "destination": str(self.public_directory),
            "channels": [],
            "trusted_keys": [self.public],
            "signatures_required": 1,
            "keep": 0,
            "deltas": False,
            "verify": True,
            "timeout": 10,
        }
        return release_publish.publish(dict(arguments, **changes), check_mode, now)["actions"]

    def shown(self):
        """What is to be seen, beside the repository."""
        names = sorted(name for name in os.listdir(self.public_directory) if not name.startswith("."))
        return [name for name in names if name != "repo"]

    def has(self, version):
        commit = self.commits[version]
        return (self.public_directory / "repo/objects" / commit[:2] / f"{commit[2:]}.commit").exists()


@pytest.fixture(name="team")
def fixture_team(tmp_path):
    return Team(tmp_path)


def test_a_release_is_published_once_and_whole(team):
    team.release("13.1")
    planned = team.put(check_mode=True)
    assert not team.public_directory.exists()
    assert team.put() == planned
    assert planned[0].startswith(f"fetch commit {team.commits['13.1'][:12]} from ")
    assert planned[-1] == "publish debian-13-13.1"
    assert team.put() == []
    assert team.shown() == ["debian-13-13.1"]
    assert ostree("rev-parse", f"--repo={team.public_directory}/repo", REF) == team.commits["13.1"]
    found = team.read(manifest=str(team.public_directory / "debian-13-13.1/release.yml"))
    assert found["release"]["id"] == "debian-13-13.1"
    team.new_key("second")
    team.sign(private_key=str(team.directory / "second.pem"))
    keys = [team.public, team.public_half("second")]
    assert team.put(trusted_keys=keys) == ["publish the signatures of debian-13-13.1"]


class Killed(BaseException):
    pass


def dying(done):
    """What carries out some of the steps of a run, and no more."""
    count, whole = [done], release_publish.carry_out

    def cut(steps):
        return [(sentence, functools.partial(step_or_die, step)) for sentence, step in steps]

    def step_or_die(step):
        if not count[0]:
            raise Killed
        count[0] -= 1
        step()

    class Dying(published.Site):
        def plan(self, *arguments):
            return cut(super().plan(*arguments))

        def plan_channel(self, *arguments):
            return cut(super().plan_channel(*arguments))

        def plan_retention(self, *arguments):
            return cut(super().plan_retention(*arguments))

    def some(params, place, check_mode, now):
        whole(params, Dying(place.place), check_mode, now)
        raise Killed

    return some


def test_a_run_that_is_killed_shows_nothing_that_is_not_whole_and_is_gone_on_with(team, monkeypatch):
    team.release("13.1")
    team.put()
    team.release("13.2")
    team.point(location="debian-13-13.2/release.yml", path=team.path)
    number = len(team.put(check_mode=True, channels=[team.path]))
    for done in range(number):
        (team.public_directory / ".osmigrate-new-x").mkdir(exist_ok=True)
        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(release_publish, "carry_out", dying(done))
            team.put(channels=[team.path])
        for name in team.shown():
            if name.endswith(".channel"):
                assert "debian-13-13.2" in team.shown()
            elif name == "debian-13-13.2":
                assert team.has("13.2")
    assert team.put(channels=[team.path]) or team.put(channels=[team.path]) == []
    assert team.shown() == ["debian-13-13.1", "debian-13-13.2", "debian-13.stable.channel"]
    assert not list(team.public_directory.glob(".osmigrate-new-*"))


def all_of(team):
    """Names of all files of what is published, and what its summary says of branches."""
    repository = team.public_directory / "repo"
    said = ostree("summary", f"--repo={repository}", "--view")
    names = {str(path.relative_to(team.public_directory)) for path in team.public_directory.rglob("*")}
    return names, [line for line in said.splitlines() if line.startswith("*")]


def test_what_a_killed_run_has_begun_is_ended_wherever_that_was(team, monkeypatch):
    for version, block in (("13.1", 0), ("13.2", 1)):
        team.release(version, image=BLOCKS[block])
        team.put()
    team.release("13.3", image=BLOCKS[2])
    shutil.copytree(team.public_directory, team.directory / "before", symlinks=True)
    steps = team.put(keep=1)
    whole = all_of(team)
    assert "remove slots/i13.1.gz" in steps and not team.has("13.1") and len(whole[1]) == 2
    for done in range(len(steps) + 1):
        shutil.rmtree(team.public_directory)
        shutil.copytree(team.directory / "before", team.public_directory, symlinks=True)
        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(release_publish, "carry_out", dying(done))
            team.put(keep=1, verify=False)
        team.put(keep=1, verify=False)
        assert all_of(team) == whole, steps[:done]
    assert team.put(keep=1) == []


def test_what_is_published_stays_even_if_it_is_older_than_all_that_are_kept(team):
    older = team.release("13.1")
    team.release("13.2")
    team.put()
    team.put(older, keep=1)
    assert team.has("13.1") and "debian-13-13.1" in team.shown()
    team.put(keep=1)
    assert not team.has("13.1") and "debian-13-13.1" not in team.shown()


def test_another_release_under_a_published_id_is_refused(team):
    team.release("13.1")
    team.put()
    shutil.rmtree(team.directory / "r13.1")
    before = team.commits["13.1"]
    team.release("13.1")
    with pytest.raises(FleetError, match=f"debian-13-13.1 is published in .* already, as commit {before[:12]}"):
        team.put()


def test_what_is_not_signed_or_not_there_is_not_published(team):
    manifest = team.release("13.1", sign=False)
    with pytest.raises(FleetError, match="has no signature beside it"):
        team.put()
    team.sign(private_key=team.new_key("other"))
    with pytest.raises(FleetError, match="is not signed by any trusted key"):
        team.put()
    team.sign()
    with pytest.raises(FleetError, match="is signed by 1 of the 2 trusted keys"):
        team.put(signatures_required=2)
    with pytest.raises(FleetError, match="signatures_required is 0"):
        team.put(signatures_required=0)
    with pytest.raises(FleetError, match="Directory /etc/passwd/www cannot be made: Not a directory"):
        team.put(destination="/etc/passwd/www")
    with pytest.raises(FleetError, match="ostree cannot be started: an argument has a NUL in it"):
        team.put(repository="a\0b")
    ostree("init", f"--repo={team.directory}/empty", "--mode=archive")
    with pytest.raises(FleetError) as caught:
        team.put(repository=str(team.directory / "empty"))
    assert caught.value.left == "Nothing of the release is to be seen yet"
    assert team.shown() == []
    with open(os.path.join(team.directory, "public", ".osmigrate-lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(FleetError, match="Somebody else publishes"):
            team.put(manifest)


def test_a_damaged_object_is_not_taken_over(team):
    team.release("13.1")
    for path in (team.repository / "objects").glob("*/*.filez"):
        path.write_bytes(path.read_bytes()[:-30] + b"x" * 30)
    with pytest.raises(FleetError):
        team.put()
    assert team.shown() == []


def test_channels_come_after_what_they_name_and_never_go_back(team):
    team.release("13.1")
    team.put()
    one = team.manifest
    team.release("13.2")
    team.point()
    with pytest.raises(FleetError, match="names debian-13-13.2, which is not published in"):
        team.put(one, channels=[team.path])
    actions = team.put(channels=[team.path])
    assert actions[-2:] == ["publish debian-13-13.2", "let channel stable of debian-13 mean debian-13-13.2"]
    with open(team.path, "rb") as stream:
        before = stream.read()
    team.point(manifest=one, now=NOW + 1)
    team.put(channels=[team.path])
    with open(team.path, "wb") as stream:
        stream.write(before)
    with pytest.raises(FleetError, match="was rolled back"):
        team.put(channels=[team.path])
    with pytest.raises(FleetError, match="has expired"):
        team.put(channels=[team.path], now=NOW + 99 * 24 * 3600)


def test_retention_keeps_what_channels_and_ways_need(team):
    for version, minimum in (("13.1", "[]"), ("13.2", "[]"), ("13.3", '["13.1"]'), ("13.4", "[]")):
        team.release(version, minimum)
        if version == "13.3":
            team.point()
            team.put(channels=[team.path])
        else:
            team.put()
    team.release("13.5")
    actions = team.put(keep=1)
    assert "remove debian-13-13.2" in actions and "remove debian-13-13.4" in actions
    assert team.shown() == ["debian-13-13.1", "debian-13-13.3", "debian-13-13.5", "debian-13.stable.channel"]
    assert [team.has(version) for version in ("13.1", "13.2", "13.3", "13.4", "13.5")] == [1, 0, 1, 0, 1]
    assert team.put(keep=1) == []
    with pytest.raises(FleetError, match="keep is -1"):
        team.put(keep=-1)


def test_deltas_are_kept_where_they_pay(team):
    team.release("13.1", content=bytes(range(256)) * 4000 + os.urandom(200000))
    team.put()
    with open(team.directory / "tree/usr/large", "rb") as stream:
        content = stream.read()
    team.release("13.2", content=content[:-1] + b"!")
    assert any("make a delta from" in one for one in team.put(deltas=True))
    deltas = ostree("static-delta", "list", f"--repo={team.public_directory}/repo")
    assert deltas == f"{team.commits['13.1']}-{team.commits['13.2']}"
    team.release("13.3")
    team.put(deltas=True)
    assert ostree("static-delta", "list", f"--repo={team.public_directory}/repo") == deltas
    assert team.put(deltas=True) == []


@pytest.fixture(name="server")
def fixture_server(team):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(team.public_directory))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_mirror_copies_what_a_channel_means_and_verifies_it(team, server):
    team.url = f"{server}/repo"
    team.release("13.1")
    team.point()
    team.put(channels=[team.path])
    mirror = {"manifest": f"{server}/debian-13.stable.channel", "repository": None}
    team.put(destination=str(team.directory / "mirror"), **mirror)
    here = team.directory / "mirror"
    assert sorted(name for name in os.listdir(here) if name[0] != ".") == [
        "debian-13-13.1",
        "debian-13.stable.channel",
        "repo",
    ]
    assert _REMOTE_IS_GONE not in (here / "repo/config").read_text()
    assert team.put(destination=str(here), **mirror) == []
    team.release("13.2")
    team.put()
    (one,) = (team.public_directory / "repo/objects" / team.commits["13.2"][:2]).glob("*.commit")
    one.write_bytes(one.read_bytes() + b"x")
    with pytest.raises(FleetError):
        team.put(f"{server}/debian-13-13.2/release.yml", repository=None, destination=str(here))
    assert not (here / "debian-13-13.2").exists()
    assert _REMOTE_IS_GONE not in (here / "repo/config").read_text()


BLOCKS = [os.urandom(4096) * 2 for _number in range(4)]


def test_images_of_slots_are_published_mirrored_and_forgotten(team, server):
    team.url = f"{server}/repo"
    team.release("13.1", image=BLOCKS[0])
    actions = team.put()
    assert [one.split(" from ")[0] for one in actions[-3:]] == [
        "fetch slots/i13.1.gz",
        "fetch slots/i13.1.index",
        "publish debian-13-13.1",
    ]
    assert team.put() == []
    (team.public_directory / "slots/i13.1.gz").unlink()
    assert [one.split(" from ")[0] for one in team.put()][:1] == ["fetch slots/i13.1.gz"], "somebody has removed it"
    assert team.put() == []
    mirror = {"manifest": f"{server}/debian-13-13.1/release.yml", "destination": str(team.directory / "mirror")}
    team.put(repository=None, **mirror)
    for name in ("i13.1.gz", "i13.1.index"):
        there = [(place / "slots" / name).read_bytes() for place in (team.public_directory, team.directory / "mirror")]
        assert there[0] == there[1] == (team.directory / "slots" / name).read_bytes()
    team.release("13.2", image=BLOCKS[1])
    (team.public_directory / "slots/.osmigrate-x").write_text("of a run that was killed")
    assert "remove slots/i13.1.gz" in team.put(keep=1)
    assert sorted(os.listdir(team.public_directory / "slots")) == ["i13.2.gz", "i13.2.index"]


@pytest.mark.parametrize("how", ["cut off", "another", "gone", "index"])
def test_an_image_that_is_not_the_signed_one_is_not_published(team, how):
    team.release("13.1", image=BLOCKS[0])
    stored = team.directory / "slots"
    if how == "another":
        team.image("13.1", BLOCKS[1])
    elif how == "gone":
        (stored / "i13.1.gz").unlink()
    else:
        path = stored / ("i13.1.index" if how == "index" else "i13.1.gz")
        path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FleetError) as caught:
        team.put()
    said = {"cut off": "cannot be read whole", "gone": "cannot be fetched"}
    assert said.get(how, "is not what the manifest names") in caught.value.problem
    assert team.shown() == ["slots"]
    assert not [name for name in os.listdir(team.public_directory / "slots") if name != "i13.1.gz"]


def test_another_image_under_a_published_name_is_refused_and_a_damaged_one_is_found(team):
    team.release("13.1", image=BLOCKS[0])
    team.put()
    shutil.rmtree(team.directory / "slots")
    team.release("13.2", image=BLOCKS[1])
    text = (team.directory / "r13.2/release.yml").read_text()
    (team.directory / "slots/i13.2.index").rename(team.directory / "slots/i13.1.index")
    team.publish(text.replace("slots/i13.2.", "slots/i13.1."))
    team.sign()
    with pytest.raises(FleetError, match=r"slots/i13.1.index is published in .* already, and is of another image"):
        team.put()
    path = team.public_directory / "slots/i13.1.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FleetError, match="cannot be read whole"):
        published.Site(str(team.public_directory)).verify()
    team.publish(text.replace("/slots/i13.2.", "/elsewhere/i13.2."))
    team.sign()
    with pytest.raises(FleetError, match="does not lie in slots"):
        team.put()


_REMOTE_IS_GONE = "osmigrate-mirror"


def release(version, minimum_from=(), name="a", **more):
    return {"name": name, "version": version, "minimum_from": list(minimum_from), **more}


RETENTION = {
    "all": (0, [], "a-1 a-2 a-10 b-1"),
    "the newest of each name": (1, [], "a-10 b-1"),
    "and what channels mean": (1, ["a-1"], "a-1 a-10 b-1"),
    "not what is not there": (1, ["a-7"], "a-10 b-1"),
    "more than there are": (9, [], "a-1 a-2 a-10 b-1"),
}


@pytest.mark.parametrize("case", RETENTION)
def test_retention(case):
    keep, meant, expected = RETENTION[case]
    releases = [release("1"), release("10"), release("2"), release("1", name="b")]
    assert retention.kept(releases, meant, keep) == set(expected.split())


def test_retention_of_long_ways():
    releases = [release("1"), release("2", ["1"]), release("3", ["2", "none"]), release("4", ["3"]), release("5")]
    assert retention.kept(releases, ["a-4"], 1) == {"a-1", "a-2", "a-3", "a-4", "a-5"}
    assert retention.kept(releases, [], 1) == {"a-5"}
