"""What is said: complete, short enough, and never calmer than the truth."""

from __future__ import annotations

import pytest

from alerts.terms import Audience, Channel, Kind
from alerts.wording import GSM7, SMS_CHARS_MAX, text_of, wind_of
from geofence.terms import Level, Reason, Role
from tests.messages import transition

REASONS = [reason for reason in Reason if reason is not Reason.NONE]


def every_text(channel: Channel) -> list[tuple[Reason, str, str]]:
    texts: list[tuple[Reason, str, str]] = []
    for reason in REASONS:
        for level in Level:
            for kind in Kind:
                for audience in Audience:
                    for party in (*Role, None):
                        for language in ("es", "en"):
                            t = transition(
                                0,
                                Level.CALM,
                                level,
                                reason,
                                party=party,
                                distance_m=88_888.0,
                                uncertainty_m=2_222.0,
                                bearing_deg=225.0,
                                seconds_to_perimeter=888.0,
                            )
                            text = text_of(
                                t,
                                audience=audience,
                                channel=channel,
                                kind=kind,
                                language=language,
                                code="K7Q2",
                                unanswered=audience is Audience.DISPATCH,
                                unreached=audience is Audience.DISPATCH,
                            )
                            texts.append((reason, language, text))
    return texts


def test_every_text_message_is_one_segment_of_gsm7_and_ends_with_the_code() -> None:
    for _, _, text in every_text(Channel.SMS):
        assert len(text) <= SMS_CHARS_MAX, text
        assert set(text) <= GSM7, text
        assert "?" not in text, text
        assert text.endswith("K7Q2."), text


def test_no_text_carries_a_placeholder_or_a_gap() -> None:
    for _, _, text in every_text(Channel.BRACELET):
        assert not set("{}") & set(text), text
        assert "None" not in text, text
        assert "  " not in text, text
        assert ".." not in text, text


def test_the_spanish_alert_says_what_how_far_from_where_what_to_do() -> None:
    t = transition(0, Level.CALM, Level.EMERGENCY, Reason.BREACH, distance_m=240.4, uncertainty_m=25.0, bearing_deg=50.0)
    text = text_of(t, audience=Audience.PROTECTED, channel=Channel.BRACELET, kind=Kind.RAISE, language="es", code="K7Q2")
    assert text == "PELIGRO: está dentro de tu perímetro. A 240 m ±25 al noreste. Ve a un lugar seguro y llama al 911. Clave K7Q2."


def test_an_approach_says_how_soon() -> None:
    t = transition(0, Level.CALM, Level.WARNING, Reason.APPROACH, seconds_to_perimeter=95.0)
    text = text_of(t, audience=Audience.PROTECTED, channel=Channel.BRACELET, kind=Kind.RAISE, language="en", code="K7Q2")
    assert "arrives in 95 s" in text


@pytest.mark.parametrize(
    ("seconds", "es", "en"),
    [
        (119.0, "llega en 119 s", "arrives in 119 s"),
        (120.0, "llega en 2 min", "arrives in 2 min"),
        (239.0, "llega en 3 min", "arrives in 3 min"),
        (600.0, "llega en 10 min", "arrives in 10 min"),
        (913.0, "llega en más de 10 min", "arrives in more than 10 min"),
    ],
)
def test_from_two_minutes_on_it_says_minutes_never_later_than_the_truth(seconds: float, es: str, en: str) -> None:
    t = transition(0, Level.CALM, Level.WARNING, Reason.APPROACH, seconds_to_perimeter=seconds)
    for language, words in (("es", es), ("en", en)):
        text = text_of(t, audience=Audience.PROTECTED, channel=Channel.BRACELET, kind=Kind.RAISE, language=language, code="K7Q2")
        assert f"{words}. " in text


@pytest.mark.parametrize("reason", [Reason.CANNOT_SEE_RESPONDENT, Reason.CANNOT_SEE_PROTECTED, Reason.NOT_SEEN_YET, Reason.NO_LINK])
@pytest.mark.parametrize("kind", Kind)
def test_not_seeing_is_never_worded_as_safe(reason: Reason, kind: Kind) -> None:
    for audience in Audience:
        for level in (Level.CAUTION, Level.WARNING, Level.EMERGENCY):
            for language, calm in (("es", ("calma", "alejado", "a salvo")), ("en", ("calm", "moved away", "you are safe"))):
                t = transition(0, Level.EMERGENCY, level, reason)
                text = text_of(t, audience=audience, channel=Channel.BRACELET, kind=kind, language=language, code="K7Q2").lower()
                assert not any(word in text for word in calm), text


def test_a_voice_spells_the_code() -> None:
    t = transition(0, Level.CALM, Level.EMERGENCY, Reason.SOS)
    text = text_of(t, audience=Audience.PROTECTED, channel=Channel.VOICE, kind=Kind.RAISE, language="es", code="K7Q2")
    assert "K, 7, Q, 2" in text


@pytest.mark.parametrize(
    ("bearing_deg", "es", "en"),
    [(0.0, "norte", "N"), (22.4, "norte", "N"), (22.6, "noreste", "NE"), (337.6, "norte", "N"), (359.9, "norte", "N"), (200.0, "sur", "S")],
)
def test_winds(bearing_deg: float, es: str, en: str) -> None:
    assert wind_of(bearing_deg, "es") == es
    assert wind_of(bearing_deg) == en
    assert wind_of(None) is None
