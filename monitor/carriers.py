"""Which carrier serves which channel: what is not configured is left out, and the outbox shows it on the console."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from alerts.channels import Carrier
from alerts.channels.bracelet import Bracelet, Publish
from alerts.channels.console import Console
from alerts.channels.dispatch import Webhook
from alerts.channels.telephone import Account, Call, Telephone, Text
from alerts.contacts import Contacts
from alerts.terms import Channel, Notification
from config.settings import Settings
from monitor.output import Unhurried


def carriers(settings: Settings, contacts: Contacts, publish: Publish) -> dict[Channel, Carrier]:
    """Make the carriers that the settings call for."""
    made: dict[Channel, Carrier] = {Channel.BRACELET: Bracelet(publish), Channel.CONSOLE: Console(_Screen().show)}
    dispatch, telephone = settings.dispatch, settings.telephone
    if dispatch.webhook_url is not None and dispatch.webhook_secret is not None:
        made[Channel.WEBHOOK] = Webhook(dispatch.webhook_url, dispatch.webhook_secret)
    if telephone.account_sid is not None and telephone.auth_token is not None and telephone.from_number is not None:
        account = Account(
            account_sid=telephone.account_sid,
            auth_token=telephone.auth_token,
            from_number=telephone.from_number,
            base_url=telephone.base_url,
        )
        made[Channel.SMS] = Telephone(account, contacts, Text())
        made[Channel.VOICE] = Telephone(account, contacts, Call())
    return made


class _Screen:
    """One line an alert, on standard output."""

    def __init__(self) -> None:
        self._out = Unhurried(sys.stdout)

    def show(self, notification: Notification) -> None:
        moment = datetime.fromtimestamp(notification.issued_ms / 1000, UTC).astimezone().strftime("%H:%M:%S")
        to = f"{notification.audience.value}/{notification.channel.value}"
        self._out.write(f"{moment}  {notification.level.word:<9}  {notification.order or '-':<16}  {to:<18}  {notification.text}\n")
