"""Golden incidents: a text table is the source of what the devices sent, what must be said, and a page for people to read.

`NAME.story` holds a title, `orders: FILE`, a few sentences, a line of dashes and a table in the language of story.py. From it come
NAME.pings.jsonl (for any replay), NAME.transitions.jsonl (what `resguardo replay` must write) and NAME.md. Made by scripts/bless.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alerts.audiences import audience_of
from config.orders import load_registry
from geofence.terms import Command, Reason, Transition
from monitor.engine import Effects, Engine
from monitor.replay import replay, transition_line
from monitor.terms import Envelope
from monitor.wire import envelope_from_line, envelope_to_line, to_json
from tests.pings import T0
from tests.story import Story, clock, seconds, value_of

FOLDER = Path(__file__).parent / "golden"
WHO = {"her": "her bracelet", "him": "his tag", "wait": "", "revoked": "the court", "order": "the court", "link": "the link to the broker"}


@dataclass
class Recorder(Story):
    """A story that keeps what was sent, coordinates to the centimetre, so that every machine writes the same bytes."""

    envelopes: list[Envelope] = field(default_factory=list)

    def _play(self, words: list[str]) -> None:
        if words[1] == "order":
            self.order(words[0], **{key: value_of(value) for key, value in (word.split("=", 1) for word in words[2:])})
        else:
            super()._play(words)

    def _send(self, at_ms: int, topic: str, body: Any) -> None:
        if body.get("fix"):
            body["fix"] |= {key: round(body["fix"][key], 7) for key in ("lat", "lon")}
        self.envelopes.append(Envelope(at_ms, topic, json.dumps(body).encode()))
        self._hear(self.engine.receive([self.envelopes[-1]]))


@dataclass(frozen=True)
class Source:
    """A story file, read."""

    name: str
    title: str
    orders: Path
    words: str
    lines: tuple[str, ...]

    @property
    def until_ms(self) -> int:
        return T0 + round(1000 * seconds(self.lines[-1].split()[0]))


def sources() -> list[Source]:
    return [read(path) for path in sorted(FOLDER.glob("*.story"))]


def read(path: Path) -> Source:
    head, _, table = path.read_text().partition("\n---\n")
    title, orders, _, *words = head.splitlines()
    lines = tuple(" ".join(line.split()) for line in table.splitlines() if line.strip() and not line.startswith("#"))
    return Source(path.stem, title.removeprefix("# "), FOLDER / "orders" / orders.removeprefix("orders: "), " ".join(words), lines)


def files_of(source: Source) -> dict[str, bytes]:
    """What the files beside a story must hold."""
    recorder = Recorder(load_registry(source.orders))
    rows = [row for line in source.lines for row in play(recorder, line)]
    pings = b"".join(envelope_to_line(envelope).rstrip() + b"\n" for envelope in recorder.envelopes)
    return {
        f"{source.name}.pings.jsonl": pings,
        f"{source.name}.transitions.jsonl": replayed(source, pings),
        f"{source.name}.md": page(source, rows).encode(),
    }


def replayed(source: Source, pings: bytes, **options: Any) -> bytes:
    """TRANSITIONS.jsonl of these pings, as `resguardo replay` writes it."""
    effects = replay(Engine(load_registry(source.orders)), envelopes_of(source, pings), until_ms=source.until_ms, **options)
    return b"".join(map(lines_of, effects))


def envelopes_of(source: Source, pings: bytes) -> list[Envelope]:
    return [envelope_from_line(line, f"{source.name}:{n}") for n, line in enumerate(pings.splitlines(), start=1)]


def lines_of(effects: Effects) -> bytes:
    """Lines of TRANSITIONS.jsonl."""
    return b"".join(to_json(transition_line(t)) + b"\n" for t in effects.transitions)


def play(recorder: Recorder, line: str) -> list[tuple[str, str, str]]:
    """One line of the table: (time, what happened, what was said) of it, and of deadlines that passed before it."""
    told, asked = len(recorder.transitions), len(recorder.commands)
    recorder.tell(line)
    at_ms = T0 + round(1000 * seconds(line.split(maxsplit=1)[0]))
    said = [(t.at_ms, sentence(t)) for t in recorder.transitions[told:]] + [(c.at_ms, asking(c)) for c in recorder.commands[asked:]]
    said.sort(key=lambda one: one[0])
    before = [(clock(when), "(time passes)", words) for when, words in said if when < at_ms]
    now = [words for when, words in said if when >= at_ms]
    return [*before, (clock(at_ms), event(line), "; ".join(now))]


def event(line: str) -> str:
    """What a line of the table says, in words."""
    _, who, *rest = line.split()
    places = [word for word in rest if "=" not in word]
    more = ", ".join(word.replace("=", " ") for word in rest if "=" in word)
    if who in WHO and who not in DEVICE_WORDS:
        return " ".join(filter(None, [WHO[who], {"revoked": "revokes the order", "order": f"changes the order: {more}", "wait": "(time passes)"}.get(who, "is " + " ".join(places))]))
    where = "no position" if places == ["nofix"] else f"{places[0]} m east, {places[1]} m north"
    return f"{WHO.get(who, who)}: {where}{', ' + more if more else ''}"


DEVICE_WORDS = ("her", "him")


def sentence(t: Transition) -> str:
    """What was said, in words."""
    step = f"**{t.to_level.word}**" if t.from_level is t.to_level else f"{t.from_level.word} → **{t.to_level.word}**"
    known = [
        f"{t.distance_m:g} m" if t.distance_m is not None else "",
        f"± {t.uncertainty_m:g} m" if t.uncertainty_m is not None else "",
        f"{t.seconds_to_perimeter:g} s to the perimeter" if t.seconds_to_perimeter is not None else "",
        f"zone {t.zone}" if t.zone else "",
        f"order {t.order}" if t.order != "O1" else "",
        f"{(t.at_ms - t.breached_at_ms) / 1000:g} s ago" if t.reason is Reason.PAST_BREACH and t.breached_at_ms else "",
    ]
    heard = " and ".join(audience.value for audience in audience_of(t.reason, t.party)) or "nobody"
    return f"{step}, {t.reason.word} ({', '.join(filter(None, known)) or 'no numbers'}), to {heard}"


def asking(c: Command) -> str:
    wish = "to report now" if c.report_now else f"to report every {c.interval_s} s"
    return f"{c.device} is asked {wish}"


def page(source: Source, rows: list[tuple[str, str, str]]) -> str:
    """The page: every line of the table, and what was said."""
    files = f"Orders: `{source.orders.name}`. Made by scripts/bless from the table in `{source.name}.story`; do not edit."
    table = [f"| {' | '.join(row)} |" for row in [("time", "what happened", "what was said"), ("---", "---", "---"), *rows]]
    return "\n".join([f"# {source.title}", "", source.words, "", files, "", *table, ""])
