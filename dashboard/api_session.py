"""The web API: who is logged in."""

from __future__ import annotations

from dashboard.accounts import Refused, Session
from dashboard.bodies import Choices, Confirmed, Operator, SessionAnswer
from dashboard.endpoints import Call, Denied
from dashboard.rights import Right, Role
from dashboard.words import LANGUAGES, OUTCOMES
from geofence import __version__

_STATUS = {"wrong": 401, "totp": 401, "slow": 429}
_MESSAGE = {
    "wrong": "name, password or code is wrong",
    "totp": "the code of the second factor is needed",
    "slow": "too many failures: wait",
}


async def login(call: Call) -> SessionAnswer:
    """Begin a session."""
    name = call.body.name
    try:
        call.cookie, session = await call.desk.accounts.login(name, call.body.password, call.body.totp, call.peer)
    except Refused as refused:
        if refused.code != "totp":
            await call.desk.looks.note(None, f"login_{refused.code}", "session", who=name)
        raise _denied(refused) from None
    await call.desk.looks.note(session, "login", "session")
    return shown(session)


async def session(call: Call) -> SessionAnswer:
    """Whose session this is."""
    return shown(call.session)


async def logout(call: Call) -> None:
    """End it."""
    call.cookie = ""
    await call.desk.accounts.end(call.session.id)
    await call.desk.looks.note(call.session, "logout", "session")


async def confirm(call: Call) -> Confirmed:
    """Prove again who one is."""
    try:
        await call.desk.accounts.confirm(call.session, call.body.password, call.body.totp, call.peer)
    except Refused as refused:
        raise _denied(refused) from None
    return Confirmed(confirmed_until_ms=call.session.confirmed_until_ms)


async def speak(call: Call) -> SessionAnswer:
    """Another language."""
    await call.desk.accounts.speak(call.session, call.body.language)
    return shown(call.session)


async def choices(call: Call) -> Choices:
    """What a page must know of this installation."""
    settings = call.desk.settings
    return Choices(
        tile_url=settings.tile_url,
        tile_attribution=settings.tile_attribution,
        base_layer_url="/base-layer.geojson" if settings.base_layer is not None else None,
        languages=list(LANGUAGES),
        outcomes=list(OUTCOMES),
        roles=[role.value for role in Role],
        rights=[right.value for right in Right],
        version=__version__,
    )


def shown(session: Session) -> SessionAnswer:
    """A session as its owner sees it."""
    role = session.role.value if session.role is not None else None
    return SessionAnswer(
        operator=Operator(id=session.operator, name=session.name, role=role, language=session.language),
        permissions=sorted(right.value for right in session.rights),
        csrf=session.csrf,
        expires_ms=session.ends_ms(),
        confirmed_until_ms=session.confirmed_until_ms,
    )


def _denied(refused: Refused) -> Denied:
    return Denied(_STATUS[refused.code], refused.code, _MESSAGE[refused.code], wait_s=refused.wait_s)
