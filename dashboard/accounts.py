"""Operators and who is logged in: passwords, second factors, sessions, tokens, and how fast anybody may guess."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from config.errors import BadInput
from dashboard import database as db
from dashboard.database import Records, Row
from dashboard.passwords import digest, hashed, is_password, new_word, totp_step, weakness
from dashboard.rights import GRANTS, PERSONS_ONLY, Right, Role
from monitor.log import get_logger
from monitor.supervise import Background

IDLE_MS = 15 * 60_000  # without a word from the page; an open page says one each minute, so a quiet night logs nobody out of an alert
SHIFT_MS = 12 * 3_600_000  # then everybody logs in again, whatever is open
CONFIRMED_MS = 5 * 60_000  # a password said so lately need not be said again: time for one incident
FREE_FAILURES = 3  # mistakes that cost nothing
DELAY_MS, DELAY_MS_MAX = 2_000, 15 * 60_000  # doubled with each further one: some 100 guesses a day at most
PEERS_MAX = 10_000  # addresses whose failures are remembered
USED_EVERY_MS = 30_000  # how exactly the record says when a session was last used

_log = get_logger("console")


@dataclass(slots=True)
class Session:
    """Somebody who is logged in, or a machine with a token."""

    id: str
    operator: str
    name: str
    rights: frozenset[Right]
    language: str
    csrf: str | None = None  # None = a token, which no browser sends by itself
    role: Role | None = None
    begun_ms: int = 0
    used_ms: int = 0
    confirmed_ms: int = 0
    kept_ms: int = 0  # the `used_ms` that the record has
    until_ms: int = 0  # of a token

    def is_confirmed(self, now_ms: int) -> bool:
        """True if password and second factor were said lately. A token cannot: its scopes are all it is."""
        return self.csrf is None or now_ms <= self.confirmed_until_ms

    @property
    def confirmed_until_ms(self) -> int:
        """How long what asks for a proof may be done without another."""
        return self.confirmed_ms + CONFIRMED_MS

    def ends_ms(self) -> int:
        """When it is over if nothing more is heard."""
        return min(self.begun_ms + SHIFT_MS, self.used_ms + IDLE_MS)


class Refused(Exception):
    """A login that failed: `code` is wrong | totp | slow."""

    def __init__(self, code: str, wait_s: int = 0) -> None:
        super().__init__(code)
        self.code, self.wait_s = code, wait_s


class Accounts:
    """Use from one event loop."""

    def __init__(self, records: Records, now_ms: Callable[[], int]) -> None:
        self._records = records
        self._now_ms = now_ms
        self._sessions: dict[str, Session] = {}
        self._peers: dict[str, tuple[int, int]] = {}  # address -> (failures, locked until)
        self._writing = Background()
        self._ended: set[str] = set()  # tokens that were taken away in this life of ours
        self._guessing = asyncio.Semaphore(2)  # argon2 takes 64 MiB each: a flood of guesses takes no more than this

    # --- logging in -------------------------------------------------------------------------------------------------

    async def login(self, name: str, password: str, code: str | None, peer: str) -> tuple[str, Session]:
        """(cookie, session). Raises Refused."""
        operator = await self._prove(name, password, code, peer)
        now, word = self._now_ms(), new_word()
        role = Role(operator["role"])
        session = Session(
            digest(word), operator["id"], operator["name"], GRANTS[role], operator["language"], new_word(), role, now, now, now, now
        )
        await self._records.do(db.put(db.SESSIONS, _row_of(session)))
        self._sessions[session.id] = session
        return word, session

    async def confirm(self, session: Session, password: str, code: str | None, peer: str) -> None:
        """The same person again. Raises Refused."""
        await self._prove(session.name, password, code, peer)
        session.confirmed_ms = self._now_ms()
        await self._records.do(db.change(db.SESSIONS, {"id": session.id}, confirmed_ms=session.confirmed_ms))

    async def _prove(self, name: str, password: str, code: str | None, peer: str) -> Row:
        """The operator who proves to be one; each mistake makes the next try wait longer, and each try knows of the mistakes before it."""
        async with self._guessing:
            return await self._prove_in_turn(name, password, code, peer)

    async def _prove_in_turn(self, name: str, password: str, code: str | None, peer: str) -> Row:
        found = await self._records.one(db.find(db.OPERATORS, {"name": name}))
        operator: Row | None = found[0] if found else None
        now = self._now_ms()
        locked = max(self._peers.get(peer, (0, 0))[1], operator["locked_until_ms"] if operator else 0)
        if locked > now:
            raise Refused("slow", -(-(locked - now) // 1000))
        right = await asyncio.to_thread(is_password, operator["password"] if operator else None, password)
        if operator is None or not right or not operator["active"]:
            await self._failed(operator, peer)
            raise Refused("wrong")
        step = 0
        if operator["totp"] is not None:
            if code is None:
                raise Refused("totp")
            step = totp_step(operator["totp"], code, now, operator["totp_step"]) or 0
            if not step:
                await self._failed(operator, peer)
                raise Refused("wrong")
        self._peers.pop(peer, None)
        # Said once only: two requests with one code race for this row, and one changes nothing.
        last = operator["totp_step"]
        fresh = {"failures": 0, "locked_until_ms": 0, "totp_step": max(step, last)}
        taken = db.change(db.OPERATORS, {"id": operator["id"], "totp_step": last}, **fresh)
        if not await self._records.one(taken):
            raise Refused("wrong")
        return operator

    async def _failed(self, operator: Row | None, peer: str) -> None:
        now = self._now_ms()
        failures = self._peers.pop(peer, (0, 0))[0] + 1
        self._peers[peer] = (failures, now + _delay_ms(failures))
        while len(self._peers) > PEERS_MAX:
            del self._peers[next(iter(self._peers))]
        if operator is not None:
            failures = operator["failures"] + 1
            lock = db.change(db.OPERATORS, {"id": operator["id"]}, failures=failures, locked_until_ms=now + _delay_ms(failures))
            await self._records.do(lock)

    # --- being logged in --------------------------------------------------------------------------------------------

    async def of_cookie(self, word: str) -> Session | None:
        """Whose cookie it is, if it still counts."""
        session = self._sessions.get(digest(word)) or await self._kept(digest(word))
        now = self._now_ms()
        if session is None:
            return None
        if now >= session.ends_ms():
            await self.end(session.id)
            return None
        session.used_ms = max(session.used_ms, now)
        self._keep_used(session)
        return session

    def _keep_used(self, session: Session) -> None:
        """Have the record know that it is in use, or our restart would log out whoever has only listened. Nobody waits for it."""
        if session.used_ms - session.kept_ms < USED_EVERY_MS:
            return
        session.kept_ms = session.used_ms
        self._writing.begin(self._write_used(session))

    async def _write_used(self, session: Session) -> None:
        try:
            await self._records.do(db.change(db.SESSIONS, {"id": session.id}, used_ms=session.used_ms))
        except OSError as error:
            _log.info("session_not_kept", error=type(error).__name__)  # said again in half a minute

    async def _kept(self, session_id: str) -> Session | None:
        """A session of before our own restart."""
        rows = await self._records.one(db.find(db.SESSIONS, {"id": session_id}))
        operators = await self._records.one(db.find(db.OPERATORS, {"id": rows[0]["operator"], "active": True})) if rows else []
        if not operators:
            return None
        role, row = Role(operators[0]["role"]), rows[0]
        session = Session(
            session_id, row["operator"], operators[0]["name"], GRANTS[role], row["language"], row["csrf"], role,
            row["begun_ms"], row["used_ms"], row["confirmed_ms"], row["used_ms"],
        )  # fmt: skip
        return self._sessions.setdefault(session_id, session)

    async def of_token(self, word: str) -> Session | None:
        """Whose token it is, if it still counts."""
        rows = await self._records.one(db.find(db.TOKENS, {"digest": digest(word)}, least={"expires_ms": self._now_ms()}))
        if not rows:
            return None
        rights = frozenset(Right(scope) for scope in rows[0]["scopes"]) - PERSONS_ONLY
        return Session(rows[0]["id"], f"token {rows[0]['name']}", rows[0]["name"], rights, "es", until_ms=rows[0]["expires_ms"])

    def counts(self, session: Session) -> bool:
        """True while it has neither ended nor been revoked: asked by what stays open. An open page is a word from it."""
        if session.csrf is None:
            return session.id not in self._ended and self._now_ms() <= session.until_ms
        session.used_ms = max(session.used_ms, self._now_ms())
        self._keep_used(session)
        return self._sessions.get(session.id) is session and self._now_ms() < session.ends_ms()

    async def speak(self, session: Session, language: str) -> None:
        """Another language, for now and the next time."""
        session.language = language
        await self._records.do(
            db.change(db.SESSIONS, {"id": session.id}, language=language),
            db.change(db.OPERATORS, {"id": session.operator}, language=language),
        )

    async def end(self, session_id: str) -> bool:
        """Log out, or be logged out; True if there was one."""
        self._sessions.pop(session_id, None)
        return bool(await self._records.one(db.remove(db.SESSIONS, id=session_id)))

    async def end_all_of(self, operator: str) -> None:
        """Log an operator out everywhere: another role, another password or none."""
        for session in [s for s in self._sessions.values() if s.operator == operator]:
            del self._sessions[session.id]
        await self._records.do(db.remove(db.SESSIONS, operator=operator))

    # --- operators and tokens ---------------------------------------------------------------------------------------

    async def add(self, name: str, role: Role, password: str, language: str) -> Row:
        """A new operator. Raises BadInput for a weak password or a name that is taken."""
        row = await asyncio.to_thread(operator_row, name, role, password, language)
        if await self._records.one(db.find(db.OPERATORS, {"name": name})):
            raise BadInput("name", "is taken")
        await self._records.do(db.add(db.OPERATORS, row))
        return row

    async def issue(self, name: str, scopes: list[Right], days: int, made_by: str) -> tuple[str, str]:
        """(id, token) of a new token; the token itself is never seen again."""
        word, token_id = new_word(), str(uuid.uuid4())
        row = {"id": token_id, "digest": digest(word), "name": name, "scopes": [s.value for s in scopes], "made_by": made_by}
        await self._records.do(db.add(db.TOKENS, {**row, "expires_ms": self._now_ms() + days * 86_400_000}))
        return token_id, word

    async def end_token(self, token_id: str) -> None:
        """It is good for nothing more, nor is a stream that it has opened."""
        self._ended.add(token_id)
        await self._records.do(db.remove(db.TOKENS, id=token_id))


def operator_row(name: str, role: Role, password: str, language: str) -> Row:
    """A row of an operator who has no second factor yet. Raises BadInput for a weak password."""
    wrong = weakness(password, name)
    if wrong:
        raise BadInput("password", wrong)
    return {
        "id": str(uuid.uuid4()), "name": name, "role": role.value, "language": language, "password": hashed(password),
        "totp": None, "totp_step": 0, "active": True, "failures": 0, "locked_until_ms": 0,
    }  # fmt: skip


def _delay_ms(failures: int) -> int:
    over = failures - FREE_FAILURES
    return 0 if over <= 0 else min(DELAY_MS << min(over - 1, 16), DELAY_MS_MAX)


def _row_of(session: Session) -> Row:
    return {
        "id": session.id, "operator": session.operator, "csrf": session.csrf, "language": session.language,
        "begun_ms": session.begun_ms, "used_ms": session.used_ms, "confirmed_ms": session.confirmed_ms,
    }  # fmt: skip
