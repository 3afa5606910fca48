"""The command line of scripts/lab."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from lab import starter
from lab.client import Lab, stop_supervisor
from lab.settings import LabError, state_folder


def say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


def add_start_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--nodes", type=int, default=3, metavar="N", help="default %(default)s")
    parser.add_argument(
        "--native", action="store_true", default=None, help="this host's kernel, no machine"
    )
    parser.add_argument(
        "--machine", dest="native", action="store_false", help="a machine, whatever the host has"
    )
    parser.add_argument(
        "--limit", type=int, default=3600, metavar="SECONDS",
        help="the lab ends by itself then; default %(default)s",
    )  # fmt: skip
    parser.add_argument("--kernel", metavar="PACKAGE", help="another linux-image-… package")
    parser.add_argument(
        "--fresh", action="append", default=[], metavar="FOLDER",
        help="a folder whose every file the machine shall see as it is now",
    )  # fmt: skip


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/lab", description="A real kernel with IPVS: nodes, pods, a client."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_start_options(commands.add_parser("up", help="start the lab; nothing if it runs"))
    commands.add_parser("down", help="end it")
    commands.add_parser("status", help="what runs; exit code 3 if nothing does")
    shell = commands.add_parser("shell", help="a shell in a place")
    shell.add_argument("place", nargs="?", default="root")
    run = commands.add_parser("run", help="run a command; its exit code and output are yours")
    run.add_argument("--in", dest="place", default="root", metavar="PLACE")
    run.add_argument("--timeout", type=float, default=600, metavar="S")
    run.add_argument("--stdin", action="store_true", help="give it what is on stdin")
    add_start_options(run)
    run.add_argument("argv", nargs="+", metavar="-- COMMAND")
    return parser


def wish(options: argparse.Namespace) -> starter.Wish:
    if not 1 <= options.nodes <= 50:
        raise LabError(f"--nodes {options.nodes}: a lab has 1 to 50 nodes")
    return starter.Wish(
        nodes=options.nodes, native=options.native, limit=options.limit,
        package=options.kernel, fresh=tuple(options.fresh),
    )  # fmt: skip


def up(options: argparse.Namespace) -> int:
    lab = Lab.find()
    if lab is not None:
        say(f"already running: Linux {lab.kernel()}, {lab.places_text()}")
        return 0
    starter.start(wish(options), say)
    return 0


def down(_options: argparse.Namespace) -> int:
    say("ended" if stop_supervisor() else "nothing was running")
    return 0


def status(_options: argparse.Namespace) -> int:
    lab = Lab.find()
    if lab is None:
        print("not running")
        return 3
    kind = "native" if lab.native else "machine"
    print(f"running ({kind}), Linux {lab.kernel()}, state in {state_folder()}")
    print(f"places: {lab.places_text()}")
    return 0


def shell(options: argparse.Namespace) -> int:
    Lab.attach().shell(options.place)
    return 0


def run(options: argparse.Namespace) -> int:
    lab = Lab.find()
    if lab is not None:
        return run_in(lab, options)
    try:
        return run_in(starter.start(wish(options), say), options)
    finally:
        stop_supervisor()


def run_in(lab: Lab, options: argparse.Namespace) -> int:
    streams = {"out": sys.stdout, "err": sys.stderr}

    def emit(name: str, text: str) -> None:
        streams[name].write(text)
        streams[name].flush()

    stdin = sys.stdin.read() if options.stdin else None
    code = lab.stream(options.place, options.argv, emit, options.timeout, stdin)
    if code is None:
        say(f"not ended within {options.timeout:g} s, and killed: --timeout gives it more")
        return 124
    return code if code >= 0 else 128 - code


def main(arguments: Sequence[str]) -> int:
    options = make_parser().parse_args(arguments)
    choices = {"up": up, "down": down, "status": status, "shell": shell, "run": run}
    try:
        return choices[options.command](options)
    except LabError as error:
        say(str(error))
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except KeyboardInterrupt:
        return 130
