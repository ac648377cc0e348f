"""The one way in which a file or a payload of the user is refused."""

from __future__ import annotations

from collections.abc import Sequence


class BadInput(ValueError):
    """Input that cannot be used. `where` names file, line and key; the text is one line a fault, without any value."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where
        self.message = message

    @classmethod
    def together(cls, faults: Sequence[BadInput]) -> BadInput:
        """Several faults as one; each keeps its own line."""
        return faults[0] if len(faults) == 1 else cls("", "\n".join(str(fault) for fault in faults))
