"""What the kernel has decided, in words: a row becomes a transition of a named incident. PURE.

A start replays a day's transitions, and a county that goes out of sight makes thousands at once: what is made here is made plainly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from alerts.case import OrderFacts
from geofence.core import Core
from geofence.names import namer_of
from geofence.quick import maker_of
from geofence.terms import FixRef, Format, IncidentId, Level, Order, OrderId, Reason, Role, Transition
from monitor.terms import is_canary

INCIDENT_NAMESPACE = UUID("6f1d2c8e-3f0b-5d6a-9a57-52657367756a")  # ours alone: incident ids derive from the input
_LEVELS, _REASONS = tuple(Level), {int(reason): reason for reason in Reason}  # `Level(2)` takes as long as all else of a line
_PARTIES = (*Role, None)  # by Role, and by -1
_incident_id = namer_of(INCIDENT_NAMESPACE)
_transition, _facts = maker_of(Transition), maker_of(OrderFacts)


class Decisions:
    """The incidents that are open, and the transitions that open, change and close them."""

    def __init__(self, core: Core, incidents: Mapping[OrderId, IncidentId] = {}, last: Mapping[OrderId, IncidentId] = {}) -> None:
        self._core = core
        self.incidents: dict[OrderId, IncidentId] = dict(incidents)  # of each order the one that is open
        self.last: dict[OrderId, IncidentId] = dict(last)  # and the one that was closed last

    def transition(self, row: Any) -> Transition:
        """What a row of the kernel says."""
        order = self._core.orders[row.order].id
        reason, to_level = _REASONS[row.reason], _LEVELS[row.to_level]
        fixes = self._fixes(row)
        zone = self._core.zone_of(row.order, row.target)
        return _transition(
            row.at_ms,
            order,
            self._incident(order, reason, fixes, row.at_ms, to_level),
            _LEVELS[row.from_level],
            to_level,
            reason,
            _PARTIES[row.party],
            _known(row.distance_m),
            _known(row.uncertainty_m),
            _known(row.seconds),
            _known(row.bearing_deg),
            None if zone is None else zone.id,
            fixes,
            row.breached_ms or None,
            _known(row.hours_left) if reason is Reason.BATTERY else None,
            _known(row.apart_m) if reason is Reason.SEPARATION else None,
            _known(row.clock_s) if reason is Reason.CLOCK else None,
            row.count_ or None,
            row.since_ms or None,
            _known(row.closest_m) if row.count_ else None,
        )

    def _fixes(self, row: Any) -> tuple[FixRef, ...]:
        """The fixes the decision rests on, the protected person's first."""
        devices = self._core.devices
        hers, his = row.device_protected, row.device_respondent
        found: tuple[FixRef, ...] = (FixRef(devices[hers].id, row.boot_protected, row.seq_protected),) if hers >= 0 else ()
        return (*found, FixRef(devices[his].id, row.boot_respondent, row.seq_respondent)) if his >= 0 else found

    def _incident(self, order: OrderId, reason: Reason, fixes: tuple[FixRef, ...], at_ms: int, to_level: Level) -> IncidentId:
        """The open incident of the order, or a new one named after what opened it; CALM closes it."""
        incident = self.incidents.get(order)
        if incident is None:
            name = f"{order}|{reason.word}|" + "|".join([f"{device}:{boot}:{seq}" for device, boot, seq in fixes])
            incident = IncidentId(_incident_id(name)) if fixes else None
            if incident is None or incident == self.last.get(order):
                incident = IncidentId(_incident_id(f"{name}|{at_ms}"))
        if to_level is Level.CALM:
            self.incidents.pop(order, None)
            self.last[order] = incident
        else:
            self.incidents[order] = incident
        return incident

    def facts(self, order: Order) -> OrderFacts:
        """What escalation needs to know about an order: who is told, in which language, on which bracelets."""
        devices = tuple([device.id for device in self._core.devices_of(order.protected) if device.format is Format.V1])
        return _facts(order.protected, order.respondent, order.language, devices, is_canary(order.id))


def _known(x: float) -> float | None:
    return x if x == x else None  # noqa: PLR0124 - it is NaN that differs from itself
