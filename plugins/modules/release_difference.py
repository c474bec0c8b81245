#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Say what differs between two releases."""

DOCUMENTATION = r"""
module: release_difference
short_description: Say what differs between two releases
version_added: 1.0.0
description:
  - Compares two releases, each a directory or a commit of an OSTree repository, and says what differs in packages,
    files (kind, mode, owner, extended attributes, content), units, users, kernel options and sizes.
  - When a file was made, and when what is compressed or compiled in it was, is no difference. Nor are a directory
    that belongs to root, has mode C(0755) and comes or goes, and the package database itself.
  - The same two releases give the same report, byte by byte, on every machine. So others can make it again.
  - A commit is not checked out. What is read of it is verified by the checksums that lead to it from the commit.
  - What texts say now is shown as far as everybody may read the file, and as far as there is room.
author:
  - osmigrate.fleet contributors (@osmigrate)
extends_documentation_fragment:
  - osmigrate.fleet.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    support: full
    platforms: linux
requirements:
  - ostree, for commits
  - dpkg, for O(packages)
  - PyYAML and cryptography, for O(policy)
  - rpm, for releases whose packages are those of rpm
  - root, for O(image), which is mounted
options:
  old:
    description: Directory of the release before, or, with O(old_repository), a commit or a branch.
    type: str
    required: true
  old_repository:
    description: Path of the OSTree repository that has O(old).
    type: path
  new:
    description: Directory of the release to look at, or, with O(new_repository), a commit or a branch.
    type: str
    required: true
  new_repository:
    description: Path of the OSTree repository that has O(new).
    type: path
  destination:
    description:
      - Directory that gets C(difference.json), C(difference.txt) and C(difference.html). It is made if it is not there.
      - Without it, nothing is written.
    type: path
  policy:
    description:
      - Path of a policy file. What needs an approval by it is told in RV(needs), and in the text and the page.
      - The report as JSON stays the same, so that what is approved does not depend on who asked for it.
    type: path
  feed:
    description:
      - Path of a file of vulnerabilities in the form of C(data/json) of Debian's security tracker.
      - With it, the report says what is open in the new release, and what was open in the old one alone. The same
        report can then only be made with the same file, whose digest it holds.
      - Packages are looked up by their source, and by what else they say they were built using, such as C(linux) in a
        signed kernel, and libraries in static programs.
      - A file that has nothing about the distribution's release (C(VERSION_CODENAME) of its os-release) is refused, and
        so is a release whose packages are not those of dpkg.
    type: path
  packages:
    description:
      - Directory with the package files of the new release, the lock of its recipe, for the changelogs that a release
        without C(/usr/share/doc) has not. The same report can then only be made with the same files.
    type: path
  image:
    description:
      - Path of the image for slots of the new release, as nodes fetch it or unpacked. It is seen to hold what O(new)
        does, with C(/etc) empty or the same as C(/usr/etc), and the report names it. Another one is refused.
      - A policy lets no release with an image be signed whose report does not name it.
    type: path
  work_directory:
    description:
      - Directory for what other programs have to read as files (a database of rpm, an image), while the module runs.
    type: path
    default: /var/tmp
seealso:
  - module: osmigrate.fleet.release_approve
  - module: osmigrate.fleet.release_sign
"""

EXAMPLES = r"""
- name: Say what differs between two commits
  osmigrate.fleet.release_difference:
    old_repository: public/repo
    old: 8c3b1bf6f2a5a3c0ac0bd4e1b09bd5a5d5e2b1e2a6a4dd6a7e0c9d6c1b1d4a55
    new_repository: public/repo
    new: debian/13/x86_64
    destination: review/debian-13-13.2
  delegate_to: localhost

- name: Say what differs between the last commit and a tree that is not committed yet
  osmigrate.fleet.release_difference:
    old_repository: public/repo
    old: debian/13/x86_64
    new: tree
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was written, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: ["write review/debian-13-13.2/difference.json"]
digest:
  description: SHA-256 digest of the report as JSON, by which an approval names it.
  returned: success
  type: str
  sample: 0e5064e75e316f2173b34d9cbd3fa1c4a1a1ea1d1e4d7a2f6f4f5a2ec3c1b111
text:
  description: The report as text for a code review; long lists are cut off.
  returned: success
  type: str
needs:
  description:
    - What needs an approval, by the rules of O(policy); empty without it. Each one is as
      RV(osmigrate.fleet.release_approve#module:needs) has it, without who has approved.
  returned: success
  type: list
  elements: dict
counts:
  description: How many packages, files, units, users, kernel options and open CVEs the report has.
  returned: success
  type: dict
  sample: {"packages": 13, "files": 4211, "units": 0, "users": 0, "kernel_options": 2, "open_cves": 0}
difference:
  description: The report without its files, which C(difference.json) has.
  returned: success
  type: dict
  contains:
    schema:
      description: Version of this form.
      type: int
    old:
      description: The release before; C(id) is the commit, or the digest of all that is in the directory.
      type: dict
      sample: {"kind": "ostree", "id": "8c3b1bf6", "name": "Debian GNU/Linux 13 (trixie)", "kernels": ["6.12.117"],
               "kernel_options": 9100, "packages": 231, "files": 34211, "bytes": 528000000, "initramfs_bytes": 31000000,
               "boot_bytes": 43000000, "images": {}}
    new:
      description: The release to look at; C(images) has the digests of what was seen to hold the same, by payload kind.
      type: dict
    packages:
      description:
        - Packages that differ. C(bytes) is how much more room it says that it takes.
        - C(changelog), C(urgency) and C(cves) are of the entries since the version before, where the release or
          O(packages) has them, with this package or another of its source. Of a package with its version in its name,
          the one before is what was removed and was built of the same source.
        - C(has_changelog) says whether such entries were found, so that what they name is known.
      type: list
      elements: dict
      sample: [{"name": "zstd", "change": "changed", "before": "1.5.7-1", "after": "1.5.7-1+deb13u1", "bytes": 0,
                "has_changelog": true, "urgency": "medium", "cves": [], "changelog": []}]
    units:
      description: Units that differ, C(added), C(removed), C(enabled), C(disabled), C(masked) or C(unmasked).
      type: list
      elements: dict
      sample: [{"unit": "chrony.service", "change": "enabled", "by": ["multi-user.target"]}]
    users:
      description: Users (number, group, home, shell) and groups (number, members) that differ.
      type: list
      elements: dict
      sample: [{"kind": "user", "name": "_chrony", "change": "added", "before": "",
                "after": "104:110:/var/lib/chrony:/usr/sbin/nologin"}]
    kernel_options:
      description:
        - Options with which the kernel was built that differ. Where a release has no C(config) of its kernel, nobody
          knows which ones do, and the list is empty; C(old) and C(new) have how many are known.
      type: list
      elements: dict
      sample: [{"option": "BPF_JIT", "change": "changed", "before": "n", "after": "y"}]
    way:
      description:
        - By what a node gets from one to the other, C(reboot), C(soft reboot) where kernel and initramfs stay, or
          C(nothing), and because of what.
      type: dict
      sample: {"by": "reboot", "because": ["kernel 6.12.117", "kernel 6.12.118"]}
    feed:
      description: SHA-256 digest of O(feed), empty without it.
      type: str
    open_cves:
      description:
        - What O(feed) says, C(added) for what is open now and was not, C(stays), or C(removed). C(packages) are built
          of the source, or hold it.
      type: list
      elements: dict
      sample: [{"change": "stays", "cve": "CVE-2026-1111", "source": "zstd", "version": "1.5.7-1", "fixed": "",
                "urgency": "low", "packages": ["libzstd1", "zstd"]}]
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule, need_libraries
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import reader
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import (
    approval,
    debs,
    difference,
    feed,
    image,
    page,
    policy,
    release,
    report,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.written import write

JSON = "difference.json"
TEXT = "difference.txt"
PAGE = "difference.html"


def compare(params: typing.Dict[str, typing.Any]) -> typing.Dict[str, typing.Any]:
    """Return what differs between the two releases that the parameters name, as difference.of does."""
    work = params["work_directory"]
    known = feed.load(params["feed"]) if params["feed"] else feed.NOTHING
    files = debs.read(params["packages"]) if params["packages"] else debs.NOTHING
    with release.opened(params["old"], params["old_repository"] or "", work) as old:
        with release.opened(params["new"], params["new_repository"] or "", work) as new:
            path = params["image"]
            images = {image.KIND: image.digest_of_same(path, new, work)} if path else {}
            return difference.of(old, new, known, files, images)


def main() -> None:
    module = FleetModule(
        argument_spec={
            "old": {"type": "str", "required": True},
            "old_repository": {"type": "path"},
            "new": {"type": "str", "required": True},
            "new_repository": {"type": "path"},
            "destination": {"type": "path"},
            "policy": {"type": "path"},
            "feed": {"type": "path"},
            "packages": {"type": "path"},
            "image": {"type": "path"},
            "work_directory": {"type": "path", "default": "/var/tmp"},
        },
        supports_check_mode=True,
    )
    if module.params["policy"]:
        need_libraries(module, reader.MISSING)
    with failing(module):
        rules = approval.load_policy(module.params["policy"]) if module.params["policy"] else None
        found = compare(module.params)
        needs = policy.needs(rules, found) if rules else []
        told = [need.text() for need in needs]
        files = {JSON: report.as_json(found), TEXT: report.as_text(found, told), PAGE: page.render(found, told)}
        destination = module.params["destination"]
        actions = write(destination, files, module.check_mode) if destination else []
    module.exit_json(
        changed=bool(actions),
        actions=actions,
        digest=report.digest(files[JSON].encode("utf-8")),
        text=files[TEXT],
        needs=[need.describe() for need in needs],
        counts={part: len(found[part]) for part in report.PARTS},
        difference={key: value for key, value in found.items() if key != "files"},
    )


if __name__ == "__main__":
    main()
