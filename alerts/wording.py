"""What is said: level x reason x audience x channel x language -> text. PURE. No name, no number of a person, no coordinate.

A text says, in this order: how urgent and what, how far and from where, what to do now, and the code. It speaks of "the
respondent" as *he* only to her, who knows whom it means; a phone that others may read shows no name. Losing sight is
never worded as safe. A text message fits 160 characters of the GSM 7-bit alphabet, so accents that it lacks are dropped.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerts.terms import Audience, Channel, Kind
from geofence.terms import Level, Reason, Role, Transition

SMS_CHARS_MAX = 160  # one segment; two may arrive in the wrong order or only in part
GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_PLAIN = str.maketrans({**dict(zip("áíóúÁÍÓÚ—", "aiouAIOU-", strict=True)), "±": "+-"})

WINDS_EN = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_WINDS = {
    "en": ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"),
    "es": ("norte", "noreste", "este", "sureste", "sur", "suroeste", "oeste", "noroeste"),
}

_LEVEL = {
    "es": {Level.EMERGENCY: "PELIGRO", Level.WARNING: "ATENCIÓN", Level.CAUTION: "AVISO", Level.CALM: "En calma"},
    "en": {Level.EMERGENCY: "DANGER", Level.WARNING: "WARNING", Level.CAUTION: "NOTICE", Level.CALM: "Calm"},
}

# Reason -> what is said to her. (es, en)
_HER: dict[Reason, tuple[str, str]] = {
    Reason.SOS: ("recibimos tu SOS", "we have received your SOS"),
    Reason.BREACH: ("está dentro de tu perímetro", "he is inside your perimeter"),
    Reason.OUTSIDE_INCLUSION: ("ha salido de la zona en que debe estar", "he has left the area he must stay in"),
    Reason.APPROACH: ("se está acercando", "he is coming closer"),
    Reason.UNVERIFIED: ("una posición sin confirmar lo pone cerca", "an unconfirmed position puts him near"),
    Reason.NO_LINK: ("el servicio no recibe posiciones", "the service receives no positions"),
    Reason.CANNOT_SEE_RESPONDENT: ("no podemos ver dónde está", "we cannot see where he is"),
    Reason.CANNOT_SEE_PROTECTED: ("no recibimos la posición de tu pulsera", "we do not receive your bracelet's position"),
    Reason.NOT_SEEN_YET: ("aún no vemos las dos posiciones", "we do not see both positions yet"),
    Reason.STRAP: ("tu pulsera aparece abierta", "your bracelet shows as open"),
    Reason.JAMMING: ("algo interfiere con tu pulsera", "something interferes with your bracelet"),
    Reason.SPOOFING: ("la posición de tu pulsera no es de fiar", "your bracelet's position cannot be trusted"),
    Reason.CLOCK: ("el reloj de tu pulsera está mal", "your bracelet's clock is wrong"),
    Reason.SEPARATION: ("tus dispositivos están separados", "your devices are apart"),
    Reason.BATTERY: ("tu pulsera se queda sin batería", "your bracelet is running out of battery"),
    Reason.NO_COVERAGE_KNOWN: ("no podemos verlo: su señal suele fallar ahí", "we cannot see him: his signal often fails there"),
    Reason.PAST_BREACH: ("estuvo antes dentro de tu perímetro", "he was inside your perimeter earlier"),
    Reason.PROBING: ("se ha acercado varias veces", "he has come near several times"),
    Reason.CIRCLING: ("ha dado vueltas a tu alrededor", "he has gone round you"),
    Reason.FOLLOWING: ("ha ido a donde tú has ido", "he has gone where you went"),
    Reason.CLEAR: ("se ha alejado de tu perímetro", "he has moved away from your perimeter"),
    Reason.SEEN: ("volvemos a ver las posiciones", "we see the positions again"),
    Reason.RESOLVED: ("el problema se ha resuelto", "the problem is solved"),
    Reason.SCHEDULE_CLOSED: ("terminó el horario de la zona", "the zone's hours have ended"),
    Reason.ORDER_ENDED: ("la orden ya no está vigente", "the order is no longer in force"),
}

# Reason -> what is said to the control room. {who} is whose device it is about.
_DISPATCH: dict[Reason, tuple[str, str]] = {
    Reason.SOS: ("SOS de la persona protegida", "SOS of the protected person"),
    Reason.BREACH: ("dentro del perímetro", "inside the perimeter"),
    Reason.OUTSIDE_INCLUSION: ("fuera de la zona de inclusión", "outside the inclusion zone"),
    Reason.APPROACH: ("acercamiento", "approach"),
    Reason.UNVERIFIED: ("posición sin confirmar cerca de ella", "unconfirmed position near her"),
    Reason.NO_LINK: ("sin enlace con el bróker", "no link to the broker"),
    Reason.CANNOT_SEE_RESPONDENT: ("no se ve a la persona vinculada", "the respondent cannot be seen"),
    Reason.CANNOT_SEE_PROTECTED: ("no se ve a la persona protegida", "the protected person cannot be seen"),
    Reason.NOT_SEEN_YET: ("orden vigente, posiciones aún no vistas", "order in force, positions not seen yet"),
    Reason.STRAP: ("correa abierta o cortada ({who})", "strap open or cut ({who})"),
    Reason.JAMMING: ("posible interferencia ({who})", "jamming suspected ({who})"),
    Reason.SPOOFING: ("posición posiblemente falsa ({who})", "position possibly false ({who})"),
    Reason.CLOCK: ("reloj del dispositivo mal ({who})", "device clock wrong ({who})"),
    Reason.SEPARATION: ("dispositivos separados ({who})", "devices apart ({who})"),
    Reason.BATTERY: ("batería por agotarse ({who})", "battery running out ({who})"),
    Reason.NO_COVERAGE_KNOWN: ("fuera de vista donde la señal suele perderse ({who})", "out of sight where the signal often fails ({who})"),
    Reason.PAST_BREACH: ("estuvo dentro del perímetro (visto después)", "was inside the perimeter (learned later)"),
    Reason.PROBING: ("patrón: se acerca al límite y se va, una y otra vez", "pattern: comes to the edge and leaves, again and again"),
    Reason.CIRCLING: ("patrón: la rodea", "pattern: goes round her"),
    Reason.FOLLOWING: ("patrón: va de parada en parada con ella", "pattern: goes from stop to stop with her"),
    Reason.CLEAR: ("se ha alejado", "has moved away"),
    Reason.SEEN: ("posiciones visibles de nuevo", "positions seen again"),
    Reason.RESOLVED: ("problema resuelto", "problem solved"),
    Reason.SCHEDULE_CLOSED: ("terminó el horario de la zona", "the zone's hours have ended"),
    Reason.ORDER_ENDED: ("orden no vigente", "order not in force"),
}

# Level -> what a telephone says that others may read or hear: an appointment, as she was told when she got her bracelet.
_NEUTRAL: dict[Level, tuple[str, str]] = {
    Level.EMERGENCY: ("Recordatorio urgente: tu cita es ahora mismo", "Urgent reminder: your appointment is right now"),
    Level.WARNING: ("Recordatorio: tu cita es pronto, prepárate", "Reminder: your appointment is soon, get ready"),
    Level.CAUTION: ("Recordatorio: confirma tu próxima cita", "Reminder: please confirm your next appointment"),
    Level.CALM: ("Tu cita ha terminado", "Your appointment is over"),
}

# Level -> what is said to whom she trusts: neither where nor why, but what to do.
_TRUSTED: dict[Level, tuple[str, str]] = {
    Level.EMERGENCY: (
        "quien confía en ti puede estar en peligro. Llámala; si no contesta, llama al 911",
        "someone who trusts you may be in danger. Call her; if there is no answer, call 911",
    ),
    Level.WARNING: ("quien confía en ti necesita atención. Llámala", "someone who trusts you needs attention. Call her"),
    Level.CAUTION: ("hay un aviso de quien confía en ti. Llámala", "there is a notice about someone who trusts you. Call her"),
    Level.CALM: (
        "terminó el aviso sobre quien confía en ti. Llámala de todos modos",
        "the alert about someone who trusts you has ended. Call her all the same",
    ),
}

_WHO = {
    Role.PROTECTED: ("persona protegida", "protected person"),
    Role.RESPONDENT: ("persona vinculada", "respondent"),
    None: ("ambas", "both"),
}

_DO_NOW = {
    Level.EMERGENCY: ("Ve a un lugar seguro y llama al 911.", "Go to a safe place and call 911."),
    Level.WARNING: ("Prepárate para ir a un lugar seguro.", "Be ready to go to a safe place."),
    Level.CAUTION: ("Mantente alerta.", "Stay alert."),
    Level.CALM: ("", ""),
}
_UNREACHED = ("Aviso sin entregar: no consta que le haya llegado a ella", "She has not been reached: nothing shows that the alert arrived")
NAMED_MAX = 5  # orders named in a sentence; the message carries the list
SECONDS_MAX = 120.0  # from two minutes on, seconds are false precision: the speed itself is known to a tenth at best
MINUTES_MAX = 10  # beyond, he will have turned twice: a number would be read as a promise
_HER_DEVICE = (Reason.STRAP, Reason.JAMMING, Reason.SPOOFING, Reason.CLOCK, Reason.SEPARATION, Reason.BATTERY, Reason.CANNOT_SEE_PROTECTED)
_CHECK_DEVICE = ("Revisa tu pulsera.", "Check your bracelet.")
_GEOMETRY = (Reason.SOS, Reason.BREACH, Reason.OUTSIDE_INCLUSION, Reason.APPROACH, Reason.UNVERIFIED, Reason.CLEAR)
_STILL_NEAR = (("sigue cerca", "he is still near"), ("sigue en el anillo exterior", "still inside the warning ring"))  # (her, dispatch)
_ENDS = (Reason.CLEAR, Reason.SEEN, Reason.RESOLVED, Reason.SCHEDULE_CLOSED, Reason.ORDER_ENDED)


def wind_of(bearing_deg: float | None, language: str | None = None) -> str | None:
    """One of the eight winds; the short English form for the wire, the word of a language for a text."""
    if bearing_deg is None:
        return None
    index = int((bearing_deg + 22.5) // 45) % 8
    return WINDS_EN[index] if language in (None, "en") else _WINDS[language][index]


def text_of(
    t: Transition,
    *,
    audience: Audience,
    channel: Channel,
    kind: Kind,
    language: str,
    code: str,
    unanswered: bool = False,
    unreached: bool = False,
    others: int = 0,
) -> str:
    """The text of one notification.

    `unanswered`: said again because nobody has answered; `unreached`: nothing has reached her; `others`: how many more wait.
    """
    lang = 0 if language == "es" else 1
    parts = [("Sin respuesta", "Unanswered")[lang]] if unanswered else []
    parts.append(_headline(t, audience, kind, language, lang))
    if audience is Audience.DISPATCH:
        parts.append(_evidence(t, lang))
    where = _where(t, audience, language)
    if where and t.reason in _GEOMETRY and audience is not Audience.TRUSTED:
        parts.append(where)
    if audience is Audience.DISPATCH and unreached:
        parts.append(_UNREACHED[lang])
    if audience is Audience.PROTECTED:
        parts.append(_do_now(t, lang))
    if others:
        parts.append((f"Otros {others} avisos esperan respuesta", f"{others} more alerts wait for an answer")[lang])
    parts.append(f"{('Clave', 'Code')[lang]} {_spelled(code) if channel is Channel.VOICE else code}")
    text = ". ".join(part.rstrip(".") for part in parts if part) + "."
    return _for_sms(text) if channel is Channel.SMS else text


def neutral_text(level: Level, language: str, code: str, channel: Channel) -> str:
    """How urgent it is, in words that say nothing to whoever was not told what they mean; the code proves that it is ours."""
    lang = 0 if language == "es" else 1
    text = f"{_NEUTRAL[level][lang]}. {('Folio', 'Reference')[lang]} {_spelled(code) if channel is Channel.VOICE else code}."
    return _for_sms(text) if channel is Channel.SMS else text


def fold_text(orders: Sequence[str], language: str, code: str, *, ended: bool) -> str:
    """What dispatch reads of many orders out of sight at once; the worst stand first."""
    spanish = language == "es"
    if ended:
        said = "En calma: vuelven a verse todas las órdenes" if spanish else "Calm: all these orders are seen again"
    else:
        what = f"AVISO: {len(orders)} órdenes sin ver a la vez" if spanish else f"NOTICE: {len(orders)} orders out of sight at once"
        first = f"Primero {', '.join(orders[:NAMED_MAX])}" if spanish else f"First {', '.join(orders[:NAMED_MAX])}"
        said = f"{what}, {'quizá por un corte de red' if spanish else 'perhaps by a network failure'}. {first}"
    return f"{said}. {'Clave' if spanish else 'Code'} {code}."


def why(
    reason: Reason,
    party: Role | None,
    *,
    language: str,
    distance_m: float | None,
    uncertainty_m: float | None,
    seconds_to_perimeter: float | None,
) -> str:
    """One line for the control room's list: what, how far, how soon. Level and code have places of their own there."""
    lang = 0 if language == "es" else 1
    said = _DISPATCH[reason][lang].format(who=_WHO[party][lang])
    if distance_m is not None:
        said += f", {('a', 'at')[lang]} {_metres(distance_m, uncertainty_m)}"
    said += _arrival(reason, seconds_to_perimeter, language == "es")
    return said[0].upper() + said[1:]


def _headline(t: Transition, audience: Audience, kind: Kind, language: str, lang: int) -> str:
    if audience is Audience.TRUSTED:
        return f"{_LEVEL[language][t.to_level]}: {_TRUSTED[t.to_level][lang]}"
    what = (_HER if audience is Audience.PROTECTED else _DISPATCH)[t.reason][lang].format(who=_WHO[t.party][lang])
    if kind is Kind.CLEAR and t.reason not in _ENDS:  # came down, but something still holds
        if t.reason is Reason.APPROACH:
            what = _STILL_NEAR[audience is Audience.DISPATCH][lang]
        return f"{_LEVEL[language][t.to_level]} ({('baja el nivel', 'level down')[lang]}): {what}"
    return f"{_LEVEL[language][t.to_level]}: {what}"


def _where(t: Transition, audience: Audience, language: str) -> str:
    """How far with its error, from which direction, how soon."""
    if t.distance_m is None:
        return ""
    spanish = language == "es"
    text = f"{'A' if spanish else 'At'} {_metres(t.distance_m, t.uncertainty_m)}"
    if t.bearing_deg is not None:
        wind = _WINDS[language][int((t.bearing_deg + 22.5) // 45) % 8]
        text += f" {'al' if spanish else 'to the'} {wind}"
    return text + _arrival(t.reason, t.seconds_to_perimeter, spanish)


def _evidence(t: Transition, lang: int) -> str:
    """What a trouble or a pattern rests on, in numbers; "" where there are none."""
    if t.hours_left is not None:
        return (f"Quedan {t.hours_left:.1f} h", f"{t.hours_left:.1f} h left")[lang]
    if t.apart_m is not None:
        return (f"A {round(t.apart_m)} m uno del otro", f"{round(t.apart_m)} m from each other")[lang]
    if t.clock_s is not None:
        way = (("Adelantado", "Atrasado"), ("Ahead by", "Behind by"))[lang][t.clock_s < 0.0]
        return f"{way} {_span(abs(t.clock_s))}"
    if t.reason is Reason.NO_COVERAGE_KNOWN and t.since_ms is not None:
        days = round((t.at_ms - t.since_ms) / 86_400_000.0)
        return (f"{t.count} de los últimos {days} días", f"On {t.count} of the last {days} days")[lang]
    return _pattern(t, lang) if t.since_ms is not None else ""


def _span(seconds: float) -> str:
    """How far a clock is off, in the unit that it is read in."""
    for unit, length_s in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= 2.0 * length_s:
            return f"{round(seconds / length_s)} {unit}"
    return f"{round(seconds)} s"


def _pattern(t: Transition, lang: int) -> str:
    """How often, in what time, how near."""
    hours = (t.at_ms - (t.since_ms or t.at_ms)) / 3_600_000.0
    said = (f"{t.count} veces en {hours:.1f} h", f"{t.count} times in {hours:.1f} h")[lang]
    return said + (f", {('lo más cerca', 'nearest')[lang]} {round(t.closest_m)} m" if t.closest_m is not None else "")


def _metres(distance_m: float, uncertainty_m: float | None) -> str:
    """A distance with its error."""
    return f"{round(distance_m)} m" + (f" ±{round(uncertainty_m)}" if uncertainty_m is not None else "")


def _arrival(reason: Reason, seconds: float | None, spanish: bool) -> str:
    """How soon he is there, where he is on his way."""
    if not seconds or reason not in (Reason.APPROACH, Reason.UNVERIFIED):
        return ""
    return f", {'llega en' if spanish else 'arrives in'} {_soon(seconds, spanish)}"


def _soon(seconds: float, spanish: bool) -> str:
    """Seconds as a person under stress reads them: to the second only where they decide what she does."""
    if seconds < SECONDS_MAX:
        return f"{round(seconds)} s"
    if seconds <= MINUTES_MAX * 60:
        return f"{int(seconds // 60)} min"  # down: never later than the truth
    return f"{'más de' if spanish else 'more than'} {MINUTES_MAX} min"


def _do_now(t: Transition, lang: int) -> str:
    if t.reason in _HER_DEVICE:
        return _CHECK_DEVICE[lang]
    return _DO_NOW[t.to_level][lang]


def _spelled(code: str) -> str:
    """A code as a voice reads it: one sign at a time."""
    return ", ".join(code)


def _for_sms(text: str) -> str:
    """One segment of GSM 7-bit: accents it lacks are dropped, and what is too long ends before the code."""
    plain = text.translate(_PLAIN)
    if not GSM7.issuperset(plain):
        plain = "".join(sign if sign in GSM7 else "?" for sign in plain)
    if len(plain) <= SMS_CHARS_MAX:
        return plain
    tail = plain[plain.rindex(". ") :]
    return plain[: SMS_CHARS_MAX - len(tail)].rstrip() + tail
