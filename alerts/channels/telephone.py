"""Text messages and calls through Twilio: the door to its package.

Twilio takes no idempotency key for either, so an attempt without an answer is looked up before it is made again: a text by
number, time and words, a call by number, time and whose it can be (alerts/channels/claims.py). The package's own client has
no time-out, drops Retry-After and logs numbers: all three are set right here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from twilio.base import values
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from alerts.channels import Answer, Receipts, Verdict
from alerts.channels.claims import Claims
from alerts.channels.http import retry_after_s
from alerts.channels.spoken import line_of, twiml_of
from alerts.contacts import Contacts
from alerts.terms import DeliveryState, Notification, NotificationId

LOOK_BACK = timedelta(seconds=5)  # Twilio stamps whole seconds by its own clock
LOOK_UP_MAX = 50  # newest messages to one number that are looked at; far more than one incident sends
TOO_MANY = 429  # never processed: safe to repeat (Twilio error 20429)
SERVER_ERROR = 500
CODE_DIGITS_MAX = 6  # of an error; today's have five
VALID_S = 300  # Twilio would keep a text for ten hours: one that says "leave now" must not arrive when all is over
RING_S = 30  # about six rings; longer, and the next rung (or an answering machine) would have been better
CALL_S_MAX = 120  # the alert twice and a key take 50 s: a machine that keeps the line does not keep one of ours

# Twilio's word -> ours, for what no repetition mends: refused at once (2xxxx), or found out on the way and told by a
# callback (3xxxx). Any other 4xx, and any other failure on the way, is permanent as well, under its bare code.
PERMANENT: Mapping[int, str] = {
    20003: "account refused",
    21210: "our number is not verified",
    21211: "invalid number",
    21212: "our number is invalid",
    21214: "number cannot be called",
    21215: "country not enabled",
    21216: "calls to this number are barred",
    21408: "country not enabled",
    21219: "number not verified in a trial account",
    21603: "our number is missing",
    21606: "our number cannot send texts",
    21610: "person has opted out",
    21608: "number not verified in a trial account",
    21612: "no route to this number",
    21614: "not a mobile number",
    30001: "queue of the carrier is full",
    30002: "account suspended",
    30003: "telephone unreachable",
    30004: "message blocked",
    30005: "number unknown or no longer in service",
    30006: "landline, or carrier unreachable",
    30007: "message filtered",
    30008: "unknown to the carrier",
    30036: "not delivered in time",
}

# What Twilio says of a text or a call on its way -> how far it got. A call that was answered is not delivered: a machine
# answers too, so only a pressed key says that she has heard it.
TEXT_STATES: Mapping[str, DeliveryState] = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), DeliveryState.ACCEPTED),
    **dict.fromkeys(("delivered", "read"), DeliveryState.DELIVERED),
    **dict.fromkeys(("undelivered", "failed", "canceled"), DeliveryState.FAILED),
}
CALL_STATES: Mapping[str, DeliveryState] = {
    **dict.fromkeys(("queued", "initiated", "ringing", "in-progress", "completed"), DeliveryState.ACCEPTED),
    **dict.fromkeys(("busy", "no-answer", "failed", "canceled"), DeliveryState.FAILED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Our side of Twilio. Its text form shows nothing."""

    account_sid: str = field(repr=False)
    auth_token: str = field(repr=False)
    from_number: str = field(repr=False)
    base_url: str | None = None  # another address than Twilio's own
    public_url: str | None = None  # ours, as Twilio reaches it; None: it tells us nothing back

    def callback(self, what: str, notification: Notification) -> str | None:
        """Where Twilio tells `what` became of a notification; its path is all that says which one it was."""
        if self.public_url is None:
            return None
        return f"{self.public_url}/{what}/{notification.language}/{notification.issued_ms}/{notification.id}"


class Busy(Exception):
    """Twilio wants us to wait."""

    def __init__(self, wait_s: float | None) -> None:
        super().__init__("busy")
        self.wait_s = wait_s


class _HttpClient(AsyncTwilioHttpClient):  # type: ignore[misc] # the package is untyped
    """Twilio's client, silent, and with the Retry-After that its exceptions lose."""

    def __init__(self) -> None:
        silent = logging.getLogger("alerts.telephone.silent")  # it would log the numbers it asks about
        silent.disabled = True
        super().__init__(logger=silent)

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        """As the package's, but a 429 is raised with its wait."""
        response = await super().request(*args, **kwargs)
        if response.status_code == TOO_MANY:
            raise Busy(retry_after_s(response.headers))
        return response


class Way(Protocol):
    """How a notification goes out by telephone, and how one finds it again."""

    @property
    def claims(self) -> Claims | None:
        """For what is known again by nothing else."""

    async def place(self, client: Client, to: str, account: Account, notification: Notification) -> None:
        """Hand it to Twilio."""

    async def find(self, client: Client, to: str, notification: Notification) -> bool:
        """Whether Twilio has it already."""


class Text:
    """A text message; it is found again by its words."""

    claims: Claims | None = None

    async def place(self, client: Client, to: str, account: Account, notification: Notification) -> None:
        """Create the message."""
        callback = account.callback("text", notification) or values.unset
        await client.messages.create_async(
            to=to, from_=account.from_number, body=notification.text, validity_period=VALID_S, status_callback=callback
        )

    async def find(self, client: Client, to: str, notification: Notification) -> bool:
        """Look among the messages to this number since it was issued."""
        sent = await client.messages.list_async(to=to, limit=LOOK_UP_MAX)
        return any(message.body == notification.text and _is_since(message.date_created, notification) for message in sent)


class Call:
    """A call that says the alert twice; Twilio keeps no words of it, so it is found again as one that can be no other's."""

    def __init__(self) -> None:
        self.claims = Claims()

    async def place(self, client: Client, to: str, account: Account, notification: Notification) -> None:
        """Create the call."""
        self.claims.begin(notification, to, _now_ms())
        try:
            call = await self._create(client, to, account, notification)
        except Busy:
            self.claims.refused(notification)
            raise
        except TwilioRestException as error:
            if error.status < SERVER_ERROR:
                self.claims.refused(notification)
            raise
        self.claims.taken(notification, call.sid)

    @staticmethod
    async def _create(client: Client, to: str, account: Account, notification: Notification) -> Any:
        line = line_of(notification)
        return await client.calls.create_async(
            to=to,
            from_=account.from_number,
            twiml=twiml_of(notification, None if line is None else account.callback(line.value, notification)),
            timeout=RING_S,
            time_limit=CALL_S_MAX,
            status_callback=account.callback("call", notification) or values.unset,
        )

    async def find(self, client: Client, to: str, notification: Notification) -> bool:
        """Look for a call to this number since it was issued that is no other's."""
        placed = await client.calls.list_async(to=to, limit=LOOK_UP_MAX)
        sids = [call.sid for call in placed if _is_since(call.date_created, notification)]
        return self.claims.find(notification, to, sids, notification.issued_ms - LOOK_BACK // timedelta(milliseconds=1))


class Telephone:
    """Twilio, by one of the two ways."""

    timeout_s = 2.0
    parallel = 8
    idempotent = False

    def __init__(self, account: Account, contacts: Contacts, way: Way) -> None:
        self._account = account
        self._contacts = contacts
        self._way = way
        self._client: Client | None = None
        self.receipts: Receipts | None = None if way.claims is None else _Receipts(way.claims, contacts)

    def prepare(self) -> None:
        """Load the package and make the client, on the loop that will use it: half a second that no alert may wait for."""
        self._twilio()

    def reaches(self, notification: Notification) -> bool:
        """Whether this person has a telephone."""
        return notification.person in self._contacts

    async def send(self, notification: Notification) -> Answer:
        """Hand it to Twilio once."""
        try:
            await self._way.place(self._twilio(), self._to(notification), self._account, notification)
        except Busy as busy:
            return Answer(Verdict.LATER, "twilio busy", busy.wait_s)
        except TwilioRestException as error:
            return answer_of(error.status, error.code)
        return Answer(Verdict.TAKEN, "queued")

    async def was_taken(self, notification: Notification) -> bool:
        """Ask Twilio; raises if it does not answer."""
        return await self._way.find(self._twilio(), self._to(notification), notification)

    async def probe(self) -> Answer:
        """Ask Twilio for our own account: whether it knows us and lets us send."""
        try:
            account = await self._twilio().api.accounts(self._account.account_sid).fetch_async()
        except Busy as busy:
            return Answer(Verdict.LATER, "twilio busy", busy.wait_s)
        except TwilioRestException as error:
            return answer_of(error.status, error.code)
        return Answer(Verdict.TAKEN if account.status == "active" else Verdict.NEVER, f"account {account.status}")

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.http_client.close()
            self._client = None

    def _to(self, notification: Notification) -> str:
        assert notification.person is not None, "the outbox asks `reaches` first"
        return self._contacts[notification.person].phone

    def _twilio(self) -> Client:
        """The client, made where an event loop runs."""
        if self._client is None:
            self._client = Client(self._account.account_sid, self._account.auth_token, http_client=_HttpClient())
            if self._account.base_url is not None:
                self._client.api.base_url = self._account.base_url
        return self._client


class _Receipts:
    """What Twilio gives for a call: its SID."""

    def __init__(self, claims: Claims, contacts: Contacts) -> None:
        self._claims = claims
        self._contacts = contacts

    def know(self, receipts: Mapping[str, NotificationId]) -> None:
        """SIDs of earlier lives, and whose they are."""
        self._claims.know(receipts)

    def suspect(self, notification: Notification) -> None:
        """An earlier life may have called this person with this."""
        contact = None if notification.person is None else self._contacts.get(notification.person)
        if contact is not None:
            self._claims.suspect(notification, contact.phone, _now_ms())

    def receipts_of(self, notification: NotificationId) -> tuple[str, ...]:
        """The SIDs."""
        return self._claims.receipts_of(notification)


def answer_of(status: int, code: int | None) -> Answer:
    """What a refusal of Twilio means."""
    if status >= SERVER_ERROR:
        return Answer(Verdict.UNSURE, f"twilio {status}")
    return Answer(Verdict.NEVER, PERMANENT.get(code or 0, f"twilio {code or status}"))


def word_for(code: str) -> str:
    """Our word for an error that a callback names; its bare code where we have none."""
    number = int(code) if code.isascii() and code.isdigit() and len(code) <= CODE_DIGITS_MAX else 0
    return PERMANENT.get(number, f"twilio {number}" if number else "failed")


def is_genuine(auth_token: str, url: str, form: Sequence[tuple[str, str]], signature: str | None) -> bool:
    """Whether Twilio has signed this call to `url`, which is the address that we gave it, not what the request claims."""
    if not signature or not signature.isascii():
        return False
    return bool(RequestValidator(auth_token).validate(url, dict(form), signature))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _is_since(created: datetime | None, notification: Notification) -> bool:
    """Whether Twilio made it for this notification and not for an earlier one; it lists the newest first."""
    return created is not None and created >= datetime.fromtimestamp(notification.issued_ms / 1000, UTC) - LOOK_BACK
