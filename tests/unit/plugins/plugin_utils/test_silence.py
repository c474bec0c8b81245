# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Silences of nodes, in a real Alertmanager that wants a name and a password."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.callback import progress
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import times
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _silence

NAME, PASSWORD = "mover", "s3cr3t"
# bcrypt of the password, as cheap as it can be.
DIGEST = "$2b$04$abcdefghijklmnopqrstuu35fBIWlNgF8BcAW/t2cO158N8svSFHy"
CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yields host and port of an Alertmanager."""
    directory: Path = tmp_path_factory.mktemp("alertmanager")
    (directory / "config.yml").write_text(CONFIG)
    (directory / "web.yml").write_text(f"basic_auth_users: {{{NAME}: '{DIGEST}'}}\n")
    where = f"127.0.0.1:{free_port()}"
    argv = [
        "prometheus-alertmanager", f"--config.file={directory / 'config.yml'}", f"--storage.path={directory / 'data'}",
        f"--web.config.file={directory / 'web.yml'}", f"--web.listen-address={where}", "--cluster.listen-address=",
        "--log.level=error",
    ]  # fmt: skip
    server = subprocess.Popen(argv)
    try:
        for _try in range(300):
            try:
                ask(where)
                break
            except OSError:
                time.sleep(0.1)
        yield where
    finally:
        server.terminate()
        server.wait()


def ask(place: str) -> list[dict[str, Any]]:
    """Return all silences."""
    told = base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode()
    asked = urllib.request.Request(f"http://{place}/api/v2/silences", headers={"Authorization": f"Basic {told}"})
    with urllib.request.urlopen(asked, timeout=5) as answer:
        return list(json.load(answer))


def of(place: str, node: str) -> list[tuple[str, str]]:
    """Return state and end of the silences of a node."""
    named = f"{node}(:[0-9]+)?"
    return [
        (one["status"]["state"], one["endsAt"][:19] + "Z")
        for one in ask(place)
        if one["matchers"] == [{"name": "instance", "value": named, "isRegex": True, "isEqual": True}]
    ]


def silences(place: str) -> _silence.Silences:
    return _silence.Silences(_silence.Alertmanager(f"http://{NAME}:{PASSWORD}@{place}"), "instance")


def test_a_silence_is_made_renewed_and_ended(place: str) -> None:
    ours, now = silences(place), time.time()
    ours.begin("w1", "moved", now)
    assert of(place, "w1") == [("active", times.stamp(now + _silence.LASTS))]
    ours.renew(now + 1)
    assert of(place, "w1") == [("active", times.stamp(now + _silence.LASTS))]
    ours.renew(now + _silence.RENEWED_AFTER)
    later = now + _silence.RENEWED_AFTER + _silence.LASTS
    assert of(place, "w1") == [("active", times.stamp(later))]
    ours.end("w1")
    assert [state for state, _end in of(place, "w1")] == ["expired"]


def test_who_ends_a_silence_by_hand_is_heeded(place: str) -> None:
    ours, now = silences(place), time.time()
    ours.begin("w2", "moved", now)
    (silence,) = (one["id"] for one in ask(place) if one["matchers"][0]["value"].startswith("w2("))
    _silence.Alertmanager(f"http://{NAME}:{PASSWORD}@{place}").end(silence)
    ours.renew(now + _silence.RENEWED_AFTER)
    ours.renew(now + 2 * _silence.RENEWED_AFTER)
    assert [state for state, _end in of(place, "w2")] == ["expired"]


def test_the_end_of_a_run_ends_all(place: str) -> None:
    ours = silences(place)
    for node in ("w3", "w4"):
        ours.begin(node, "moved", time.time())
    ours.end_all()
    assert {state for node in ("w3", "w4") for state, _end in of(place, node)} == {"expired"}


def test_a_name_silences_no_other_node(place: str) -> None:
    ours = silences(place)
    ours.begin("w5.example", "moved", time.time())
    (found,) = (one["matchers"][0]["value"] for one in ask(place) if "w5" in one["matchers"][0]["value"])
    assert found == r"w5\.example(:[0-9]+)?"
    ours.end_all()


def nobody_there(place: str) -> str:
    return f"http://{NAME}:{PASSWORD}@127.0.0.1:{free_port()}"


def wrong_password(place: str) -> str:
    return f"http://{NAME}:{PASSWORD}x@{place}"


@pytest.mark.parametrize(("url", "why"), [(nobody_there, "refused"), (wrong_password, "answered 401")])
def test_what_fails_is_told_without_credentials_and_tried_again(
    place: str, url: Callable[[str], str], why: str
) -> None:
    ours, now = _silence.Silences(_silence.Alertmanager(url(place)), "node"), time.time()
    with pytest.raises(FleetError, match=why) as failed:
        ours.begin("w6", "moved", now)
    assert PASSWORD not in str(failed.value) and NAME not in str(failed.value)
    ours.renew(now + 1)
    with pytest.raises(FleetError, match=why):
        ours.renew(now + _silence.TRIED_AFTER)


@pytest.mark.parametrize("url", ["alerts.example", "file:///etc/passwd", "http://", "http://[x", "http://a:b@c:port"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(FleetError, match="does not begin with http") as refused:
        _silence.Alertmanager(url)
    assert "a:b" not in str(refused.value)


class Followed(progress.CallbackModule):
    """The callback with options of its own: a loader that would read them knows no collection here."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self._documented = yaml.safe_load(progress.DOCUMENTATION)["options"]
        self._given = options

    def get_option(self, k: str, hostvars: Any = None) -> Any:
        return self._given.get(k, self._documented[k].get("default"))


def followed(url: str) -> Followed:
    """Return the callback at the begin of a run."""
    callback = Followed(alertmanager=url, alertmanager_label="instance", lines=False)
    callback.v2_playbook_on_start(None)
    assert not callback.disabled
    return callback


def test_a_run_silences_whom_it_has_out_of_service_and_nobody_after_its_end(place: str) -> None:
    run = followed(f"http://{NAME}:{PASSWORD}@{place}")
    for node in ("w7", "w8"):
        run._tell("service", node=node, serving=False)
    run._tell("service", node="w7", serving=True)
    assert [state for node in ("w7", "w8") for state, _end in of(place, node)] == ["expired", "active"]
    run.v2_playbook_on_stats(None)
    assert [state for state, _end in of(place, "w8")] == ["expired"]


def test_a_run_tells_once_that_nothing_is_silenced(place: str, capfd: pytest.CaptureFixture[str]) -> None:
    run = followed(wrong_password(place))
    for node in ("w7", "w8"):
        run._tell("service", node=node, serving=False)
    run.v2_playbook_on_stats(None)
    told = " ".join(capfd.readouterr().err.split())
    assert told.count("answered 401") == 1 and PASSWORD not in told
