"""Signed words about the journal: "so many blocks, this root", in the format of C2SP signed notes.

The key's private half stays beside the journal, never in it: a copy of the journal may go to a court. The door to cryptography.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ORIGIN = "resguardo/journal"  # names the log and its key in every note
_ED25519 = b"\x01"  # C2SP signed-note: the type of the key
_RAW, _RAW_PUBLIC = serialization.Encoding.Raw, serialization.PublicFormat.Raw
NOTE_LINES = 6  # origin, size, root, empty, signature, empty
KEY_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """So many blocks have this root."""

    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{ORIGIN}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def _key_id(public: bytes) -> bytes:
    return sha256(ORIGIN.encode() + b"\n" + _ED25519 + public).digest()[:KEY_ID_BYTES]


class Verifier:
    """The public half of a key."""

    def __init__(self, public: bytes) -> None:
        """Raises ValueError unless these are the 32 bytes of a key."""
        self._key = Ed25519PublicKey.from_public_bytes(public)
        self._public = public

    @classmethod
    def parse(cls, line: str) -> Verifier:
        """Read a verifier key, `name+id+base64`. Raises ValueError for what is not one, or not of a journal."""
        name, key_id, encoded = line.strip().split("+", 2)
        kind_and_key = base64.b64decode(encoded, validate=True)
        if name != ORIGIN or kind_and_key[:1] != _ED25519 or bytes.fromhex(key_id) != _key_id(kind_and_key[1:]):
            raise ValueError("not the key of a journal")
        return cls(kind_and_key[1:])

    def __str__(self) -> str:
        return f"{ORIGIN}+{_key_id(self._public).hex()}+{base64.b64encode(_ED25519 + self._public).decode()}"

    def read(self, note: str) -> Checkpoint:
        """The checkpoint of a note. Raises ValueError if it is malformed, or not signed with this key."""
        lines = note.split("\n")
        if len(lines) != NOTE_LINES or lines[0] != ORIGIN or lines[3] or lines[5]:
            raise ValueError("not a signed checkpoint")
        checkpoint = Checkpoint(int(lines[1]), base64.b64decode(lines[2], validate=True))
        dash, name, encoded = lines[4].split(" ")
        signature = base64.b64decode(encoded, validate=True)
        if dash != "—" or name != ORIGIN or signature[:KEY_ID_BYTES] != _key_id(self._public):
            raise ValueError("signed with another key")
        try:
            self._key.verify(signature[KEY_ID_BYTES:], "\n".join(lines[:3]).encode() + b"\n")
        except InvalidSignature:
            raise ValueError("the signature does not fit") from None
        return checkpoint


class Signer:
    """The private half of a key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = key.public_key().public_bytes(_RAW, _RAW_PUBLIC)
        self.verifier = Verifier(self._public)

    @classmethod
    def open(cls, path: Path) -> Signer:
        """The key in `path`, made there at the first start, for its owner only. Raises OSError.

        A file that holds no key is set aside: a service that protects people starts without its old signature.
        """
        try:
            return cls(Ed25519PrivateKey.from_private_bytes(path.read_bytes()))
        except FileNotFoundError:
            pass
        except ValueError:
            os.replace(path, path.with_suffix(".unusable"))
        key = Ed25519PrivateKey.generate()
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(file, key.private_bytes(_RAW, serialization.PrivateFormat.Raw, serialization.NoEncryption()))
            os.fsync(file)
        finally:
            os.close(file)
        os.replace(fresh, path)
        return cls(key)

    def sign(self, checkpoint: Checkpoint) -> str:
        """The signed note."""
        signature = base64.b64encode(_key_id(self._public) + self._key.sign(checkpoint.text.encode())).decode()
        return f"{checkpoint.text}\n— {ORIGIN} {signature}\n"


def split_notes(text: str) -> tuple[list[str], str]:
    """The whole notes of a file, one after the other, and what is left over at its end."""
    lines = text.split("\n")
    whole = (len(lines) - 1) // (NOTE_LINES - 1) * (NOTE_LINES - 1)
    notes = ["\n".join([*lines[at : at + NOTE_LINES - 1], ""]) for at in range(0, whole, NOTE_LINES - 1)]
    return notes, "\n".join(lines[whole:])
