# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._osrelease import parse_os_release, read

VALUES = {
    '"Debian GNU/Linux 13 (trixie)"': "Debian GNU/Linux 13 (trixie)",
    "'Debian GNU/Linux 13'": "Debian GNU/Linux 13",
    "debian": "debian",
    '""': "",
    "": "",
    "'no \\escape here'": "no \\escape here",
    r'"a \"quoted\" \$name \`and\` \\"': 'a "quoted" $name `and` \\',
    r'"a \d stays"': r"a \d stays",
    r"Debian\ 13": "Debian 13",
    '"Bob\'s"': "Bob's",
    "\"a\"'b'c": "abc",
    '"13" # a comment': "13",
}


@pytest.mark.parametrize(("text", "value"), VALUES.items())
def test_a_value_is_read_as_a_shell_reads_it(text, value):
    assert parse_os_release(f"# NAME=other\n NAME={text}\n") == {"NAME": value}
    said = subprocess.run(["sh", "-c", f'NAME={text}\nprintf %s "$NAME"'], capture_output=True, text=True, check=True)
    assert said.stdout == value


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffID=debian\n",
        "ID=other\nID=debian\n",
        "  ID=debian  \n",
        "ID=''debian\n",
        'ID="deb"ian\n',
        "#ID=other\n\n; \nID=debian",
        "ID=debian\nPRETTY_NAME='a\u2028ID=other'\n",  # no end of a line to a shell
        "ID=debian\nNAME='a\x0bID=other'\n",
    ],
)
def test_legal_odd_forms(text):
    assert parse_os_release(text)["ID"] == "debian"


@pytest.mark.parametrize("text", ["Debian GNU", '"never closed', "'"])
def test_what_no_shell_reads_is_taken_as_it_is(text):
    assert parse_os_release(f"NAME={text}") == {"NAME": text}


def test_a_whole_file():
    text = '# comment\nID=debian\nPRETTY_NAME="Debian \\"x\\" 12"\nVERSION_ID=\'12\'\nEMPTY=\nbroken\n'
    found = {"ID": "debian", "PRETTY_NAME": 'Debian "x" 12', "VERSION_ID": "12", "EMPTY": ""}
    assert parse_os_release(text) == found


@pytest.mark.parametrize("etc", ["", "ID=mine\n"], ids=["none in /etc, or a link that leads nowhere", "one in /etc"])
def test_what_came_with_the_system_counts_where_etc_says_nothing(etc):
    files = {"/etc/os-release": etc, "/usr/lib/os-release": "ID=debian\n"}
    assert read(files.__getitem__) == {"ID": "mine" if etc else "debian"}
