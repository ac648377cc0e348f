"""One message of an incident: its id, its code, its words and numbers. PURE."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from alerts.case import Case, Due
from alerts.ladder import Rung
from alerts.terms import Audience, Channel, Kind, Notification, NotificationId
from alerts.wording import text_of, wind_of
from geofence.names import namer_of, number_of
from geofence.quick import maker_of
from geofence.terms import IncidentId, Transition

NAMESPACE = UUID("0c9e3f5a-7a51-5f0e-8d1e-416c65727461")  # ours alone: notification ids derive from the input
CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no 0/O, 1/I/L: it is read aloud
CODES_KEPT = 4_096  # an incident's messages come close together, a dozen of them; more incidents at once only cost their sum again
_notification, _identity = maker_of(Notification), namer_of(NAMESPACE)
CODE_CHARS = 4  # 923,521 codes: two open incidents of one person never share one in practice


@lru_cache(maxsize=CODES_KEPT)
def code_of(incident: IncidentId) -> str:
    """The short code that every copy of every alert of an incident carries."""
    number = number_of(NAMESPACE, incident)
    code = ""
    for _ in range(CODE_CHARS):
        number, digit = divmod(number, len(CODE_ALPHABET))
        code += CODE_ALPHABET[digit]
    return code


def message_of(
    case: Case, t: Transition, rung: Rung, kind: Kind, due: Due, *, others: int = 0, refreshes: NotificationId | None = None
) -> Notification:
    """What `t` says to the audience of `rung` by its channel; `others` is how many more wait for an answer.

    `refreshes`: the ring whose numbers it renews. The id derives from what the message is about, so a replay gives it again.
    """
    audience, channel = rung.audience, rung.channel
    name = f"{t.incident}|{case.ring}|{due.level.word}|{audience.value}|{channel.value}|{due.step}|{due.turn}|{kind.value}"
    code = code_of(t.incident)
    hers = audience is Audience.PROTECTED
    return _notification(
        id=NotificationId(_identity(name)),
        incident=t.incident,
        order=t.order,
        code=code,
        audience=audience,
        channel=channel,
        kind=kind,
        step=due.step,
        level=t.to_level,
        reason=t.reason,
        issued_ms=due.at_ms,
        language=case.facts.language,
        text=text_of(
            t,
            audience=audience,
            channel=channel,
            kind=kind,
            language=case.facts.language,
            code=code,
            unanswered=audience is Audience.DISPATCH and rung.after_s > 0,
            unreached=case.unreached,
            others=others,
        ),
        person=case.facts.protected if hers or audience is Audience.TRUSTED else rung.person,  # alerts/contacts.py knows whom she trusts
        devices=case.facts.protected_devices if hers and channel is Channel.BRACELET else (),
        distance_m=t.distance_m,
        uncertainty_m=t.uncertainty_m,
        bearing=wind_of(t.bearing_deg, "en"),
        seconds_to_perimeter=t.seconds_to_perimeter,
        zone=t.zone,
        refreshes=refreshes,
        earlier=case.earlier if channel is Channel.CAP else (),
    )
