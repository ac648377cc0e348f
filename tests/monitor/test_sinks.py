"""Promises of what follows a turn: people, devices and the record come first, and no reader can take them along when it fails."""

from __future__ import annotations

from typing import Any, cast
from unittest.mock import Mock

from alerts.terms import Acknowledgement, DeliveryState, NotificationId, Outcome
from geofence.terms import Command, DeviceId, IncidentId, Level, OrderId, Reason, Transition
from monitor.clock import Clock
from monitor.engine import Effects
from monitor.sinks import Distributor
from monitor.terms import CANARY
from tests.messages import notification


def test_a_reader_that_fails_takes_nothing_with_it() -> None:
    parts = {name: Mock() for name in ("outbox", "downlink", "journal", "metrics", "watchdog")}

    def broken(transitions: list[Transition]) -> None:
        raise RuntimeError("planted")

    sinks = Distributor(**cast(Any, parts), clock=Clock(), language="en", readers=[broken])
    told = Transition(1, OrderId("O"), IncidentId("I"), Level.CALM, Level.WARNING, Reason.APPROACH, None)
    command = Command(DeviceId("brc"), 1, 15)
    answer = Acknowledgement(NotificationId("n"), "person", 1)
    sinks.judged(Effects(transitions=[told], commands=[command], acknowledgements=[answer], pings=1), 1, 0.001)
    parts["downlink"].command.assert_called_once_with(command)
    parts["outbox"].acknowledged.assert_called_once_with(["n"])
    parts["journal"].append.assert_called_once()
    parts["metrics"].judged.assert_called_once()


def test_the_canary_is_nobodys_business_but_the_outboxs() -> None:
    parts = {name: Mock() for name in ("outbox", "downlink", "journal", "metrics", "watchdog", "feed")}
    sinks = Distributor(**cast(Any, parts), clock=Clock(), language="en", readers=[])
    theirs, hers = notification(issued_ms=1), notification(issued_ms=1, order=CANARY)
    told = Transition(1, CANARY, IncidentId("I"), Level.CALM, Level.WARNING, Reason.APPROACH, None)
    sinks.judged(Effects(transitions=[told], notifications=[theirs, hers]), 1, 0.001)
    parts["outbox"].submit.assert_called_once_with([theirs, hers])
    parts["feed"].sent.assert_called_once_with([theirs])
    (shown,) = parts["feed"].judged.call_args.args
    assert (shown.transitions, shown.notifications) == ([], [theirs])
    sinks.outcome(Outcome(hers.id, DeliveryState.ACCEPTED, 2))
    parts["metrics"].delivered.assert_not_called()


def test_the_outbox_hears_who_has_answered_so_that_no_telephone_rings_for_it() -> None:
    parts = {name: Mock() for name in ("outbox", "downlink", "journal", "metrics", "watchdog")}
    sinks = Distributor(**cast(Any, parts), clock=Clock(), language="en", readers=[])
    answers = [Acknowledgement(NotificationId("n"), by, 1) for by in ("device", "person")]
    sinks.judged(Effects(acknowledgements=answers, answers=answers[1:]), 1, 0.001)
    parts["outbox"].answered.assert_called_once_with(answers[1:])
