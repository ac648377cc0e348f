"""An incident of which people have just been told, and their answers, for tests of the conversation."""

from __future__ import annotations

from alerts.escalation import Escalation
from alerts.ladder import DEFAULT_LADDER
from alerts.terms import Acknowledgement, Audience, Notification
from geofence.terms import DeviceId, Level, Reason
from tests.messages import FACTS, transition

HER, DISPATCH = Audience.PROTECTED, Audience.DISPATCH
CALM, CAUTION, WARNING, EMERGENCY = Level
BREACH = transition(0, CALM, EMERGENCY, Reason.BREACH)


def rung(transition_of: object = BREACH) -> tuple[Escalation, list[Notification]]:
    escalation = Escalation(DEFAULT_LADDER)
    return escalation, escalation.on_transition(transition_of, FACTS)  # type: ignore[arg-type]


def answer(one: Notification, by: str, at_ms: int = 1_000) -> Acknowledgement:
    device = DeviceId("brc-1") if one.audience is HER and by != "dispatcher" else None
    return Acknowledgement(one.id, by, at_ms, device, who="ana" if by == "dispatcher" else None)
