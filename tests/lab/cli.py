# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's command line."""

from __future__ import annotations

import argparse
import os
import select
import socket
import subprocess
import sys
import termios
import tty

from . import config, host
from .flavours import DEFAULT, FLAVOURS
from .lab import Lab, exclusive, printer
from .vm import Machine


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments) or 0
    except (host.HostError, ValueError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; run the same command again to continue.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab",
        description="A Kubernetes cluster with real machines, all on this one.",
        epilog="Data lies in $OSMIGRATE_LAB_DIR, by default ~/.cache/osmigrate-lab.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, run, summary: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=summary, description=summary)
        command.set_defaults(run=run)
        return command

    for name, run, summary in (
        ("up", _up, "bring the lab up, or what of it is not up"),
        ("fresh", _fresh, "bring up a lab in which nothing was moved yet, from a snapshot"),
    ):
        up = add(name, run, summary)
        up.add_argument(
            "--nodes",
            type=_nodes,
            default=str(len(config.NODES)),
            help="how many machines (0 too), or their names: w1,w5=lvm,... (default: %(default)s)",
        )
        up.add_argument(
            "--flavour",
            choices=list(FLAVOURS),
            default=DEFAULT,
            help="of new machines that name none (default: %(default)s)",
        )
        if name == "up":
            up.add_argument(
                "--simulated-nodes",
                type=int,
                metavar="N",
                help="how many nodes without machines there are to be, with pods (default: as many as now)",
            )
    add("build", _build, "make disks, programs and releases, and start nothing")
    add("down", _down, "stop everything; the machines keep their disks")
    clean = add("clean", _clean, "stop everything and delete the machines and the cluster")
    clean.add_argument("--cache", action="store_true", help="also what was built")
    add("status", _status, "what runs")
    for name, run, summary in (
        ("ssh", _ssh, "a shell or a command on a node, as the user ops"),
        ("console", _console, "the serial console of a node"),
        ("power-cut", _power_cut, "take the power of a node away and give it back"),
    ):
        command = add(name, run, summary)
        command.add_argument("node", type=_machine, metavar="NODE")
        if name == "ssh":
            command.add_argument("command", nargs=argparse.REMAINDER)
    kubectl = add("kubectl", _kubectl, "kubectl as the cluster's administrator")
    kubectl.add_argument("arguments", nargs=argparse.REMAINDER)
    for name, run, summary in (
        ("snapshot", _snapshot, "save the running lab, memory included"),
        ("restore", _restore, "go back to a saved lab"),
    ):
        add(name, run, summary).add_argument("name", type=_snapshot_name)
    return parser


def _lab() -> Lab:
    return Lab(config.paths(), printer())


def _machine(name: str) -> Machine:
    try:
        machine = Machine(config.paths(), name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not machine.exists:
        raise argparse.ArgumentTypeError(f"there is no machine {name}; `up` makes them")
    return machine


def _snapshot_name(name: str) -> str:
    if not name.replace("-", "").replace("_", "").isalnum():
        raise argparse.ArgumentTypeError("a name has letters, digits, - and _")
    return name


def _up(arguments: argparse.Namespace) -> None:
    lab = _lab()
    with exclusive(lab.paths):
        lab.up(_flavours(arguments), arguments.simulated_nodes)


def _fresh(arguments: argparse.Namespace) -> None:
    lab = _lab()
    with exclusive(lab.paths):
        lab.fresh(_flavours(arguments))


def _nodes(text: str) -> dict[str, str]:
    """Read how many nodes, or which: name -> flavour, "" for that of --flavour."""
    if text.isdigit():
        return dict.fromkeys(config.node_names(int(text)), "")
    nodes = {name: flavour for name, _equals, flavour in (word.partition("=") for word in text.split(","))}
    for name, flavour in nodes.items():
        try:
            config.node_index(name)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        if flavour and flavour not in FLAVOURS:
            raise argparse.ArgumentTypeError(f"there is no flavour {flavour}; there are: {', '.join(FLAVOURS)}")
    return nodes


def _flavours(arguments: argparse.Namespace) -> dict[str, str]:
    return {name: flavour or arguments.flavour for name, flavour in arguments.nodes.items()}


def _build(_arguments: argparse.Namespace) -> None:
    lab = _lab()
    with exclusive(lab.paths):
        host.check(lab.paths, [], [], lab.log)
        lab.build()


def _down(_arguments: argparse.Namespace) -> None:
    lab = _lab()
    with exclusive(lab.paths):
        lab.down()


def _clean(arguments: argparse.Namespace) -> None:
    lab = _lab()
    with exclusive(lab.paths):
        lab.clean(arguments.cache)


def _status(_arguments: argparse.Namespace) -> None:
    rows = _lab().status()
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for part, state, detail in rows:
        print(f"{part:{widths[0]}}  {state:{widths[1]}}  {detail}")


def _ssh(arguments: argparse.Namespace) -> int:
    return subprocess.call(arguments.node.ssh_command(*arguments.command))


def _kubectl(arguments: argparse.Namespace) -> int:
    control_plane = _lab().control_plane
    program = control_plane.programs / "kubectl"
    os.execv(program, [str(program), "--kubeconfig", str(control_plane.admin_kubeconfig), *arguments.arguments])


def _power_cut(arguments: argparse.Namespace) -> None:
    lab = _lab()
    with exclusive(lab.paths):
        lab.power_cut(arguments.node)


def _snapshot(arguments: argparse.Namespace) -> None:
    lab = _lab()
    with exclusive(lab.paths):
        lab.snapshot(arguments.name)


def _restore(arguments: argparse.Namespace) -> None:
    lab = _lab()
    with exclusive(lab.paths):
        lab.restore(arguments.name)


def _console(arguments: argparse.Namespace) -> None:
    """Connect the terminal to the machine until Ctrl-]."""
    if not arguments.node.running():
        raise ValueError(f"{arguments.node.name} does not run; what it said is in {arguments.node.console}")
    print(f"console of {arguments.node.name}; user ops, password lab; Ctrl-] ends", file=sys.stderr)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(arguments.node.directory / "console"))
        terminal = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
        try:
            if terminal:
                tty.setraw(sys.stdin)
            _relay(connection)
        finally:
            if terminal:
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, terminal)
    print(file=sys.stderr)


def _relay(connection: socket.socket) -> None:
    while True:
        for source in select.select([connection, sys.stdin], [], [])[0]:
            content = connection.recv(4096) if source is connection else os.read(sys.stdin.fileno(), 4096)
            if not content or (source is sys.stdin and b"\x1d" in content):
                return
            if source is connection:
                os.write(sys.stdout.fileno(), content)
            else:
                connection.sendall(content)
