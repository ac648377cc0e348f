"""The rules of the house as tests: who may import whom, what pure means, one door a library, sizes, reasons for numbers.

Each checker is first shown a planted fault: a rule that cannot fail proves nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("geofence", "alerts", "config", "monitor", "simulator", "dashboard", "tests")  # right may import left
PURE = (
    *(f"geofence/{p.name}" for p in sorted((ROOT / "geofence").glob("*.py")) if p.name not in ("jit.py", "schedule.py")),
    "alerts/terms.py", "alerts/ladder.py", "alerts/escalation.py", "alerts/audiences.py", "alerts/case.py", "alerts/message.py", "alerts/folding.py", "alerts/body.py", "alerts/channels/claims.py", "alerts/overtaken.py", "alerts/ringing.py", "alerts/rungs.py", "alerts/wording.py",
    "dashboard/rights.py", "dashboard/incidents.py", "dashboard/words.py", "dashboard/statistics.py",
    "monitor/adoption.py", "monitor/decisions.py", "monitor/directory.py", "monitor/engine.py", "monitor/engine_state.py", "monitor/receipts.py", "monitor/arrivals.py", "monitor/topics.py", "monitor/scan.py", "monitor/frames.py", "monitor/gather.py", "monitor/octets.py", "monitor/packing.py", "monitor/answers.py", "monitor/views.py", "monitor/whereabouts.py", "monitor/coverage.py", "monitor/intake.py", "monitor/bounds.py", "monitor/terms.py", "monitor/wire.py", "monitor/wire_foreign.py", "monitor/wire_orders.py", "monitor/rejected.py", "monitor/blocks.py", "monitor/merkle.py",
)  # fmt: skip
IMPURE_MODULES = {"time", "random", "secrets", "socket", "asyncio", "os", "sys", "locale", "threading", "subprocess", "logging", "io", "select"}
IMPURE_CALLS = {"hash", "id", "open", "input", "print"}
DOORS = {  # the console is a process of its own, with doors of its own

    "numba": "geofence/jit.py",
    "llvmlite": "geofence/jit.py",
    "shapely": "geofence/zone.py",
    "opening_hours": "geofence/schedule.py",
    "msgspec": ("monitor/wire.py", "dashboard/bodies.py"),
    "gmqtt": "monitor/connection.py",
    "redis": "monitor/store.py",
    "prometheus_client": "monitor/metrics.py",
    "twilio": "alerts/channels/telephone.py",
    "sqlalchemy": ("alerts/database.py", "dashboard/database.py", "dashboard/migrations/"),
    "alembic": ("dashboard/database.py", "dashboard/migrations/"),
    "argon2": "dashboard/passwords.py",
    "pyotp": "dashboard/passwords.py",
    "structlog": "monitor/log.py",
    "rich": "monitor/console_view.py",
    "cryptography": "monitor/signing.py",
    "aiomqtt": "simulator/device.py",
}
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60


def sources(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]


def imports_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every import, those inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield node.lineno, node.module


def wrong_rooms(room: str, source: str) -> list[str]:
    allowed = ROOMS[: ROOMS.index(room) + 1]
    roots = ((line, module.split(".")[0]) for line, module in imports_of(ast.parse(source)))
    return [f"line {line} imports {root}" for line, root in roots if root in ROOMS and root not in allowed]


def impurities(source: str) -> list[str]:
    tree = ast.parse(source)
    faults = [f"line {line} imports {m}" for line, m in imports_of(tree) if m.split(".")[0] in IMPURE_MODULES]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            faults.append(f"line {node.lineno} calls {node.func.id}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("now", "utcnow", "today"):
            faults.append(f"line {node.lineno} asks the clock")
        loops = [node.iter] if isinstance(node, (ast.For, ast.comprehension)) else []
        faults += [f"line {one.lineno} iterates a set" for one in loops if is_set(one)]
    return faults


def is_set(node: ast.expr) -> bool:
    made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset")
    return made or isinstance(node, (ast.Set, ast.SetComp))


def foreign_imports(name: str, source: str) -> list[str]:
    found = ((line, module.split(".")[0]) for line, module in imports_of(ast.parse(source)))
    return [f"line {line} imports {root}, whose door is {DOORS[root]}" for line, root in found if root in DOORS and not is_door(DOORS[root], name)]


def is_door(doors: str | tuple[str, ...], name: str) -> bool:
    """A file, or a folder by its name with the slash."""
    return any(name == door or (door.endswith("/") and name.startswith(door)) for door in ((doors,) if isinstance(doors, str) else doors))


def long_functions(source: str) -> list[str]:
    functions = (node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return [f"{f.name}: {size} lines" for f in functions if (size := (f.end_lineno or 0) - f.lineno + 1) > FUNCTION_LINES_MAX]


def unexplained_constants(source: str) -> list[str]:
    """Constants of policy.py without a comment on their own line."""
    lines = source.splitlines()
    names = (node for node in ast.parse(source).body if isinstance(node, ast.Assign))
    return [ast.unparse(node.targets[0]) for node in names if "#" not in lines[(node.end_lineno or 1) - 1]]


PLANTED = [
    (wrong_rooms, ("geofence", "from monitor.engine import Engine")),
    (wrong_rooms, ("alerts", "def f():\n    import config.load")),
    (impurities, ("import time",)),
    (impurities, ("from os import environ",)),
    (impurities, ("def f(x): return hash(x)",)),
    (impurities, ("y = [x for x in {1, 2}]",)),
    (impurities, ("for x in set(a): pass",)),
    (impurities, ("t = datetime.now()",)),
    (foreign_imports, ("monitor/loop.py", "import redis.asyncio")),
    (long_functions, ("def f():\n" + "    x = 1\n" * 60,)),
    (unexplained_constants, ("SPEED_MPS_MAX = 3\n",)),
]


@pytest.mark.parametrize(("checker", "planted"), PLANTED, ids=[f"{c.__name__}-{n}" for n, (c, _) in enumerate(PLANTED)])
def test_the_checkers_see_a_planted_fault(checker, planted) -> None:  # type: ignore[no-untyped-def]
    assert checker(*planted)


@pytest.mark.parametrize("path", list(sources(*ROOMS[:-1])), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_keeps_the_rules_of_the_house(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    source = path.read_text()
    faults = wrong_rooms(name.split("/")[0], source)
    if not name.startswith("dashboard/migrations/versions/"):  # a list of tables as they were, drawn once and never changed
        faults += long_functions(source)
    if not name.startswith("simulator/"):
        faults += foreign_imports(name, source)
    if name in PURE:
        faults += impurities(source)
    if len(source.splitlines()) > FILE_LINES_MAX:
        faults.append(f"{len(source.splitlines())} lines: a noun may be missing")
    assert faults == []


@pytest.mark.parametrize("path", list(sources("tests")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_of_tests_is_too_long_to_be_about_one_thing(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= FILE_LINES_MAX, "a noun may be missing"


def test_the_service_never_imports_the_simulator() -> None:
    """Except the command line, which starts it."""
    users = [p.name for p in sources("monitor") if "simulator" in {m.split(".")[0] for _, m in imports_of(ast.parse(p.read_text()))}]
    assert users == []


def test_every_number_the_core_decides_by_says_why() -> None:
    assert unexplained_constants((ROOT / "geofence" / "policy.py").read_text()) == []


def test_no_path_of_a_machine_is_in_the_tree() -> None:
    text = re.compile(r"/work/|/root/|/tmp/bash|/farm/")
    files = [*sources(*ROOMS), *sorted((ROOT / "scripts").iterdir()), *sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    assert [str(f.relative_to(ROOT)) for f in files if f.name != "test_house.py" and text.search(f.read_text())] == []

