# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that others write: what it may be taken for."""

import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _text

NUMBERS = [
    ("0", 0),
    ("7", 7),
    ("007", 7),
    ("999999999", 999999999),
    (12, 12),
    (0, 0),
    ("1234567890", None),
    (1234567890, None),
    (-1, None),
    (True, None),
    (1.5, None),
    (None, None),
    ([], None),
    (b"1", None),
    ("", None),
    (" 1", None),
    ("1\n", None),
    ("1_000", None),
    ("-1", None),
    ("+1", None),
    ("1.0", None),
    ("1e3", None),
    ("0x10", None),
    ("²", None),
    ("①", None),
    ("½", None),
    ("٣", None),
    ("１２", None),
    ("1\N{ARABIC-INDIC DIGIT TWO}", None),
    ("9" * 5000, None),
    ("1\0", None),
    ("\udc31", None),
]


@pytest.mark.parametrize("text, number", NUMBERS, ids=lambda value: ascii(value)[:20])
def test_whole_numbers(text, number):
    assert _text.whole_number(text) == number


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 5000 + "]" * 5000, "{", ""])
def test_json_that_is_none_or_too_deep_fails_one_way(text):
    with pytest.raises(ValueError):
        _text.parse_json(text)


def test_more_digits_where_more_are_meant():
    assert _text.whole_number("4294967294", most_digits=10) == 4294967294
    assert _text.whole_number("10", most_digits=1) is None


LINES = [
    ("w1 is cordoned. Look at it.", "w1 is cordoned. Look at it."),
    ("Zürich, 東京, Ελλάδα 🚀", "Zürich, 東京, Ελλάδα 🚀"),
    ("two\nlines\r\nand\ttabs", "two lines and tabs"),
    ("line\u2028and\u2029paragraph\x85and\x0bmore\x0c.", "line and paragraph and more ."),
    ("a\N{NO-BREAK SPACE}b", "a b"),
    ("\x1b[2J\x1b[31mred\x1b]0;title\x07", r"\x1b[2J\x1b[31mred\x1b]0;title\x07"),
    ("over\rwritten", "over written"),
    ("back\b\bspace", r"back\x08\x08space"),
    ("nul\0", r"nul\x00"),
    ("\x7f\x9b31m", r"\x7f\x9b31m"),
    ("user\u202etxt.exe", r"user\u202etxt.exe"),
    ("\u2066isolate\u2069 \u200e\u200f", r"\u2066isolate\u2069 \u200e\u200f"),
    ("zero\u200bwidth\ufeff\u00ad", r"zero\u200bwidth\ufeff\xad"),
    ("lone \udcff\ud800", r"lone \udcff\ud800"),
    ("\U000e0041tag \ue000", r"\U000e0041tag \ue000"),
    ("  ends  ", "ends"),
    ("", ""),
    (7, "7"),
    (None, "None"),
]


@pytest.mark.parametrize("text, shown", LINES, ids=lambda value: ascii(value)[:20])
def test_lines_for_a_terminal(text, shown):
    assert _text.printable(text) == shown
    assert _text.printable(shown) == shown
    _text.printable(text).encode("utf-8")


@pytest.mark.parametrize("text", ["x" * 501, "x " * 5000, "\n" * 5000 + "x", "\x1b" * 400, "x" * 10_000_000], ids=len)
def test_lines_are_bounded(text):
    started = time.monotonic()
    shown = _text.printable(text)
    assert len(shown) <= 500 and shown.endswith("[...]")
    assert time.monotonic() - started < 1


def test_as_long_as_it_may_be():
    assert _text.printable("x" * 500) == "x" * 500
    assert _text.printable("abcdef ghijkl", longest=10) == "abcd [...]"
    assert _text.printable("abcdef", longest=3) == " [."


NOT_EVEN_NAMES = [
    "",
    " ",
    "-oProxyCommand=id",
    "-w1",
    "w1 -oProxyCommand=id",
    "{{ lookup('pipe', 'id') }}",
    "{% raw %}",
    "w1;id",
    "$(id)",
    "`id`",
    "w1\n",
    "w1\0",
    "w1\nansible_connection=local",
    "a..b",
    ".a",
    "-",
    "a-.b",
    "root@w1",
    "w1:22",
    "[w1]",
    "w1/24",
    "w١",
    "wé",
    "a" * 254,
    "\udc61",
    None,
    1,
    ["w1"],
]


@pytest.mark.parametrize("text", ["w1", "w1.rack-3.example.com", "1", "10.0.0.1", "a" * 253])
def test_names_of_nodes(text):
    assert _text.is_node_name(text)


@pytest.mark.parametrize("text", [*NOT_EVEN_NAMES, "W1", "w_1", "fe80::1", "w1."], ids=lambda value: ascii(value)[:20])
def test_no_names_of_nodes(text):
    assert not _text.is_node_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "192.0.2.1",
        "2001:db8::1",
        "2001:DB8::A",
        "::ffff:192.0.2.1",
        "fe80::1%eth0",
        "fe80::1%bond0.100",
        "w1",
        "W1.Rack-3.example.com",
        "w1.example.com.",
        "3com.example",
        "0x.example",
    ],
)
def test_addresses(text):
    assert _text.is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        *NOT_EVEN_NAMES,
        "192.0.2",
        "192.0.2.256",
        "192.0.2.1.5",
        "0x7f000001",
        "0x7f.1",
        "2130706433",
        "192.0.2.1%eth0",
        "fe80::1%",
        "fe80::1%{{7*7}}",
        "fe80::1%-oProxyCommand=id",
        "fe80::1%eth0%eth1",
        "fe80::1::2",
        "[fe80::1]",
        "١٩٢.0.2.1",
        "w_1",
        "a" * 64 + ".example",
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_no_addresses(text):
    assert not _text.is_address(text)
