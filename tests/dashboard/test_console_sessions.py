"""Promises about who is logged in: guesses are slowed, codes count once, and every session ends."""

from __future__ import annotations

from dashboard import database as db
from dashboard.accounts import IDLE_MS, SHIFT_MS
from tests.dashboard.conftest import PASSWORD, Scene


async def test_guessing_a_password_is_slowed_and_says_nothing_about_who_exists(scene: Scene) -> None:
    async with scene.browser() as guesser:
        answers = [await guesser("POST", "/session", {"name": name, "password": "wrong"}) for name in ("ana", "nobody", "ana")]
        assert {(status, answer["error"]["code"]) for status, answer in answers} == {(401, "wrong")}
        slowed = 0
        for _ in range(20):
            status, _answer = await guesser("POST", "/session", {"name": "ana", "password": "wrong"})
            if status == 429:
                slowed += 1
                assert int(guesser.seen.headers["Retry-After"]) > 0
                scene.clock.ms += 500
        assert slowed >= 15
        status, _ = await guesser("POST", "/session", {"name": "ana", "password": PASSWORD})
        assert status == 429, "a right guess while it is locked is not told apart"
        scene.clock.ms += 3_600_000
        assert (await guesser("POST", "/session", {"name": "ana", "password": PASSWORD}))[0] == 200
    acts = [row["act"] for row in await scene.desk.records.one(db.find(db.AUDIT))]
    assert "login_wrong" in acts
    assert "login_slow" in acts


async def test_a_second_factor_is_asked_for_and_each_code_counts_once(scene: Scene) -> None:
    import pyotp

    async with scene.browser("root") as root, scene.browser() as ana:
        made = (await root("PATCH", "/operators/id-ana", {"totp": True}))[1]
        app = pyotp.parse_uri(made["totp_uri"])
        word = {"name": "ana", "password": PASSWORD}
        assert (await ana("POST", "/session", word))[1]["error"]["code"] == "totp"
        code = app.at(scene.clock.ms // 1000)
        assert (await ana("POST", "/session", {**word, "totp": "000000" if code != "000000" else "111111"}))[0] == 401
        assert (await ana("POST", "/session", {**word, "totp": code}))[0] == 200
        assert (await ana("POST", "/session", {**word, "totp": code}))[0] == 401, "a code that was overheard"
        scene.clock.ms += 31_000
        assert (await ana("POST", "/session", {**word, "totp": app.at(scene.clock.ms // 1000)}))[0] == 200


async def test_sessions_end_when_idle_after_a_shift_and_when_revoked(scene: Scene) -> None:
    async with scene.browser("ana") as ana, scene.browser("bea") as bea, scene.browser("root") as root:
        mine = next(s for s in (await root("GET", "/sessions"))[1]["sessions"] if s["operator"] == "bea")
        assert (await root("DELETE", f"/sessions/{mine['id']}"))[0] == 204
        assert (await bea("GET", "/queue"))[0] == 401
        scene.clock.ms += IDLE_MS - 1
        assert (await ana("GET", "/queue"))[0] == 200
        scene.clock.ms += IDLE_MS + 1
        assert (await ana("GET", "/queue"))[0] == 401
    async with scene.browser("ana") as ana:
        for _ in range(SHIFT_MS // IDLE_MS * 2):
            scene.clock.ms += IDLE_MS // 2
            last = (await ana("GET", "/queue"))[0]
        assert last == 401


async def test_who_lost_a_right_lost_it_everywhere_at_once(scene: Scene) -> None:
    async with scene.browser("ana") as ana, scene.browser("root") as root:
        assert (await root("PATCH", "/operators/id-ana", {"role": "auditor"}))[0] == 200
        assert (await ana("GET", "/queue"))[0] == 401
        assert (await root("PATCH", "/operators/id-root", {"active": False}))[0] == 400


async def test_cookie_and_headers_are_strict(scene: Scene) -> None:
    async with scene.browser() as browser:
        await browser("POST", "/session", {"name": "ana", "password": PASSWORD})
        cookie = browser.seen.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        policy = browser.seen.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'")
        assert "unsafe" not in policy
        assert browser.seen.headers["Referrer-Policy"] == "no-referrer"
        kept = await scene.desk.records.one(db.find(db.SESSIONS))
        assert kept[0]["id"] not in cookie, "who reads the table cannot log in with it"
