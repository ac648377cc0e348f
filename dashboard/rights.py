"""Who may do what: one total table, role by right. PURE."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """What a person of the agency is here for."""

    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"
    CASE_OFFICER = "case_officer"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Right(Enum):
    """One thing that may be allowed. A token's scopes are a list of these."""

    QUEUE_READ = "queue.read"
    INCIDENT_ACT = "incident.act"  # acknowledge, assign, note, tick a step, mute for oneself
    INCIDENT_CLOSE = "incident.close"
    POSITION_READ = "position.read"  # of incidents that are not closed
    POSITION_HISTORY = "position.history"  # of closed ones too
    PERSON_REVEAL = "person.reveal"  # break the glass: name and number for a reason
    ORDER_READ = "order.read"
    ORDER_WRITE = "order.write"
    STATISTICS_READ = "statistics.read"
    AUDIT_READ = "audit.read"
    OPERATORS = "operators"
    TOKENS = "tokens"


_R = Right
_DESK = (_R.QUEUE_READ, _R.INCIDENT_ACT, _R.INCIDENT_CLOSE, _R.POSITION_READ, _R.PERSON_REVEAL, _R.STATISTICS_READ)

# An auditor reads what was done, and no position; whoever gives out rights (admin) has none over persons, so that nobody
# can look somebody up alone and alter who may.
GRANTS: dict[Role, frozenset[Right]] = {
    Role.DISPATCHER: frozenset(_DESK),
    Role.SUPERVISOR: frozenset((*_DESK, _R.POSITION_HISTORY, _R.ORDER_READ, _R.AUDIT_READ)),
    Role.CASE_OFFICER: frozenset(
        (_R.QUEUE_READ, _R.POSITION_READ, _R.POSITION_HISTORY, _R.PERSON_REVEAL, _R.ORDER_READ, _R.ORDER_WRITE, _R.STATISTICS_READ)
    ),
    Role.AUDITOR: frozenset((_R.QUEUE_READ, _R.ORDER_READ, _R.STATISTICS_READ, _R.AUDIT_READ)),
    Role.ADMIN: frozenset((_R.OPERATORS, _R.TOKENS, _R.AUDIT_READ, _R.STATISTICS_READ)),
}

# What a machine may never do, whatever its token says: each needs a person who proves again who he is.
PERSONS_ONLY = frozenset((_R.PERSON_REVEAL, _R.OPERATORS, _R.TOKENS))
