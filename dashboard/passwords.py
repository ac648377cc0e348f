"""Proofs of who somebody is: password (argon2id) and second factor (TOTP, RFC 6238). The door to argon2 and pyotp."""

from __future__ import annotations

import hashlib
import secrets

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

LENGTH_MIN = 12  # characters, as NIST SP 800-63B's floor of 8 with room for a second factor that is not set up yet
LENGTH_MAX = 200  # so that nobody has us hash a novel
STEP_S = 30  # of the second factor, as every authenticator app has it
DRIFT_STEPS = 1  # a telephone's clock may be this much before or after ours

_hasher = PasswordHasher()  # RFC 9106's second recommended costs: 64 MiB, 3 passes
_NOBODY = _hasher.hash(secrets.token_hex(16))  # compared with for a name that is not there: it takes as long


def hashed(password: str) -> str:
    """The text to keep in a password's place."""
    return _hasher.hash(password)


def is_password(kept: str | None, password: str) -> bool:
    """True if it is the one; takes as long where there is none."""
    try:
        return _hasher.verify(kept or _NOBODY, password) and kept is not None
    except (Argon2Error, InvalidHashError):
        return False


def weakness(password: str, name: str) -> str | None:
    """What is wrong with a new password, in a few words."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        return f"must have {LENGTH_MIN} to {LENGTH_MAX} characters"
    if name.lower() in password.lower() or len(set(password)) < 6:
        return "is too easy to guess"
    return None


def new_totp() -> str:
    """A secret for an authenticator app."""
    return pyotp.random_base32()


def totp_uri(secret: str, name: str) -> str:
    """What the app reads as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Resguardo")


def totp_step(secret: str, code: str, now_ms: int, last_step: int) -> int | None:
    """The step a code is of, if it is right and newer than the last that was used; else None."""
    now = now_ms // 1000 // STEP_S
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if step > last_step and secrets.compare_digest(pyotp.TOTP(secret).at(step * STEP_S).encode(), code.encode()):
            return step
    return None


def new_word() -> str:
    """A random word nobody can guess: 256 bits."""
    return secrets.token_urlsafe(32)


def digest(word: str) -> str:
    """What is kept of a random word. It needs no slow hash: there is nothing to guess."""
    return hashlib.sha256(word.encode()).hexdigest()
