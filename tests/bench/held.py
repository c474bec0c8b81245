# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long pods that may leave wait for those that may not, beside kubectl drain.

Each drain has a scene of its own, because most of its pods stay where they are.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.drain import Drains, Scene, app_of
from tests.bench.figures import figure
from tests.bench.plane import Asked, Plane
from tests.cluster.webhook import configured

NAMES = ("ours", "kubectl")
# How long each pod takes to be Ready, and to end.
QUICK = 1
# A little more than three deadlines of the webhook.
HELD_SECONDS = 35


def left(asked: list[Asked], first: float, app: str) -> float:
    """Seconds until the last pod of an application was gone."""
    gone = [one for one in asked if (one.verb, one.resource) == ("delete", "pods") and app_of(one.name) == app]
    return max(one.answered for one in gone) - first


def run(drains: Drains, scene: Scene, name: str, app: str, seconds: int) -> float:
    """Drain the scene's first node; the command may fail, because some pods stay."""
    begun = time.time()
    argv = [str(one) for one in drains.argv(name, scene.nodes[0], seconds)]
    done = subprocess.run(
        argv, env={**os.environ, **drains.environment(name)}, capture_output=True, text=True, check=False
    )
    asked = scene.plane.asked(begun)
    first = next((one for one in asked if one.resource == "pods" and drains.is_from(name, one)), None)
    if first is None:
        sys.exit(f"{' '.join(argv)} asked for nothing:\n{(done.stdout + done.stderr)[-3000:]}")
    seen = left(asked, first.begun, app)
    print(f"  {name}: {seen:.2f}", file=sys.stderr, flush=True)
    return seen


def one_unready(plane: Plane, admin: Any, drains: Drains, name: str) -> float:
    """40 pods under one budget that has no room, because one of them is not Ready: that one may go, then the rest."""
    scene = Scene(plane, admin, f"unready-{name}", (40,), True, QUICK)
    scene.fill()
    sick = scene.pods_of("app0")[-1]
    unready = {"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "bench"}]}}
    patch = ("--subresource=status", "--patch", json.dumps(unready))
    plane.kubectl("patch", "pod", sick, *patch, "--namespace", scene.namespace)
    none = "--for=jsonpath={.status.disruptionsAllowed}=0"
    plane.kubectl("wait", none, "pdb", "--all", "--namespace", scene.namespace, "--timeout=60s")
    seen = run(drains, scene, name, "app0", 900)
    plane.kubectl("delete", "namespace", scene.namespace)
    return seen


@contextlib.contextmanager
def silent_webhook(plane: Plane, namespace: str, app: str) -> Iterator[None]:
    """A webhook for evictions of one application, which takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with configured(plane.kubectl, namespace, app, listening.getsockname()[1]):
            yield


def webhook_away(plane: Plane, admin: Any, drains: Drains, name: str) -> float:
    """3 pods beside 20 whose evictions a webhook does not answer."""
    scene = Scene(plane, admin, f"webhook-{name}", (20, 3), False, QUICK)
    scene.fill()
    with silent_webhook(plane, scene.namespace, "app0"):
        seen = run(drains, scene, name, "app1", HELD_SECONDS)
    plane.kubectl("delete", "namespace", scene.namespace)
    return seen


SCENES = (
    ("40 pods under one budget, one of them not Ready: seconds until all have left", one_unready),
    ("3 pods beside 20 whose webhook does not answer: seconds until the 3 have left", webhook_away),
)


def bench(plane: Plane, admin: Any, robot: Path, directory: Path) -> list[dict[str, Any]]:
    drains = Drains(plane, robot, directory)
    figures = []
    for what, measured in SCENES:
        print(f"Drain of {what}", file=sys.stderr)
        ours, theirs = (measured(plane, admin, drains, name) for name in NAMES)
        figures.append(figure(f"drain of {what}", ours, theirs, "kubectl drain", 1.1))
    return figures
