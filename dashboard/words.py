"""What the console says to people: one line why, the steps of the response, hints. Spanish and English. PURE."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.wording import why
from dashboard.incidents import Incident
from geofence.terms import Reason, Role

LANGUAGES = ("es", "en")
OUTCOMES = ("true_approach", "accidental", "device_fault", "coverage", "false_position", "test", "other")
_ENDED = ("terminó: ", "ended: ")


def line_of(one: Incident, language: str) -> str:
    """Why an incident is in the list, in one line."""
    said = why(
        Reason[one.reason.upper()],
        Role[one.party.upper()] if one.party else None,
        language=language,
        distance_m=one.distance_m,
        uncertainty_m=one.uncertainty_m,
        seconds_to_perimeter=one.seconds_to_perimeter,
    )
    return said if one.calm_ms is None else _ENDED[_in(language)] + said


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the response: what to do, and what to say while doing it. Each as (Spanish, English)."""

    id: str
    do: tuple[str, str]
    say: tuple[str, str] = ("", "")


_CALL_HER = Step(
    "call_her",
    ("Llamar a la persona protegida", "Call the protected person"),
    (
        "«Le llamo del centro de control. ¿Está usted a salvo ahora? ¿Puede hablar? La persona de su orden está cerca. Vaya a un lugar con gente o cierre con llave; no salga a mirar.»",
        "“This is the control room. Are you safe right now? Can you talk? The person in your order is near. Go where people are or lock the door; do not go out to look.”",
    ),
)
_SEND = Step(
    "send_patrol",
    ("Enviar una patrulla a donde está ella", "Send a patrol to where she is"),
    (
        "«Orden de protección en curso: la persona vinculada está dentro del perímetro o a punto de entrar. Código de la alerta: el de esta pantalla.»",
        "“Protection order in force: the respondent is inside the perimeter or about to enter. Alert code: the one on this screen.”",
    ),
)
_CALL_HIM = Step(
    "call_him",
    ("Llamar a la persona vinculada, sin decir dónde está ella", "Call the respondent without saying where she is"),
    (
        "«Su dispositivo requiere atención. Aléjese por donde llegó y espere instrucciones.» No decir lugar, dirección ni distancia.",
        "“Your device needs attention. Go back the way you came and wait for instructions.” Say no place, direction or distance.",
    ),
)
_TELL_HER_END = Step(
    "tell_her",
    ("Decirle cómo terminó, aunque todo haya sido un error", "Tell her how it ended, even if it was a mistake"),
    ("«La alerta terminó. Esto es lo que sabemos: …»", "“The alert is over. This is what we know: …”"),
)
_FIND_HIM = Step(
    "find_him",
    ("Llamar a la persona vinculada para volver a verla", "Call the respondent so that he can be seen again"),
    (
        "«No recibimos su dispositivo. Salga a cielo abierto y cárguelo.»",
        "“We do not receive your device. Go under open sky and charge it.”",
    ),
)
_WATCH = Step(
    "watch",
    ("Seguir el mapa hasta que se aleje", "Watch the map until he has moved away"),
)
_HER_DEVICE = Step(
    "her_device",
    ("Pedirle que revise su pulsera", "Ask her to check her bracelet"),
    (
        "«Su pulsera no nos llega bien. ¿Está cargada y la trae puesta?»",
        "“We do not receive your bracelet well. Is it charged and on you?”",
    ),
)
_HIS_DEVICE = Step(
    "his_device",
    ("Comprobar el dispositivo de la persona vinculada", "Check the respondent's device"),
    (
        "«Revise la correa y la carga de su dispositivo y espere nuestra llamada.»",
        "“Check the strap and the charge of your device and wait for our call.”",
    ),
)

# The response by the highest level an incident had. It is never shorter because it came down: somebody was near.
_BY_LEVEL: dict[str, tuple[Step, ...]] = {
    "calm": (_TELL_HER_END,),
    "caution": (_FIND_HIM, _HER_DEVICE, _HIS_DEVICE),
    "warning": (_CALL_HER, _WATCH, _CALL_HIM, _TELL_HER_END),
    "emergency": (_CALL_HER, _SEND, _WATCH, _CALL_HIM, _TELL_HER_END),
}
_BLIND_OF_HER = frozenset(("cannot_see_protected",))
_DEVICE = frozenset(("strap", "jamming", "spoofing", "clock", "separation", "battery"))


def steps_of(one: Incident) -> tuple[Step, ...]:
    """What to do about an incident, first things first."""
    if one.peak != "caution":
        return _BY_LEVEL[one.peak]
    if one.reason in _BLIND_OF_HER:
        return (_CALL_HER, _HER_DEVICE)
    return (_HIS_DEVICE, _HER_DEVICE) if one.reason in _DEVICE else (_FIND_HIM, _HIS_DEVICE)


def text(pair: tuple[str, str], language: str) -> str:
    """One of two languages."""
    return pair[_in(language)]


def _in(language: str) -> int:
    return 0 if language == "es" else 1
