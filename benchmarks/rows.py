"""What a benchmark has measured: one row of the table, with its goal, its floor of the same run and its sample size."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from monitor.broker import mosquitto_program

MARK = "@row "  # before each row of a part's output: whatever else it prints is for people
LIBRARIES = ("gmqtt", "uvloop", "numba", "numpy", "msgspec")
MB = 1024 * 1024
DISK_ROW = "the journal on disk"  # said by one part, asked for by the plan


@dataclass(frozen=True, slots=True)
class Row:
    """One measure."""

    measure: str
    value: float
    unit: str
    goal: str = ""
    floor: float | None = None  # what the bare tool does, in the same run and unit
    n: str = ""  # of what the value is made
    met: bool | None = None

    def line(self) -> str:
        """As a line of the table."""
        floor = "" if self.floor is None else f"{number(self.floor)} ({self.value / self.floor:.2f})" if self.floor else number(self.floor)
        met = {True: "yes", False: "**no**", None: ""}[self.met]
        return f"| {self.measure} | {number(self.value)} {self.unit} | {floor} | {self.goal} | {met} | {self.n} |"


HEADING = "| measure | measured | floor of the same run (ratio) | goal | met | sample |\n|---|---|---|---|---|---|"


def number(value: float) -> str:
    """With as many digits as it deserves."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def say(row: Row) -> None:
    """Print a row for `run` to read, and for whoever looks on."""
    print(MARK + json.dumps(asdict(row)), flush=True)


def read_rows(text: str) -> list[Row]:
    """The rows in a part's output."""
    return [Row(**json.loads(line[len(MARK) :])) for line in text.splitlines() if line.startswith(MARK)]


def median(values: list[float]) -> float:
    """The middle one."""
    return sorted(values)[len(values) // 2]


def quantile(values: list[float], share: float) -> float:
    """The smallest that `share` of the values do not exceed, or nearly."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def resident_bytes(pid: int | str = "self") -> int:
    """Memory of a process that is in RAM now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_s(pid: int) -> float:
    """CPU time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine() -> str:
    """What this was measured on, and with."""
    model = next((line.split(": ", 1)[1] for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "?")
    broker = subprocess.run([mosquitto_program(), "-h"], capture_output=True, text=True, check=False).stdout.partition("\n")[0]
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    load = os.getloadavg()[1]
    return (
        f"{os.cpu_count()} cores ({model}) for broker, generator and monitor together, others at work beside them (load {load:.1f} in the "
        f"five minutes before); CPython {sys.version.split()[0]} on {platform.system()} {platform.release()}; {broker}; {libraries}."
    )
