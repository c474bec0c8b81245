# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import os

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import NO_PLACE
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import tmpfiles

VAR = "/sysroot/ostree/deploy/debian/var /var none bind,slave,shared 0 0"
HOMES = [
    "/sysroot/root /var/roothome none bind 0 0",
    "/sysroot/home /var/home none bind 0 0",
    "/sysroot/srv /var/srv none bind 0 0",
    "/sysroot/opt /var/opt none bind 0 0",
    "/sysroot/usr/local /var/usrlocal none bind 0 0",
]
LOG = "/sysroot/var/log /var/log none bind 0 0"
DATA = {"/var/lib/kubelet/config.yaml": "x", "/var/lib/containerd/": "", "/var/lib/cni/": ""}
DATA_LINES = [f"/sysroot/var/lib/{name} /var/lib/{name} none bind 0 0" for name in ("cni", "containerd", "kubelet")]


def fstab(moving):
    return moving.read("/etc/fstab").splitlines()[1:]


def lefts(made):
    return {left.path: left.reason for left in made.left}


def without_place(made):
    return [left.path for left in made.left if left.kind == NO_PLACE]


def test_var_on_the_root(move):
    moving = move({**DATA, "/var/lib/lab-data/x": "x", "/var/lib/ucf/x": "x", "/var/spool/cron/crontabs/ops": "x"})
    moving.carry()
    assert fstab(moving) == [
        VAR,
        *HOMES,
        LOG,
        "/sysroot/var/spool/cron /var/spool/cron none bind 0 0",
        *DATA_LINES,
        "/sysroot/var/lib/lab-data /var/lib/lab-data none bind 0 0",
    ]
    assert (moving.var / "lib/kubelet").is_dir() and (moving.var / "roothome").is_dir()


def test_mount_points_look_like_what_they_will_show(move):
    moving = move({"/root/": ("", 0o700), "/var/lib/etcd/": ("", 0o710)})
    moving.carry()
    assert (moving.var / "roothome").stat().st_mode & 0o7777 == 0o700
    assert (moving.var / "lib/etcd").stat().st_mode & 0o7777 == 0o710
    assert (moving.var / "lib").stat().st_mode & 0o7777 == 0o755


def test_var_on_its_own(move):
    moving = move(
        {**DATA, "/etc/fstab": "UUID=1 / ext4 defaults 0 1\nUUID=2 /var xfs noatime 0 2\n"}, mount_points=["/var"]
    )
    moving.carry()
    assert fstab(moving) == [VAR, *HOMES, LOG, *DATA_LINES, "UUID=2 /sysroot/var xfs noatime 0 2"]
    assert (moving.var / "lib/kubelet").is_dir()


def test_var_and_a_part_of_it_on_their_own(move):
    part = "UUID=3 /var/lib/containerd xfs defaults 0 2"
    moving = move(
        {**DATA, "/etc/fstab": f"UUID=2 /var xfs noatime 0 2\n{part}\n/var/x /data none bind 0 0\n"},
        mount_points=["/var", "/var/lib/containerd"],
    )
    moving.carry()
    assert fstab(moving) == [
        VAR, *HOMES, LOG, DATA_LINES[0], DATA_LINES[2], "UUID=2 /sysroot/var xfs noatime 0 2", part,
        "/sysroot/var/x /data none bind 0 0",
    ]  # fmt: skip
    assert (moving.var / "lib/containerd").is_dir()


def test_var_that_a_mount_unit_mounts(move):
    unit = "[Mount]\nWhat=/dev/vdb\nWhere=/var\n"
    moving = move({**DATA, "/etc/systemd/system/var.mount": unit}, mount_points=["/var"])
    moving.carry()
    assert fstab(moving) == HOMES
    assert list(moving.var.iterdir()) == []


def test_part_of_var_on_its_own(move):
    line = "UUID=2 /var/lib/containerd xfs defaults 0 2"
    moving = move({**DATA, "/etc/fstab": line + "\n"}, mount_points=["/var/lib/containerd"])
    moving.carry()
    assert fstab(moving) == [VAR, *HOMES, LOG, DATA_LINES[0], DATA_LINES[2], line]
    assert (moving.var / "lib/containerd").is_dir()


def test_fail_data_that_is_mounted_by_hand(move):
    with pytest.raises(FleetError, match="/var/lib/kubelet is mounted, but neither /etc/fstab nor a mount unit"):
        move(DATA, mount_points=["/var/lib/kubelet"]).plan()


def test_data_that_a_mount_unit_mounts(move):
    unit = "[Mount]\nWhat=/dev/vdb\nWhere=/var/lib/kubelet\n"
    moving = move({**DATA, "/etc/systemd/system/var-lib-kubelet.mount": unit}, mount_points=["/var/lib/kubelet"])
    moving.carry()
    assert moving.read("/etc/systemd/system/var-lib-kubelet.mount") == unit
    assert (moving.var / "lib/kubelet").is_dir()
    assert DATA_LINES[2] not in fstab(moving)


def test_data_behind_a_link(move):
    moving = move({"/var/lib/docker": "-> /data/docker", "/data/docker/x": "x"})
    moving.carry()
    assert str((moving.var / "lib/docker").readlink()) == "/data/docker"
    assert "/sysroot/data /data none bind 0 0" in fstab(moving)
    assert (moving.deployment / "data").is_dir()


@pytest.mark.parametrize(
    ("line", "carried"),
    [
        ("UUID=3 /boot ext4 defaults 0 2", "UUID=3 /boot ext4 defaults 0 2"),
        ("UUID=4 /boot/efi vfat umask=0077 0 1", "UUID=4 /boot/efi vfat umask=0077 0 1"),
        ("UUID=5 /data xfs noatime", "UUID=5 /data xfs noatime 0 0"),
        ("UUID=5 /home ext4 defaults 0 2", "UUID=5 /var/home ext4 defaults 0 2"),
        ("nas:/x /mnt/nas nfs _netdev,nofail 0 0", "nas:/x /var/mnt/nas nfs _netdev,nofail 0 0"),
        ("UUID=5 /data/with\\040blank ext4 defaults", "UUID=5 /data/with\\040blank ext4 defaults 0 0"),
        ("tmpfs /tmp tmpfs size=1g 0 0", "tmpfs /tmp tmpfs size=1g 0 0"),
        ("/srv/a /export none bind 0 0", "/sysroot/srv/a /export none bind 0 0"),
        ("/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0", "/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0"),
    ],
)
def test_lines_of_fstab(move, line, carried):
    moving = move({"/etc/fstab": "# comment\n" + line + "\n"})
    moving.carry()
    assert carried in fstab(moving)


def test_mount_points_are_made_below_the_root_and_in_var(move):
    moving = move({"/etc/fstab": "UUID=5 /data/a/b xfs\nUUID=6 /home/build ext4\n", "/data/a/b/": ("", 0o750)})
    moving.carry()
    assert (moving.deployment / "data/a/b").stat().st_mode & 0o7777 == 0o750
    assert (moving.var / "home/build").is_dir()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("UUID=1 / ext4 errors=remount-ro 0 1", "the boot entry names the root"),
        ("/dev/vdb none swap sw 0 0", "kubelet wants no swap"),
        ("UUID=7 /usr/share/models ext4", "the release has no directory /usr/share/models, and none can be made there"),
    ],
)
def test_lines_of_fstab_fail_to_be_carried(move, line, reason):
    moving = move({"/etc/fstab": line + "\n"})
    made = moving.carry()
    assert line.split()[1] not in [entry.split()[1] for entry in fstab(moving)]
    path = "/etc/fstab: " + " ".join(line.split()[:3])
    assert lefts(made)[path] == reason
    assert (path in without_place(made)) == ("none can be made" in reason)


@pytest.mark.parametrize(
    ("incumbent", "place", "path"),
    [
        ({"/etc/fstab": "UUID=5 /data xfs\n"}, "/data", "/etc/fstab: UUID=5 /data xfs"),
        ({"/data/x": "x"}, "/data", "/data"),
        ({"/data": "-> srv/data"}, "/data", "/data"),
    ],
)
def test_data_below_the_root_of_an_image_fail_where_it_has_no_place(move, incumbent, place, path):
    moving = move(incumbent)
    moving.sealed = True
    made = moving.carry()
    assert lefts(made)[path].endswith(f"the release has no directory {place}, and none can be made there")
    assert without_place(made) == [path]
    assert not os.path.lexists(f"{moving.deployment}/data")
    assert place not in [entry.split()[1] for entry in fstab(moving)]


def test_data_below_the_root_of_an_image_that_has_its_place(move):
    moving = move({"/etc/fstab": "UUID=5 /data xfs\nUUID=6 /home/build ext4\n"}, {"/data/": ""})
    moving.sealed = True
    moving.carry()
    assert fstab(moving)[-2:] == ["UUID=5 /data xfs defaults 0 0", "UUID=6 /var/home/build ext4 defaults 0 0"]
    assert (moving.var / "home/build").is_dir()


def test_the_releases_own_lines_stay(move):
    moving = move(
        {"/etc/fstab": "tmpfs /tmp tmpfs size=1g 0 0\n"},
        {"/usr/etc/fstab": "tmpfs /tmp tmpfs defaults 0 0\ntmpfs /scratch tmpfs defaults 0 0\n"},
    )
    moving.carry()
    assert fstab(moving)[-2:] == ["tmpfs /tmp tmpfs size=1g 0 0", "tmpfs /scratch tmpfs defaults 0 0"]


@pytest.mark.parametrize("place", ["/development", "/bootstrap/a", "/variants", "/systems", "/tmpdata"])
def test_a_mount_point_whose_name_only_begins_like_one_of_the_systems(move, place):
    moving = move({"/etc/fstab": f"UUID=5 {place} ext4\n"})
    moving.carry()
    assert (moving.deployment / place.strip("/")).is_dir()


def test_links_below_the_root(move):
    moving = move({"/data": "-> srv/data", "/srv/data/x": "x", "/vmlinuz": "-> boot/vmlinuz-6", "/notes": "x"})
    made = moving.carry()
    assert str((moving.deployment / "data").readlink()) == "srv/data"
    assert not (moving.deployment / "vmlinuz").is_symlink()
    assert lefts(made)["/notes"] == "not a directory, so it cannot be shared"


def test_a_link_fail_where_the_release_has_something_else(move):
    made = move({"/home2": "-> home"}, {"/home2/": ""}).carry()
    assert lefts(made)["/home2"] == "a link here, and something else on the candidate"


def test_a_mount_unit_fail_below_usr(move):
    unit = "/etc/systemd/system/usr-share-models.mount"
    moving = move({unit: "[Mount]\nWhat=/dev/vdb\nWhere=/usr/share/models\n"})
    made = moving.carry()
    assert "none can be made there" in lefts(made)[unit]
    assert not (moving.deployment / "usr/share/models").exists()


def test_two_directories_for_one_place(move):
    moving = move({"/opt/": "", "/var/opt/x": "x"})
    made = moving.carry()
    assert [line.split()[0] for line in fstab(moving) if line.split()[1] == "/var/opt"] == ["/sysroot/opt"]
    assert lefts(made)["/var/opt"] == "its place /var/opt on the candidate is taken"


def test_a_mount_unit_fail_where_the_candidate_has_a_link(move):
    unit = "/etc/systemd/system/home-build.mount"
    made = move({unit: "[Mount]\nWhat=/dev/vdb\nWhere=/home/build\n"}).carry()
    assert "is a link on the candidate" in lefts(made)[unit]


def test_what_every_var_has_is_not_shared_while_it_is_empty(move):
    moving = move({"/var/mail/": "", "/var/opt/": "", "/var/www/x": "x", "/var/cache/x": "x"})
    moving.carry()
    assert fstab(moving) == [VAR, *HOMES, LOG, "/sysroot/var/www /var/www none bind 0 0"]


def test_what_kubelet_noted_about_the_last_boot_is_forgotten(move):
    moving = move({**DATA, "/var/lib/kubelet/cpu_manager_state": "{}", tmpfiles.PATH: "# of an older trial\n"})
    made = moving.carry()
    assert "\nr! /var/lib/kubelet/cpu_manager_state\n" in moving.read(tmpfiles.PATH)
    assert (made.unknown, tmpfiles.PATH in lefts(made)) == ([], False)


def test_state_of_packages_is_named(move):
    moving = move({"/var/lib/exporter/state": "x", "/var/lib/dpkg/info/exporter.list": "/var/lib/exporter\n"})
    made = moving.carry()
    assert lefts(made)["/var/lib/exporter"].startswith("state of a package of the incumbent")


def test_fstab_fail_to_be_readable_where_it_was_not(move):
    line = "//nas/x /data cifs username=x,password=SEKRET 0 0\n"
    moving = move({"/etc/fstab": ("UUID=1 / ext4 defaults 0 1\n" + line, 0o600)})
    made = moving.carry()
    assert moving.mode("/etc/fstab") == 0o600
    (fstab_item,) = (item for item in made.items if item.target == "/etc/fstab")
    assert not fstab_item.shown


def test_a_mask_of_a_mount_unit_is_no_mount_point(move):
    made = move({"/etc/systemd/system/tmp.mount": "-> /dev/null"}).carry()
    assert not any("tmp.mount" in path for path in lefts(made))


def test_files_in_directories_of_packages_are_named(move):
    """Websites below /var/www, dumps in /var/backups, queues below /var/spool: nobody else speaks of them."""
    moving = move(
        {
            "/var/www/html/index.html": "mine",
            "/var/games/README": "shipped",
            "/var/spool/agent/1": "x",
            "/var/backups/dpkg.status.0": "x",
            "/var/lib/dpkg/info/p.list": "/data\n/var/www\n/var/www/html\n/var/games\n/var/games/README\n",
            "/data/base/1": "mine",
        }
    )
    reason = "files of the incumbent; the release begins with its own, or none"
    found = {path for path, why in lefts(moving.carry()).items() if why == reason}
    assert found == {"/data", "/var/www", "/var/spool/agent"}
    dump = moving.incumbent / "var/backups/site.sql.gz"
    dump.write_text("x")
    assert lefts(moving.plan())["/var/backups"] == reason


def test_a_directory_of_a_package_with_a_mount_of_its_own_is_not_named(move):
    files = {"/data/1": "mine", "/var/lib/dpkg/info/p.list": "/data\n"}
    assert "/data" not in lefts(move(files, mount_points=["/data"]).plan())


@pytest.mark.parametrize("where", ["/var/lib/kubelet", "/data"])
def test_what_a_boot_must_not_read_of_the_last_is_named_on_whatever_file_system_it_lies(move, where):
    link = {"/var/lib/kubelet": "-> /data"} if where == "/data" else {}
    fstab = {"/etc/fstab": f"UUID=2 {where} xfs defaults 0 2\n", f"{where}/cpu_manager_state": "{}"}
    moving = move({**fstab, **link}, mount_points=[where])
    moving.carry()
    assert "cpu_manager_state" in moving.read(tmpfiles.PATH)
