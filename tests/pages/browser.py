# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's Chromium without a window, and axe-core by npm: what a browser says of a page, and a picture of it."""

from __future__ import annotations

import html
import json
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

AXE = "axe-core@4.10.2"
# Its own numbers of the two.
SCHEMES = {"dark": 0, "light": 1}
SIZES = {"desktop": (1400, 1400), "phone": (412, 1400)}
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
_FOUND = re.compile(r'<pre id="axe-found">(.*?)</pre>', re.DOTALL)
_RUN = """<pre id="axe-found">null</pre><script>{axe}</script><script>
axe.run(document.querySelector('main')).then(found => {{
  document.getElementById('axe-found').textContent = JSON.stringify(found.violations.map(
    one => [one.id, one.help, one.nodes.slice(0, 3).map(node => node.html)]));
}});
</script>"""


def axe(directory: Path) -> str:
    """Return the script, fetched once."""
    packed = directory / (AXE.replace("@", "-") + ".tgz")
    if not packed.exists():
        subprocess.run(["npm", "pack", "--silent", AXE], cwd=directory, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(packed) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


def _chromium(
    directory: Path, page: Path, scheme: str, size: tuple[int, int], *wanted: str
) -> subprocess.CompletedProcess:
    argv = [
        "chromium",
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--enable-logging=stderr",
        f"--user-data-dir={directory / 'profile'}",
        f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
        f"--window-size={size[0]},{size[1]}",
        *wanted,
        page.as_uri(),
    ]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=300)


def picture(directory: Path, page: Path, scheme: str, size: tuple[int, int], to: Path) -> list[str]:
    """Take a picture of the top of a page, and return what that has written to the console, such as errors.

    :param size: of the window, width and height.
    """
    done = _chromium(directory, page, scheme, size, f"--screenshot={to}")
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def violations(directory: Path, text: str, script: str, scheme: str, size: tuple[int, int]) -> list[Any]:
    """Return what axe has against a page: rule, what it asks for, and where.

    The page lets no script run, so this is one that does and is the same otherwise.
    """
    page = directory / "with-axe.html"
    page.write_text(_POLICY.sub("", text).replace("</body>", _RUN.format(axe=script) + "</body>"))
    done = _chromium(directory, page, scheme, size, "--virtual-time-budget=60000", "--dump-dom")
    found = _FOUND.search(done.stdout)
    said = json.loads(html.unescape(found.group(1))) if found else None
    if said is None:
        raise ValueError(f"axe has not come to an end: {done.stderr[-1000:]}")
    return said
