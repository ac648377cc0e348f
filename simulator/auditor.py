"""The independent oracle: what the monitor said against what was true.

It knows the truth, what arrived, and the transitions; it shares no geometry and no rule with the monitor. Its own detector is the
plainest there is: error-free positions at the moments of the fixes that arrived, and a threshold.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from geofence.terms import HISTORY, Level, OrderId, Reason
from simulator.scenario import Pair, Scenario
from simulator.truth import PERIMETER, Episode, PairTruth
from simulator.truth import truth as truth_of_all
from simulator.virtual import Sighting, Story

USABLE_ERROR_M = 50.0  # a fix further off than the grey zone proves nothing
PRESENT_MS = 60_000  # an older fix is history when it arrives
PARTNER_AGE_MS = 150_000  # the other party's last fix may be as old as two far intervals and a latency
EARLY_MS = 180_000  # a breach raised this long before the entry is a good warning, not another alarm
LATE_MS = 25_000  # slower than the plain oracle by more than this is late (docs/detection.md: excess p95)
GRACE_MS = 90_000  # after the end of the episode an alarm no longer counts for it
FALSE_MARGIN_M = 50.0  # an alarm while he was nearer than this to the edge is not false
FALSE_WINDOW_MS = 60_000
CONTACT_M = 50.0  # within reach: by then she must know (docs/detection.md counts leads to the same distance)
CALM_MS = 30_000  # calm for longer than this while the last fixes say "inside" is wrong
SIGNAL_MS = 5_000  # an SOS or a cut strap must be said this soon after its ping arrived
BREACH_REASONS = (Reason.BREACH, Reason.OUTSIDE_INCLUSION)
BLIND_REASONS = (Reason.CANNOT_SEE_RESPONDENT, Reason.CANNOT_SEE_PROTECTED, Reason.NOT_SEEN_YET, Reason.NO_LINK, Reason.NO_COVERAGE_KNOWN)
SIGNAL_REASONS = {"sos": Reason.SOS, "strap": Reason.STRAP}


class Verdict(Enum):
    """How one promise was kept. Worse ones come later; a world is as good as its worst promise, and unknown outranks kept."""

    KEPT = 0
    UNKNOWN = 1  # no usable signal reached the monitor
    LATE = 2
    MISSED = 3


class Fault(Enum):
    """What the monitor must never do, whatever it knows."""

    FALSE_ALARM = "false_alarm"
    SHOWN_CALM = "shown_calm"  # while the last fixes said inside
    UNWARNED = "unwarned"  # he was inside unseen, and by contact nobody had been told that he comes, or cannot be seen
    UNHEARD = "unheard"  # an SOS or a cut strap without its transition
    BROKEN_CHAIN = "broken_chain"  # a transition does not start at the level where the one before ended


@dataclass(frozen=True, slots=True)
class Judged:
    """One episode with its verdict; times in ms after the entry, negative before it."""

    episode: Episode
    verdict: Verdict
    delay_ms: int | None
    oracle_delay_ms: int | None
    covered: bool = False  # not said by itself: the alarm of another target of the same order was already on


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, where and when."""

    order: OrderId
    at_ms: int
    fault: Fault


@dataclass(frozen=True, slots=True)
class Report:
    """What the auditor found in one world."""

    judged: tuple[Judged, ...]
    findings: tuple[Finding, ...]
    pair_ms: int

    @property
    def verdict(self) -> Verdict:
        """The worst of all promises."""
        return max((one.verdict for one in self.judged), key=lambda verdict: verdict.value, default=Verdict.KEPT)

    def count(self, what: Verdict | Fault) -> int:
        """How many of a kind."""
        if isinstance(what, Verdict):
            return sum(one.verdict is what for one in self.judged)
        return sum(one.fault is what for one in self.findings)


def audit(scenario: Scenario, story: Story, truth: dict[OrderId, PairTruth] | None = None) -> Report:
    """Hold a finished run against the truth."""
    truth = truth_of_all(scenario) if truth is None else truth
    judged: list[Judged] = []
    findings: list[Finding] = []
    for pair in scenario.pairs:
        case = _Case(pair, truth[pair.order.id], story)
        judged += case.judge()
        findings += case.faults()
    return Report(tuple(judged), tuple(findings), scenario.duration_ms * len(scenario.pairs))


class _Case:
    """One order before the auditor."""

    def __init__(self, pair: Pair, truth: PairTruth, story: Story) -> None:
        self._pair = pair
        self._truth = truth
        self._end_ms = int(truth.protected.at_ms[-1])
        self._said = [t for t in story.transitions if t.order == pair.order.id and t.reason not in HISTORY]
        self._signals = [(at_ms, name) for at_ms, device, name in story.signals if device in self._devices()]
        seen = [s for s in story.sightings if s.device in self._devices() and s.arrived_ms - s.fix_ms <= PRESENT_MS]
        self._depths = list(self._oracle(sorted(seen)))

    def judge(self) -> Iterable[Judged]:
        """A verdict on every mandatory episode that began early enough to be judged."""
        for episode in self._truth.episodes():
            if episode.mandatory and episode.from_ms + GRACE_MS < self._end_ms:
                yield self._judge_one(episode)

    def faults(self) -> Iterable[Finding]:
        """Everything that must never happen."""
        found = [(at_ms, Fault.FALSE_ALARM) for at_ms in self._false_alarms()]
        found += [(at_ms, Fault.SHOWN_CALM) for at_ms in self._calm_inside()]
        found += [(at_ms, Fault.UNWARNED) for at_ms in self._unwarned()]
        found += [(at_ms, Fault.UNHEARD) for at_ms in self._unheard()]
        found += [(at_ms, Fault.BROKEN_CHAIN) for at_ms in self._broken_chain()]
        return [Finding(self._pair.order.id, at_ms, fault) for at_ms, fault in sorted(found, key=lambda one: (one[0], one[1].value))]

    def _devices(self) -> tuple[str, str]:
        return self._pair.protected.device, self._pair.respondent.device

    def _oracle(self, seen: list[Sighting]) -> Iterable[tuple[int, str, float]]:
        """At each usable arrival: (when, target, how deep inside by true positions at the moments of the last fixes)."""
        last: dict[str, Sighting] = {}
        hers, his = self._devices()
        for sighting in seen:
            if sighting.error_m > USABLE_ERROR_M or sighting.source == "lbs":
                continue
            known = last.get(sighting.device)
            if known is not None and sighting.fix_ms <= known.fix_ms:
                continue
            last[sighting.device] = sighting
            for target in self._truth.targets:
                needed = (hers, his) if target.name == PERIMETER else (his,)
                if all(d in last and sighting.arrived_ms - last[d].fix_ms <= PARTNER_AGE_MS for d in needed):
                    depth_m = min(self._depth_m(target.name, last[d].fix_ms) for d in needed)
                    yield sighting.arrived_ms, target.name, depth_m

    def _depth_m(self, name: str, at_ms: int) -> float:
        target = next(target for target in self._truth.targets if target.name == name)
        i = round((at_ms - int(self._truth.protected.at_ms[0])) / 1000)
        return float(target.inside_m[min(max(i, 0), len(target.inside_m) - 1)])

    def _judge_one(self, episode: Episode) -> Judged:
        oracle_ms = self._oracle_sees(episode)
        said_ms, on_ms = self._raised(episode), self._already_on(episode)
        raised_ms = min((at_ms for at_ms in (said_ms, on_ms) if at_ms is not None), default=None)
        delay_ms = None if raised_ms is None else raised_ms - episode.from_ms
        oracle_delay_ms = None if oracle_ms is None else oracle_ms - episode.from_ms
        if delay_ms is None:
            verdict = Verdict.UNKNOWN if oracle_delay_ms is None else Verdict.MISSED
        elif oracle_delay_ms is not None and delay_ms > oracle_delay_ms + LATE_MS:
            verdict = Verdict.LATE
        else:
            verdict = Verdict.KEPT
        return Judged(episode, verdict, delay_ms, oracle_delay_ms, covered=raised_ms != said_ms)

    def _oracle_sees(self, episode: Episode) -> int | None:
        """The first arrival that shows him deep inside: nearer the edge an honest error excuses silence."""
        for at_ms, target, depth_m in self._depths:
            if target == episode.target and episode.from_ms <= at_ms <= episode.until_ms + GRACE_MS and depth_m > FALSE_MARGIN_M:
                return at_ms
        return None

    def _raised(self, episode: Episode) -> int | None:
        """When a breach of that very target was said for this episode."""
        for t in self._said:
            about = t.reason in BREACH_REASONS and (t.zone or PERIMETER) == episode.target
            if about and episode.from_ms - EARLY_MS <= t.at_ms <= episode.until_ms + GRACE_MS:
                return t.at_ms
        return None

    def _already_on(self, episode: Episode) -> int | None:
        """When, during the episode, a true breach stood already: of another place he had entered, or of an earlier visit.

        Two targets entered with one fix are one transition, which names one of them; and while she or he is not seen nothing ends.
        """
        since_ms: int | None = None
        for t in self._said:
            if t.at_ms > episode.until_ms or (since_ms is not None and t.at_ms > episode.from_ms):
                break
            if t.to_level is not Level.EMERGENCY:
                since_ms = None
            elif since_ms is None and t.reason in BREACH_REASONS and not self._is_false(t.at_ms):
                since_ms = t.at_ms
        return None if since_ms is None else max(since_ms, episode.from_ms)

    def _is_false(self, at_ms: int) -> bool:
        """Whether there was no second near the edge around a moment."""
        return self._truth.nearest_m(at_ms - FALSE_WINDOW_MS, at_ms + FALSE_WINDOW_MS) > FALSE_MARGIN_M

    def _false_alarms(self) -> Iterable[int]:
        """A breach raised from below EMERGENCY with no second near the edge around it."""
        for t in self._said:
            raised = t.reason in BREACH_REASONS and t.from_level < Level.EMERGENCY
            if raised and self._is_false(t.at_ms):
                yield t.at_ms

    def _level_at(self, at_ms: int) -> Level | None:
        """The level shown at a moment; None before the first word about the order."""
        i = bisect_right([t.at_ms for t in self._said], at_ms)
        return self._said[i - 1].to_level if i else None

    def _calm_inside(self) -> Iterable[int]:
        """Moments from which it was shown calm although every arrival for CALM_MS on had him deep inside."""
        for target in self._truth.targets:
            since_ms: int | None = None
            for at_ms, name, depth_m in self._depths:
                if name != target.name:
                    continue
                if depth_m <= FALSE_MARGIN_M or self._level_at(at_ms) is not Level.CALM:
                    since_ms = None
                elif since_ms is None:
                    since_ms = at_ms
                elif at_ms - since_ms > CALM_MS:
                    yield since_ms
                    break

    def _unwarned(self) -> Iterable[int]:
        """Stays that no usable fix showed, and by whose contact nobody had been told that he comes, or that he cannot be seen."""
        for one in self.judge():
            if one.verdict is Verdict.UNKNOWN and not self._is_warned(self._contact_ms(one.episode)):
                yield one.episode.from_ms

    def _contact_ms(self, episode: Episode) -> int:
        """When he first was within reach of her; where he never was, or it is a place that is barred, when he was deepest inside."""
        at_ms = self._truth.protected.at_ms
        during = (at_ms >= episode.from_ms) & (at_ms <= episode.until_ms)
        if episode.target == PERIMETER:
            near = during & (self._truth.distance_m < CONTACT_M)
            if near.any():
                return int(at_ms[near][0])
        target = next(target for target in self._truth.targets if target.name == episode.target)
        return int(at_ms[during][target.inside_m[during].argmax()])

    def _is_warned(self, by_ms: int) -> bool:
        """Whether, at that moment, the order stood at a warning or worse, or at a caution of which a blindness was part."""
        level = self._level_at(by_ms)
        if level is None or level is Level.CALM:
            return False
        if level >= Level.WARNING:
            return True
        blind = False
        for t in self._said:
            if t.at_ms <= by_ms:
                blind = t.to_level is not Level.CALM and (blind or t.reason in BLIND_REASONS)
        return blind

    def _unheard(self) -> Iterable[int]:
        for at_ms, name in self._signals:
            heard = any(t.reason is SIGNAL_REASONS[name] and at_ms <= t.at_ms <= at_ms + SIGNAL_MS for t in self._said)
            if not heard and at_ms + SIGNAL_MS < self._end_ms:
                yield at_ms

    def _broken_chain(self) -> Iterable[int]:
        """Every transition starts at the level where the one before it ended."""
        return [after.at_ms for before, after in pairwise(self._said) if after.from_level is not before.to_level]
