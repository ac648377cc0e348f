"""A telephone that others may read or hear: it speaks of an appointment, and she alone knows what that means."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from alerts.channels.push import App, message_of
from alerts.channels.spoken import KEYS, Line, line_of, thanks, twiml_of
from alerts.contacts import Contact, spread
from alerts.database import body_of, from_body
from alerts.terms import Audience, Channel, Kind, Notification
from alerts.wording import GSM7, SMS_CHARS_MAX
from config.contacts import load_contacts
from config.errors import BadInput
from geofence.terms import Level, PersonId
from tests.messages import notification

HER, FRIEND = PersonId("P-1"), PersonId("T-1")
CONTACTS = {HER: Contact(phone="+525500000001", push_topic="p", neutral=True, trusted=(FRIEND,)), FRIEND: Contact(phone="+525500000002")}
TELLING = ("resguardo", "peligro", "perímetro", "perimetro", "pulsera", "911", "danger", "perimeter", "bracelet", " él ", " he ", "central", "aviso", " m ", "±")
TELEPHONE = (Channel.SMS, Channel.VOICE, Channel.PUSH)


def hers(channel: Channel, level: Level = Level.EMERGENCY, language: str = "es", kind: Kind = Kind.RAISE) -> Notification:
    text = "PELIGRO: está dentro de tu perímetro. A 640 m ±25 al noreste. Clave K7Q2."
    one = notification(channel, issued_ms=0, level=level, language=language, kind=kind, text=text, audience=Audience.PROTECTED)
    return spread([one], CONTACTS)[0]


def tells_nothing(text: str) -> None:
    assert [word for word in TELLING if word in f" {text.lower()} "] == []


@pytest.mark.parametrize(("channel", "level", "language", "kind"), product(TELEPHONE, Level, ("es", "en"), Kind))
def test_whoever_reads_or_hears_it_learns_nothing(channel: Channel, level: Level, language: str, kind: Kind) -> None:
    one = hers(channel, level, language, kind)
    tells_nothing(one.text)
    assert one.code.replace("", " ").strip().replace(" ", "") in one.text.replace(", ", "")
    if channel is Channel.SMS:
        assert len(one.text) <= SMS_CHARS_MAX
        assert set(one.text) <= GSM7
    if channel is Channel.PUSH:
        shown = message_of(one, App(url="http://127.0.0.1:9"))
        tells_nothing(" ".join(map(str, (shown["title"], shown["message"], shown["tags"]))))
    if channel is Channel.VOICE:
        tells_nothing(twiml_of(one, "https://x/quiet"))


def test_each_level_has_words_of_its_own_so_that_she_knows_how_urgent_it_is() -> None:
    for language in ("es", "en"):
        assert len({hers(Channel.SMS, level, language).text for level in Level}) == len(Level)


@pytest.mark.parametrize(("key", "language", "is_open"), product((*KEYS[Line.OVERHEARD], None), ("es", "en"), (True, False)))
def test_no_answer_to_a_key_gives_it_away(key: object, language: str, is_open: bool) -> None:
    tells_nothing(thanks(key, Line.OVERHEARD, language, "https://x/quiet", is_open=is_open))  # type: ignore[arg-type]


def test_help_can_be_asked_for_there_too() -> None:
    assert line_of(hers(Channel.VOICE)) is Line.OVERHEARD
    assert KEYS[Line.OVERHEARD] == KEYS[Line.HER]


def test_her_bracelet_and_whom_she_trusts_are_told_in_plain_words() -> None:
    bracelet = notification(issued_ms=0)
    friend = replace(notification(Channel.SMS, issued_ms=0), audience=Audience.TRUSTED, person=HER)
    said = spread([bracelet, friend], CONTACTS)
    assert [one.neutral for one in said] == [False, False]
    assert [one.text for one in said] == [bracelet.text, friend.text]


def test_it_is_a_word_of_the_contacts_file(tmp_path: Path) -> None:
    path = tmp_path / "contacts.toml"
    path.write_text('[P-1]\nphone = "+525500000001"\nneutral = true\n[P-2]\nphone = "+525500000002"\n')
    assert {person: contact.neutral for person, contact in load_contacts(path).items()} == {"P-1": True, "P-2": False}
    path.write_text('[P-1]\nphone = "+525500000001"\nneutral = "yes"\n')
    with pytest.raises(BadInput, match=r"contacts.toml:3 P-1.neutral: must be true or false"):
        load_contacts(path)


def test_what_is_kept_on_disk_is_what_was_said() -> None:
    one = hers(Channel.SMS)
    assert from_body(body_of(one)) == one
    assert json.loads(body_of(one))["neutral"] is True
