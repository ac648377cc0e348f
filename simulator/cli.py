"""`resguardo simulate`: what can be asked of the simulated world."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from config.errors import BadInput
from simulator.device import Broker, ReceivedAlert
from simulator.fleet import Fleet, system_clock_ms
from simulator.load import LoadError, LoadGenerator, LoadPlan
from simulator.orders_file import write_orders
from simulator.scenario import Scenario, accelerated, demo, load_scenario
from simulator.truth import truth, write_truth

DONE, FAILED, WRONG_INPUT = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything `run` reads."""
    parser.add_argument(
        "--broker", metavar="HOST:PORT", help="where to connect, or the path of a Unix socket; without it only the files are written"
    )
    parser.add_argument("--pairs", type=int, default=25, metavar="N", help="pairs of people (default 25)")
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="X", help="how fast people move, 0.1 to 4 (default 1); devices report in real time"
    )
    parser.add_argument("--seed", type=int, metavar="S", help="one seed, one world (default: the scenario's own, or 0)")
    parser.add_argument("--seconds", type=float, default=600.0, metavar="T", help="how long (default 600)")
    parser.add_argument("--scenario", type=Path, metavar="FILE", help="a scenario file instead of the built-in one")
    parser.add_argument("--orders-out", type=Path, metavar="FILE", help="write the orders of these pairs for the monitor")
    parser.add_argument(
        "--pings-out", type=Path, metavar="FILE", help="write what the monitor would receive, for `resguardo replay` (virtual time)"
    )
    parser.add_argument("--truth-out", type=Path, metavar="FILE", help="write where everybody truly is, second by second")
    parser.add_argument("--load", metavar="RATE|max", help="load mode: that many pings a second, or as many as the broker takes")
    parser.add_argument("--qos", type=int, choices=(0, 1), default=0, help="of the pings in load mode (default 0)")
    parser.add_argument("--connections", type=int, default=4, metavar="N", help="in load mode (default 4)")


def run(args: argparse.Namespace) -> int:
    """Do it; gives the exit status. Raises BadInput."""
    _check(args)
    if args.load is not None:
        return _load(args)
    scenario = _scenario(args)
    _write_files(args, scenario)
    return DONE if args.broker is None else _drive(args, scenario)


def _check(args: argparse.Namespace) -> None:
    if args.pairs < 1:
        raise BadInput("--pairs", "must be 1 or more")
    if not 0.1 <= args.speed <= 4.0:
        raise BadInput("--speed", "must be between 0.1 and 4: faster, cars outrun what a monitor can believe")
    if args.seconds <= 0:
        raise BadInput("--seconds", "must be more than 0")
    if args.broker is None and not (args.orders_out or args.pings_out or args.truth_out):
        raise BadInput("--broker", "is needed, unless only files are to be written")
    if args.load is not None and (args.scenario or args.pings_out or args.truth_out):
        raise BadInput("--load", "goes with neither --scenario, --pings-out nor --truth-out")


def _broker(text: str) -> Broker:
    if text.startswith("/"):
        return Broker(text)
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise BadInput("--broker", f"{text!r} is neither HOST:PORT nor the path of a Unix socket")
    return Broker(host.strip("[]"), int(port))


def _scenario(args: argparse.Namespace) -> Scenario:
    now_ms = system_clock_ms()
    if args.scenario is None:
        return demo(args.pairs, seed=args.seed or 0, start_ms=now_ms, duration_s=args.seconds, speed=args.speed)
    scenario = load_scenario(args.scenario, seed=args.seed, start_ms=None if args.broker is None else now_ms)
    return accelerated(scenario, args.speed)


def _write_files(args: argparse.Namespace, scenario: Scenario) -> None:
    try:
        if args.orders_out is not None:
            write_orders(args.orders_out, scenario.registry())
        if args.truth_out is not None:
            write_truth(args.truth_out, truth(scenario))
        if args.pings_out is not None:
            _write_pings(args.pings_out, scenario)
    except OSError as error:
        raise BadInput(str(error.filename), f"cannot be written: {error.strerror}") from error


def _write_pings(path: Path, scenario: Scenario) -> None:
    """In virtual time, with the real engine commanding the devices."""
    from simulator.engine_judge import EngineJudge  # the engine compiles its kernel on import: only here is it needed
    from simulator.virtual import VirtualWorld, write_pings

    write_pings(path, VirtualWorld(scenario, EngineJudge(scenario.registry())).run())


def _drive(args: argparse.Namespace, scenario: Scenario) -> int:
    fleet = Fleet(scenario, _broker(args.broker), on_alert=_print_alert)
    summary = asyncio.run(fleet.run(args.seconds))
    if not fleet.reached():
        print(f"simulate: no device reached the broker at {args.broker}")
        return FAILED
    print(summary)
    for one in summary.missed:
        print(json.dumps({"missed": one.kind, "order": one.order, "from_ms": one.from_ms, "by_ms": one.by_ms}))
    return FAILED if summary.missed else DONE


def _print_alert(alert: ReceivedAlert) -> None:
    print(f"{alert.device} {alert.level} {alert.reason}: {alert.text}", flush=True)


def _load(args: argparse.Namespace) -> int:
    plan = LoadPlan(args.pairs, seed=args.seed or 0)
    if args.orders_out is not None:
        write_orders(args.orders_out, plan.registry(now_ms=system_clock_ms()))
    if args.broker is None:
        return DONE
    generator = LoadGenerator(
        plan, _broker(args.broker), clock=system_clock_ms, connections=args.connections, qos=args.qos, rate=_rate(args.load)
    )
    try:
        report = asyncio.run(generator.run(args.seconds))
    except LoadError as error:
        print(f"load: {error}")
        return FAILED
    print(f"{report.sent} pings in {report.seconds:.1f} s: {report.rate:.0f}/s, acknowledged {report.acknowledged}")
    return DONE


def _rate(text: str) -> float | None:
    if text == "max":
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0.0 < rate < 1e7:
        raise BadInput("--load", f"{text!r} is neither a rate per second nor max")
    return rate
