"""Which carrier serves which channel: what is not configured is left out, and the outbox shows it on the console."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from alerts.channels import Answer, Carrier
from alerts.channels.alertmanager import Alertmanager
from alerts.channels.bracelet import Bracelet, Publish
from alerts.channels.cap import AreaOf, Cap, Sender, no_area
from alerts.channels.console import Console
from alerts.channels.dispatch import Webhook
from alerts.channels.push import App, Push
from alerts.channels.telephone import Account, Call, Telephone, Text
from alerts.contacts import Contacts
from alerts.ladder import Ladder, with_ways
from alerts.terms import Audience, Channel, Notification
from config.settings import Settings
from geofence.terms import DeviceId, PersonId
from monitor.notices import Technical
from monitor.output import Unhurried

WearerOf = Callable[[DeviceId], PersonId | None]  # who wears a device by now; None where that is not known


class HerBracelet(Bracelet):
    """Publishes only to what she still wears: between a ring and its end a bracelet may have been given to somebody else."""

    def __init__(self, publish: Publish, wearer_of: WearerOf) -> None:
        super().__init__(publish)
        self._wearer_of = wearer_of

    def begin(self, notification: Notification) -> Answer | Awaitable[Answer]:
        """As for any bracelet; with none left she is reached otherwise."""
        hers = tuple([device for device in notification.devices if self._wearer_of(device) in (None, notification.person)])
        return super().begin(notification if hers == notification.devices else replace(notification, devices=hers))


def carriers(
    settings: Settings, contacts: Contacts, publish: Publish, area_of: AreaOf = no_area, wearer_of: WearerOf = lambda device: None
) -> dict[Channel, Carrier]:
    """Make the carriers that the settings call for."""
    made: dict[Channel, Carrier] = {Channel.BRACELET: HerBracelet(publish, wearer_of), Channel.CONSOLE: Console(_Screen().show)}
    dispatch, telephone = settings.dispatch, settings.telephone
    if dispatch.webhook_url is not None and dispatch.webhook_secret is not None:
        made[Channel.WEBHOOK] = Webhook(dispatch.webhook_url, dispatch.webhook_secret)
    if telephone.account_sid is not None and telephone.auth_token is not None and telephone.from_number is not None:
        account = Account(
            account_sid=telephone.account_sid,
            auth_token=telephone.auth_token,
            from_number=telephone.from_number,
            base_url=telephone.base_url,
            public_url=None if telephone.public_url is None else telephone.public_url.rstrip("/"),
        )
        made[Channel.SMS] = Telephone(account, contacts, Text())
        made[Channel.VOICE] = Telephone(account, contacts, Call())
    return made | _optional(settings, contacts, area_of)


def prepare(ways: Mapping[Channel, Carrier]) -> None:
    """Do at the start what the first alert would wait for."""
    for way in ways.values():
        if isinstance(way, Telephone):
            way.prepare()


def _optional(settings: Settings, contacts: Contacts, area_of: AreaOf) -> dict[Channel, Carrier]:
    """The ways that not every county has."""
    made: dict[Channel, Carrier] = {}
    cap, push, alertmanager = settings.cap, settings.push, settings.alertmanager
    if cap.url is not None and cap.secret is not None:
        sender = Sender(name=cap.sender, addresses=cap.addresses, area=cap.area_name, status=cap.status)
        made[Channel.CAP] = Cap(cap.url, cap.secret, sender, area_of=area_of if cap.area else no_area)
    if push.url is not None:
        app = App(
            url=push.url,
            token=push.token,
            technical_topic=push.technical_topic,
            neutral=push.neutral,
            answer_url=push.answer_url,
            answer_secret=push.answer_secret,
        )
        made[Channel.PUSH] = Push(app, contacts)
    if alertmanager.url is not None:
        made[Channel.ALERTMANAGER] = Alertmanager(alertmanager.url, settings.service.name, alertmanager.token)
    return made


def pace_s_of(settings: Settings) -> dict[Channel, float]:
    """How far apart a channel's attempts begin."""
    return {Channel.VOICE: 1 / settings.telephone.calls_per_s}


def ladder_of(settings: Settings, contacts: Contacts) -> Ladder:
    """The ladder that the settings give, with the rungs of the ways that there are."""
    someone_is_trusted = any(contact.trusted for contact in contacts.values())
    ways = [
        *([(Audience.DISPATCH, Channel.CAP)] if settings.cap.url is not None else []),
        *([(Audience.PROTECTED, Channel.PUSH)] if settings.push.url is not None else []),
        *([(Audience.TRUSTED, Channel.PUSH)] if settings.push.url is not None and someone_is_trusted else []),
        *([(Audience.TRUSTED, Channel.SMS)] if someone_is_trusted else []),
    ]
    return with_ways(settings.ladder, ways, [PersonId(one) for one in (settings.dispatch.calls or "").split()])


def technical_of(settings: Settings) -> Technical:
    """How whoever keeps the service running hears of its troubles."""
    there = {
        Channel.ALERTMANAGER: settings.alertmanager.url is not None,
        Channel.PUSH: settings.push.url is not None and settings.push.technical_topic is not None,
    }
    ways = tuple(channel for channel, is_there in there.items() if is_there)
    canary = settings.canary
    if canary.page is None or canary.technician is None:
        return Technical(ways=ways)
    return Technical(ways=ways, page=Channel(canary.page), person=PersonId(canary.technician))


class _Screen:
    """One line an alert, on standard output."""

    def __init__(self) -> None:
        self._out = Unhurried(sys.stdout)

    def show(self, notification: Notification) -> None:
        moment, to = _moment(notification.issued_ms // 1000), f"{notification.audience}/{notification.channel}"
        self._out.write(f"{moment}  {notification.level.word:<9}  {notification.order or '-':<16}  {to:<18}  {notification.text}\n")


@lru_cache(maxsize=16)  # a flood's lines are of the same few seconds
def _moment(second: int) -> str:
    """The time of day here."""
    return datetime.fromtimestamp(second, UTC).astimezone().strftime("%H:%M:%S")
