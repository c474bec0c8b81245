#!/bin/sh
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes a plain node of the lab one that an administrator has worked on for years; run on the node, as root, after its
# files are unpacked. What is only read at boot takes effect with the next one.
set -eux
groupadd --gid 1600 operators
useradd --uid 1500 --create-home --shell /bin/bash --groups operators,sudo alice
useradd --uid 1501 --create-home --shell /bin/bash --groups operators bob
# Numbers that the release leaves free; docs/carry.md says what becomes of others.
groupadd --system --gid 850 agent
useradd --system --uid 850 --gid agent --home-dir /var/lib/site-agent --shell /usr/sbin/nologin agent
install -d -o agent -g agent -m 750 /var/lib/site-agent /var/log/site
install -d -o alice -g operators -m 2770 /srv/shared
echo "of alice" >/srv/shared/note
chown alice:operators /srv/shared/note
chmod 440 /etc/sudoers.d/operators
# An access control list: bob may read a file that is not his.
python3 - <<'END'
import os, struct

entries = [(1, 6, 0xFFFFFFFF), (2, 4, 1501), (4, 4, 0xFFFFFFFF), (16, 4, 0xFFFFFFFF), (32, 0, 0xFFFFFFFF)]
value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
os.setxattr("/etc/containerd/config.toml", "system.posix_acl_access", value)
END

# A data disk: a file with a file system, and a directory in two places.
truncate --size=64M /home/data.img
mkfs.ext4 -q -F /home/data.img
mkdir -p /data /export
cat >>/etc/fstab <<END
/home/data.img /data ext4 loop,noatime,nofail 0 0
/srv/backup /export none bind,nofail 0 0
END
mount /data
echo "on the data disk" >/data/note

openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=Site CA" -days 3650 -keyout /dev/null \
    -out /usr/local/share/ca-certificates/site.crt 2>/dev/null
update-ca-certificates
printf '10.1.2.3 registry.site\n' >>/etc/hosts
printf 'no_proxy=localhost\n' >/etc/environment
printf '* * * * * true\n' | crontab -u alice -
printf '[Journal]\nForwardToSyslog=no\n' >/etc/systemd/journald.conf
sed -i 's/^KUBELET_EXTRA_ARGS="/&--v=1 --max-pods=60 /' /etc/default/kubelet
printf 'systemReserved: {memory: 64Mi}\n' >>/var/lib/kubelet/config.yaml

systemctl daemon-reload
systemctl enable site-agent.service site-report.timer site-hand.service
systemctl mask systemd-pstore.service
update-grub
sync
