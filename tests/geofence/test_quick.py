"""What is made quickly is what the class itself makes: frozen, equal, with the same defaults, written the same."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, replace

import pytest

from geofence.quick import changer_of, maker_of


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    size_m: float | None = None
    parts: list[int] = field(default_factory=list)


make = maker_of(Thing)
change = changer_of(Thing)


@pytest.mark.parametrize(
    ("made", "same"),
    [(make("a"), Thing("a")), (make("a", 2.0), Thing("a", 2.0)), (make(name="a", parts=[1]), Thing(name="a", parts=[1]))],
    ids=["defaults", "by place", "by name"],
)
def test_it_is_what_the_class_makes(made: Thing, same: Thing) -> None:
    assert type(made) is Thing
    assert made == same
    assert repr(made) == repr(same)
    assert asdict(made) == asdict(same)
    assert replace(made, name="b") == replace(same, name="b")
    assert pickle.loads(pickle.dumps(made)) == same


def test_it_is_frozen() -> None:
    one = make("a")
    with pytest.raises(FrozenInstanceError):
        one.name = "b"  # type: ignore[misc]
    assert one == Thing("a")


def test_what_a_factory_makes_is_nobody_elses() -> None:
    assert make("a").parts is not make("a").parts


def test_a_wrong_argument_is_refused() -> None:
    with pytest.raises(TypeError):
        make("a", width_m=1.0)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        make()  # type: ignore[call-arg]


def test_what_is_changed_is_another_one() -> None:
    one = Thing("a", 2.0, [1])
    other = change(one, name="b", parts=[2])
    assert type(other) is Thing
    assert other == replace(one, name="b", parts=[2])
    assert one == Thing("a", 2.0, [1])
    with pytest.raises(FrozenInstanceError):
        other.name = "c"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        change(one, width_m=1.0)
