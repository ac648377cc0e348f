"""Why something did not go, in words for the log: the system's, the certificate's and the broker's own, and never a secret."""

from __future__ import annotations

import errno
import re
import socket
import ssl

# What a broker says as it ends a connection (MQTT 5 §3.14.2.1), those that a broker sends.
DISCONNECTED = {
    128: "unspecified error",
    129: "malformed packet",
    130: "protocol error",
    131: "implementation specific error",
    135: "not authorized",
    137: "server busy",
    139: "server shutting down",
    141: "keep alive timeout",
    142: "session taken over: is there a second monitor of this service.name?",
    143: "topic filter invalid",
    144: "topic name invalid",
    147: "receive maximum exceeded",
    148: "topic alias invalid",
    149: "packet too large",
    150: "message rate too high",
    151: "quota exceeded",
    152: "administrative action",
    153: "payload format invalid",
    154: "retain not supported",
    155: "QoS not supported",
    156: "use another server",
    157: "server moved",
    158: "shared subscriptions not supported",
    159: "connection rate exceeded",
    160: "maximum connect time",
    161: "subscription identifiers not supported",
    162: "wildcard subscriptions not supported",
}
_ERRNO = re.compile(r"\[Errno (\d+)\]")  # asyncio tells of several addresses in one text without a number of its own


def reason_of(error: BaseException) -> str | None:
    """What the system or a certificate says; None where the error may hold words that are not for a log."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or 'failed').replace('_', ' ').lower()}"
    if not isinstance(error, OSError):
        return None
    found = error.errno or next((int(one) for one in _ERRNO.findall(str(error))), 0)
    name = error.strerror if isinstance(error, socket.gaierror) else errno.errorcode.get(found)
    return name if name is None or error.filename is None else f"{name} {error.filename}"


def why_disconnected(code: int, *, closed: bool) -> str:
    """Why a connection ended that had stood."""
    if code in DISCONNECTED:
        return DISCONNECTED[code]
    return "closed" if closed else "no answer to our pings"
