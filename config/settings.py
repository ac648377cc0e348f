"""Everything that may be set: name, type, default, why, and what is a sensible value.

One frozen dataclass per section of the file. `load.py` fills them from TOML and from the environment; nothing else in the
project reads either. A `Secret` never comes from the settings file itself: it is in a file of its own (`<key>_file`) or in
the environment, and its text form hides it.
"""

# ruff: noqa: RUF009 - `setting` makes a dataclass field, which is what a default is for

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alerts.ladder import DEFAULT_LADDER, Ladder

Check = Callable[[Any], str | None]  # what is wrong with a value, or None


class Secret(str):
    """A word that must not be shown: its repr hides it, and so do the dataclasses that hold it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(hidden)"


def between(least: float, most: float) -> Check:
    """Accept numbers from `least` to `most`, both included."""
    return lambda x: None if least <= x <= most else f"must be between {least:g} and {most:g}, is {x:g}"


def one_of(*words: object) -> Check:
    """Accept one of a few words."""
    return lambda x: None if x in words else f"must be one of {', '.join(map(str, words))}"


def matching(pattern: str, what: str) -> Check:
    """Accept text that matches `pattern` as a whole; `what` says so in words."""
    return lambda x: None if re.fullmatch(pattern, x) else f"must be {what}"


def setting(default: Any, why: str, check: Check | None = None) -> Any:
    """One key: its default, why it exists (shown in docs and faults), and its check."""
    return field(default=default, metadata={"why": why, "check": check})


URL = matching(r"https?://[^\s/@]+(/[^\s]*)?", "an http:// or https:// address without user name or password in it")
WEBHOOK_SECRET_FLOOR = 16  # characters: shorter ones can be guessed from one signed message
LONG_ENOUGH: Check = lambda x: None if len(x) >= WEBHOOK_SECRET_FLOOR else f"must have {WEBHOOK_SECRET_FLOOR} characters or more"  # noqa: E731


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    name: str = setting(
        "resguardo",
        "prefix of our MQTT client ids: two monitors on one broker need two names",
        matching(r"[A-Za-z0-9_-]{1,40}", "1-40 letters, digits, - or _"),
    )
    orders: Path | None = setting(None, "the protection orders and devices (docs: orders file); without it the service has nothing to do")
    contacts: Path | None = setting(None, "telephone numbers by person id, apart from the orders; without it there is no SMS or call")
    data_dir: Path = setting(Path("data"), "journal, snapshots, outbox and signing key: the only directory we write to")
    language: str = setting("es", "language of notices to dispatch that belong to no order", one_of("es", "en"))
    snapshot_every_s: float = setting(60.0, "a restart replays at most this much of the journal", between(1, 3600))
    link_grace_s: float = setting(3.0, "how long the broker may be away before every order is said to be unseen", between(0, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    host: str = setting("127.0.0.1", "the MQTT broker; or the path of its Unix socket, which costs both a quarter less than TCP")
    port: int = setting(1883, "1883 plain, 8883 TLS; of no account with a Unix socket", between(1, 65535))
    version: int = setting(5, "MQTT 5, or 311 for a broker that speaks nothing newer", one_of(5, 311))
    username: str | None = setting(None, "our account on the broker")
    password: Secret | None = setting(None, "its password")
    tls: bool = setting(False, "encrypt, and check the broker's certificate")
    ca_file: Path | None = setting(None, "the authority to trust instead of the system's")
    cert_file: Path | None = setting(None, "our certificate, where the broker asks for one")
    key_file: Path | None = setting(None, "its key")
    traccar_topic: str | None = setting("positions", "topic of Traccar's position forwarding; empty = none")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    host: str | None = setting(None, "live state for readers; without it the service is fully itself")
    port: int = setting(6379, "its port", between(1, 65535))
    database: int = setting(0, "its database number", between(0, 255))
    username: str | None = setting(None, "its account")
    password: Secret | None = setting(None, "its password")
    tls: bool = setting(False, "encrypt the connection")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    host: str = setting("127.0.0.1", "where /metrics and /healthz answer: this machine only, unless you say otherwise")
    port: int = setting(9464, "0 = any free port, -1 = no HTTP server", between(-1, 65535))


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneSettings:
    account_sid: str | None = setting(
        None, "Twilio account; without it SMS and calls are shown on the console", matching(r"AC[0-9a-f]{32}", "AC and 32 hex digits")
    )
    auth_token: Secret | None = setting(None, "its token")
    from_number: str | None = setting(
        None, "the number we send from", matching(r"\+[1-9][0-9]{6,14}", "a number in E.164 form, such as +524421234567")
    )
    base_url: str | None = setting(None, "another address than Twilio's own, for tests", URL)
    callback_listen: str | None = setting(
        None,
        "where we hear how far a text got and which key she pressed; the one port that must be reachable from outside",
        matching(r"[^\s/]+:([1-9][0-9]{0,4})", "host:port"),
    )
    public_url: str | None = setting(None, "the same place as Twilio reaches it: its signature is checked against this address", URL)
    calls_per_s: float = setting(1.0, "what Twilio allows the account; more would wait there, by age and not by urgency", between(0.1, 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchSettings:
    webhook_url: str | None = setting(None, "where the control room takes alerts; without it they are shown on the console", URL)
    webhook_secret: Secret | None = setting(
        None,
        "key of the signature on each call",
        LONG_ENOUGH,
    )
    calls: str | None = setting(
        None,
        "whose telephones ring when nobody answers an emergency: ids of the contacts file at 15, 30, 60 s and so on, and again each minute",
        matching(r"[A-Za-z0-9_-]{1,64}( [A-Za-z0-9_-]{1,64}){0,7}", "one to eight ids of the contacts file, separated by spaces"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CapSettings:
    url: str | None = setting(None, "where the control room takes CAP 1.2 documents; without it none are sent", URL)
    secret: Secret | None = setting(None, "key of the signature on each document", LONG_ENOUGH)
    sender: str = setting("resguardo", "our name in each document", matching(r"[^\s,<&]{1,128}", "a word without comma, < or &"))
    addresses: str = setting(
        "dispatch", "whom the documents are for, separated by spaces", matching(r"[^<&\n]{1,512}", "words separated by spaces")
    )
    area_name: str = setting("-", "the name of the area that we watch", matching(r"[^<&\n]{1,128}", "a name of one line"))
    area: bool = setting(False, "true: each document carries her perimeter as a circle. Her coordinates then leave this house")
    status: str = setting("Actual", "Exercise or Test while you try it out", one_of("Actual", "Exercise", "Test"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSettings:
    url: str | None = setting(None, "an ntfy server; without it there are no push messages", URL)
    token: Secret | None = setting(None, "our access token there")
    technical_topic: Secret | None = setting(None, "where the technician listens", matching(r"[A-Za-z0-9_-]{1,64}", "a topic"))
    neutral: bool = setting(False, "true: a push shows only that there is a message; a locked screen may be read by others")
    answer_url: str | None = setting(None, "our /answers page, as telephones reach it; without it a push has no button", URL)
    answer_secret: Secret | None = setting(None, "key of the tokens by which a push is answered", LONG_ENOUGH)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertmanagerSettings:
    url: str | None = setting(None, "a Prometheus Alertmanager for technical troubles; without it they go to the control room alone", URL)
    token: Secret | None = setting(None, "our access token there, where it asks for one")


@dataclass(frozen=True, slots=True, kw_only=True)
class CanarySettings:
    every_s: float | None = setting(None, "how often the canary walks the whole way; without it there is none", between(40, 3600))
    absent_s: float = setting(90.0, "after how long without a whole round somebody is told", between(45, 7200))
    username: str | None = setting(None, "its account on the broker, where ours may not send pings")
    password: Secret | None = setting(None, "its password")
    page: str | None = setting(None, "sms or voice: calls the technician as well when it is absent", one_of("sms", "voice"))
    technician: str | None = setting(None, "who is called: a person of the contacts file")
    selftest_at: str | None = setting(
        None, "when each night every way is tried, HH:MM UTC; without it none is", matching(r"([01][0-9]|2[0-3]):[0-5][0-9]", "HH:MM")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    port: int | None = setting(None, "where a console on this machine hears what happens; without it there is none", between(1, 65535))
    token: Secret | None = setting(None, "what a console says to be let in", LONG_ENOUGH)


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardSettings:
    host: str = setting("127.0.0.1", "where the console answers: this machine only; behind a TLS proxy for others")
    port: int = setting(8090, "0 = any free port", between(0, 65535))
    database_url: str | None = setting(
        None,
        "postgresql://USER@HOST/NAME; without it a SQLite file console.db in data_dir. A password belongs into ~/.pgpass",
        matching(r"(postgresql|sqlite)://[^\s]*", "postgresql://… or sqlite:///…"),
    )
    tile_url: str | None = setting(
        None, "a tile server of yours, with {z}, {x} and {y}; it learns which part of the map is looked at. Without it there is none", URL
    )
    tile_attribution: str | None = setting(None, "whom to thank for the tiles")
    base_layer: Path | None = setting(None, "streets to draw below everything, as a GeoJSON file")
    public_statistics: bool = setting(False, "true: /public shows counts of whole weeks to everybody, none below five")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacySettings:
    respondent_interval: str = setting(
        "adaptive",
        "adaptive: his device reports faster as they come near each other, which he might notice; own_path: it depends on him alone",
        one_of("adaptive", "own_path"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    style: str = setting("console", "console for people, json for collectors", one_of("console", "json"))
    level: str = setting("info", "what to leave out", one_of("debug", "info", "warning", "error"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration, checked."""

    service: ServiceSettings = ServiceSettings()
    broker: BrokerSettings = BrokerSettings()
    redis: RedisSettings = RedisSettings()
    http: HttpSettings = HttpSettings()
    telephone: TelephoneSettings = TelephoneSettings()
    dispatch: DispatchSettings = DispatchSettings()
    cap: CapSettings = CapSettings()
    push: PushSettings = PushSettings()
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    canary: CanarySettings = CanarySettings()
    feed: FeedSettings = FeedSettings()
    dashboard: DashboardSettings = DashboardSettings()
    privacy: PrivacySettings = PrivacySettings()
    log: LogSettings = LogSettings()
    ladder: Ladder = field(default_factory=lambda: DEFAULT_LADDER)


SECTIONS: dict[str, type] = {
    "service": ServiceSettings,
    "broker": BrokerSettings,
    "redis": RedisSettings,
    "http": HttpSettings,
    "telephone": TelephoneSettings,
    "dispatch": DispatchSettings,
    "cap": CapSettings,
    "push": PushSettings,
    "alertmanager": AlertmanagerSettings,
    "canary": CanarySettings,
    "feed": FeedSettings,
    "dashboard": DashboardSettings,
    "privacy": PrivacySettings,
    "log": LogSettings,
}


def contradictions(settings: Settings) -> list[tuple[str, str]]:
    """What is wrong between settings that are each right: (key, message)."""
    found = []
    telephone, broker, dispatch = settings.telephone, settings.broker, settings.dispatch
    if telephone.account_sid and not (telephone.auth_token and telephone.from_number):
        found.append(("telephone.account_sid", "needs auth_token_file (or RESGUARDO_TELEPHONE__AUTH_TOKEN) and from_number beside it"))
    if bool(telephone.callback_listen) != bool(telephone.public_url):
        found.append(("telephone.callback_listen", "callback_listen and public_url go together"))
    if telephone.callback_listen and not telephone.account_sid:
        found.append(("telephone.callback_listen", "needs account_sid beside it: nobody else calls back"))
    if dispatch.webhook_url and not dispatch.webhook_secret:
        found.append(("dispatch.webhook_url", "needs webhook_secret_file (or RESGUARDO_DISPATCH__WEBHOOK_SECRET) beside it"))
    if dispatch.calls and not (telephone.account_sid and settings.service.contacts):
        found.append(("dispatch.calls", "needs [telephone] and service.contacts beside it: who rings whom by which number?"))
    if settings.cap.url and not settings.cap.secret:
        found.append(("cap.url", "needs secret_file (or RESGUARDO_CAP__SECRET) beside it"))
    if settings.push.answer_url and not settings.push.answer_secret:
        found.append(("push.answer_url", "needs answer_secret_file (or RESGUARDO_PUSH__ANSWER_SECRET) beside it"))
    found += _shared_ports(settings)
    if settings.feed.port and not settings.feed.token:
        found.append(("feed.port", "needs token_file (or RESGUARDO_FEED__TOKEN) beside it"))
    canary = settings.canary
    if canary.every_s is not None and canary.absent_s <= canary.every_s:
        found.append(("canary.absent_s", "must be longer than every_s, or it would always be absent"))
    if canary.page and not (telephone.account_sid and canary.technician and settings.service.contacts):
        found.append(("canary.page", "needs [telephone], service.contacts, and technician beside it"))
    if bool(broker.cert_file) != bool(broker.key_file):
        found.append(("broker.cert_file", "cert_file and key_file go together"))
    if broker.tls and broker.host.startswith("/"):
        found.append(("broker.tls", "must be false for a Unix socket: nothing of it leaves this machine"))
    if not broker.tls and (broker.ca_file or broker.cert_file):
        found.append(("broker.tls", "must be true where a certificate is given"))
    return found


def _shared_ports(settings: Settings) -> list[tuple[str, str]]:
    """Ports that two parts of ours would listen on. The console, which listens too, needs the feed: without one it does not run."""
    called_back = settings.telephone.callback_listen
    ports = [
        ("http.port", settings.http.port),
        ("telephone.callback_listen", int(called_back.rpartition(":")[2]) if called_back else 0),
        ("feed.port", settings.feed.port or 0),
        ("dashboard.port", settings.dashboard.port if settings.feed.port else 0),
    ]
    found, taken = [], dict[int, str]()
    for key, port in ports:
        if port > 0 and taken.setdefault(port, key) != key:  # 0 is any free port, -1 none
            found.append((key, f"is {port}, and so is {taken[port]}: each listens on a port of its own"))
    return found
