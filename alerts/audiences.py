"""Who hears of which reason. PURE. There is no audience for the respondent."""

from __future__ import annotations

from alerts.terms import Audience
from geofence.terms import HISTORY, Reason, Role

_BOTH, _DISPATCH_ONLY, _NOBODY = (Audience.PROTECTED, Audience.DISPATCH), (Audience.DISPATCH,), ()

# Who hears of a reason, by whose device it is about. Total over Reason x (protected, respondent, both or neither).
# Trouble of the respondent's device is the control room's work; it tells her when it means that we cannot see him.
_HIS_DEVICE = (Reason.STRAP, Reason.JAMMING, Reason.SPOOFING, Reason.CLOCK, Reason.SEPARATION, Reason.BATTERY)
# Her own hole in the network that is known is the control room's too: her bracelet hears nothing there, and it is so every evening.
_DISPATCH_REASONS = (*HISTORY, Reason.NO_LINK, Reason.NOT_SEEN_YET)
AUDIENCES: dict[tuple[Reason, Role | None], tuple[Audience, ...]] = {
    (reason, party): (
        _NOBODY
        if reason is Reason.NONE
        else _DISPATCH_ONLY
        if reason in _DISPATCH_REASONS
        or (reason in _HIS_DEVICE and party is not Role.PROTECTED)
        or (reason is Reason.NO_COVERAGE_KNOWN and party is Role.PROTECTED)
        else _BOTH
    )
    for reason in Reason
    for party in (Role.PROTECTED, Role.RESPONDENT, None)
}


def audience_of(reason: Reason, party: Role | None) -> tuple[Audience, ...]:
    """Who is told of a transition."""
    return AUDIENCES[reason, party]
