"""Which session listens to what, so that a flood in one cannot starve another.

- *protected*: the pings of every device of a protected person, by name. There are as many subscriptions as such devices;
  mosquitto took 50,000 in 0.9 s. MQTT wildcards cannot tell a victim's topic from a suspect's.
- *others*: all pings by wildcard: the respondents', and those of devices that are in no registry, which would otherwise be
  silent for ever after one misspelt id. The protected devices' pings come here too and are skipped before they are
  looked at, as long as their own session is up; while it is not, they are heard here.
- *answers*: acknowledgements and last wills; and everything we publish.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable

from config.errors import BadInput
from config.settings import BrokerSettings
from geofence.terms import Device, Format, Registry
from monitor.frames import NOBODYS
from monitor.link import LinkWatch
from monitor.mqtt import Batch, Broker, Session
from monitor.topics import Topics

ANSWERS = ("v1/+/ack", "v1/+/status")
TRACCAR = "positions"  # the name by which the engine and the journal know Traccar's topic, whatever the broker calls it
OTHERS = ("v1/+/ping", "owntracks/+/+", "owntracks/+/+/event")


def topics_of(device: Device) -> tuple[str, ...]:
    """Where the pings of one device arrive; none for Traccar, whose devices share a topic."""
    name = device.alias or device.id
    match device.format:
        case Format.V1:
            return (f"v1/{device.id}/ping",)
        case Format.OWNTRACKS:
            return (f"owntracks/{name}", f"owntracks/{name}/event")
        case Format.TRACCAR:
            return ()


def protected_topics(registry: Registry) -> list[str]:
    """The ping topics of all devices of persons whom an order protects, each once, in the registry's order."""
    protected = {order.protected for order in registry.orders}
    return [topic for device in registry.devices if device.person in protected for topic in topics_of(device)]


def _table_of(topics: list[str]) -> Topics:
    """The topics, entered already: a look-up must not stop to do it for 50,000 of them."""
    table = Topics(topic.encode() for topic in topics)
    table.table()
    return table


def broker_of(settings: BrokerSettings) -> Broker:
    """The broker as the sessions know it. Raises BadInput for certificates that cannot be used."""
    context = _tls_of(settings) if settings.tls else None
    return Broker(settings.host, settings.port, settings.version, settings.username, settings.password, context)


def _tls_of(settings: BrokerSettings) -> ssl.SSLContext:
    """Whom to trust and who we are. Raises BadInput naming the key of the file that cannot be used."""
    files = {"ca_file": settings.ca_file, "cert_file": settings.cert_file, "key_file": settings.key_file}
    for key, path in files.items():
        try:
            if path is not None:
                path.open("rb").close()
        except OSError as error:  # ssl does not say which of them
            raise BadInput(f"broker.{key}", f"{path}: {error.strerror}") from None
    key = "ca_file"
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.cert_file is not None:
            key = "cert_file"
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except (OSError, ssl.SSLError) as error:
        why = (getattr(error, "reason", None) or "not a certificate in PEM").replace("_", " ").lower()
        beside = " with key_file" if key == "cert_file" else ""
        raise BadInput(f"broker.{key}", f"{files[key]}: cannot be used{beside}: {why}") from None
    return context


class Sessions:
    """The three conversations with the broker."""

    def __init__(
        self,
        name: str,
        broker: Broker,
        registry: Registry,
        *,
        traccar_topic: str | None,
        grace_s: float,
        on_batch: Callable[[Batch], None],
        on_link: Callable[[bool], None],
    ) -> None:
        own = protected_topics(registry)
        self._own = _table_of(own)
        others = [*OTHERS, traccar_topic] if traccar_topic else list(OTHERS)
        self.watch = LinkWatch(("protected", "others", "answers"), grace_s=grace_s, say=on_link)

        foreign = Topics([traccar_topic.encode()] if traccar_topic else [])

        def renamed(batch: Batch) -> None:
            batch.piece = batch.piece.renamed(foreign, TRACCAR.encode())
            on_batch(batch)

        def make(part: str, topics: list[str], unwanted: Callable[[], Topics] = lambda: NOBODYS) -> Session:
            return Session(
                f"{name}-{part}",
                broker,
                topics,
                on_batch=on_batch if traccar_topic in (None, TRACCAR) else renamed,
                on_link=lambda up: self.watch.on_link(part, up),
                unwanted=unwanted,
                rng=random.Random(),  # jitter
            )

        self.protected = make("protected", own)
        self.others = make("others", others, self._heard_elsewhere)
        self.answers = make("answers", list(ANSWERS))

    def _heard_elsewhere(self) -> Topics:
        return self._own if self.protected.ready else NOBODYS

    async def set_registry(self, registry: Registry) -> None:
        """Listen to the protected devices of a changed registry."""
        own = await asyncio.to_thread(protected_topics, registry)  # 70 ms for 50,000 orders
        table = await asyncio.to_thread(_table_of, own)
        await self.protected.set_topics(own)
        self._own = table  # nothing comes between: what *others* skips, *protected* always means to hear

    @property
    def began(self) -> bool:
        """Every session has been up once: from then on the broker keeps for us what we miss."""
        return all(session.connections for session in (self.protected, self.others, self.answers))

    def states(self) -> dict[str, bool]:
        """Which sessions are up."""
        return {session.client_id: session.ready for session in (self.protected, self.others, self.answers)}
