"""Encounters of real phones through every detector, as many as it takes to be inside so often."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.detection.drive import drive, registry
from benchmarks.detection.encounters import Player, encounter
from benchmarks.detection.judge import OURS, add_scores, scores_of, share
from benchmarks.detection.score import Score, percentile
from benchmarks.detection.tracks import Folder
from geofence.core import Core

EPISODES = 535  # as many as the literature's table has
BATCH = 40  # encounters judged before their episodes are counted
PLAYS_MAX = 10  # a folder that gives fewer than one episode in so many encounters is no folder for this


@dataclass(frozen=True, slots=True)
class World:
    """What every encounter has in common."""

    folder: Folder
    radius_m: float
    warning_m: float
    interval_s: int | None
    claims: bool = True  # a fix without an accuracy gets what a phone says of itself


def one_encounter(world: World, seed: int) -> dict[str, Score]:
    """The encounter of this seed through every detector; no scores where there is none."""
    meeting = encounter(world.folder, seed, world.radius_m, claims=world.claims)
    if meeting is None:
        return {}
    rng = np.random.default_rng(seed + 7_000_000)
    first_s = world.interval_s or 60
    players = [Player(device, phone, world.interval_s, float(rng.uniform(0, first_s))) for device, phone in enumerate((meeting.her, meeting.his))]
    heard = drive(Core(registry(world.radius_m, world.warning_m)), players, len(meeting.distance_m))
    return scores_of(heard, meeting.distance_m, world.radius_m, [], meeting.name)


def met(world: World, seed: int, episodes: int, jobs: int) -> tuple[dict[str, Score], int]:
    """Sums over the encounters from `seed` on until there were so many episodes, and the last seed."""
    total: dict[str, Score] = {OURS: Score()}
    last = seed
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        while total[OURS].mandatory < episodes and last - seed < PLAYS_MAX * episodes:
            for scores in pool.map(partial(one_encounter, world), range(last, last + BATCH)):
                if total[OURS].mandatory >= episodes:
                    break
                add_scores(total, scores)
                last += 1
    return total, last - 1


def table(world: World, scores: dict[str, Score], first: int, last: int, interval: str) -> str:
    """The result in Markdown."""
    ours, folder = scores[OURS], world.folder
    heading = (
        f"\n**Real phones: {ours.days} encounters (seeds {first}–{last}) of {len(folder.recordings)} recordings and {len(folder.walks)} walks "
        f"({folder.unused} files not usable), R = {world.radius_m:.0f} m, W = {world.warning_m:.0f} m, interval {interval}{'' if world.claims else ', accuracy unknown'}**\n"
    )
    lines = [
        heading,
        "| detector | observable breaches found (95 %) | all (95 %) | false breaches | delay p50 / p95 s | excess over the oracle p50 / p95 s | any alert |",
        "|---|---|---|---|---|---|---|",
    ]
    for label in sorted(scores, key=lambda label: label == OURS):
        s = scores[label]
        lines.append(
            f"| {label} | {share(s.found_observable, s.observable)} | {share(s.found, s.mandatory)} | {s.false} "
            f"| {percentile(s.delays_s, 50):.1f} / {percentile(s.delays_s, 95):.1f} "
            f"| {percentile(s.excess_s, 50):+.1f} / {percentile(s.excess_s, 95):+.1f} | {s.alerted}/{s.mandatory} |"
        )
    return "\n".join(lines)
