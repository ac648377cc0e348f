"""Promises of /metrics: the names and numbers of contract section 5, and nobody's identity."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from alerts.terms import Audience, Channel, DeliveryState, Kind, Notification, NotificationId
from geofence.terms import IncidentId, Level, OrderId, PersonId, Reason, Transition
from monitor.callbacks import Result
from monitor.engine import Effects
from monitor.metrics import Metrics
from monitor.terms import Rejection, RejectReason
from tests.messages import notification

TRANSITION = Transition(5, OrderId("ORDER-9"), IncidentId("INC-9"), Level.CALM, Level.WARNING, Reason.APPROACH, None, distance_m=640.125)
NOTIFICATION = Notification(
    id=NotificationId("N-9"), incident=IncidentId("INC-9"), order=OrderId("ORDER-9"), code="K7Q2", audience=Audience.PROTECTED,
    channel=Channel.SMS, kind=Kind.RAISE, step=0, level=Level.WARNING, reason=Reason.APPROACH, issued_ms=5, language="es",
    text="SECRET-TEXT", person=PersonId("PERSON-9"),
)  # fmt: skip
EFFECTS = Effects(
    transitions=[TRANSITION],
    notifications=[NOTIFICATION],
    rejections=[Rejection(5, "v1/DEVICE-9/ping", RejectReason.OUT_OF_RANGE, "DETAIL-9")],
    pings=1_000,
)


def numbers(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What a Prometheus would read from the page."""
    families = text_string_to_metric_families(metrics.render()[0].decode())
    return {(s.name.removeprefix("resguardo_"), tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def test_whoever_calls_back_is_counted_and_not_named() -> None:
    metrics = Metrics()
    metrics.called_back("forged")
    results = {result.value: numbers(metrics)["callbacks_total", (("result", result.value),)] for result in Result}
    assert results == {**dict.fromkeys(results, 0.0), "forged": 1.0}


def test_every_name_of_the_contract_is_there_from_the_start() -> None:
    names = {name for name, _ in numbers(Metrics())}
    assert names >= {
        "pings_total", "pings_rejected_total", "ping_to_decision_seconds_bucket", "ping_to_alert_seconds_bucket", "orders",
        "notifications_total", "journal_commit_seconds_bucket", "broker_connected", "deadline_lag_seconds_bucket", "build_info",
    }  # fmt: skip
    found = numbers(Metrics())
    assert all(found["pings_rejected_total", (("reason", reason.value),)] == 0 for reason in RejectReason), "a first rise can be seen"


def test_a_batch_is_counted_as_its_pings() -> None:
    metrics = Metrics()
    metrics.judged(EFFECTS, 1_001, 0.004)
    found = numbers(metrics)
    assert found["pings_total", (("result", "judged"),)] == 1_000
    assert found["pings_total", (("result", "rejected"),)] == 1
    assert found["pings_rejected_total", (("reason", "out_of_range"),)] == 1
    assert found["inputs_total", ()] == 1_001
    assert found["transitions_total", (("reason", "approach"), ("to", "warning"))] == 1
    assert found["notifications_total", (("channel", "sms"), ("state", "pending"))] == 1
    assert found["ping_to_decision_seconds_count", ()] == 1_000
    assert found["ping_to_decision_seconds_sum", ()] == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.0, "0.001"), (0.001, "0.001"), (0.0011, "0.002"), (0.3, "0.5"), (60.0, "60.0"), (61.0, "+Inf")]
)
def test_a_time_falls_into_its_bucket_and_those_above(seconds: float, bucket: str) -> None:
    metrics = Metrics()
    metrics.alerted("bracelet", seconds)
    counts = {
        dict(labels)["le"]: value
        for (name, labels), value in numbers(metrics).items()
        if name == "ping_to_alert_seconds_bucket" and dict(labels)["channel"] == "bracelet"
    }
    assert counts == {le: float(float(le) >= float(bucket)) for le in counts}
    assert "+Inf" in counts


def test_levels_commits_lags_links_and_failures() -> None:
    metrics = Metrics()
    metrics.levels({Level.EMERGENCY: 3, Level.CALM: 7})
    metrics.levels({Level.CALM: 10})
    metrics.committed(0.004)
    metrics.lagged(1.5)
    metrics.poisoned()
    metrics.broker_connected(True)
    metrics.delivered("voice", DeliveryState.FAILED.value)
    found = numbers(metrics)
    assert [found["orders", (("level", level.word),)] for level in Level] == [10, 0, 0, 0], "an order that came down is not counted above"
    assert found["journal_commit_seconds_bucket", (("le", "0.005"),)] == 1
    assert found["deadline_lag_seconds_sum", ()] == 1.5
    assert found["pings_total", (("result", "failed"),)] == 1
    assert found["broker_connected", ()] == 1
    assert found["notifications_total", (("channel", "voice"), ("state", "failed"))] == 1


def test_no_device_person_order_place_or_text_is_on_the_page() -> None:
    metrics = Metrics()
    metrics.judged(EFFECTS, 1_001, 0.004)
    page = metrics.render()[0].decode()
    for word in ("ORDER-9", "INC-9", "DEVICE-9", "PERSON-9", "SECRET-TEXT", "DETAIL-9", "640.125"):
        assert word not in page
    assert {key for _, labels in numbers(metrics) for key, _ in labels} == {
        "result", "reason", "to", "level", "channel", "state", "le", "version", "python",
    }  # fmt: skip


def test_what_waits_for_its_turn_is_counted_and_its_oldest_timed_and_an_empty_queue_is_empty() -> None:
    metrics = Metrics()
    metrics.waiting({Channel.VOICE: [notification(Channel.VOICE, issued_ms=ms) for ms in (9_000, 4_000, 7_000)], Channel.SMS: []}, 10_000)
    found = numbers(metrics)
    assert found["notifications_waiting", (("channel", "voice"),)] == 3
    assert found["notifications_waiting_seconds", (("channel", "voice"),)] == 6.0
    assert found["notifications_waiting", (("channel", "sms"),)] == 0
    metrics.waiting({Channel.VOICE: []}, 20_000)
    assert numbers(metrics)["notifications_waiting_seconds", (("channel", "voice"),)] == 0.0


def test_new_numbers_of_a_standing_alert_are_no_notifications() -> None:
    metrics = Metrics()
    ring = notification(Channel.BRACELET, issued_ms=0)
    metrics.judged(Effects(notifications=[ring, notification(Channel.BRACELET, issued_ms=1, refreshes=ring.id)]), 1, 0.0)
    assert numbers(metrics)["notifications_total", (("channel", "bracelet"), ("state", "pending"))] == 1
