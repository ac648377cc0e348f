"""Push messages to an app, through a server that speaks ntfy's JSON: to her, to whom she trusts, to the technician.

The topic, which is as good as a password there, goes in the body and never in an address. No coordinate is sent, nor how
far anybody is where `neutral` is set: a locked screen may be read by others. An answer comes back as a POST to our own
server, with a token that only this one notification has.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import OrderedDict
from dataclasses import dataclass, field

from alerts.channels import Answer, Verdict
from alerts.channels.http import USUAL, Meaning, Poster, bearer, json_bytes
from alerts.contacts import Contacts
from alerts.terms import Audience, Kind, Notification
from geofence.terms import Level

# 400 not understood, 401 and 403 our token, 404 not an ntfy server, 413 too long: never; 429 is ntfy's own limit, 60 at
# once, then one in 5 s, unless its operator exempts us.
STATUS: Meaning = {**USUAL, 507: Verdict.LATER}  # ntfy: no room for the message now

# Level -> ntfy's priority (5 rings through silence) and the sign that it shows.
PRIORITY: dict[Level, int] = {Level.EMERGENCY: 5, Level.WARNING: 4, Level.CAUTION: 3, Level.CALM: 2}
QUIET_MAX = 3  # what does not ring (Kind.UPDATE, Kind.CLEAR) is shown without a noise of its own
TAG: dict[Level, str] = {Level.EMERGENCY: "rotating_light", Level.WARNING: "warning", Level.CAUTION: "bell", Level.CALM: "white_check_mark"}
TITLE = "Resguardo"
NEUTRAL_TITLE = {"es": "Recordatorio", "en": "Reminder"}
NEUTRAL = {"es": "Tienes un aviso. Abre o llama. Clave {code}.", "en": "You have a message. Open it or call. Code {code}."}
SEEN = {"es": "Lo he visto", "en": "I have seen it"}
ANSWER_MS_MAX = 24 * 3600 * 1000  # a button that is pressed a day later answers nothing
ANSWERS_MAX = 100_000  # used tokens remembered, a day of them: each is good for once
STAMP_DIGITS_MAX = 15  # milliseconds until the year 33658


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Our side of the push server. Its text form shows no secret."""

    url: str
    token: str | None = field(default=None, repr=False)
    technical_topic: str | None = field(default=None, repr=False)
    neutral: bool = False
    answer_url: str | None = None  # our own server, as the telephone reaches it; None: no button
    answer_secret: str | None = field(default=None, repr=False)


def token_of(secret: str, notification: str, issued_ms: int) -> str:
    """What answers one notification and no other."""
    digest = hmac.new(secret.encode(), f"answer|{notification}|{issued_ms}".encode(), hashlib.sha256).hexdigest()
    return f"{issued_ms}.{digest}"


class Answers:
    """Takes each token once, and only for a day."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._used: OrderedDict[str, None] = OrderedDict()

    def take(self, notification: str, token: str, now_ms: int) -> bool:
        """Whether the button of this notification was pressed, for the first time. Never raises.

        The tokens that were used are forgotten with the process: one that comes again after a restart repeats an answer
        that was given, and changes nothing.
        """
        issued = token.partition(".")[0]
        if not (issued.isascii() and issued.isdigit() and len(issued) <= STAMP_DIGITS_MAX):
            return False
        expected = token_of(self._secret, notification, int(issued))
        if not hmac.compare_digest(expected.encode(), token.encode()) or abs(now_ms - int(issued)) > ANSWER_MS_MAX or token in self._used:
            return False
        self._used[token] = None
        if len(self._used) > ANSWERS_MAX:
            self._used.popitem(last=False)
        return True


class Push(Poster):
    """Publishes to one server.

    One shown twice is a push; to wait for our disk costs more, and a look-up would put the topic in an address.
    """

    status = STATUS

    def __init__(self, app: App, contacts: Contacts) -> None:
        super().__init__(app.url)
        self._app = app
        self._contacts = contacts

    def reaches(self, notification: Notification) -> bool:
        """Whether there is a topic to publish on."""
        return self._topic(notification) is not None

    async def send(self, notification: Notification) -> Answer:
        """Publish once."""
        topic = self._topic(notification)
        assert topic is not None, "the outbox asks `reaches` first"
        return await self._post(json_bytes({"topic": topic, **message_of(notification, self._app)}), bearer(self._app.token))

    def _topic(self, notification: Notification) -> str | None:
        contact = self._contacts.get(notification.person) if notification.person is not None else None
        if contact is not None:
            return contact.push_topic
        return self._app.technical_topic if notification.audience is Audience.TECHNICAL else None


def message_of(notification: Notification, app: App) -> dict[str, object]:
    """The message as ntfy publishes it, without its topic."""
    rings, neutral = notification.kind is Kind.RAISE, _is_neutral(notification, app)
    message: dict[str, object] = {
        "title": f"{NEUTRAL_TITLE[notification.language] if neutral else TITLE} {notification.code}",
        "message": _words(notification, app),
        "priority": PRIORITY[notification.level] if rings else min(PRIORITY[notification.level], QUIET_MAX),
        "tags": [] if neutral else [TAG[notification.level]],
    }
    if rings and app.answer_url is not None and app.answer_secret is not None and notification.audience is Audience.PROTECTED:
        token = token_of(app.answer_secret, notification.id, notification.issued_ms)
        message["actions"] = [
            {
                "action": "http",
                "label": SEEN[notification.language],
                "url": app.answer_url,
                "method": "POST",
                "headers": {"Content-Type": "application/json"},
                "body": json.dumps({"alert": notification.id, "token": token}),
                "clear": True,
            }
        ]
    return message


def _is_neutral(notification: Notification, app: App) -> bool:
    """Whether a stranger may read it; a technical trouble is nobody's secret."""
    return notification.neutral or (app.neutral and notification.audience is not Audience.TECHNICAL)


def _words(notification: Notification, app: App) -> str:
    """The alert's own text, as agreed with its reader, or one that only says that there is a message."""
    if notification.neutral or not _is_neutral(notification, app):
        return notification.text
    return NEUTRAL[notification.language].format(code=notification.code)
