# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Areas that need more than a copy: names, drop-ins, services, trust, alternatives."""

import os

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import dropins, model, network, units
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import apply
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import model as state

from tests.backends.roots import deployed

SHIPPED = "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nSubsystem sftp /usr/lib/openssh/sftp-server\n"
UNIT = "[Unit]\nDescription=x\n[Service]\nExecStart=%s\n"


def links(moving):
    return {
        str(path.relative_to(moving.deployment / "etc/systemd/system")): str(path.readlink())
        for path in sorted((moving.deployment / "etc/systemd").rglob("*"))
        if path.is_symlink()
    }


def lefts(made):
    return {left.path: left.reason for left in made.left}


# --- names


def test_resolv_conf_as_a_file(move):
    moving = move({"/etc/resolv.conf": "nameserver 10.0.2.3\n"}, {"/usr/etc/resolv.conf": "-> /run/x"})
    moving.carry()
    assert moving.read("/etc/resolv.conf") == "nameserver 10.0.2.3\n"


def test_resolv_conf_of_resolved_where_the_release_has_it(move):
    moving = move(
        {"/etc/resolv.conf": "-> ../run/systemd/resolve/stub-resolv.conf"},
        {"/usr/lib/systemd/system/systemd-resolved.service": "x"},
    )
    moving.carry()
    assert str((moving.deployment / "etc/resolv.conf").readlink()) == "../run/systemd/resolve/stub-resolv.conf"


def test_resolv_conf_fail_of_a_service_that_the_release_does_not_have(move):
    moving = move(
        {
            "/etc/resolv.conf": "-> /run/systemd/resolve/stub-resolv.conf",
            "/run/systemd/resolve/stub-resolv.conf": "nameserver 127.0.0.53\n",
            "/run/systemd/resolve/resolv.conf": "nameserver 10.0.0.1\n",
        }
    )
    moving.carry()
    assert moving.read("/etc/resolv.conf") == "nameserver 10.0.0.1\n"
    assert "does not have" in moving.records()["/etc/resolv.conf", "create"]["lost"]


def test_time_zone(move):
    moving = move(
        {"/etc/localtime": "-> /usr/share/zoneinfo/Europe/Berlin", "/etc/timezone": "Europe/Berlin\n"},
        {"/usr/share/zoneinfo/Europe/Berlin": "x", "/usr/etc/localtime": "-> /usr/share/zoneinfo/Etc/UTC"},
    )
    moving.carry()
    assert str((moving.deployment / "etc/localtime").readlink()) == "../usr/share/zoneinfo/Europe/Berlin"
    assert moving.records()["/etc/localtime", "link"]["lost"] == ""


def test_time_zone_fail_that_the_release_does_not_know(move):
    moving = move({"/etc/localtime": "-> /usr/share/zoneinfo/Mars/Olympus"})
    assert "falls back to UTC" in moving.records()["/etc/localtime", "link"]["lost"]


# --- drop-ins


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/etc/systemd/journald.conf", "/etc/systemd/journald.conf.d/90-osmigrate.conf"),
        ("/etc/sysctl.conf", "/etc/sysctl.d/99-sysctl.conf"),
        ("/etc/modules", "/etc/modules-load.d/modules.conf"),
    ],
)
def test_a_changed_packaged_file_becomes_a_drop_in(move, path, target):
    moving = move(packages={path: ("# why\n\nchanged = 1\n", "# shipped\n")})
    made = moving.carry()
    assert moving.read(target) == f"# Carried from {path} by osmigrate.fleet.\nchanged = 1\n"
    assert not (moving.deployment / path.strip("/")).exists()
    assert made.unknown == []


def test_only_comments_changed(move):
    moving = move(packages={"/etc/sysctl.conf": ("# mine\n", "# shipped\n")})
    made = moving.carry()
    assert not (moving.deployment / "etc/sysctl.d/99-sysctl.conf").exists()
    assert made.unknown == []


def test_sshd_settings_come_after_the_administrators_drop_ins(move):
    mine = SHIPPED + "PermitRootLogin  prohibit-password\nMatch User ops\n  X11Forwarding no\n"
    moving = move({}, {"/usr/etc/ssh/sshd_config": SHIPPED}, packages={"/etc/ssh/sshd_config": (mine, SHIPPED)})
    moving.carry()
    assert moving.read("/etc/ssh/sshd_config.d/99-osmigrate.conf").splitlines()[1:] == [
        "PermitRootLogin  prohibit-password",
        "Match User ops",
        "  X11Forwarding no",
    ]
    assert moving.read("/etc/ssh/sshd_config") == SHIPPED


@pytest.mark.parametrize("text", [SHIPPED, "# comment\n" + SHIPPED, SHIPPED.replace("lib", "libexec")])
def test_sshd_settings_fail_to_be_any_where_only_places_differ(text):
    assert dropins.sshd_changes(text, SHIPPED) == []


# --- services


def test_units_of_the_administrator(move):
    moving = move(
        {
            "/etc/systemd/system/agent.service": UNIT % "/usr/local/bin/agent",
            "/usr/local/bin/agent": "x",
            "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf": "[Service]\nExecStart=/usr/bin/kubelet\n",
            "/etc/systemd/system/multi-user.target.wants/agent.service": "-> /etc/systemd/system/agent.service",
            "/etc/systemd/system/apt-daily.timer": "-> /dev/null",
        },
        {"/usr/bin/kubelet": "x"},
    )
    made = moving.carry()
    assert moving.read("/etc/systemd/system/agent.service") == UNIT % "/usr/local/bin/agent"
    assert "ExecStart=/usr/bin/kubelet" in moving.read("/etc/systemd/system/kubelet.service.d/10-kubeadm.conf")
    assert links(moving) == {
        "apt-daily.timer": "/dev/null",
        "multi-user.target.wants/agent.service": "/etc/systemd/system/agent.service",
    }
    assert [item.lost for item in made.items if item.lost] == []
    assert made.unknown == []


def test_units_fail_whose_program_is_not_there(move):
    moving = move({"/etc/systemd/system/agent.service": UNIT % "-/usr/bin/agent"})
    assert (
        moving.records()["/etc/systemd/system/agent.service", "create"]["lost"] == "the release has no /usr/bin/agent"
    )


def test_what_is_enabled_leads_to_where_the_release_has_the_unit(move):
    moving = move(
        {
            "/etc/systemd/system/multi-user.target.wants/a.service": "-> /lib/systemd/system/a.service",
            "/etc/systemd/system/dbus-a.service": "-> /lib/systemd/system/a.service",
            "/etc/systemd/system/multi-user.target.wants/b@x.service": "-> /lib/systemd/system/b@.service",
            "/etc/systemd/system/multi-user.target.wants/gone.service": "-> /lib/systemd/system/gone.service",
        },
        {"/usr/lib/systemd/system/a.service": "x", "/usr/lib/systemd/system/b@.service": "x"},
    )
    made = moving.carry()
    assert links(moving) == {
        "dbus-a.service": "/usr/lib/systemd/system/a.service",
        "multi-user.target.wants/a.service": "/usr/lib/systemd/system/a.service",
        "multi-user.target.wants/b@x.service": "/usr/lib/systemd/system/b@.service",
    }
    gone = "/etc/systemd/system/multi-user.target.wants/gone.service"
    assert lefts(made)[gone] == "the release has no gone.service"


def test_what_packages_enabled_is_for_the_release_to_decide(move):
    link = "/etc/systemd/system/timers.target.wants/apt-daily.timer"
    moving = move(
        {
            link: "-> /lib/systemd/system/apt-daily.timer",
            "/var/lib/systemd/deb-systemd-helper-enabled/apt-daily.timer.dsh-also": link + "\n",
            "/var/lib/systemd/deb-systemd-helper-enabled/timers.target.wants/apt-daily.timer": "",
        },
        {"/usr/lib/systemd/system/apt-daily.timer": "x"},
    )
    moving.carry()
    assert links(moving) == {}


def test_what_a_person_switched_off_stays_off_and_what_was_switched_on_instead_comes_along(move):
    service = "/etc/systemd/system/multi-user.target.wants/ssh.service"
    socket = "/etc/systemd/system/sockets.target.wants/ssh.socket"
    moving = move(
        {
            socket: "-> /lib/systemd/system/ssh.socket",
            "/var/lib/systemd/deb-systemd-helper-enabled/ssh.socket.dsh-also": socket + "\n",
            "/var/lib/systemd/deb-systemd-helper-enabled/multi-user.target.wants/ssh.service": "",
        },
        {
            "/usr/lib/systemd/system/ssh.socket": "x",
            "/usr/etc/systemd/system/multi-user.target.wants/ssh.service": "-> /usr/lib/systemd/system/ssh.service",
        },
    )
    moving.carry()
    assert links(moving) == {"sockets.target.wants/ssh.socket": "/usr/lib/systemd/system/ssh.socket"}
    assert moving.records()[service, "remove"]["rule"] == "services"


def units_on(moving):
    """Return what becomes of units where the release configures its network by NetworkManager."""
    wants = moving.deployment / "usr/etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    (wants / "NetworkManager.service").symlink_to("/usr/lib/systemd/system/NetworkManager.service")
    live = network.Live(state.State({}, []), ["ifupdown"], {})
    roots = [str(moving.incumbent), str(moving.deployment)]
    return units.plan(model.open_situation(roots[0], deployed(roots[1]), [], live))


def test_a_mask_fail_of_what_configures_the_network_of_the_release(move):
    moving = move(
        {
            "/etc/systemd/system/NetworkManager.service": "-> /dev/null",
            "/etc/systemd/system/systemd-networkd.service": "-> /dev/null",
        }
    )
    found = units_on(moving)
    assert [made.target for made in found.items] == ["/etc/systemd/system/systemd-networkd.service"]
    assert lefts(found) == {"/etc/systemd/system/NetworkManager.service": "the release configures its network by it"}


def test_what_configures_the_network_of_the_release_fails_to_be_switched_off(move):
    link = "/etc/systemd/system/multi-user.target.wants/NetworkManager.service"
    moving = move({"/var/lib/systemd/deb-systemd-helper-enabled/multi-user.target.wants/NetworkManager.service": ""})
    found = units_on(moving)
    assert found.items == []
    assert lefts(found) == {link: "the release configures its network by it"}


NETWORK_MANAGER = {
    "/usr/lib/systemd/system/NetworkManager.service": "[Install]\nWantedBy=multi-user.target\nAlias=dbus-nm.service\n"
    "Also=NetworkManager-wait-online.service\n",
    "/usr/lib/systemd/system/NetworkManager-wait-online.service": "[Install]\nWantedBy=network-online.target\n",
    "/usr/etc/systemd/system/dbus-nm.service": "-> /usr/lib/systemd/system/NetworkManager.service",
    "/usr/etc/systemd/system/network-online.target.wants/NetworkManager-wait-online.service": (
        "-> /usr/lib/systemd/system/NetworkManager-wait-online.service"
    ),
}
HELPER = "/var/lib/systemd/deb-systemd-helper-enabled/"
SWITCHED_OFF = {
    HELPER + "multi-user.target.wants/NetworkManager.service": "",
    HELPER + "dbus-nm.service": "",
    HELPER + "network-online.target.wants/NetworkManager-wait-online.service": "",
}


def test_what_is_enabled_with_it_fails_to_be_switched_off_too(move):
    """Without it the boot would not wait for the network, and kubelet begins without an address."""
    found = units_on(move(SWITCHED_OFF, NETWORK_MANAGER))
    assert found.items == []
    assert sorted(os.path.basename(path) for path in lefts(found)) == [
        "NetworkManager-wait-online.service", "NetworkManager.service", "dbus-nm.service",
    ]  # fmt: skip


def test_who_has_the_same_system_decides_what_is_enabled_with_it(move):
    runs = {
        "/etc/systemd/system/multi-user.target.wants/NetworkManager.service": "-> /usr/lib/x/NetworkManager.service"
    }
    found = units_on(move({**SWITCHED_OFF, **runs}, NETWORK_MANAGER))
    assert [made.target for made in found.items] == [
        "/etc/systemd/system/dbus-nm.service",
        "/etc/systemd/system/network-online.target.wants/NetworkManager-wait-online.service",
    ]


def test_a_mask_counts_also_where_the_release_has_a_link_or_a_unit_in_its_place(move):
    unit, alias = "/etc/systemd/system/agent.service", "/etc/systemd/system/sshd.service"
    release = {"/usr" + unit: UNIT % "/bin/bash", "/usr" + alias: "-> /usr/lib/systemd/system/ssh.service"}
    moving = move({unit: "-> /dev/null", alias: "-> /dev/null"}, release)
    moving.carry()
    assert links(moving) == {"agent.service": "/dev/null", "sshd.service": "/dev/null"}


def test_a_unit_that_is_linked_from_elsewhere_is_copied(move):
    """Its directory is mounted after systemd has read its units."""
    path = "/etc/systemd/system/agent.service"
    moving = move(
        {
            path: "-> /opt/agent/agent.service",
            "/opt/agent/agent.service": UNIT % "/opt/agent/run",
            "/opt/agent/run": "x",
            "/etc/systemd/system/multi-user.target.wants/agent.service": "-> /opt/agent/agent.service",
            "/etc/systemd/system/gone.service": "-> /opt/gone.service",
        }
    )
    made = moving.carry()
    assert moving.read(path) == UNIT % "/opt/agent/run"
    assert links(moving) == {"multi-user.target.wants/agent.service": path}
    record = moving.records()[path, "create"]
    assert record["source"] == path and record["lost"].startswith("a link to /opt/agent/agent.service")
    assert lefts(made)["/etc/systemd/system/gone.service"] == "the release has no gone.service"


def test_our_own_units_stay_without_a_word(move):
    ours = "/etc/systemd/system/osmigrate-report.service"
    link = "/etc/systemd/system/multi-user.target.wants/osmigrate-report.service"
    moving = move({ours: UNIT % "/bin/bash", link: "-> ../osmigrate-report.service"})
    made = moving.carry()
    assert links(moving) == {}
    assert (made.unknown, set(lefts(made)) & {ours, link}) == ([], set())


def test_a_unit_that_the_release_brings_itself(move):
    name = "/etc/systemd/system/kubelet.service"
    link = "/etc/systemd/system/multi-user.target.wants/kubelet.service"
    moving = move(
        {name: UNIT % "/usr/local/bin/kubelet", link: "-> " + name},
        {"/usr/lib/systemd/system/kubelet.service": UNIT % "/usr/bin/kubelet"},
    )
    made = moving.carry()
    assert lefts(made)[name] == (
        "the release brings its own kubelet.service, which starts /usr/bin/kubelet; "
        "the node's starts /usr/local/bin/kubelet"
    )
    assert [left.path for left in made.left if left.kind == model.OTHER_PROGRAM] == [name]
    assert links(moving) == {"multi-user.target.wants/kubelet.service": "/usr/lib/systemd/system/kubelet.service"}


def test_a_unit_that_overrides_one_of_a_package_overrides_the_releases_too(move):
    moving = move(
        {"/etc/systemd/system/ssh.service": UNIT % "/bin/bash", "/lib/systemd/system/ssh.service": "x"},
        {"/usr/lib/systemd/system/ssh.service": "y"},
    )
    moving.carry()
    assert moving.read("/etc/systemd/system/ssh.service") == UNIT % "/bin/bash"


def test_the_account_of_a_unit_comes_along(move):
    moving = move({"/etc/systemd/system/agent.service": UNIT % "/bin/bash" + "User=agent\nGroup=agents\n"})
    for name, line in (("passwd", "agent:x:200:201::/:/bin/bash\n"), ("group", "agents:x:201:\n")):
        path = moving.incumbent / "etc" / name
        path.write_text(path.read_text() + line)
    moving.carry()
    assert "agent:x:200:201::/:/bin/bash\n" in moving.read("/etc/passwd")
    assert "agents:x:201:\n" in moving.read("/etc/group")


# --- trust and alternatives


def test_certificates_end_up_in_the_bundle_of_the_release(move):
    moving = move(
        {
            "/usr/local/share/ca-certificates/site/ca.crt": "-----BEGIN CERTIFICATE-----\nmine",
            "/usr/local/share/ca-certificates/README": "x",
        },
        {"/usr/etc/ssl/certs/ca-certificates.crt": "-----BEGIN CERTIFICATE-----\ntheirs\n"},
    )
    moving.carry()
    assert moving.read("/etc/ssl/certs/ca-certificates.crt") == (
        "-----BEGIN CERTIFICATE-----\ntheirs\n-----BEGIN CERTIFICATE-----\nmine\n"
    )


def test_a_binary_certificate_becomes_text(move):
    moving = move(
        {"/etc/pki/ca-trust/source/anchors/site.der": b"\x30\x82\x01\x00binary"},
        {"/usr/etc/ssl/certs/ca-certificates.crt": "theirs\n"},
        families=("el", "debian"),
    )
    moving.carry()
    assert moving.read("/etc/ssl/certs/ca-certificates.crt").splitlines() == [
        "theirs",
        "-----BEGIN CERTIFICATE-----",
        "MIIBAGJpbmFyeQ==",
        "-----END CERTIFICATE-----",
    ]


def test_alternatives_that_a_person_chose(move):
    moving = move(
        {
            "/var/lib/dpkg/alternatives/iptables": (
                "manual\n/usr/sbin/iptables\niptables-save\n/usr/sbin/iptables-save\n\n/usr/sbin/iptables-legacy\n10\n"
            ),
            "/etc/alternatives/iptables": "-> /usr/sbin/iptables-legacy",
            "/etc/alternatives/iptables-save": "-> /usr/sbin/iptables-legacy-save",
            "/var/lib/dpkg/alternatives/editor": "auto\n/usr/bin/editor\n\n",
            "/etc/alternatives/editor": "-> /bin/ed",
            "/var/lib/dpkg/alternatives/pager": "manual\n/usr/bin/pager\n\n",
            "/etc/alternatives/pager": "-> /bin/less",
        },
        {
            "/usr/sbin/iptables-legacy": "x",
            "/usr/sbin/iptables-legacy-save": "x",
            "/usr/etc/alternatives/iptables": "-> /usr/sbin/iptables-nft",
        },
    )
    made = moving.carry()
    directory = moving.deployment / "etc/alternatives"
    assert {path.name: str(path.readlink()) for path in directory.iterdir()} == {
        "iptables": "/usr/sbin/iptables-legacy",
        "iptables-save": "/usr/sbin/iptables-legacy-save",
    }
    assert lefts(made)["/etc/alternatives/pager"] == "the release has no /bin/less"


@pytest.mark.parametrize(
    ("link", "file", "kept"),
    [
        ("/var/run/NetworkManager/resolv.conf", "/run/NetworkManager/resolv.conf", False),
        ("/etc/resolvconf/run/resolv.conf", "/run/resolvconf/resolv.conf", False),
        ("resolv.conf.static", "/etc/resolv.conf.static", False),
        ("/opt/dns/resolv.conf", "/opt/dns/resolv.conf", True),
    ],
)
def test_resolv_conf_behind_links(move, link, file, kept):
    moving = move(
        {
            "/etc/resolv.conf": "-> " + link,
            "/var/run": "-> /run",
            "/etc/resolvconf/run": "-> /run/resolvconf",
            file: "nameserver 10.0.0.1\n",
        }
    )
    moving.carry()
    path = moving.deployment / "etc/resolv.conf"
    if kept:
        assert str(path.readlink()) == link
    else:
        assert not path.is_symlink() and path.read_text() == "nameserver 10.0.0.1\n"
        assert "now a fixed file" in moving.records()["/etc/resolv.conf", "create"]["lost"]


# --- what is empty, unreadable or gone


def test_an_empty_file_that_hides_one_of_the_release_or_forbids_comes_along(move):
    moving = move(
        {"/etc/sysctl.d/50-a.conf": "", "/etc/sysctl.d/60-b.conf": "", "/etc/cron.allow": ""},
        {"/usr/lib/sysctl.d/50-a.conf": "vm.swappiness = 1\n", "/usr/etc/motd": "welcome\n", "/usr/sbin/cron": ""},
        packages={"/etc/motd": ("", "shipped\n")},
    )
    made = moving.carry()
    assert [moving.read(path) for path in ("/etc/sysctl.d/50-a.conf", "/etc/cron.allow", "/etc/motd")] == [""] * 3
    assert not (moving.deployment / "etc/sysctl.d/60-b.conf").exists()
    assert made.unknown == []


def test_a_file_fail_that_cannot_be_read(move, monkeypatch):
    moving = move({"/etc/sysctl.d/60-a.conf": "vm.swappiness = 1\n"})
    read = Tree.read
    broken = "/etc/sysctl.d/60-a.conf"
    monkeypatch.setattr(Tree, "read", lambda tree, name: None if name == broken else read(tree, name))
    with pytest.raises(FleetError, match="60-a.conf cannot be read"):
        moving.plan()


def test_a_configuration_file_that_somebody_removed_is_named(move):
    path = "/etc/cron.d/popularity-contest"
    moving = move({}, {"/usr" + path: "x"}, packages={path: ("x", "x"), "/etc/cron.d/gone": ("x", "x")})
    (moving.incumbent / path.strip("/")).unlink()
    (moving.incumbent / "etc/cron.d/gone").unlink()
    found = lefts(moving.plan())
    assert found[path] == "removed on the node; the release brings it"
    assert "/etc/cron.d/gone" not in found


def test_two_files_for_one_place(move):
    """An administrator's own drop-in may have the name that the changed main file gets."""
    moving = move(
        {"/etc/sysctl.d/99-sysctl.conf": "vm.swappiness = 1\n"},
        packages={"/etc/sysctl.conf": ("vm.swappiness = 2\n", "# shipped\n")},
    )
    made = moving.carry()
    assert moving.read("/etc/sysctl.d/99-sysctl.conf") == "vm.swappiness = 1\n"
    reason = "its place /etc/sysctl.d/99-sysctl.conf on the candidate is taken"
    assert lefts(made)["/etc/sysctl.conf"] == reason


def test_libraries_of_an_administrator_are_named(move):
    found = lefts(move({"/etc/ld.so.conf.d/agent.conf": "/opt/agent/lib\n"}).plan())
    assert "run ldconfig" in found["/etc/ld.so.conf.d/agent.conf"]


# --- drop-ins that have company


def test_what_a_drop_in_overrides_stays_overridden(move):
    moving = move(
        {"/etc/systemd/journald.conf.d/10-size.conf": "[Journal]\nSystemMaxUse=2G\n"},
        packages={"/etc/systemd/journald.conf": ("[Journal]\nSystemMaxUse=1G\nCompress=no\n", "[Journal]\n")},
    )
    moving.carry()
    text = moving.read("/etc/systemd/journald.conf.d/90-osmigrate.conf")
    assert "Compress=no" in text and "SystemMaxUse" not in text


def test_a_main_file_fail_that_its_drop_ins_override_wholly(move):
    moving = move(
        {"/etc/systemd/journald.conf.d/10-size.conf": "[Journal]\nSystemMaxUse=2G\n"},
        packages={"/etc/systemd/journald.conf": ("[Journal]\nSystemMaxUse=1G\n", "[Journal]\n")},
    )
    assert lefts(moving.plan())["/etc/systemd/journald.conf"] == "its drop-ins say all of it otherwise"


def test_no_proxy_is_shown_and_no_mode_is_widened(move):
    secret = "http_proxy=http://user:SEKRET@proxy\n"
    moving = move(
        {
            "/etc/profile.d/proxy.sh": "export " + secret,
            "/etc/systemd/system.conf.d/proxy.conf": "[Manager]\nDefaultEnvironment=" + secret,
        },
        packages={
            "/etc/systemd/system.conf": ("[Manager]\nDefaultEnvironment=" + secret, "[Manager]\n"),
            "/etc/sysctl.conf": ("x.y = SEKRET\n", "# shipped\n"),
        },
    )
    (moving.incumbent / "etc/sysctl.conf").chmod(0o600)
    made = moving.plan()
    shown = apply.differences(moving.changes(made))
    assert [found["after_header"] for found in shown if "SEKRET" in found["after"]] == []
    moving.carry()
    assert moving.mode("/etc/sysctl.d/99-sysctl.conf") == 0o600


def sshd(move, text, drop_in="", release=SHIPPED, files=None):
    """Return the Move of a node whose sshd_config reads text."""
    incumbent = dict({"/etc/ssh/sshd_config.d/50-cloud-init.conf": drop_in} if drop_in else {}, **(files or {}))
    release = {"/usr/etc/ssh/sshd_config": release, "/usr/sbin/sshd": "x"}
    return move(incumbent, release, packages={"/etc/ssh/sshd_config": (text, SHIPPED)})


@pytest.mark.parametrize("text", ["PasswordAuthentication no\n" + SHIPPED, "PasswordAuthentication no\nUsePAM yes\n"])
def test_what_sshd_reads_before_its_drop_ins_goes_before_them(move, text):
    moving = sshd(move, text, "PasswordAuthentication yes\n")
    moving.carry()
    directory = moving.deployment / "etc/ssh/sshd_config.d"
    names = sorted(path.name for path in directory.iterdir())
    first = [name for name in names if "PasswordAuthentication" in (directory / name).read_text()][0]
    assert (directory / first).read_text().splitlines()[1:] == ["PasswordAuthentication no"]


def test_sshd_settings_fail_where_the_release_includes_no_drop_ins(move):
    moving = sshd(move, SHIPPED + "Port 2222\n", release="UsePAM yes\n")
    record = moving.records()["/etc/ssh/sshd_config.d/99-osmigrate.conf", "create"]
    assert record["lost"].startswith("the release's sshd_config does not include it")


def test_a_subsystem_fail_that_is_another_one(move):
    text = SHIPPED.replace("/usr/lib/openssh/sftp-server", "internal-sftp")
    assert lefts(sshd(move, text).plan())["/etc/ssh/sshd_config"] == "Subsystem sftp stays as the release has it"


def test_files_that_sshd_settings_name_come_along(move):
    """Without those of RevokedKeys nobody is let in, without host keys sshd does not start."""
    files = {
        "/etc/ssh/revoked": "x",
        "/etc/ssh/people/ops": ("x", 0o600),
        "/etc/keys/host": ("SEKRET", 0o600),
        "/etc/ssh/site/a.conf": "MaxAuthTries 3\n",
    }
    text = SHIPPED + (
        'RevokedKeys "/etc/ssh/revoked"\nAuthorizedKeysFile .ssh/authorized_keys /etc/ssh/people/%u\n'
        "HostKey=/etc/keys/host\nInclude site/*.conf\nInclude /etc/crypto-policies/x.config\n"
    )
    moving = sshd(move, text, files=files)
    made = moving.carry()
    assert {path: moving.mode(path) for path in files} == {
        "/etc/ssh/revoked": 0o644,
        "/etc/ssh/people/ops": 0o600,
        "/etc/keys/host": 0o600,
        "/etc/ssh/site/a.conf": 0o644,
    }
    said = moving.read("/etc/ssh/sshd_config.d/99-osmigrate.conf")
    assert "Include site/*.conf" in said and "crypto-policies" not in said
    assert made.unknown == []


# --- certificates


PEM = "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
BUNDLE = {"/usr/etc/ssl/certs/ca-certificates.crt": "theirs\n"}


def test_no_private_key_gets_into_the_bundle(move):
    text = "x\n" + PEM % "a" + "-----BEGIN PRIVATE KEY-----\nSEKRET\n-----END PRIVATE KEY-----\n" + PEM % "b"
    moving = move({"/usr/local/share/ca-certificates/a.crt": text}, BUNDLE)
    moving.carry()
    assert moving.read("/etc/ssl/certs/ca-certificates.crt") == "theirs\n" + PEM % "a" + PEM % "b"


def test_a_certificate_of_the_nodes_own_service_comes_along(move):
    own = "/etc/ssl/certs/agent.pem"
    moving = move(
        {
            own: (PEM % "agent", 0o640),
            "/etc/ssl/certs/made.pem": "-> /usr/share/ca-certificates/made.crt",
            "/etc/ssl/certs/ca-certificates.crt": "all of them\n",
        },
        BUNDLE,
    )
    moving.carry()
    assert moving.read(own) == PEM % "agent" and moving.mode(own) == 0o640
    assert moving.read("/etc/ssl/certs/ca-certificates.crt") == "theirs\n"
    assert not (moving.deployment / "etc/ssl/certs/made.pem").is_symlink()


def test_an_authority_fail_that_somebody_refused(move):
    files = {
        "/etc/ca-certificates.conf": "# x\nmozilla/A.crt\n!mozilla/B.crt\n!mozilla/Gone.crt\n",
        "/usr/share/ca-certificates/mozilla/B.crt": "x",
    }
    found = lefts(move(files).plan())
    assert found["/etc/ca-certificates.conf: !mozilla/B.crt"] == "authorities that are refused are not carried"
    assert not any("Gone" in path for path in found)


def test_an_authority_fail_without_a_bundle(move):
    path = "/usr/local/share/ca-certificates/a.crt"
    assert lefts(move({path: PEM % "a"}).plan())[path] == "the release has no /etc/ssl/certs/ca-certificates.crt"
