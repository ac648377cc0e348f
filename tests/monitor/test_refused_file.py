"""A change at the console, made while the orders file of the start was refused, stands when the file is right again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from geofence.terms import Registry
from tests.monitor.test_registrar import BASE, FILE, O1, Desk


async def test_what_the_console_changed_while_the_file_was_refused_stands(tmp_path: Path) -> None:
    desk = Desk(tmp_path, FILE)
    desk.registrar._file = Registry()  # the file of this start has no orders; those of before are in force
    await desk.registrar.adopt_first()
    assert desk.engine.core.order(O1) is not None
    answer = await desk.set(replace(BASE, perimeter_m=900.0, warning_m=1_300.0), who="ana")
    assert answer["ok"]
    desk.registrar._file, desk.registrar._is_refused = FILE, False
    await desk.registrar._adopt(desk.registrar.watched)
    order = desk.engine.core.order(O1)
    assert order is not None
    assert order.perimeter_m == 900.0
