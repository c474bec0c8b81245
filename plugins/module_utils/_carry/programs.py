# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of a release that say whether they take the files which a node has carried: a table, and nothing else.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

# Where argv has the changed files, or one of them.
FILES = "{}"
# Where argv has the flags that kubelet's files say; kubelet ends with this word once it has taken all else.
FLAGS, KUBELET_ENDS = "{flags}", "lock file contention"
KUBELET_CONFIG = "/var/lib/kubelet/config.yaml"
# Files with flags of kubelet, as variables.
KUBELET_FLAGS = ("/var/lib/kubelet/kubeadm-flags.env", "/etc/default/kubelet", "/etc/sysconfig/kubelet")


class Program(typing.NamedTuple):
    """One program.

    name: how a finding is called after it. places: where it may lie, the first that exists counts. files: patterns; it
    is asked if the candidate has one of them otherwise than the release brings it. argv: its arguments; with FILES it
    gets the files, all at once or, if each, one by one. given: whether a file is its standard input. severity: of what
    it refuses. refused: what a line that refuses looks like; "" for all lines where it ends with an error. warned: what
    a line looks like that it goes on after. ignored: lines that mean nothing where it is asked. accepted: what it says
    it says when all is well, although it ends with an error. user: as whom it runs. lasts: seconds after which one is
    ended that never ends by itself. directories: what it needs below /run. effect: what it means if it refuses.
    effect if it refuses.
    """

    name: str
    places: str
    files: str
    argv: typing.Tuple[str, ...]
    severity: str
    effect: str
    each: bool = False
    given: bool = False
    refused: str = ""
    warned: str = ""
    ignored: str = ""
    accepted: str = ""
    user: str = "root"
    lasts: int = 0
    directories: typing.Tuple[str, ...] = ()


_SYSTEMD = r"Unknown (?:key|section|lvalue)|[Ii]gnoring|[Ff]ailed to parse|Invalid"
# There are no sets of ipset where it is asked. Whatever it refuses is named in the line before that of its number.
_IPTABLES = r"^Try |Set \S+ doesn't exist|^Error occurred at line"
_KINDS = "service socket timer mount path target slice".split()
_UNITS = " ".join(f"/etc/systemd/system/*.{kind}" for kind in _KINDS)
PROGRAMS = [
    Program(
        "sshd",
        "/usr/sbin/sshd",
        "/etc/ssh/sshd_config /etc/ssh/sshd_config.d/*",
        ("-t",),
        "inhibitor",
        "nobody can log in by ssh",
        directories=("sshd",),
    ),
    Program(
        "visudo",
        "/usr/sbin/visudo",
        "/etc/sudoers /etc/sudoers.d/*",
        ("-c",),
        "inhibitor",
        "nobody gets the rights of these files, or nobody gets any",
        ignored="parsed OK",
    ),
    Program(
        "containerd",
        "/usr/bin/containerd /usr/local/bin/containerd",
        "/etc/containerd/*.toml /etc/containerd/*/*.toml",
        ("config", "dump"),
        "inhibitor",
        "containerd does not start",
        warned="level=warning",
    ),
    Program(
        "crio",
        "/usr/bin/crio /usr/local/bin/crio",
        "/etc/crio/crio.conf /etc/crio/crio.conf.d/*",
        ("config",),
        "inhibitor",
        "CRI-O does not start",
        refused="level=(?:fatal|error)",
        warned="level=warning",
    ),
    Program(
        "dockerd",
        "/usr/bin/dockerd /usr/sbin/dockerd",
        "/etc/docker/daemon.json",
        ("--validate", "--config-file=/etc/docker/daemon.json"),
        "inhibitor",
        "docker does not start",
        refused="^unable to",
        warned="^DEPRECATED|[Dd]eprecated",
    ),
    Program(
        "kubelet",
        "/usr/bin/kubelet /usr/local/bin/kubelet",
        " ".join((KUBELET_CONFIG,) + KUBELET_FLAGS),
        ("--exit-on-lock-contention", "--cert-dir=/run/osmigrate-kubelet", FLAGS),
        "inhibitor",
        "kubelet does not start",
        refused=r'"command failed"|^panic: ',
        warned=r"strict decoding|[Dd]eprecated|DEPRECATED",
        ignored="cgroup v1",
        accepted=KUBELET_ENDS,
    ),
    Program(
        "nft",
        "/usr/sbin/nft",
        "/etc/nftables.conf /etc/nftables.d/* /etc/nftables/* /etc/sysconfig/nftables.conf",
        ("-c", "-f", FILES),
        "high",
        "the node has no firewall",
        each=True,
        refused=r"Error:",
        # There are no devices where it is asked.
        ignored="Interface does not exist",
    ),
    Program(
        "iptables-restore",
        "/usr/sbin/iptables-restore",
        "/etc/iptables/rules.v4 /etc/sysconfig/iptables",
        ("--test", FILES),
        "high",
        "the node has no firewall",
        ignored=_IPTABLES,
        each=True,
    ),
    Program(
        "ip6tables-restore",
        "/usr/sbin/ip6tables-restore",
        "/etc/iptables/rules.v6 /etc/sysconfig/ip6tables",
        ("--test", FILES),
        "high",
        "the node has no firewall for IPv6",
        ignored=_IPTABLES,
        each=True,
    ),
    Program(
        "netplan",
        "/usr/sbin/netplan",
        "/etc/netplan/*.yaml",
        ("generate",),
        "high",
        "the network of these files is not configured",
        refused=r"^/etc/netplan/\S+:\d+:\d+:|^Error|^Cannot",
    ),
    Program(
        "nmcli",
        "/usr/bin/nmcli",
        "/etc/NetworkManager/system-connections/*",
        ("--offline", "connection", "modify", "connection.autoconnect-priority", "0"),
        "high",
        "the connection of this file does not come up",
        each=True,
        given=True,
        refused=r"Error:",
    ),
    Program(
        "NetworkManager",
        "/usr/sbin/NetworkManager",
        "/etc/NetworkManager/NetworkManager.conf /etc/NetworkManager/conf.d/*",
        ("--print-config",),
        "high",
        "NetworkManager does not start",
    ),
    Program(
        "networkd",
        "/usr/lib/systemd/systemd-networkd /lib/systemd/systemd-networkd",
        "/etc/systemd/network/*.network /etc/systemd/network/*.netdev /etc/systemd/network/*/*.conf",
        (),
        "high",
        "the network of these lines is not configured",
        refused=rf"/(?:etc|run|usr/lib)/systemd/network/.*(?:{_SYSTEMD})",
        user="systemd-network",
        lasts=2,
        directories=("systemd/netif/links", "systemd/netif/leases", "systemd/netif/lldp"),
    ),
    Program(
        "udevadm",
        "/usr/bin/udevadm",
        "/etc/udev/rules.d/*.rules",
        ("verify", "--no-style", FILES),
        "medium",
        "these rules are not applied",
        refused=r":\d+ |[Ff]ailed",
        ignored="Unknown (?:user|group)|udev rules check failed",
    ),
    Program(
        "systemd-analyze",
        "/usr/bin/systemd-analyze",
        _UNITS,
        ("verify", "--man=no", "--recursive-errors=no", FILES),
        "medium",
        "these units do not do what they say",
        # Units that the boot makes are not there.
        ignored=r"Failed to (?:connect|open|initialize|prepare)|is not executable: No such file|\.mount: Unit",
    ),
    Program(
        "systemd-tmpfiles",
        "/usr/bin/systemd-tmpfiles",
        "/etc/tmpfiles.d/*.conf",
        ("--dry-run", "--create", FILES),
        "medium",
        "these files are not made at boot",
        ignored="^Would |^Running create action",
    ),
    Program(
        "chronyd",
        "/usr/sbin/chronyd",
        "/etc/chrony/chrony.conf /etc/chrony.conf",
        ("-p", "-f", FILES),
        "medium",
        "the clock is not kept",
        refused="Fatal error|Could not|Invalid|Missing",
    ),
    Program(
        "logrotate",
        "/usr/sbin/logrotate",
        "/etc/logrotate.conf /etc/logrotate.d/*",
        ("-d", "/etc/logrotate.conf"),
        "medium",
        "logs of these files grow for ever",
        refused="error:",
        # What is yet to be written is not there, and nothing can be written.
        ignored="stat of|No such file|Read-only|state file",
    ),
    Program(
        "rsyslogd",
        "/usr/sbin/rsyslogd",
        "/etc/rsyslog.conf /etc/rsyslog.d/*.conf",
        ("-N1",),
        "medium",
        "logs of these files are not written",
        refused=r"error|invalid|unknown",
        ignored="End of config validation|config validation run",
    ),
    Program(
        "sysctl",
        "/usr/sbin/sysctl /sbin/sysctl",
        "/etc/sysctl.d/*.conf",
        ("--dry-run", "-p", FILES),
        "medium",
        "these parameters stay as they are",
        # It looks for names in the kernel that runs; sysctl.py says what is known of the candidate's.
        refused="invalid syntax",
        ignored="cannot stat",
    ),
]
