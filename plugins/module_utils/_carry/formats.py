# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a carried text names besides itself: one reader for each format, over the text alone. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines

# Kinds of what is named. A FILE is read by the program whose file names it, or everything below it; a MENTIONED one
# only where it is a file that an administrator made. A PLUGIN is one of CNI, by its type. A HELPER is
# that of a file system, by the name of its type.
FILE, MENTIONED, PROGRAM, PLUGIN, HELPER, USER, GROUP, UNIT, MODULE = (
    "file",
    "mentioned",
    "program",
    "plugin",
    "helper",
    "user",
    "group",
    "unit",
    "module",
)
FSTAB, CRYPTTAB = "/etc/fstab", "/etc/crypttab"
CRYPT_KEYS = "/etc/cryptsetup-keys.d/%s.key"
# Where udev looks for a program that is given without a path.
UDEV_PROGRAMS = "/usr/lib/udev/"
# By the socket that kubelet is told: who listens there.
RUNTIMES = (("containerd", "containerd"), ("crio", "crio"), ("cri-dockerd", "cri-dockerd"))
KUBELET_FILES = (
    "resolvConf staticPodPath clientCAFile tlsCertFile tlsPrivateKeyFile kubeconfig bootstrap-kubeconfig config "
    "resolv-conf pod-manifest-path client-ca-file tls-cert-file tls-private-key-file image-credential-provider-config "
    "image-credential-provider-bin-dir config-dir root-ca-file certificate-authority client-certificate client-key "
    "tokenFile imageCredentialProviderConfigPath imageCredentialProviderBinDir volumePluginDir volume-plugin-dir"
).split()
# Settings of units that make directories and files of the system seen, or hand them out.
BOUND = ("BindPaths", "BindReadOnlyPaths", "PathChanged", "PathModified", "PathExists", "PathExistsGlob")
# What begins a script of logrotate.
SCRIPTS = ("prerotate", "postrotate", "firstaction", "lastaction", "preremove")
SSHD_USERS = ("authorizedkeyscommanduser", "authorizedprincipalscommanduser")
SSHD_PROGRAMS = ("authorizedkeyscommand", "authorizedprincipalscommand", "forcecommand")
CREDENTIALS = ("credentials", "cred", "secretfile", "keyfile")
# Options of mounts that name who has what is mounted.
MOUNT_USERS, MOUNT_GROUPS = ("uid", "fsuid", "cruid", "backupuid"), ("gid", "fsgid", "backupgid")
# A path of the system or of /etc, which ends where a shell would end it.
_PATH = r"""(?<![\w./-])/(?:etc|usr|lib|lib64|bin|sbin)/[^\s"'`;:,<>|&()\[\]{}=$*?\\]+"""
# A drop-in of one unit, and not of all of a kind or of those whose names begin alike.
_DROP_IN = re.compile(r"/etc/systemd/system/([^/]*[^/-]\.[a-z]+)\.d/[^/]+\.conf\Z")
NAME = r"([A-Za-z_][A-Za-z0-9_.-]*\$?)"


class Named(typing.NamedTuple):
    kind: str
    name: str


Found = typing.Iterator[Named]


def names(target: str, text: str) -> typing.List[Named]:
    """Return what a text names that will lie at a place of the candidate, each once.

    :param target: path on the candidate, by which the format is known.
    :param text: the text as the candidate will have it; of fstab one line is enough.
    """
    reader = next((reader for place, reader in _PLACES if place.match(target)), nothing)
    changed = _DROP_IN.match(target)
    return sorted(set(reader(text)) | ({Named(UNIT, changed.group(1))} if changed is not None else set()))


def mentioned(text: str) -> Found:
    """Files of /etc that a script or a file of settings names somewhere; of a script also those of the system."""
    interpreter = re.match(r"#!\s*(/\S+)(?:[ \t]+(\S+))?", text)
    if interpreter is not None:
        is_env = os.path.basename(interpreter.group(1)) == "env" and interpreter.group(2)
        yield Named(PROGRAM, interpreter.group(2)) if is_env else Named(MENTIONED, interpreter.group(1))
        for line in _lines.unit(text):
            yield from _command(line)
    for line in _lines.unit(text):
        for path in re.findall(r"""(?<![\w./-])/etc/[^\s"'`;:,<>|&()\[\]{}=$*?\\]+""", line):
            yield Named(MENTIONED, path.rstrip("/."))


def _command(text: str) -> Found:
    """Paths in a command, whoever runs it: what a shell is given, what env starts, arguments."""
    for path in re.findall(_PATH, text):
        yield Named(MENTIONED, path.rstrip("/."))


def unit(text: str) -> Found:
    """A unit of systemd or a drop-in of one."""
    mounted: typing.Dict[str, str] = {}
    for line in _lines.unit(text):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            continue
        words = _lines.words(value)
        if key.startswith("Exec") and words:
            program = words[0].lstrip("-@:+!|")
            if re.match(r"[\w/.-]+\Z", program):
                yield Named(PROGRAM, program)
            yield from _command(value[len(words[0]) :])
            for path in re.findall(r"(?<![\w./-])/etc/[^\s\"';,]+", value[len(words[0]) :]):
                yield Named(FILE, _any(path))
        elif key in ("User", "SocketUser"):
            yield from _accounts(USER, words)
        elif key in ("Group", "SupplementaryGroups", "SupplementaryGroup", "Groups", "SocketGroup"):
            yield from _accounts(GROUP, words)
        elif key in ("EnvironmentFile", "RootDirectory", "RootImage", "WorkingDirectory") or (
            key.startswith(("ConditionPath", "ConditionFile", "ConditionDirectory", "AssertPath", "AssertFile"))
            and not value.lstrip("|").startswith("!")
        ):
            yield Named(FILE, _any(value.lstrip("-+|").strip('"')))
        elif key in ("LoadCredential", "LoadCredentialEncrypted"):
            yield Named(FILE, _any(value.partition(":")[2]))
        elif key in BOUND:
            for word in words:
                yield Named(FILE, word.lstrip("-+").partition(":")[0])
        elif key == "PAMName":
            yield Named(FILE, "/etc/pam.d/" + value)
        elif key == "Environment":
            yield from kubelet(value)
        elif key in ("Unit", "Service", "Requires", "Requisite", "BindsTo"):
            for name in words:
                if "%" not in name:
                    yield Named(UNIT, name)
        elif key in ("What", "Where", "Type", "Options"):
            mounted[key] = value
    if "What" in mounted:
        fields = [mounted.get(key, other) for key, other in (("What", ""), ("Where", "/"), ("Type", "auto"))]
        yield from mount(*(fields + [mounted.get("Options", "")]))


def mount(_spec: str, _place: str, fstype: str, options: str) -> Found:
    """One mount, by the fields of fstab."""
    yield Named(HELPER, fstype)
    for option in options.split(","):
        key, _equals, value = option.partition("=")
        if key in CREDENTIALS and value.startswith("/"):
            yield Named(FILE, value)
        elif key in ("x-systemd.requires", "x-systemd.after") and value and not value.startswith("/"):
            yield Named(UNIT, value)
        elif key in MOUNT_USERS:
            yield from _accounts(USER, [value])
        elif key in MOUNT_GROUPS:
            yield from _accounts(GROUP, [value])


def fstab(text: str) -> Found:
    """Lines of fstab."""
    for line in _lines.unit(text):
        fields = _lines.words(line)
        if len(fields) >= 3:
            yield from mount(*(fields + ["defaults"])[:4])


def crypttab(text: str) -> Found:
    """Encrypted devices and their keys."""
    for line in _lines.unit(text):
        fields = (_lines.words(line) + ["-", "-", ""])[:4] if len(_lines.words(line)) > 1 else []
        if not fields:
            continue
        key = fields[2]
        if key in ("-", "none"):
            yield Named(FILE, CRYPT_KEYS % fields[0])
        elif not key.startswith("/dev/"):
            yield Named(FILE, key)
        for option in fields[3].split(","):
            name, _equals, value = option.partition("=")
            if name == "keyscript":
                yield Named(PROGRAM, value)
            elif name == "header" and not value.startswith("/dev/"):
                yield Named(FILE, value)


def sshd(text: str) -> Found:
    """Settings of sshd; the files among them are carried by dropins.py."""
    for line in _lines.unit(text):
        words = _lines.words(line.replace("=", " ", 1)) or [""]
        if words[0].lower() in SSHD_USERS:
            yield from _accounts(USER, words[1:2])
        elif words[0].lower() in SSHD_PROGRAMS and len(words) > 1 and words[1].startswith("/"):
            yield Named(PROGRAM, words[1])


def nftables(text: str) -> Found:
    """Included files; without a path in front nft looks in /etc."""
    for path in re.findall(r"""(?m)^\s*include\s+["']([^"']+)["']""", text):
        yield Named(FILE, path if path.startswith("/") else os.path.normpath(os.path.join("/etc", path)))


def manifest(text: str) -> Found:
    """What static pods mount of the node, in YAML of either style or in JSON."""
    plain = re.sub(r"(?m)(?:^|[ \t])#.*$", "", text)
    for inside in re.findall(r"""hostPath["']?\s*:\s*(\{[^}]*\}|(?:\s*(?:type|path)\s*:[^\n]*){1,2})""", plain):
        for path in re.findall(r"""\bpath["']?\s*:\s*["']?([^\s"',}]+)""", inside):
            yield Named(FILE, path)


def kubelet(text: str) -> Found:
    """Kubelet's configuration, as file or as flags."""
    for key, value in re.findall(r"""(?m)([A-Za-z-]+)["']?\s*[:=]\s*["']?((?:unix://)?/[^\s"',}\]]+)""", text):
        key = key.lstrip("-")
        if key in KUBELET_FILES:
            yield Named(FILE, value)
        elif key == "command":
            yield Named(PROGRAM, value)
        elif key in ("containerRuntimeEndpoint", "container-runtime-endpoint"):
            socket = os.path.basename(value)
            for program in [program for sign, program in RUNTIMES if sign in socket][:1]:
                yield Named(PROGRAM, program)


def runtime(text: str) -> Found:
    """Configuration of containerd, CRI-O or docker: programs of runtimes, and files."""
    for line in _lines.unit(text):
        key, _sign, value = line.partition("=" if "=" in line else ":")
        key, value = key.strip().strip('"'), value.strip().rstrip(",").strip("\"' ")
        shim = re.match(r"io\.containerd\.(\w+)\.(v\d+)$", value)
        if key in ("BinaryName", "runtime_path", "conmon", "default-runtime-path") and value:
            yield Named(PROGRAM, value)
        elif key == "runtime_type" and shim and shim.group(2) != "v1":
            yield Named(PROGRAM, f"containerd-shim-{shim.group(1)}-{shim.group(2)}")
        else:
            for path in re.findall(r"""["'](/[^"']+)["']""", line):
                for one in path.split(":") if key == "config_path" else [path]:
                    yield Named(FILE, one)


def sudoers(text: str) -> Found:
    """Users and groups that get rights, or as whom they may act, and included files."""
    # What includes another file has the sign of a comment in older versions.
    for path in re.findall(r"(?m)^[@#]include(?:dir)?\s+(/\S+)", text):
        yield Named(FILE, _any(path))
    for line in _lines.unit(text):
        head, _equals, rest = line.partition("=")
        if re.match(r"(User|Runas)_Alias\s", head):
            words = re.split(r"[\s,:=]+", rest)
        elif head.startswith(("Defaults", "Host_Alias", "Cmnd_Alias", "@")):
            words = re.findall(rf"^Defaults[:>]{NAME}", head)
        else:
            # Everything before the hosts, which are the last word.
            words = re.split(r"[\s,]+", head)[:-1] + re.split(r"[\s,:]+", " ".join(re.findall(r"\(([^)]*)\)", rest)))
            yield from _accounts(GROUP, re.findall(rf":\s*{NAME}", " ".join(re.findall(r"\(([^)]*)\)", rest))))
        yield from _accounts(GROUP, [word.lstrip("!")[1:] for word in words if word.lstrip("!")[:1] == "%"])
        yield from _accounts(USER, [word.lstrip("!") for word in words])


def logrotate(text: str) -> Found:
    """As whom it rotates, to whom files are given, and what its scripts run."""
    is_script = False
    for line in _lines.unit(text):
        words = _lines.words(line)
        is_script = words[0] in SCRIPTS or (is_script and words[0] != "endscript")
        if is_script:
            yield from _command(line)
            continue
        if words[0] in ("create", "createolddir", "su"):
            owners = [word for word in words[1:] if not word.isdigit()]
            yield from _accounts(USER, owners[:1])
            yield from _accounts(GROUP, owners[1:2])
        elif words[0] == "include" and len(words) > 1:
            yield Named(FILE, words[1])


def tmpfiles(text: str) -> Found:
    """Owners of what is made at boot, and what is copied or linked."""
    for line in _lines.unit(text):
        fields = _lines.quoted(line)
        yield from _accounts(USER, [word.lstrip(":") for word in fields[3:4]])
        yield from _accounts(GROUP, [word.lstrip(":") for word in fields[4:5]])
        if fields[0][:1] in ("L", "C") and len(fields) > 6:
            yield Named(FILE, fields[6])
        elif fields[0][:1] in ("a", "A"):
            listed = [(USER, "u", "user"), (GROUP, "g", "group")]
            for kind, sign, word in listed:
                yield from _accounts(kind, re.findall(rf"(?:^|[,:])(?:{sign}|{word}):([^:,]+):", ",".join(fields[6:])))


def limits(text: str) -> Found:
    """For whom limits are."""
    for line in _lines.unit(text):
        word = _lines.words(line)[0]
        yield from _accounts(GROUP if word.startswith("@") else USER, [word.lstrip("@")])


def sysusers(text: str) -> Found:
    """Accounts that a service makes at boot, if they are not there."""
    for line in _lines.unit(text):
        words = _lines.words(line)
        if words[0][:1] in ("u", "m"):
            yield from _accounts(USER, words[1:2])
        if words[0][:1] in ("g", "m"):
            yield from _accounts(GROUP, words[1:2] if words[0][:1] == "g" else words[2:3])


def own_crontab(text: str) -> Found:
    """Programs of the table of a user, who is its name."""
    for line in _lines.unit(text):
        words = _lines.words(line)
        if not re.match(r"\w+\s*=", line):
            yield from _command(" ".join(words[1 if line.startswith("@") else 5 :]))


def udev(text: str) -> Found:
    """Owners of devices, and programs that rules start."""
    for line in _lines.unit(text):
        yield from _accounts(USER, re.findall(r'\bOWNER\s*:?=\s*"([^"]+)"', line))
        yield from _accounts(GROUP, re.findall(r'\bGROUP\s*:?=\s*"([^"]+)"', line))
        for path in re.findall(r'\bIMPORT\{file\}\s*=?=\s*"([^"]+)"', line):
            yield Named(FILE, path)
        for name in re.findall(r'\bENV\{SYSTEMD_(?:USER_)?WANTS\}\s*\+?=\s*"([^"$%]+)"', line):
            for word in _lines.words(name):
                yield Named(UNIT, word)
        for command in re.findall(r'\b(?:RUN(?:\{program\})?|PROGRAM|IMPORT\{program\})\s*[+:=]?=\s*"([^"\s]+)', line):
            if "$" not in command and "%" not in command:
                yield Named(PROGRAM, command if command.startswith("/") else UDEV_PROGRAMS + command)


def crontab(text: str) -> Found:
    """As whom jobs run, by which shell, and their programs."""
    for line in _lines.unit(text):
        words = _lines.words(line)
        place = 1 if line.startswith("@") else 5
        setting = re.match(r"(\w+)\s*=\s*[\"']?([^\s\"']*)", line)
        if setting is not None:
            if setting.group(1) == "SHELL":
                yield Named(PROGRAM, setting.group(2))
        elif len(words) > place + 1:
            yield Named(USER, words[place])
            if words[place + 1].startswith("/"):
                yield Named(PROGRAM, words[place + 1])
            yield from _command(" ".join(words[place + 2 :]))
    yield from mentioned(text)


def rsyslog(text: str) -> Found:
    """Whom files are given to, as whom it runs, and what it reads."""
    for key, value in re.findall(rf"""(?mi)^\s*\$(\w+)\s+{NAME}\s*$""", text):
        if key.lower().endswith(("owner", "droptouser")):
            yield Named(USER, value)
        elif key.lower().endswith(("group", "droptogroup")):
            yield Named(GROUP, value)
    yield from _accounts(USER, re.findall(r'(?i)\b(?:file|dir)owner\s*=\s*"([^"]+)"', text))
    yield from _accounts(GROUP, re.findall(r'(?i)\b(?:file|dir)group\s*=\s*"([^"]+)"', text))
    for program in re.findall(r'(?i)\bbinary\s*=\s*"(/[^"\s]+)', text):
        yield Named(PROGRAM, program)
    for path in re.findall(r"(?mi)^\s*\$IncludeConfig\s+(/\S+)", text):
        yield Named(FILE, path)
    yield from mentioned(text)


def sysctl(text: str) -> Found:
    """Programs that the kernel starts."""
    for program in re.findall(
        r"(?m)^\s*-?kernel[./](?:core_pattern|modprobe|poweroff_cmd|hotplug)\s*=\s*\|?(/\S+)", text
    ):
        yield Named(PROGRAM, program)


def cni(text: str) -> Found:
    """Plugins, also those that give addresses, and files that they read."""
    for name in re.findall(r'"type"\s*:\s*"([\w.-]+)"', text):
        yield Named(PLUGIN, name)
    for path in re.findall(r'"(?:kubeconfig|datastore_file|log_file)"\s*:\s*"(/[^"]+)"', text):
        yield Named(MENTIONED, path)


def kubeconfig(text: str) -> Found:
    """Certificates and keys, and the program that hands out tokens."""
    yield from kubelet(text)
    for program in re.findall(r"(?m)^\s*command\s*:\s*[\"']?([\w./-]+)", text):
        yield Named(PROGRAM, program)


def anything(text: str) -> Found:
    """A file whose place says nothing: by what it holds; other files name it as theirs."""
    for sign, reader in SIGNS:
        if re.search(sign, text):
            yield from reader(text)
    yield from mentioned(text)


def chrony(text: str) -> Found:
    """As whom chronyd runs, and the files and directories that it reads."""
    for line in _lines.unit(text):
        words = _lines.words(line)
        if words[0] == "user":
            yield from _accounts(USER, words[1:2])
        for path in [word for word in words[1:] if word.startswith("/etc/")]:
            yield Named(FILE, path)


def modules(text: str) -> Found:
    """Modules that are loaded at boot."""
    for line in _lines.unit(text):
        yield Named(MODULE, _lines.words(line)[0])


def modprobe(text: str) -> Found:
    """Programs by which modules are loaded."""
    for program in re.findall(r"(?m)^\s*(?:install|remove)\s+\S+\s+(/\S+)", text):
        yield Named(PROGRAM, program)


def nothing(_text: str) -> Found:
    """Lists of files to watch or to give away are no need of those files."""
    return iter(())


def _any(path: str) -> str:
    """Return a path with what systemd or sudo puts into it as a pattern."""
    return re.sub(r"%[A-Za-z]", "*", path)


def _accounts(kind: str, words: typing.Iterable[str]) -> Found:
    for word in words:
        # A number names whoever has it.
        if re.match(NAME + r"\Z", word) or word.isdigit():
            yield Named(kind, word)


# By what a file holds.
SIGNS: typing.List[typing.Tuple[str, typing.Callable[[str], Found]]] = [
    (r"\bhostPath\b", manifest),
    (r"\bKubeletConfiguration\b", kubelet),
    (r"\b(?:BinaryName|runtime_type|runtime_path)\b", runtime),
    (r"(?m)^\s*(?:table\s+\w+\s+\w+|include\s+\")", nftables),
]
# By the place on the candidate; the first that fits.
READERS: typing.List[typing.Tuple[str, typing.Callable[[str], Found]]] = [
    (FSTAB, fstab),
    (CRYPTTAB, crypttab),
    ("/etc/systemd/system/* /etc/systemd/user/*", unit),
    ("/etc/ssh/sshd_config /etc/ssh/sshd_config.d/*", sshd),
    ("/etc/nftables* /etc/sysconfig/nftables.conf *.nft", nftables),
    ("/etc/kubernetes/manifests/*", manifest),
    (
        "/var/lib/kubelet/* /etc/default/kubelet /etc/sysconfig/kubelet",
        kubelet,
    ),
    ("/etc/kubernetes/*.conf /etc/kubernetes/*.kubeconfig /etc/kubernetes/kubelet*", kubeconfig),
    ("/etc/cni/net.d/*", cni),
    ("/etc/sysctl.conf /etc/sysctl.d/*", sysctl),
    ("/etc/containerd/*.toml /etc/crio/* /etc/docker/daemon.json /etc/containers/*.conf", runtime),
    ("/etc/sudoers /etc/sudoers.d/*", sudoers),
    ("/etc/logrotate.conf /etc/logrotate.d/*", logrotate),
    ("/etc/tmpfiles.d/*", tmpfiles),
    ("/etc/sysusers.d/*", sysusers),
    ("/etc/security/limits.conf /etc/security/limits.d/*", limits),
    ("/var/spool/cron/*", own_crontab),
    ("/etc/udev/rules.d/*", udev),
    ("/etc/crontab /etc/cron.d/* /etc/anacrontab", crontab),
    ("/etc/rsyslog.d/*", rsyslog),
    ("/etc/chrony*", chrony),
    ("/etc/modules-load.d/*", modules),
    ("/etc/modprobe.d/*", modprobe),
    ("/etc/audit/* /etc/exports* /etc/hosts /etc/kubernetes/* /etc/cni/* /etc/ssh/*", nothing),
    ("/etc/*", anything),
]
_PLACES = [
    (re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns.split())), reader)
    for patterns, reader in READERS
]
