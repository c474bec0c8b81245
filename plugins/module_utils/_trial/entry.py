# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The boot entry of a root: how GRUB starts it, and what of its release the node remembers.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import arguments, grub, secureboot
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._osrelease import parse_os_release
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import grub_path, read_text

# Of a release, as far as its manifest has them.
REMEMBERED = ("name", "version", "created", "serial")


def of_root(
    root: contract.Root,
    release: contract.Release,
    candidate: contract.Candidate,
    running: typing.Sequence[typing.Tuple[str, typing.Optional[str]]],
    extra: typing.Sequence[str],
    signed_by: typing.Iterable[str],
) -> contract.Entry:
    """Return the boot entry of a complete root, an item of "entries" in docs/design.md, "State file".

    :param candidate: whose root it is; kernel and initramfs are read back.
    :param running: the kernel's arguments now, each with its value.
    :param extra: kernel arguments of the operator.
    :param signed_by: fingerprints of the keys whose signatures count.
    :raises FleetError: kernel or initramfs are not the release's, or this machine would not start that kernel.
    """
    name = schema.entry_id(release)
    refused = secureboot.refusal(root.kernel)
    if refused:
        raise FleetError(
            f"Secure Boot is on, and the kernel of {name} would not be started: {refused}",
            "It is not in the boot menu; the node serves on as it did",
            "Enrol the certificate that signed it ('mokutil --import', then confirm it at the console), take a release "
            "whose kernel this machine trusts, or turn Secure Boot off",
        )
    system = parse_os_release(read_text(os.path.join(root.path, "usr/lib/os-release")))
    machine_id = read_text("/etc/machine-id").strip()
    # A root mounts what its fstab names. systemd would otherwise take what its partition table suggests: an EFI system
    # partition for /boot, say.
    fixed = [*root.arguments, f"systemd.machine_id={machine_id}", "systemd.gpt_auto=0"]
    # What opens the incumbent's root is not what opens this one.
    own = {word.partition("=")[0] for word in root.arguments}
    if "rootflags" in dict(running) and _storage.filesystem("/").uuid not in ("", root.root_uuid):
        own.add("rootflags")  # what one file system is mounted by, another may refuse
    others = [(name, value) for name, value in running if name not in own]
    words = [*fixed, *arguments.carried(others, extra)]
    return {
        "id": name,
        "title": f"{grub.shown_title(system.get('PRETTY_NAME', '')) or release['name']} ({name})",
        "kernel": grub_path(root.kernel),
        "initrd": grub_path(root.initrd),
        **({"devicetree": grub_path(root.devicetree)} if root.devicetree else {}),
        "options": " ".join(words),
        "root_uuid": root.root_uuid,
        "boot_uuid": root.boot_uuid,
        "backend": root.backend,
        "release": {**{part: release[part] for part in REMEMBERED if part in release}, "signed_by": list(signed_by)},
        "digests": candidate.digests(),
        "commit": candidate.commit(),
        "root": root.path,
    }
