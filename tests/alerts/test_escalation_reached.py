"""Was she reached? When nothing has, the control room is told: once, as soon as it is known, and in every later question."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from alerts.terms import Channel, DeliveryState, Kind, Notification, Outcome
from geofence.terms import Reason, Role
from tests.alerts.conversation import CALM, CAUTION, DISPATCH, EMERGENCY, HER, WARNING, answer, rung
from tests.messages import FACTS, transition

# --- was she reached? -------------------------------------------------------------------------------------------------

UNREACHED = "Aviso sin entregar"


def unreached(said: Sequence[Notification]) -> list[tuple[int, Channel, Kind]]:
    return [(one.issued_ms, one.channel, one.kind) for one in said if UNREACHED in one.text and one.kind is Kind.UPDATE]


def test_when_nothing_reaches_her_dispatch_is_told_once_and_in_every_later_question() -> None:
    escalation, _ = rung()
    said = escalation.due(180_000)
    assert unreached(said) == [(60_000, Channel.WEBHOOK, Kind.UPDATE), (60_000, Channel.CONSOLE, Kind.UPDATE)]
    assert all((UNREACHED in one.text) == (one.audience is DISPATCH and one.issued_ms >= 60_000) for one in said)


def test_when_every_way_to_her_has_failed_dispatch_is_told_at_once() -> None:
    escalation, said = rung()
    told: list[Notification] = []
    for at_ms in (1_000, 2_000, 3_000):  # bracelet, text, call
        assert unreached(told) == []
        hers = [one for one in said + told if one.audience is HER][-1]
        told += escalation.on_outcome(Outcome(hers.id, DeliveryState.FAILED, at_ms))
    assert unreached(told) == [(3_000, Channel.WEBHOOK, Kind.UPDATE), (3_000, Channel.CONSOLE, Kind.UPDATE)]
    assert unreached(escalation.due(180_000)) == []


@pytest.mark.parametrize("state", [DeliveryState.ACCEPTED, DeliveryState.DELIVERED])
def test_a_carrier_that_has_only_taken_it_has_not_reached_her(state: DeliveryState) -> None:
    escalation, _ = rung()
    text = escalation.due(5_000)[0]
    escalation.on_outcome(Outcome(text.id, state, 9_000))
    later = escalation.due(120_000)
    assert bool(unreached(later)) == (state is DeliveryState.ACCEPTED)
    assert Channel.VOICE in [one.channel for one in later], "what was delivered has not been answered"


@pytest.mark.parametrize("by", ["device", "person"])
def test_a_bracelet_or_a_person_that_answers_has_been_reached_even_late(by: str) -> None:
    escalation, said = rung()
    escalation.due(70_000)
    escalation.on_acknowledgement(answer(said[0], by, 71_000))
    later = escalation.due(180_000)
    assert later
    assert not any(UNREACHED in one.text for one in later)


def test_dispatch_that_has_answered_is_told_all_the_same_and_nobody_after_the_end() -> None:
    escalation, said = rung()
    escalation.on_acknowledgement(answer(said[1], "dispatcher"))
    assert len(unreached(escalation.due(60_000))) == 2
    escalation, _ = rung()
    escalation.on_transition(transition(2_000, EMERGENCY, CALM, Reason.CLEAR), FACTS)
    assert unreached(escalation.due(180_000)) == []


def test_a_caution_and_trouble_that_is_not_hers_wait_for_nobody() -> None:
    for t in (transition(0, CALM, CAUTION, Reason.CANNOT_SEE_PROTECTED), transition(0, CALM, WARNING, Reason.STRAP, party=Role.RESPONDENT)):
        escalation, _ = rung(t)
        assert unreached(escalation.due(180_000)) == []
