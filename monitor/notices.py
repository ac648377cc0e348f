"""What dispatch must know about ourselves: the link is lost, the record is not being kept, an input could not be judged. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from uuid import UUID, uuid5

from alerts.terms import Audience, Channel, Kind, Notification, NotificationId
from geofence.terms import IncidentId, Level, OrderId, PersonId, Reason

NAMESPACE = UUID("0f7a52b4-2f0e-5c39-8a8c-6e6f74696365")  # ours alone: the same trouble at the same time is the same notice
LETTERS = "ACDEFGHJKMNPQRTUVWXY34679"  # no letter or digit that is heard or read as another
CHANNELS = (Channel.WEBHOOK, Channel.CONSOLE)


class Trouble(Enum):
    """What can be wrong with us while the service runs on."""

    LINK = "link"
    AUDIT = "audit"
    OUTBOX = "outbox"
    ENGINE = "engine"
    CANARY = "canary"
    PART = "part"
    SELFTEST = "selftest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Technical:
    """How whoever keeps the service running hears of its troubles, beside the control room."""

    ways: tuple[Channel, ...] = ()
    page: Channel | None = None  # and by which telephone when the canary is absent
    person: PersonId | None = None  # whose

    def ways_of(self, trouble: Trouble) -> tuple[Channel, ...]:
        """The ways for one trouble."""
        return (*self.ways, self.page) if self.page is not None and trouble is Trouble.CANARY else self.ways


NOBODY_ELSE = Technical()

TEXTS: dict[tuple[Trouble, bool, str], str] = {
    (Trouble.LINK, True, "es"): "Sin conexión con el servidor de mensajes: ahora no vemos a nadie. No lo tome por calma.",
    (Trouble.LINK, True, "en"): "No connection with the message broker: nobody can be seen now. Do not take it for calm.",
    (Trouble.LINK, False, "es"): "La conexión con el servidor de mensajes ha vuelto.",
    (Trouble.LINK, False, "en"): "The connection with the message broker is back.",
    (Trouble.AUDIT, True, "es"): "El registro no se está guardando. Las alertas siguen; revise el disco ya.",
    (Trouble.AUDIT, True, "en"): "The record is not being kept. Alerts go on; look at the disk now.",
    (Trouble.AUDIT, False, "es"): "El registro se guarda de nuevo.",
    (Trouble.AUDIT, False, "en"): "The record is being kept again.",
    (Trouble.OUTBOX, True, "es"): "Lo que pasa con cada alerta no se está guardando. Las alertas siguen; revise el disco ya.",
    (Trouble.OUTBOX, True, "en"): "What becomes of each alert is not being kept. Alerts go on; look at the disk now.",
    (Trouble.OUTBOX, False, "es"): "Lo que pasa con cada alerta se guarda de nuevo.",
    (Trouble.OUTBOX, False, "en"): "What becomes of each alert is being kept again.",
    (Trouble.ENGINE, True, "es"): "No se pudo evaluar un mensaje; se apartó y lo demás sigue. Avise a soporte técnico.",
    (Trouble.ENGINE, True, "en"): "One message could not be judged; it was set aside and all else goes on. Tell technical support.",
    (Trouble.CANARY, True, "es"): "La prueba continua no da la vuelta: quizá no lleguen las alertas. Vigile por otros medios.",
    (Trouble.CANARY, True, "en"): "The continuous test does not come round: alerts may not arrive. Watch by other means.",
    (Trouble.CANARY, False, "es"): "La prueba continua da la vuelta de nuevo.",
    (Trouble.CANARY, False, "en"): "The continuous test comes round again.",
    (Trouble.SELFTEST, True, "es"): "La prueba nocturna halló pulseras o vías que no responden. Vea el informe y llame a quien nombra.",
    (Trouble.SELFTEST, True, "en"): "The nightly test found bracelets or ways that do not answer. See the report and call whom it names.",
    (Trouble.SELFTEST, False, "es"): "La prueba nocturna no halló faltas.",
    (Trouble.SELFTEST, False, "en"): "The nightly test found nothing amiss.",
    (Trouble.PART, True, "es"): "Una parte del servicio falla una y otra vez y se reinicia. Avise a soporte técnico.",
    (Trouble.PART, True, "en"): "One part of the service fails again and again and is restarted. Tell technical support.",
    (Trouble.PART, False, "es"): "Todas las partes del servicio funcionan de nuevo.",
    (Trouble.PART, False, "en"): "All parts of the service work again.",
}


def notices(
    trouble: Trouble, begins: bool, *, since_ms: int, at_ms: int, language: str, technical: Technical = NOBODY_ELSE
) -> list[Notification]:
    """One notice for each way to dispatch, and for each of the `technical` ways.

    `since_ms` names the trouble: its end carries the same incident and code.
    """
    incident = uuid5(NAMESPACE, f"{trouble.value}|{since_ms}")
    code = "".join(LETTERS[byte % len(LETTERS)] for byte in incident.bytes[:4])
    return [
        Notification(
            id=_id(incident, channel, begins),
            incident=IncidentId(str(incident)),
            order=OrderId(""),
            code=code,
            audience=audience,
            channel=channel,
            kind=Kind.RAISE if begins else Kind.CLEAR,
            step=0,
            level=Level.CAUTION if begins else Level.CALM,
            reason=Reason.NO_LINK if trouble is Trouble.LINK else Reason.NONE,
            issued_ms=at_ms,
            language=language,
            text=TEXTS[trouble, begins, language],
            person=technical.person if audience is Audience.TECHNICAL and channel is technical.page else None,
            trouble=trouble.value,
            earlier=() if begins else ((_id(incident, channel, True), since_ms),),
        )
        for audience, channel in (
            *((Audience.DISPATCH, one) for one in CHANNELS),
            *((Audience.TECHNICAL, one) for one in technical.ways_of(trouble)),
        )
    ]


def _id(incident: UUID, channel: Channel, begins: bool) -> NotificationId:
    return NotificationId(str(uuid5(incident, f"{channel.value}|{begins}")))

