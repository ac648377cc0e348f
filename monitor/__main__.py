"""The command line: `resguardo COMMAND …`. Exit status 0 done, 1 the check failed, 2 wrong usage or input.

Each command imports what it needs when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from config.errors import BadInput
from geofence import __version__
from monitor.hangups import note_hangups

DONE, FAILED, WRONG_USAGE = 0, 1, 2
INTERRUPTED = 130  # what a shell reports for a program ended by Ctrl-C
Run = Callable[[argparse.Namespace], int]
AddArguments = Callable[[argparse.ArgumentParser], None]
PLAIN_WORDS = (("invalid int value:", "must be a whole number, is"), ("invalid float value:", "must be a number, is"))


class Parser(argparse.ArgumentParser):
    """A command: it tells its release, and says in one line what is wrong."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.add_argument("--version", action="version", version=f"resguardo {__version__}", help="show the release and end")

    def error(self, message: str) -> NoReturn:
        """End with the fault alone: argparse would put the whole usage before it."""
        for theirs, ours in PLAIN_WORDS:
            message = message.replace(theirs, ours)
        self.exit(WRONG_USAGE, f"{self.prog}: {' '.join(message.split())} (see {self.prog} --help)\n")


def _run(args: argparse.Namespace) -> int:
    note_hangups()  # before anything takes time
    from config.load import load_settings
    from config.places import placing

    settings = load_settings(args.config, os.environ)
    gc.disable()  # until what stays is there (monitor/memory.py): a start with 50,000 orders spent a third of its time looking for garbage
    from monitor.service import run_service

    with placing(settings, args.config, os.environ):
        return run_service(settings)


def _verify(args: argparse.Namespace) -> int:
    from monitor.verify import verify

    verdict = verify(args.journal)
    print(verdict)
    return DONE if verdict.ok else FAILED


def _export(args: argparse.Namespace) -> int:
    from monitor.verify import export

    for line in export(args.journal):
        sys.stdout.write(line)
    return DONE


def _orders_check(args: argparse.Namespace) -> int:
    from config.orders import check

    for line in check(args.file):
        print(line)
    return DONE


def _of(module: str) -> tuple[AddArguments, Run]:
    """A command that a module brings along as `add_arguments` and `run`: by name, since this package must not import its users."""

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        import_module(module).add_arguments(parser)

    def run(args: argparse.Namespace) -> int:
        return int(import_module(module).run(args))

    return add_arguments, run


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (TOML); the environment RESGUARDO_SECTION__KEY goes before it"
    )


def _add_journal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("journal", type=Path, metavar="JOURNAL", help="the directory of a journal")


def _add_orders(parser: argparse.ArgumentParser) -> None:
    check = parser.add_subparsers(title="commands", required=True, metavar="COMMAND").add_parser(
        "check", help="read FILE and report every fault in it"
    )
    check.set_defaults(parser=check)
    check.add_argument("file", type=Path, metavar="FILE", help="orders (TOML)")


COMMANDS: dict[str, tuple[str, AddArguments, Run]] = {
    "demo": ("everything embedded: broker, monitor, simulated people, live view", *_of("simulator.demo")),
    "run": ("watch over the orders, for real", _add_run, _run),
    "dashboard": ("the dispatcher's console, beside a monitor", *_of("dashboard.command")),
    "watch": ("look after a monitor from another machine, and page when it is gone", *_of("monitor.watch")),
    "simulate": ("drive simulated devices over MQTT", *_of("simulator.cli")),
    "replay": ("judge recorded pings again, byte for byte", *_of("monitor.replay")),
    "verify": ("check a journal: nothing changed, lost or reordered", _add_journal, _verify),
    "export": ("print the inputs of a journal as PINGS.jsonl, for replay", _add_journal, _export),
    "feasibility": ("what each perimeter would mean for two lives, from sample tracks", *_of("monitor.feasibility")),
    "orders": ("work with orders files", _add_orders, _orders_check),
}


def build_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Describe the whole command line; only the command in `argv` is described in full."""
    parser = Parser(prog="resguardo", description="Real-time protection of persons: perimeters, zones, alerts.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    asked = next((word for word in argv if not word.startswith("-")), None)
    for name, (words, add_arguments, run) in COMMANDS.items():
        command = commands.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
        command.set_defaults(run=run, parser=command)
        if name == asked:
            add_arguments(command)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status. Faults of the user are one clear line each, never a traceback."""
    argv = sys.argv[1:] if argv is None else argv
    args, unknown = build_parser(argv).parse_known_args(argv)
    if unknown:
        args.parser.error(f"unrecognized arguments: {' '.join(unknown)}")  # by the command's own name
    return answering(lambda: int(args.run(args)))


def answering(run: Callable[[], int]) -> int:
    """The exit status of what is run; faults of the user and of the system are one clear line each."""
    try:
        return run()
    except BadInput as error:
        print(f"resguardo: {error}", file=sys.stderr)
        return WRONG_USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of our output has gone: nothing is wrong with us
        return DONE
    except OSError as error:
        print(f"resguardo: {error.filename or 'system'}: {error.strerror or error}", file=sys.stderr)
        return WRONG_USAGE


if __name__ == "__main__":
    sys.exit(main())
