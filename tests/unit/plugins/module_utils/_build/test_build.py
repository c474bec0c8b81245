# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small release is built from a recipe: what gets into it, what a second run does, and what stops it."""

import functools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import lock, locking, ostree, payload, recipe, tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import difference, release

from tests.unit.plugins.module_utils._build import building
from tests.unit.plugins.module_utils._build.building import KERNEL, RECIPE, build, prepare, publish

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="a tree has files of several owners"),
    pytest.mark.skipif(not shutil.which("ostree"), reason="ostree is not installed"),
]
# Each: what is added to the recipe, and what stops the build.
STOPS = {
    "no kernel": ("remove: []", "Stage kernel: the tree has no kernel"),
    "several kernels": ("remove: []", f"Stage kernel: the tree has 2 kernels: 6.1, {KERNEL}"),
    "a number that is taken": (
        "users: [{name: bob, uid: 0}]",
        "Stage users: mine.yml line 12: number 0 of group bob is that of root",
    ),
    "a group that is not there": (
        "users: [{name: bob, uid: 9, groups: [staff]}]",
        "Stage users: mine.yml line 12: user bob is in group staff, which does not exist",
    ),
    "an owner that is not there": (
        "files:\n- {path: /etc/a, content: a, owner: bob}",
        "Stage files: mine.yml line 13: /etc/a belongs to user bob, which does not exist",
    ),
    "a source that is not there": (
        "files:\n- {path: /etc/a, source: gone}",
        "Stage files: mine.yml line 13: source {0}/gone is no file",
    ),
    "another file than meant": (
        f"files:\n- {{path: /etc/a, source: agent.sh, sha256: {64 * 'a'}}}",
        "Stage files: mine.yml line 13: source {0}/agent.sh is not the file with that sha256",
    ),
    "a script that fails": (
        "scripts:\n- {after: files, inside: false, text: \"echo why >&2\\nexit 3\"}",
        "Stage files: mine.yml line 13: script echo why >&2 failed with code 3: why",
    ),
    "a script without its secret": (
        "scripts:\n- {after: files, inside: false, text: id, secrets: [OSM_TEST_GONE]}",
        "Stage files: mine.yml line 13: script id needs OSM_TEST_GONE in the environment, which is not set",
    ),
    "a unit that cannot be enabled": (
        "units: {enable: [a.service]}",
        "Stage units: mine.yml line 12: systemctl enable a.service failed with code 127",
    ),
    "a private key": (
        "files:\n- {path: /etc/ssl/key.pem, content: '-----BEGIN PRIVATE KEY-----'}",
        "Stage tidy: /etc/ssl/key.pem holds a private key",
    ),
    "a secret that a script leaves": (
        "scripts:\n- {after: files, inside: false, text: 'echo $OSM_TEST >$TREE/etc/token', secrets: [OSM_TEST]}",
        "Stage tidy: /etc/token holds a secret that a script was given",
    ),
    "a secret that the last script leaves": (
        "scripts:\n- {after: tidy, inside: false, text: 'echo $OSM_TEST >$TREE/etc/token', secrets: [OSM_TEST]}",
        "Stage tidy: /etc/token holds a secret that a script was given",
    ),
    "a base that is none": ("remove: []", "Stage base: the base has no usr, so it is no root file system"),
    "a file where files are": (
        "files:\n- {path: /etc, content: a}",
        "Stage files: mine.yml line 13: /etc is a directory, and not empty",
    ),
    "a script whose shell is none": (
        "scripts:\n- {after: files, text: '#!/bin/sh \"'}",
        'Stage files: mine.yml line 13: script #!/bin/sh " cannot be run: its first line names no program',
    ),
    "a tree that a script took away": (
        "scripts:\n- {after: files, inside: false, text: 'rm -r $TREE'}",
        "Stage files: the tree is no longer there",
    ),
    "/etc elsewhere": (
        "scripts:\n- {after: files, inside: false, text: 'mv $TREE/etc $TREE/usr/x; ln -s usr/x $TREE/etc'}",
        "Stage ostree: /etc of the tree is no directory",
    ),
    "/etc twice": (
        "scripts:\n- {after: files, inside: false, text: 'mkdir $TREE/usr/etc; touch $TREE/usr/etc/fstab'}",
        "Stage ostree: the tree has a /usr/etc of its own",
    ),
    "a device": (
        "scripts:\n- {after: files, inside: false, text: 'mknod $TREE/usr/null c 1 3'}",
        "Stage ostree: /usr/null is neither file, directory nor link, so OSTree cannot hold it",
    ),
    "files of a package where a release has none": (
        "scripts:\n- {after: packages, inside: false, text: 'mkdir -p $TREE/opt/agent; touch $TREE/opt/agent/run'}",
        "Stage ostree: /opt/agent/run would be in no release: what lies below /opt, /usr/local, /srv, /home is",
    ),
    "a link to a program where a release has none": (
        "scripts:\n- {after: packages, inside: false, text: 'mkdir $TREE/opt; ln -s ../usr/x $TREE/opt/x'}",
        "Stage ostree: /opt/x would be in no release",
    ),
    "a path that leads where a release has none": (
        "scripts:\n- {before: files, inside: false, text: 'ln -s ../../var/lib/a $TREE/usr/lib/a'}\n"
        "files: [{path: /usr/lib/a/b, content: a}]",
        "Stage files: mine.yml line 14: /usr/lib/a/b leads to /var/lib/a/b, which is in no release",
    ),
    "a line break in a name": (
        "scripts:\n- {after: files, inside: false, text: \"IFS=; touch $TREE/usr/$(printf 'a\\\\nb')\"}",
        "Stage ostree: the name of file /usr/a b has a line break in it",
    ),
    "an os-release that is none": (
        "files:\n- {path: /usr/lib/os-release, content: 'ID=\"a b\"'}",
        'Stage ostree: the manifest is not valid: os.id: "a b" is not one word',
    ),
}  # fmt: skip
LEAST = "schema: 1\nname: debian-13\nref: debian/13/x86_64\nbase:\n  directory: root\n# Nothing.\n\n\n\n\n"


def files(repository: Path, ref: str) -> dict[str, str]:
    """Return path -> mode, owner and size or goal, as OSTree lists a commit."""
    done = subprocess.run(
        ["ostree", "ls", "-R", f"--repo={repository}", ref], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 4) for line in done.stdout.splitlines()]
    return {row[4].strip(): " ".join(row[:4]) for row in rows}


def test_what_gets_into_a_release(tmp_path):
    publish(prepare(tmp_path), tmp_path / "work", "13.1", tmp_path / "public")
    found = files(tmp_path / "public" / "repo", "debian/13/x86_64")
    assert found["/usr/bin/agent"] == "-00755 0 0 10"
    assert found["/usr/etc/machine-id"] == "-00444 0 0 0"
    assert "/usr/etc/agent.conf -> ../usr/share/agent.conf" in found
    assert "/root -> var/roothome" in found
    assert not [name for name in found if "nethack" in name or "README" in name or "ssh_host" in name]
    assert not [name for name in found if name.startswith(("/etc", "/var/"))]


def test_options_of_a_kernel_reach_the_review(tmp_path):
    path, work, public = prepare(tmp_path), tmp_path / "work", tmp_path / "public"
    config = tmp_path / "root/boot" / f"config-{KERNEL}"
    config.parent.mkdir()
    commits = []
    for version, text in (("13.1", "CONFIG_A=y\n"), ("13.2", "CONFIG_A=m\n")):
        config.write_text(text)
        commits.append(publish(path, work, version, public).commit)
    opened = functools.partial(release.opened, repository=f"{public}/repo", work=str(work))
    with opened(commits[0]) as old, opened(commits[1]) as new:
        (told,) = difference.of(old, new)["kernel_options"]
    assert told == {"option": "A", "change": "changed", "before": "y", "after": "m"}


def test_directories_of_var_stay_and_what_they_hold_goes(tmp_path):
    built = Path(build(prepare(tmp_path), tmp_path / "work").path)
    assert sorted(str(one.relative_to(built)) for one in built.glob("var/log/**/*")) == ["var/log/journal"]


def test_what_the_last_script_leaves_of_one_machine_goes_too(tmp_path):
    text = "echo a >$TREE/etc/machine-id; touch $TREE/etc/hostname $TREE/var/log/again $TREE/etc/mine"
    path = prepare(tmp_path, RECIPE + f"scripts:\n- {{after: tidy, inside: false, text: '{text}'}}\n")
    built = Path(build(path, tmp_path / "work").path)
    assert (built / "etc/machine-id").read_text() == ""
    assert [name for name in ("etc/hostname", "var/log/again", "etc/mine") if (built / name).exists()] == ["etc/mine"]


def test_the_manifest_says_what_the_tree_is(tmp_path):
    done = publish(prepare(tmp_path), tmp_path / "work", "13.1", tmp_path / "public")
    manifest = yaml.safe_load(Path(done.manifest).read_text())
    assert manifest["payloads"]["ostree"]["commit"] == done.commit
    assert manifest["payloads"]["ostree"]["boot_size"] == len("kernel" + "initramfs")
    assert manifest["os"] == {"id": "debian", "version_id": "13", "architecture": "x86_64", "kernel": KERNEL}
    assert manifest["created"] == "2025-12-01T00:00:00Z"


@pytest.mark.skipif(not shutil.which("perl"), reason="perl is not installed")
def test_a_script_runs_by_what_its_first_line_names(tmp_path):
    lines = ["#!/usr/bin/env perl", 'open(my $f, ">", "$ENV{TREE}/etc/made");', 'print $f "by perl";']
    text = "scripts:\n- after: files\n  inside: false\n  text: |\n" + "".join(f"    {line}\n" for line in lines)
    built = Path(build(prepare(tmp_path, RECIPE + text), tmp_path / "work").path)
    assert (built / "etc/made").read_text() == "by perl"
    assert not list((tmp_path / "work").glob("script-*"))


def test_a_script_inside_leaves_nothing_of_itself(tmp_path):
    path = prepare(tmp_path, RECIPE + "scripts:\n- {after: files, text: 'echo $0 >/etc/made; echo >/mnt/x || true'}\n")
    needed = subprocess.run(["ldd", "/bin/sh"], capture_output=True, text=True, check=True).stdout
    for name in ["/bin/sh", *re.findall(r"(/\S+) \(", needed)]:
        copy = tmp_path / "root" / name.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, copy)
    built = Path(build(path, tmp_path / "work").path)
    assert (built / "etc/made").read_text() == "/mnt/script\n"
    assert not list((built / "mnt").iterdir())


def test_accounts_and_what_var_needs(tmp_path):
    built = Path(build(prepare(tmp_path), tmp_path / "work").path)
    assert "agent:x:811:811::/var/lib/agent:/usr/sbin/nologin\n" in (built / "etc/passwd").read_text()
    assert (built / "etc/group").read_text() == "root:x:0:\nagents:x:812:agent\nagent:x:811:\n"
    assert "agent:!*:::::::\n" in (built / "etc/shadow").read_text()
    publish(tmp_path / "mine.yml", tmp_path / "work", "13.1", tmp_path / "public")
    lines = subprocess.run(
        [
            "ostree",
            "cat",
            f"--repo={tmp_path}/public/repo",
            "debian/13/x86_64",
            "/usr/lib/tmpfiles.d/osmigrate-var.conf",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "d /var/lib/agent 0750 0 0\n" in lines
    assert "L /var/lib/dpkg - - - - ../../usr/lib/sysimage/dpkg\n" in lines


def test_a_second_run_does_nothing_and_a_change_only_what_follows(tmp_path):
    path, work = prepare(tmp_path), tmp_path / "work"
    assert build(path, work).made == list(recipe.schema.STAGES)
    assert build(path, work).made == []
    path.write_text(RECIPE.replace("usr/games/*", "usr/games"))
    assert build(path, work).made == ["tidy"]
    (tmp_path / "agent.sh").write_text("#!/bin/sh\nexit\n")
    assert build(path, work).made == ["packages", "users", "files", "units", "kernel", "tidy"]


def test_a_stage_that_changes_nothing_costs_no_copy(tmp_path):
    path, work = prepare(tmp_path), tmp_path / "work"
    base = build(path, work, "base").path
    assert build(path, work, "packages") == tree.Built(base, [])
    path.write_text(RECIPE + "scripts:\n- {after: packages, inside: false, text: 'touch $TREE/etc/made'}\n")
    assert build(path, work, "packages").path != base


def test_a_build_that_was_stopped_goes_on(tmp_path):
    path, work = prepare(tmp_path), tmp_path / "work"
    path.write_text(
        RECIPE + "scripts:\n- {after: kernel, inside: false, text: 'test -e go'}\n".replace("go", f"{work}/go")
    )
    with pytest.raises(FleetError, match=r"Stage kernel: mine.yml line 20: script test -e .* failed with code 1"):
        publish(path, work, "13.1", tmp_path / "public")
    assert not (tmp_path / "public").exists()
    (work / "go").touch()
    assert "base" not in build(path, work).made


@pytest.mark.parametrize("case", STOPS)
def test_what_stops_a_build(tmp_path, monkeypatch, case):
    monkeypatch.setenv("OSM_TEST", "a-token-of-somebody")
    text, said = STOPS[case]
    path = prepare(tmp_path, LEAST + ("kernel: {initramfs: none}\n" if "kernel" not in case else "") + text + "\n")
    modules = tmp_path / "root" / "usr/lib/modules"
    if case == "no kernel":
        shutil.rmtree(modules)
    elif case == "several kernels":
        (modules / "6.1").mkdir()
        (modules / "6.1" / "vmlinuz").touch()
    elif case.startswith("a base"):
        shutil.rmtree(tmp_path / "root" / "usr")
    with pytest.raises(FleetError) as raised:
        publish(path, tmp_path / "work", "13.1", tmp_path / "public")
    assert raised.value.problem.startswith(said.format(tmp_path)), raised.value.problem
    assert not (tmp_path / "public").exists()


def test_a_name_that_is_no_utf_8_is_named(tmp_path):
    path = prepare(tmp_path)
    with open(os.fsencode(tmp_path) + b"/root/usr/share/a\xff", "w", encoding="utf-8"):
        pass
    with pytest.raises(FleetError, match=r"Stage ostree: the name of file /usr/share/a\\xff is no UTF-8"):
        publish(path, tmp_path / "work", "13.1", tmp_path / "public")
    path.write_text(RECIPE.replace("usr/games/*", "usr/share/a*"))
    publish(path, tmp_path / "work", "13.1", tmp_path / "public")


def test_what_was_given_is_looked_at_before_anything_is_made(tmp_path):
    path = prepare(tmp_path)
    with pytest.raises(FleetError, match=r'Stage ostree: the manifest is not valid: version: "13-1" is not a version'):
        publish(path, tmp_path / "work", "13-1", tmp_path / "public")
    assert not (tmp_path / "public").exists()
    publish(path, tmp_path / "work", "13.1", tmp_path / "public")


def test_accounts_that_are_none_stay_as_they_are(tmp_path):
    path = prepare(tmp_path)
    (tmp_path / "root/etc/group").write_text("root:x:0:\n+\nodd:x\n")
    built = Path(build(path, tmp_path / "work").path)
    assert (built / "etc/group").read_text() == "root:x:0:\n+\nodd:x\nagents:x:812:agent\nagent:x:811:\n"


def test_hard_links_stay_through_all_stages(tmp_path):
    path = prepare(tmp_path)
    os.link(tmp_path / "root/usr/lib/os-release", tmp_path / "root/usr/share/twin")
    built = build(path, tmp_path / "work").path
    assert os.stat(os.path.join(built, "usr/share/twin")).st_nlink == 2


def test_what_debian_has_where_a_release_has_nothing_is_no_loss(tmp_path):
    path = prepare(tmp_path)
    for name in ("opt", "usr/local/share/man", "root"):
        (tmp_path / "root" / name).mkdir(parents=True)
    (tmp_path / "root/usr/local/man").symlink_to("share/man")
    (tmp_path / "root/root/.bashrc").touch()
    publish(path, tmp_path / "work", "13.1", tmp_path / "public")


def test_a_link_in_the_tree_does_not_lead_out_of_it(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").touch()
    path = prepare(tmp_path, RECIPE + "scripts:\n- {before: tidy, inside: false, text: 'true'}\n")
    (tmp_path / "root" / "usr" / "games" / "nethack").unlink()
    (tmp_path / "root" / "usr" / "games").rmdir()
    (tmp_path / "root" / "usr" / "games").symlink_to(outside)
    build(path, tmp_path / "work")
    (tmp_path / "root" / "usr" / "bin").symlink_to(outside)
    with pytest.raises(FleetError, match=f"/usr/bin/agent leads to {outside}/agent, which is in no release"):
        build(path, tmp_path / "work")
    assert sorted(one.name for one in outside.iterdir()) == ["keep"]


@pytest.mark.parametrize("which", ["work", "public"])
@pytest.mark.parametrize("size", ["4k", "100k"])
def test_a_file_system_that_is_full_stops_a_build_which_goes_on_later(tmp_path, which, size):
    path, place = prepare(tmp_path), tmp_path / which
    (tmp_path / "root/usr/share/large").write_bytes(os.urandom(120000))
    place.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        with pytest.raises(FleetError, match="Stage [a-z]+: .*(No space left on device|min-free-space)") as raised:
            publish(path, tmp_path / "work", "13.1", tmp_path / "public")
        assert "--repo=" not in raised.value.problem
        assert not list(tmp_path.glob("public/*/release.yml"))
        subprocess.run(["mount", "-o", "remount,size=50m", place], check=True)
        assert publish(path, tmp_path / "work", "13.1", tmp_path / "public").changed
    finally:
        subprocess.run(["umount", place], check=True)


def test_two_builds_do_not_work_in_one_directory(tmp_path):
    with tree.alone(str(tmp_path)), pytest.raises(FleetError, match="Another build works in"):
        with tree.alone(str(tmp_path)):
            pass


def test_what_is_there_of_the_same_inputs_is_not_made_again(tmp_path, monkeypatch):
    path, work, public = prepare(tmp_path), tmp_path / "work", tmp_path / "public"
    first = publish(path, work, "13.1", public)
    made, whole = [], ostree.commit
    monkeypatch.setattr(ostree, "commit", lambda *arguments: made.append(1) or whole(*arguments))
    assert publish(path, work, "13.1", public) == first._replace(changed=False, unknown=[])
    assert not made
    # To prove the outcome it has to be made, and so has the tree.
    asked, whole_tree = [], tree.build
    monkeypatch.setattr(tree, "build", lambda *given: asked.append(whole_tree(*given)) or asked[-1])
    proved = publish(path, work, "13.1", public, frozen=True)
    assert (proved.commit, proved.unknown) == (first.commit, [])
    assert asked[-1].made == list(recipe.schema.STAGES) and not (work / tree.PROOF).exists()
    assert publish(path, work, "13.1", tmp_path / "elsewhere").commit == first.commit
    assert len(made) == 2
    shutil.rmtree(public / "repo" / "refs" / "heads" / "releases")
    assert publish(path, work, "13.1", public).commit == first.commit
    assert len(made) == 3


def test_a_release_that_is_there_stays(tmp_path):
    path, work, public = prepare(tmp_path), tmp_path / "work", tmp_path / "public"
    first = publish(path, work, "13.1", public)
    assert not publish(path, work, "13.1", public).changed
    path.write_text(RECIPE.replace("hello", "bye"))
    with pytest.raises(FleetError, match=r"Release debian-13-13\.1 is there already as commit"):
        publish(path, work, "13.1", public)
    second = building.publish(path, work, "13.2", public)
    assert second.commit != first.commit and second.previous == first.commit
    # A run that was stopped after it is not told that there was none before.
    assert publish(path, work, "13.2", public).previous == first.commit
    listed = subprocess.run(["ostree", "refs", f"--repo={public}/repo"], capture_output=True, text=True, check=True)
    assert sorted(listed.stdout.split()) == ["debian/13/x86_64", "releases/debian-13/13.1", "releases/debian-13/13.2"]


def test_a_build_that_nobody_signed_is_not_the_release_before(tmp_path):
    path, work, public = prepare(tmp_path), tmp_path / "work", tmp_path / "public"
    commits = {}
    for version in ("13.1", "13.2", "13.3"):
        path.write_text(RECIPE.replace("hello", version))
        done = publish(path, work, version, public)
        commits[version] = done.commit
        if version == "13.1":
            Path(done.manifest + ".sig").touch()
    assert done.previous == commits["13.1"]
    # One that was pruned cannot be compared with.
    pruned = public / "repo/objects" / commits["13.1"][:2] / f"{commits['13.1'][2:]}.commit"
    pruned.rename(public / "away")
    (public / "repo/refs/heads/releases/debian-13/13.1").unlink()
    assert publish(path, work, "13.3", public).previous == commits["13.2"]
    (public / "away").rename(pruned)
    # As a message says, where the failed one is to be built anew.
    shutil.rmtree(public / "debian-13-13.2")
    Path(public / "debian-13-13.1/release.yml.sig").unlink()
    assert publish(path, work, "13.3", public).previous == commits["13.1"]
    shutil.rmtree(public / "debian-13-13.1")
    path.write_text(RECIPE.replace("hello", "13.4"))
    assert publish(path, work, "13.4", public).previous == commits["13.3"]
    for one in public.glob("debian-*"):
        shutil.rmtree(one)
    # All that is known of a repository that was made by hand.
    assert publish(path, work, "13.0", public).previous


def test_locked_fails_where_the_outcome_differs_and_shows_what(tmp_path):
    text = RECIPE + "scripts:\n- {after: files, inside: false, text: 'date +%N >$TREE/etc/built'}\n"
    path, work, public = prepare(tmp_path, text), tmp_path / "work", tmp_path / "public"
    assert publish(path, work, "13.1", public, frozen=True).unknown == ["ostree"]
    with pytest.raises(FleetError, match="The same recipe and lock gave commit ") as raised:
        publish(path, work, "13.1", public, frozen=True)
    assert "M    /usr/etc/built" in raised.value.result["differs"]
    if shutil.which("diffoscope"):
        assert raised.value.todo == f"Read {work}/differs.txt, which diffoscope wrote"
        told = (work / "differs.txt").read_text()
        assert "usr/etc/built" in told and "motd" not in told
    else:
        assert raised.value.todo.startswith("Install diffoscope")


def test_locked_holds_each_payload(tmp_path):
    path, work, public = prepare(tmp_path), tmp_path / "work", tmp_path / "public"
    publish(path, work, "13.1", public, frozen=True)
    noted = tmp_path / "mine.lock" / lock.OUTCOMES
    ((key, commit),) = json.loads(noted.read_text()).items()
    noted.write_text(json.dumps({key: commit, f"{key} slots": "f" * 64}))
    assert publish(path, work, "13.1", public, frozen=True).commit == commit
    wanted = payload.Wanted("13.1", str(public), "", 0, [], ostree.Signer("", ""), [], key.split()[1], True)
    with pytest.raises(FleetError, match="gave sha256 ffffffffffff before, and 000000000000 now") as raised:
        pinned = {"ostree": commit, "slots": "0" * 64}
        payload._compare(f"{public}/repo", str(noted.parent), pinned, wanted, str(work / "differs.txt"))
    assert "The commits are equal" in raised.value.todo


@pytest.mark.parametrize("epoch", [-1, 10**12])
def test_a_time_that_is_none_is_refused(tmp_path, epoch):
    read = recipe.read(str(prepare(tmp_path)))
    with tree.alone(str(tmp_path / "work")) as log:
        with pytest.raises(FleetError, match="The epoch is .*, which is no time"):
            locking.ensure(read, str(tmp_path / "mine.lock"), False, False, epoch, log, False)


def test_a_lock_is_for_what_the_recipe_asks_for(tmp_path):
    path, work = prepare(tmp_path), tmp_path / "work"
    with pytest.raises(FleetError, match="has no lock in"):
        building.lock(path, work, frozen=True)
    assert building.lock(path, work).is_new
    assert not building.lock(path, work, frozen=True).is_new
    (tmp_path / "root" / "usr" / "share" / "more").touch()
    with pytest.raises(FleetError, match="asks for other packages, or for another base, than lock"):
        building.lock(path, work, frozen=True)
    listed = tmp_path / "mine.lock" / lock.LIST
    listed.write_text(json.dumps({"schema": 9}))
    with pytest.raises(FleetError, match="is damaged, or of another version"):
        building.lock(path, work)
