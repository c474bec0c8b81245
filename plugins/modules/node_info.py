#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: node_info
short_description: What there is to know about a node before and after it is moved
version_added: 0.1.0
description:
  - Reads operating system, boot loader, storage, identity, kubelet and network of a node in one pass.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.attributes.info
attributes:
  platform:
    platforms: linux
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.node_preflight
  - module: osmigrate.fleet.boot_info
"""

EXAMPLES = r"""
- name: Look at the node
  osmigrate.fleet.node_info:
  register: node

- name: Say what it runs
  ansible.builtin.debug:
    msg: "{{ node.os.pretty_name }} on {{ node.root.device }}"
"""

RETURN = r"""
os:
  description: What os-release says.
  returned: always
  type: dict
  contains:
    id:
      description: Short name of the operating system.
      type: str
      sample: debian
    id_like:
      description: Names of the systems that it derives from, separated by blanks.
      type: str
    version_id:
      description: Its version.
      type: str
      sample: "12"
    pretty_name:
      description: Its name for people.
      type: str
      sample: Debian GNU/Linux 12 (bookworm)
    image_id:
      description: Name of the release that the node runs, empty on a package-managed root.
      type: str
    image_version:
      description: Version of that release.
      type: str
    family:
      description:
        - By what decides where files lie, V(debian) or V(el); empty for another system.
        - Databases of packages decide, C(os-release) only where they leave it open.
      type: str
      sample: debian
packages:
  description: What the node is made of.
  returned: always
  type: dict
  contains:
    databases:
      description: Whose databases of packages there are, V(dpkg) and V(rpm).
      type: list
      elements: str
    problem:
      description: Why they do not say what packages brought, empty if they do.
      type: str
entry:
  description: Id of the boot entry on the kernel command line, empty if it was none of this collection.
  returned: always
  type: str
  sample: debian-13-13.1
systemd:
  description: Whether systemd is the first process.
  returned: always
  type: bool
kernel:
  description: Release of the running kernel.
  returned: always
  type: str
architecture:
  description: Architecture of the machine.
  returned: always
  type: str
  sample: x86_64
hostname:
  description: Host name.
  returned: always
  type: str
boot_id:
  description: The kernel's id of this boot.
  returned: always
  type: str
machine_id:
  description: Content of C(/etc/machine-id).
  returned: always
  type: str
kernel_arguments:
  description: What of the running kernel's arguments matters for a move. Only names; values may hold secrets.
  returned: always
  type: dict
  contains:
    unknown:
      description: Arguments that are not carried and that the node may need, as nobody knows them or can pass them on.
      type: list
      elements: str
    network_root:
      description: Arguments by which the root comes over the network.
      type: list
      elements: str
firmware:
  description: Firmware that started the node, V(bios) or V(uefi).
  returned: always
  type: str
secure_boot:
  description: Whether the firmware only starts what it trusts.
  returned: always
  type: bool
selinux:
  description: Mode of SELinux, V(enforcing), V(permissive) or V(disabled).
  returned: always
  type: str
selinux_unlabelled:
  description: Directories without a label of SELinux's policy, empty where SELinux is not at work.
  returned: always
  type: list
  elements: str
cgroup:
  description: Version of the cgroup hierarchy.
  returned: always
  type: int
root:
  description: The file system of the root; on an OSTree deployment that of C(/sysroot).
  returned: always
  type: dict
  contains:
    device:
      description: The block device.
      type: str
    uuid:
      description: UUID of the file system.
      type: str
    twins:
      description: Other devices that show the same UUID, as copies and snapshots do.
      type: list
      elements: str
    fstype:
      description: Type of the file system.
      type: str
    layers:
      description: What it lies on, down to the disk.
      type: list
      elements: str
      sample: [part, disk]
    size_bytes:
      description: Its size.
      type: int
    free_bytes:
      description: Room that is left; for RV(root) where OSTree writes, with quotas on that directory.
      type: int
    read_only:
      description: Whether nothing can be written there; of RV(root) and RV(boot) only.
      type: bool
    root_bytes:
      description: The same with what is reserved for the administrator; of RV(root) only.
      type: int
    free_files:
      description: How many more files there is room for, V(null) where nothing limits them; of RV(root) only.
      type: int
    pool_free_bytes:
      description:
        - What is free in the thin pool that it lies on, V(null) without one or where nobody can tell; of RV(root)
          only.
      type: int
    pool_problem:
      description: What is wrong with that thin pool, empty for nothing; of RV(root) only.
      type: str
    kept_free_bytes:
      description: What OSTree keeps free when it writes, of C(root_bytes) in there; of RV(root) only.
      type: int
esp:
  description: The EFI system partition, with its C(uuid) and other devices that show it (C(twins)); empty without one.
  returned: always
  type: dict
boot:
  description: The file system of C(/boot); beside the keys of RV(root) it has the following.
  returned: always
  type: dict
  contains:
    separate:
      description: Whether it is another one than the root.
      type: bool
    loader:
      description: What C(/boot/loader) is, V(link) or V(directory), empty if it is not there.
      type: str
usr:
  description: The file system of C(/usr), C(separate) says whether it is another one than the root.
  returned: always
  type: dict
var:
  description: The file system of C(/var), C(separate) says whether it is another one than the root.
  returned: always
  type: dict
boots:
  description: The last boots that the journal knows, in seconds from the start of the kernel.
  returned: always
  type: list
  elements: dict
  contains:
    root:
      description: Until the root was there.
      type: int
    whole:
      description: Until all was started.
      type: int
boot_tier:
  description: Where a trial can be counted on this node.
  returned: always
  type: dict
  contains:
    name:
      description: V(block), V(esp-block) or V(kexec), empty where nothing is possible.
      type: str
      sample: block
    evidence:
      description: What was found, as short sentences.
      type: list
      elements: str
kexec_on_reboot:
  description: Whether kexec-tools has every reboot start the installed kernel without the boot loader.
  returned: always
  type: bool
kexec_on_reboot_by:
  description: The file that says so, empty where none does.
  returned: always
  type: str
  version_added: 1.0.0
kexec_problem:
  description: Why this system cannot start another kernel by kexec, empty if it can.
  returned: always
  type: str
  version_added: 1.0.0
kexec_doubt:
  description: What makes kexec a risk on this machine, empty if nothing that is known does.
  returned: always
  type: str
  version_added: 1.0.0
grub:
  description: The boot loader.
  returned: always
  type: dict
  contains:
    directory:
      description: Directory of C(grub.cfg), empty if there is none.
      type: str
      sample: /boot/grub
    family:
      description: How GRUB's files and tools are called, V(grub) or V(grub2).
      type: str
    missing_tools:
      description: GRUB's tools that are needed and not there.
      type: list
      elements: str
    problem:
      description: Why the boot loader cannot be used, empty if it can.
      type: str
    not_loader:
      description: Why something else than GRUB may have started the running system, empty if GRUB did.
      type: str
    custom_problem:
      description: Why the administrator's C(custom.cfg) would keep the boot menu from being read, empty if not.
      type: str
    next_entry:
      description: What C(grub-reboot) asked for and GRUB has not booted yet.
      type: str
    next_entry_stuck:
      description: Why GRUB could not clear that in C(grubenv), empty if nothing is wrong with the file.
      type: str
    signed_only:
      description: Whether C(grub.cfg) has GRUB read only files that are signed (C(check_signatures=enforce)).
      type: bool
    late_default:
      description: Whether C(grub.cfg) sets its default after it has read C(custom.cfg).
      type: bool
    environment_problem:
      description: What is wrong with C(grubenv), empty if nothing is, or it is not there.
      type: str
    default_problem:
      description: Why what GRUB boots by itself cannot be booted, empty if nothing speaks against it.
      type: str
    default_unnamed:
      description: The default of C(grub.cfg), where no entry is called so.
      type: str
    stale_entries:
      description: Ids of entries in C(/boot/loader/entries) whose kernel or initramfs is gone.
      type: list
      elements: str
    pending:
      description: Names of kernel arguments in which the default entry differs from what runs.
      type: list
      elements: str
    elsewhere:
      description: Why GRUB may read another C(grub.cfg), empty if nothing speaks for that.
      type: str
ostree:
  description: OSTree on the node.
  returned: always
  type: dict
  contains:
    booted:
      description: Whether the running system is a deployment.
      type: bool
    version:
      description: Version of the program, empty if it is not there.
      type: str
    deployments:
      description: The deployments, newest first, each with C(stateroot), C(commit) and C(path).
      type: list
      elements: dict
    reclaimable_bytes:
      description: What kernels of superseded releases take up in C(/boot), which staging removes.
      type: int
slots:
  description: The two root partitions of a node that has them.
  returned: always
  type: dict
  contains:
    problem:
      description: Why this is no node with slots, empty if it is one. Without them, the rest is empty.
      type: str
    running:
      description: The slot that the running system is on, empty if it is on none.
      type: str
    slots:
      description:
        - What the two slots hold, by name, as M(osmigrate.fleet.slot_info) has it, each with C(state), C(release),
          C(image), C(size_bytes) and C(in_use).
      type: dict
    not_good:
      description: The slots that were being written when that was cut off.
      type: list
      elements: str
kubelet:
  description: The kubelet.
  returned: always
  type: dict
  contains:
    active:
      description: Whether it runs.
      type: bool
    version:
      description: Its version.
      type: str
      sample: v1.36.3
    volume_plugin_dir:
      description: Where it looks for volume plugins.
      type: str
    cgroup_driver:
      description: Who makes the cgroups of pods by its configuration, empty where that does not say it.
      type: str
    endpoint:
      description: The socket of its container runtime, empty where neither its arguments nor its configuration say it.
      type: str
container_runtime:
  description:
    - The container runtime that the kubelet uses, C(name) and C(version).
    - C(cgroup_driver) says who makes cgroups by the configuration of containerd, empty for others.
  returned: always
  type: dict
network:
  description: The network.
  returned: always
  type: dict
  contains:
    renderers:
      description: What configures it.
      type: list
      elements: str
      sample: [ifupdown]
    lost:
      description: What its files say that cannot be written for another tool; empty where systemd-networkd is at work.
      type: list
      elements: str
    undeclared:
      description: Addresses and routes that no file asks for.
      type: list
      elements: str
    kernel_names:
      description: Interfaces with names that the kernel gives in any order.
      type: list
      elements: str
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import facts as nodefacts


def main() -> None:
    module = FleetModule(argument_spec={}, supports_check_mode=True)
    with failing(module):
        facts = nodefacts.gather()
    answer(module, changed=False, **facts)


if __name__ == "__main__":
    main()
