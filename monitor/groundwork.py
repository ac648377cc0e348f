"""What a start stands on: the files that the settings name, and the engine. For the service, and for what prepares its start (warm.py)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alerts.contacts import Contact
from alerts.ladder import Ladder
from config.contacts import check_called, check_trusted, load_contacts
from config.errors import BadInput
from config.settings import Settings
from geofence.terms import PersonId, Registry
from monitor.canary import with_canary
from monitor.carriers import ladder_of
from monitor.engine import Engine
from monitor.journal_reader import JournalReader
from monitor.known_orders import read_orders
from monitor.recovery import Recovered, recover


@dataclass(frozen=True, slots=True)
class Groundwork:
    """What the settings name, read and checked."""

    registry: Registry  # what the orders file says
    contacts: dict[PersonId, Contact]

    @classmethod
    def read(cls, settings: Settings) -> Groundwork:
        """Raises BadInput for faults in the files that the settings name."""
        if settings.service.orders is None:
            raise BadInput("service.orders", "is missing: name the orders file, there is nothing to watch without it")
        registry = read_orders(settings.service.orders, settings.service.data_dir)
        watched_of(settings, registry)
        contacts = load_contacts(settings.service.contacts) if settings.service.contacts is not None else {}
        check_trusted(contacts, registry)
        called = [rung.person for rungs in ladder_of(settings, contacts).values() for rung in rungs if rung.person is not None]
        check_called(contacts, called)
        return cls(registry, contacts)


def watched_of(settings: Settings, registry: Registry) -> Registry:
    """The orders, and the canary's where it is wanted. Raises BadInput if an id of its is used in them."""
    return registry if settings.canary.every_s is None else with_canary(registry, settings.service.language)


def snapshot_of(settings: Settings) -> Path:
    """Where the engine's memory is kept."""
    return settings.service.data_dir / "snapshot"


def journal_of(settings: Settings) -> Path:
    """Where the record is kept."""
    return settings.service.data_dir / "journal"


def rebuilt(settings: Settings, ladder: Ladder, watched: Registry, journal: JournalReader) -> Recovered:
    """The engine as the disk has it, under these settings. Raises OSError."""
    adaptive = settings.privacy.respondent_interval == "adaptive"
    return recover(
        journal,
        snapshot_of(settings),
        lambda blob: Engine.restore(blob, known=watched, ladder=ladder, adaptive=adaptive),
        lambda: Engine(watched, ladder=ladder, adaptive=adaptive),
    )
