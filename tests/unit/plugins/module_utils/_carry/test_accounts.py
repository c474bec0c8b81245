# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import os

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import accounts, owners
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import apply

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files away")


def add(moving, name, line):
    path = moving.incumbent / "etc" / name
    path.write_text(path.read_text() + line)


def test_people_come_along_and_the_system_stays_the_releases(move):
    moving = move()
    moving.carry()
    assert moving.read("/etc/passwd").splitlines()[1:] == [
        "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
        "messagebus:x:996:996::/nonexistent:/usr/sbin/nologin",
        "ops:x:1000:1000:,,:/home/ops:/bin/bash",
    ]
    assert "adm:x:4:ops\n" in moving.read("/etc/group")
    assert "messagebus:x:996:\n" in moving.read("/etc/group")
    assert moving.read("/etc/shadow").splitlines() == [
        "root:$6$rootsecret:1:0:99999:7:::",
        "daemon:*:1:0:99999:7:::",
        "messagebus:!:1::::::",
        "ops:$6$opssecret:1:0:99999:7:::",
    ]
    assert "adm:*::ops\n" in moving.read("/etc/gshadow") and "ops:!::\n" in moving.read("/etc/gshadow")
    assert moving.mode("/etc/shadow") == 0o640 and moving.mode("/etc/passwd") == 0o644


def test_subordinate_ids_of_people(move):
    moving = move({"/etc/subuid": "ops:100000:65536\ngone:165536:65536\n"})
    moving.carry()
    assert moving.read("/etc/subuid") == "ops:100000:65536\n"


def test_a_group_of_a_package_that_people_are_in(move):
    moving = move()
    add(moving, "group", "docker:x:110:ops\n")
    moving.carry()
    assert "docker:x:110:ops\n" in moving.read("/etc/group")


def test_the_number_of_a_group_follows_its_name(move):
    moving = move({}, {"/usr/etc/group": "root:x:0:\nops-staff:x:77:\n"})
    add(moving, "passwd", "eve:x:1001:88::/home/eve:/bin/bash\n")
    add(moving, "group", "ops-staff:x:88:\n")
    moving.carry()
    assert "eve:x:1001:77::/home/eve:/bin/bash\n" in moving.read("/etc/passwd")


def test_fail_a_shell_that_the_release_does_not_have(move):
    moving = move({"/usr/bin/zsh": ""})
    add(moving, "passwd", "eve:x:1001:1000::/home/eve:/usr/bin/zsh\n")
    moving.carry()
    assert "eve:x:1001:1000::/home/eve:/bin/sh\n" in moving.read("/etc/passwd")
    (lost,) = (part.lost for item in moving.plan().items for part in item.parts if part.lost)
    assert lost == "the release has no /usr/bin/zsh, the shell becomes /bin/sh"


def test_fail_a_person_whose_number_is_taken(move):
    moving = move({}, {"/usr/etc/passwd": "root:x:0:0::/root:/bin/bash\nbuilder:x:1000:1000::/:/bin/sh\n"})
    with pytest.raises(FleetError, match="ops cannot be carried: its number 1000 belongs to builder"):
        moving.plan()


def test_no_secret_is_in_the_plan(move):
    moving = move({"/etc/ssh/ssh_host_rsa_key": "hostsecret", "/etc/kubernetes/kubelet.conf": "kubesecret"})
    changes = moving.changes(moving.plan())
    shown = repr(moving.records()) + repr(apply.differences(changes)) + repr(apply.actions(changes))
    assert "secret" not in shown.replace("osmigrate", "")
    assert "ops:x:1000" not in shown  # old tables have passwords there


@needs_root
def test_files_follow_the_names_of_their_owners(move):
    moving = move({"/etc/cni/net.d/a.conf": "x"}, ids={"/etc/cni/net.d/a.conf": (100, 106)})
    moving.carry()
    status = os.stat(moving.deployment / "etc/cni/net.d/a.conf")
    assert (status.st_uid, status.st_gid) == (996, 996)


@needs_root
def test_collisions_are_names_that_own_shared_files(move):
    moving = move(
        {"/var/lib/lab/a": "x", "/var/lib/lab/b": "x", "/var/lib/containerd/c": "x"},
        ids={"/var/lib/lab/a": (100, 0), "/var/lib/lab/b": (100, 106), "/var/lib/containerd/c": (100, 106)},
    )
    found = moving.carry().collisions
    assert [(each["kind"], each["name"], each["incumbent"], each["candidate"], each["files"]) for each in found] == [
        ("user", "messagebus", 100, 996, 2),
        ("group", "messagebus", 106, 996, 1),
    ]
    assert found[0]["example"] == "/var/lib/lab/a"


@needs_root
def test_system_users_that_own_shared_files_come_along(move):
    moving = move({"/var/lib/lab/a": "x"}, ids={"/var/lib/lab/a": (207, 208)})
    add(moving, "passwd", "lab:x:207:208::/:/usr/sbin/nologin\nidle:x:209:208::/:/usr/sbin/nologin\n")
    add(moving, "group", "lab:x:208:\n")
    made = moving.carry()
    assert "lab:x:207:208:" in moving.read("/etc/passwd") and "lab:x:208:\n" in moving.read("/etc/group")
    assert "idle" not in moving.read("/etc/passwd")
    assert "/etc/passwd: idle" in [left.path for left in made.left]


@needs_root
def test_collisions_fail_a_system_user_whose_number_is_taken(move):
    moving = move({"/var/lib/lab/a": "x"}, ids={"/var/lib/lab/a": (996, 0)})
    add(moving, "passwd", "lab:x:996:0::/:/usr/sbin/nologin\n")
    (found,) = (each for each in moving.carry().collisions if each["name"] == "lab")
    assert (found["incumbent"], found["candidate"]) == (996, None)
    assert found["detail"] == "996 belongs to messagebus in the release"


def test_the_search_is_bounded(move, monkeypatch):
    monkeypatch.setattr(owners, "ENTRIES_MAX", 3)
    made = move({f"/srv/{number}": "x" for number in range(5)}).plan()
    assert made.searched == {"entries": 3, "complete": False}


def test_accounts_that_are_none():
    assert accounts.parse("+::::::\n# x\n\nroot:x:0:0\nbroken\n") == [["root", "x", "0", "0"]]


@needs_root
def test_numbers_without_a_name_fail_where_the_release_has_one_for_them(move):
    moving = move({"/srv/a": "x", "/srv/b": "x"}, ids={"/srv/a": (996, 0), "/srv/b": (4321, 0)})
    made = moving.carry()
    decided = {each["incumbent"]: each["decision"] for each in made.ids if each["kind"] == "user"}
    assert decided == {996: "collision", 4321: "keep"}
    (found,) = made.collisions
    assert (found["name"], found["example"]) == ("", "/srv/a")
    assert found["detail"] == "files keep the number 996, which belongs to messagebus in the release"


@needs_root
def test_fixed_numbers_of_two_families(move):
    """Of peers: tape is 33 on EL, where www-data is on Debian; chrony is another name for _chrony."""
    group = "root:x:0:\nadm:x:4:\nsudo:x:27:\ntape:x:26:\nwww-data:x:33:\n_chrony:x:991:\n"
    moving = move(
        {"/srv/tape": "x", "/var/lib/chrony/drift": "x"},
        {"/usr/etc/group": group},
        ids={"/srv/tape": (0, 33), "/var/lib/chrony/drift": (992, 987)},
        families=("el", "debian"),
    )
    made = moving.carry()
    decided = {(each["kind"], each["name"]): (each["decision"], each["detail"]) for each in made.ids}
    said = "files keep the number %d, which %s in the release"
    assert decided["group", "tape"] == ("collision", said % (33, "belongs to www-data"))
    assert decided["group", "chrony"] == ("collision", said % (987, "nobody has"))
    assert "wheel" not in moving.read("/etc/group") and "sudo:x:27:ops\n" in moving.read("/etc/group")


@needs_root
def test_the_owner_of_a_carried_file_comes_along(move):
    moving = move({"/etc/agent/key": ("x", 0o640)}, ids={"/etc/agent/key": (0, 996)})
    add(moving, "group", "agent:x:996:\n")
    moving.carry(extra_paths=["/etc/agent"])
    assert "agent:x:998:\n" in moving.read("/etc/group")
    assert os.stat(moving.deployment / "etc/agent/key").st_gid == 998


def test_the_account_of_a_unit_gets_another_number_if_its_own_is_taken(move):
    unit = "[Service]\nExecStart=/bin/bash\nUser=agent\n"
    moving = move({"/etc/systemd/system/agent.service": unit}, {"/bin/bash": ""})
    add(moving, "passwd", "agent:x:996:996::/:/bin/bash\n")
    made = moving.carry()
    assert "agent:x:999:996::/:/bin/bash\n" in moving.read("/etc/passwd")
    (lost,) = (part.lost for item in made.items for part in item.parts if part.lost)
    assert lost == "its number 996 belongs to messagebus in the release; it becomes 999"
    assert made.collisions == []


def test_members_of_groups_whom_no_file_knows_stay_members(move):
    """People of a directory service, who become root by a group of the node."""
    moving = move({}, {"/usr/etc/group": "root:x:0:\nsudo:x:27:\n"})
    add(moving, "group", "sudo:x:27:ops,jdoe,messagebus\nagents:x:210:mmuster\n")
    moving.carry()
    assert "sudo:x:27:ops,jdoe\n" in moving.read("/etc/group")
    assert "agents:x:210:mmuster\n" in moving.read("/etc/group")


def test_a_group_that_the_release_has_in_usr_only_keeps_its_people(move):
    moving = move({}, {"/usr/etc/group": "root:x:0:\n", "/usr/lib/group": "sudo:x:27:\nstaff:x:50:\n"})
    add(moving, "group", "sudo:x:28:ops\nstaff:x:50:\n")
    moving.carry()
    assert "sudo:x:27:ops\n" in moving.read("/etc/group") and "staff" not in moving.read("/etc/group")


def test_a_line_of_passwd_without_its_last_fields(move):
    moving = move()
    add(moving, "passwd", "eve:x:1001:1000::/home/eve\nodd:x:1002:none::/:/bin/bash\n")
    moving.carry()
    assert "eve:x:1001:1000::/home/eve:\n" in moving.read("/etc/passwd")
    assert "odd" not in moving.read("/etc/passwd")


def test_a_system_account_by_which_somebody_logs_in_comes_along(move):
    """Its home may be a mount of its own, where nothing is searched; without it nobody becomes root there."""
    moving = move({"/home/deploy/.ssh/authorized_keys": "x"}, mount_points=["/home"])
    (moving.incumbent / "etc/fstab").write_text("UUID=1 / ext4 defaults 0 1\nUUID=2 /home ext4 defaults 0 2\n")
    add(moving, "passwd", "deploy:x:998:998::/home/deploy:/bin/bash\nidle:x:997:997::/:/usr/sbin/nologin\n")
    add(moving, "group", "deploy:x:998:\nidle:x:997:\n")
    add(moving, "shadow", "deploy:$6$x:1:0:99999:7:::\n")
    moving.carry()
    assert "deploy:x:998:998::/home/deploy:/bin/bash\n" in moving.read("/etc/passwd")
    assert "deploy:x:998:\n" in moving.read("/etc/group") and "deploy:$6$x:" in moving.read("/etc/shadow")
    assert "idle" not in moving.read("/etc/passwd")


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/cron.d/agent": "MAILTO=root\n# x\n*/5 * * * * svc.Agent /bin/bash -c true\n"},
        {"/etc/cron.d/agent": "@daily svc.Agent /bin/bash -c true\n"},
        {"/etc/systemd/system/agent.service": "[Service]\nUser=svc.Agent\n"},
        {"/etc/subuid": "svc.Agent:65536:7208960\n"},
    ],
)
def test_system_accounts_that_only_a_job_a_unit_or_subordinate_ids_name_come_along(move, files):
    moving = move(files)
    add(moving, "passwd", "svc.Agent:x:207:1::/:/usr/sbin/nologin\n")
    moving.carry()
    assert "svc.Agent:x:207:1:" in moving.read("/etc/passwd")


def test_groups_that_a_unit_names_in_one_line_come_along(move):
    moving = move({"/etc/systemd/system/agent.service": "[Service]\nSupplementaryGroups=Lab.a lab-b\n"})
    add(moving, "group", "Lab.a:x:211:\nlab-b:x:212:\n")
    moving.carry()
    assert "Lab.a:x:211:\nlab-b:x:212:\n" in moving.read("/etc/group")


def test_subordinate_ids_by_number_and_of_container_runtimes(move):
    moving = move({"/etc/subgid": "1000:100000:65536\ncontainers:2147483647:2147483648\n4321:1:1\n"})
    moving.carry()
    assert moving.read("/etc/subgid") == "1000:100000:65536\ncontainers:2147483647:2147483648\n"


def test_files_that_vanish_while_they_are_looked_at_do_not_matter(move, monkeypatch):
    moving = move({"/srv/a": "x", "/srv/b": "x"})
    scan = os.scandir

    def then_gone(path):
        found = list(scan(path))
        for entry in found:
            if entry.name == "a":
                os.unlink(entry.path)
        return found

    monkeypatch.setattr(owners.os, "scandir", then_gone)
    situation = moving.situation()
    # What scandir found has its status only on systems that it does not have to ask.
    assert owners.search(situation, ["/srv"]).numbers["user", os.geteuid()][0] == 1


def test_the_search_sees_whose_the_homes_are_before_what_is_in_them(move, monkeypatch):
    monkeypatch.setattr(owners, "ENTRIES_MAX", 5)
    files = {f"/root/go/{number}/x": "x" for number in range(9)}
    moving = move(dict(files, **{"/home/deploy/x": "x"}))
    found = owners.search(moving.situation(), ["/root", "/home"])
    assert not found.complete and found.numbers["user", os.geteuid()][0] == 5
    seen = [path for _count, path in found.numbers.values()]
    assert seen[0] == "/root/go" and found.entries == 5


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/logrotate.d/agent", "/var/log/agent.log {\n weekly\n su agentlog agentlog\n}\n"),
        ("/etc/logrotate.d/agent", "/var/log/agent.log {\n create 0640 agentlog agentlog\n}\n"),
        ("/etc/tmpfiles.d/agent.conf", "d /run/agent 0750 agentlog :agentlog -\n"),
        ("/etc/udev/rules.d/70-agent.rules", 'SUBSYSTEM=="vfio", OWNER="agentlog", GROUP="agentlog"\n'),
        ("/etc/sudoers.d/agent", "agentlog, %agentlog ALL=(root) NOPASSWD: /usr/bin/true\n"),
        ("/etc/sudoers.d/agent", "ops ALL=(agentlog:agentlog) /usr/bin/true\n"),
        ("/etc/sudoers.d/agent", "Runas_Alias R = root, agentlog, %agentlog\n"),
        ("/etc/cron.d/agent", "@daily agentlog :\n"),
        ("/etc/ssh/sshd_config.d/k.conf", "AuthorizedKeysCommandUser=agentlog\n"),
        ("/etc/rsyslog.d/a.conf", "$FileOwner agentlog\n$FileGroup agentlog\n"),
        ("/etc/rsyslog.d/a.conf", 'action(type="omfile" file="/x" fileOwner="agentlog" fileGroup="agentlog")\n'),
        ("/etc/chrony/conf.d/a.conf", "user agentlog\n"),
        ("/etc/systemd/system/a.service", "[Service]\nUser = agentlog\nSupplementaryGroups=adm agentlog\n"),
        ("/etc/systemd/system/a.socket", "[Socket]\nSocketUser=agentlog\n"),
    ],
)
def test_a_system_account_that_a_carried_file_names_comes_along(move, path, text):
    moving = move({path: text})
    add(moving, "passwd", "agentlog:x:210:210::/nonexistent:/usr/sbin/nologin\n")
    add(moving, "group", "agentlog:x:210:\n")
    moving.carry()
    assert "\nagentlog:x:210:210:" in moving.read("/etc/passwd")
    assert "\nagentlog:x:210:" in moving.read("/etc/group")


@pytest.mark.parametrize(
    ("own", "release", "there", "kept"),
    [
        ("/usr/sbin/nologin", "/bin/bash", True, "/usr/sbin/nologin"),
        ("/usr/sbin/nologin", "/bin/bash", False, None),
        ("/bin/zsh", "/bin/bash", True, "/bin/zsh"),
        ("/bin/zsh", "/bin/bash", False, None),
        ("/sbin/nologin", "/usr/sbin/nologin", False, ""),
        ("/bin/bash", "/usr/sbin/nologin", True, "/bin/bash"),
    ],
)
def test_roots_shell_is_kept_or_told(move, own, release, there, kept):
    moving = move(release={own: ""} if there and own != "/bin/bash" else {})
    passwd = moving.incumbent / "etc/passwd"
    passwd.write_text(passwd.read_text().replace("/root:/bin/bash", "/root:" + own))
    for path in ("etc/passwd", "usr/etc/passwd"):
        file = moving.deployment / path
        file.write_text(file.read_text().replace("/root:/bin/bash", "/root:" + release))
    made = moving.carry()
    assert moving.read("/etc/passwd").split("\n")[0].endswith(":" + (kept or release))
    told = [left.reason for left in made.left if left.path == "/etc/passwd: root"]
    assert told == ([f"its shell is {own} on the node, the release's is {release}"] if kept is None else [])


def test_who_may_not_log_in_on_the_node_may_not_on_the_release(move):
    moving = move(release={"/usr/sbin/nologin": ""})
    for path in ("etc/passwd", "usr/etc/passwd"):
        file = moving.deployment / path
        file.write_text(file.read_text().replace("daemon:/usr/sbin:/usr/sbin/nologin", "daemon:/usr/sbin:/bin/sh"))
    moving.carry()
    assert "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n" in moving.read("/etc/passwd")


def test_members_on_one_of_both_systems_only_are_named(move):
    moving = move()
    add(moving, "group", "ssl-cert:x:112:messagebus,ops\n")
    for path in ("etc/group", "usr/etc/group"):
        file = moving.deployment / path
        file.write_text(file.read_text().replace("adm:x:4:", "adm:x:4:messagebus") + "ssl-cert:x:105:\n")
    made = moving.carry()
    assert "\nssl-cert:x:105:ops\n" in moving.read("/etc/group")
    told = {left.path: left.reason for left in made.left}
    assert told["/etc/group: adm"] == "messagebus is in it on the release, and not on the node"
    assert told["/etc/group: ssl-cert"] == "messagebus is in it on the node, and not on the release"
