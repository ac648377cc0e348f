"""Promises about whom she trusts: told what to do, never where; each told once; and about ways that not every county has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alerts.contacts import Contact, spread
from alerts.escalation import Escalation
from alerts.ladder import DEFAULT_LADDER, OPTIONAL_RUNGS, Rung, Unless, with_ways
from alerts.terms import Audience, Channel, Kind, Notification
from alerts.wording import text_of
from config.contacts import check_called, check_trusted, load_contacts
from config.errors import BadInput
from config.ladder import read_ladder
from geofence.terms import Level, Order, OrderId, PersonId, Reason, Registry
from tests.messages import FACTS, transition

HER, ANA, EVA = PersonId("P-1"), PersonId("T-1"), PersonId("T-2")
CONTACTS = {
    HER: Contact(phone="+525500000001", trusted=(ANA, EVA)),
    ANA: Contact(phone="+525500000002"),
    EVA: Contact(phone="+525500000003"),
}
ALL_WAYS = [(rung.audience, rung.channel) for rungs in OPTIONAL_RUNGS.values() for rung in rungs]
BREACH = transition(1_000, Level.CALM, Level.EMERGENCY, Reason.BREACH)
CLEAR = transition(60_000, Level.EMERGENCY, Level.CALM, Reason.CLEAR)


def emergency(until_ms: int) -> tuple[Escalation, list[Notification]]:
    escalation = Escalation(with_ways(DEFAULT_LADDER, ALL_WAYS))
    said = escalation.on_transition(BREACH, FACTS)
    return escalation, said + escalation.due(until_ms)


def of(said: list[Notification], audience: Audience, channel: Channel) -> list[Notification]:
    return [one for one in said if (one.audience, one.channel) == (audience, channel)]


# --- who is told ----------------------------------------------------------------------------------------------------------


def test_whom_she_trusts_is_told_of_an_emergency_after_fifteen_seconds_and_of_its_end() -> None:
    escalation, said = emergency(1_000 + 14_999)
    assert of(said, Audience.TRUSTED, Channel.SMS) == []
    (told,) = of(escalation.due(1_000 + 15_000), Audience.TRUSTED, Channel.SMS)
    assert (told.person, told.kind) == (HER, Kind.RAISE)
    (ended,) = of(escalation.on_transition(CLEAR, FACTS), Audience.TRUSTED, Channel.SMS)
    assert ended.kind is Kind.CLEAR


@pytest.mark.parametrize(
    ("level", "reason"), [(Level.WARNING, Reason.APPROACH), (Level.CAUTION, Reason.JAMMING), (Level.EMERGENCY, Reason.NOT_SEEN_YET)]
)
def test_whom_she_trusts_hears_nothing_less_than_an_emergency_and_nothing_that_she_does_not_hear(level: Level, reason: Reason) -> None:
    escalation = Escalation(with_ways(DEFAULT_LADDER, ALL_WAYS))
    said = escalation.on_transition(transition(0, Level.CALM, level, reason), FACTS) + escalation.due(600_000)
    assert [one for one in said if one.audience is Audience.TRUSTED] == []


def test_the_message_spreads_to_each_of_them_under_an_id_that_derives_from_the_input() -> None:
    _, said = emergency(16_000)
    spread_once = spread(said, CONTACTS)
    texts = of(spread_once, Audience.TRUSTED, Channel.SMS)
    assert [one.person for one in texts] == [ANA, EVA]
    assert len({one.id for one in spread_once}) == len(spread_once)
    assert spread(said, CONTACTS) == spread_once
    others = [one for one in said if one.audience is not Audience.TRUSTED and one.channel is not Channel.PUSH]
    assert [one for one in spread_once if one.audience is not Audience.TRUSTED] == others


def test_who_has_no_app_is_sent_no_push() -> None:
    _, said = emergency(16_000)
    with_apps = {HER: replace(CONTACTS[HER], push_topic="a"), ANA: replace(CONTACTS[ANA], push_topic="b"), EVA: CONTACTS[EVA]}
    pushes = [one.person for one in spread(said, with_apps) if one.channel is Channel.PUSH]
    assert pushes == [HER, ANA]
    assert [one for one in spread(said, CONTACTS) if one.channel is Channel.PUSH] == []


@pytest.mark.parametrize("contacts", [{}, {HER: Contact(phone="+525500000001")}])
def test_where_she_has_named_nobody_nobody_is_told(contacts: dict[PersonId, Contact]) -> None:
    _, said = emergency(16_000)
    assert [one for one in spread(said, contacts) if one.audience is Audience.TRUSTED] == []


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("language", ["es", "en"])
def test_they_learn_what_to_do_and_neither_why_nor_where(level: Level, language: str) -> None:
    def text(reason: Reason, distance_m: float) -> str:
        t = transition(0, Level.CALM, level, reason, distance_m=distance_m, seconds_to_perimeter=95.0)
        return text_of(t, audience=Audience.TRUSTED, channel=Channel.SMS, kind=Kind.RAISE, language=language, code="K7Q2")

    assert text(Reason.BREACH, 240.0) == text(Reason.SOS, 999.0)
    assert {"es": "Llamala", "en": "all her"}[language] in text(Reason.BREACH, 240.0)


# --- ways that not every county has ------------------------------------------------------------------------------------


def test_a_way_that_is_not_there_is_no_rung_and_those_that_are_come_last() -> None:
    assert with_ways(DEFAULT_LADDER, []) == DEFAULT_LADDER
    for level, rungs in with_ways(DEFAULT_LADDER, [(Audience.DISPATCH, Channel.CAP)]).items():
        own = DEFAULT_LADDER[level]
        assert rungs[: len(own)] == own, "snapshots hold the numbers of rungs"
        assert [rung.channel for rung in rungs[len(own) :]] == ([Channel.CAP] if level is not Level.CALM else [])


def test_a_level_whose_rungs_were_set_by_hand_keeps_exactly_those() -> None:
    mine = (Rung(0, Audience.DISPATCH, Channel.CONSOLE, Unless.NOTHING),)
    assert with_ways({**DEFAULT_LADDER, Level.WARNING: mine}, ALL_WAYS)[Level.WARNING] == mine


def test_each_cap_message_names_those_of_its_incident_that_it_replaces_also_after_a_restart() -> None:
    escalation, said = emergency(1_000)
    (first,) = of(said, Audience.DISPATCH, Channel.CAP)
    assert first.earlier == ()
    restored = Escalation(with_ways(DEFAULT_LADDER, ALL_WAYS))
    restored.load(escalation.dump())
    (second,) = of(restored.on_transition(transition(2_000, Level.EMERGENCY, Level.EMERGENCY, Reason.SOS), FACTS), Audience.DISPATCH, Channel.CAP)
    assert second.earlier == ((first.id, 1_000),)
    (last,) = of(restored.on_transition(CLEAR, FACTS), Audience.DISPATCH, Channel.CAP)
    assert last.earlier == ((first.id, 1_000), (second.id, 2_000))


@pytest.mark.parametrize(
    ("audience", "channel"),
    [("trusted", "bracelet"), ("trusted", "webhook"), ("dispatch", "push"), ("protected", "cap"), ("dispatch", "alertmanager"), ("technical", "sms")],
)
def test_a_rung_that_leads_nowhere_is_refused(audience: str, channel: str) -> None:
    _, faults = read_ladder({"caution": [{"after_s": 0, "audience": audience, "channel": channel}]}, str)
    assert len(faults) == 1


# --- the contacts file --------------------------------------------------------------------------------------------------


def read(directory: Path, text: str) -> dict[PersonId, Contact]:
    path = directory / "contacts.toml"
    path.write_text(text)
    return load_contacts(path)


def test_the_contacts_file_says_whom_she_trusts_and_shows_none_of_it(tmp_path: Path) -> None:
    text = '[P-1]\nphone = "+525500000001"\npush_topic = "topic-1"\ntrusted = ["T-1", "T-2"]\n'
    contacts = read(tmp_path, text + '[T-1]\nphone = "+525500000002"\n[T-2]\nphone = "+525500000003"\n')
    assert contacts[HER].trusted == (ANA, EVA)
    assert contacts[HER].push_topic == "topic-1"
    assert not any(word in repr(contacts) for word in ("5255", "topic-1"))


def test_a_respondent_is_never_among_those_whom_she_trusts() -> None:
    order = Order(
        id=OrderId("O-7"), protected=HER, respondent=EVA, perimeter_m=500.0, warning_m=2000.0, valid_from_ms=0, valid_until_ms=1
    )
    check_trusted(CONTACTS, Registry(orders=(replace(order, respondent=PersonId("R-1")),)))
    with pytest.raises(BadInput, match="respondent of O-7"):
        check_trusted(CONTACTS, Registry(orders=(order,)))


@pytest.mark.parametrize("trusted", ['["T-9"]', '["P-1"]', '["T-1", "T-1"]', '"T-1"', "[1]", str([f"T-{n}" for n in range(9)])])
def test_a_list_of_trusted_persons_that_cannot_be_right_is_refused_in_one_line(tmp_path: Path, trusted: str) -> None:
    text = f'[P-1]\nphone = "+525500000001"\ntrusted = {trusted}\n' + "".join(f'[T-{n}]\nphone = "+52550000000{n}"\n' for n in range(1, 9))
    with pytest.raises(BadInput) as caught:
        read(tmp_path, text)
    assert [line.count("contacts.toml:3 P-1.trusted") for line in str(caught.value).splitlines()] == [1]


def test_a_control_room_telephone_that_is_not_in_the_file_is_refused_by_name() -> None:
    check_called(CONTACTS, [next(iter(CONTACTS))])
    with pytest.raises(BadInput, match=r"nobody: called by dispatch\.calls"):
        check_called(CONTACTS, [PersonId("nobody")])
