"""Promises of the console's record, kept by both databases: nothing told is lost, and the tables are those of the code."""

from __future__ import annotations

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from config.errors import BadInput
from dashboard import database as db
from dashboard.database import Records
from tests.dashboard.conftest import Scene, fresh, scene_of


def test_the_migrations_make_the_very_tables_of_the_code(database_url: str) -> None:
    records = fresh(database_url)
    records.migrate()  # once more changes nothing

    def differences(connection: object) -> object:
        return compare_metadata(MigrationContext.configure(connection), db.metadata)  # type: ignore[arg-type]

    assert records.now([differences])[0] == []
    records.close()


async def test_what_was_told_is_known_after_a_restart(database_url: str) -> None:
    records = fresh(database_url)
    async with scene_of(records) as before:
        tell_a_story(before)
        queue = [one.id for one in before.console.board.queue()]
        async with before.browser("ana") as ana:
            await ana("POST", "/incidents/i-2/mute", {"muted": True})
            await ana("POST", "/incidents/i-2/steps", {"step": "call_her", "done": True})
    async with scene_of(records) as after:
        assert [one.id for one in after.console.board.queue()] == queue
        assert after.console.board.notices == before.console.board.notices
        assert after.console.board.incidents == before.console.board.incidents
        assert (after.console.feed.epoch, after.console.feed.seq) == ("e", before.seq)
        async with after.browser("ana") as ana:
            assert (await ana("GET", "/queue"))[1]["incidents"][0]["muted"] is True
            assert (await ana("GET", "/incidents/i-2"))[1]["steps"][0]["done_by"] == "ana"
    records.close()


def tell_a_story(scene: Scene) -> None:
    scene.transition("i-1", "warning", "approach", distance_m=900.0, seconds_to_perimeter=60.0)
    scene.notification("n-1", "i-1")
    scene.hear("outcome", notification="n-1", state="accepted", at_ms=scene.clock.ms, detail="http 200")
    scene.hear("acknowledgement", notification="n-1", by="dispatcher", at_ms=scene.clock.ms, device=None)
    scene.transition("i-2")
    scene.transition("i-1", "calm", "clear", before="warning")


async def test_a_database_that_is_away_delays_no_screen_and_loses_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.console.KEEP_RETRY_S", 0.05)
    records = fresh(database_url)
    async with scene_of(records) as scene:
        failures = []

        async def fails(*_works: object) -> list[object]:
            failures.append(1)
            raise OSError("away")

        with monkeypatch.context() as broken:
            broken.setattr(records, "do", fails)
            scene.transition()
            assert [one.id for one in scene.console.board.queue()] == ["i-1"], "the screen does not wait"
            async with asyncio.timeout(5):
                while len(failures) < 3:
                    await asyncio.sleep(0.01)
        await scene.console.kept()
        assert [row["id"] for row in await records.one(db.find(db.INCIDENTS))] == ["i-1"]
        assert [row["what"] for row in await records.one(db.find(db.ENTRIES))] == ["breach"], "once, however often it was tried"
    records.close()


async def test_one_row_that_no_database_takes_holds_up_no_other(database_url: str) -> None:
    records = fresh(database_url)
    async with scene_of(records) as scene:
        bent = db.add(db.ENTRIES, {"incident": None, "at_ms": 1, "kind": "act", "who": "x", "what": "bent", "data": {}})
        scene.console.tell([], bent)
        scene.transition()
        await scene.console.kept()
    assert [row["what"] for row in records.now([db.find(db.ENTRIES)])[0]] == ["breach"]
    records.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "postgresql://nobody@127.0.0.1:1/none"])
def test_an_address_that_is_no_database_is_one_clear_line(url: str) -> None:
    with pytest.raises(BadInput, match=r"dashboard\.database_url"):
        Records(url).migrate()
