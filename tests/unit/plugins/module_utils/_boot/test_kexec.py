# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel is given to unpack; that it boots is seen on machines (tests/flavours)."""

import io
import os

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import initrd, kexec


@pytest.mark.parametrize("length", [4, 5, 7, 1024])
def test_archives_are_joined_where_the_kernel_looks_for_them(tmp_path, length):
    (tmp_path / "first").write_bytes(b"x" * length)
    (tmp_path / "second").write_bytes(initrd.archive())
    joined = io.BytesIO()
    kexec.join([str(tmp_path / "first"), str(tmp_path / "second")], joined)
    begin = length + -length % 4
    assert joined.getvalue()[:begin] == b"x" * length + b"\0" * (begin - length)
    assert joined.getvalue()[begin:] == initrd.archive()


def test_what_is_loaded_is_open_to_nobody(tmp_path, monkeypatch):
    """kexec_file_load answers ETXTBSY for a file that is open for writing; seen on a machine with Linux 6.12."""
    (tmp_path / "initrd").write_bytes(b"1234")
    monkeypatch.setattr(kexec, "MARK", str(tmp_path / "mark"))

    def run(argv, **_how):
        (path,) = (word.partition("=")[2] for word in argv if word.startswith("--initrd="))
        links = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
        assert path not in [os.readlink(link) for link in links if os.path.islink(link)]
        with open(path, "rb") as joined:
            assert joined.read() == b"1234"

    monkeypatch.setattr(kexec, "run", run)
    kexec.load("/boot/vmlinuz", [str(tmp_path / "initrd")], "quiet")
    assert sorted(os.listdir(str(tmp_path))) == ["initrd", "mark"]


ON_REBOOT = {
    "nobody says it": ({"kexec": "USE_GRUB_CONFIG=true\n#LOAD_KEXEC=true\n"}, ""),
    "its file": ({"kexec": 'LOAD_KEXEC="true"\n'}, "kexec"),
    "the last word of its file": ({"kexec": "LOAD_KEXEC=true\nLOAD_KEXEC=false\n"}, ""),
    "a snippet": ({"kexec": "LOAD_KEXEC=false\n", "kexec.d/zz-mine": "export LOAD_KEXEC=true #\n"}, "kexec.d/zz-mine"),
    "a snippet takes it back": ({"kexec": "LOAD_KEXEC=true\n", "kexec.d/mine": "LOAD_KEXEC='false'\n"}, ""),
    "what run-parts leaves out": ({"kexec.d/mine.dpkg-old": "LOAD_KEXEC=true\n"}, ""),
}


@pytest.mark.parametrize("case", ON_REBOOT.values(), ids=ON_REBOOT)
def test_whether_every_reboot_skips_the_boot_loader(tmp_path, case):
    files, named = case
    settings = tmp_path / "etc/default"
    (settings / "kexec.d").mkdir(parents=True)
    for name, text in files.items():
        (settings / name).write_text(text)
    assert kexec.on_reboot(str(tmp_path)) == (str(settings / named) if named else "")
