"""What every request must keep to: sizes of bodies, and headers that every answer carries."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tay_middleware.web.problems import problem

API_BYTES = 64 * 1024
"""No request of the API needs more."""

WEBHOOK_BYTES = 1024 * 1024
"""Deliveries of providers are some kilobytes; invoices with many lines some hundred."""

_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]

TOO_LARGE = "the body is too large"


class Bounds:
    """An ASGI app around another one."""

    def __init__(self, app: ASGIApp, *, policies: Mapping[str, bytes] | None = None) -> None:
        """Wrap `app`; `policies` gives other content security policies by prefix of a path."""
        self._app = app
        self._policies = policies or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request within bounds."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_delivery = scope["path"].startswith("/webhooks/")
        most = WEBHOOK_BYTES if is_delivery else API_BYTES
        sender, announced = self._with_headers(scope["path"], send), _announced(scope)
        if announced > most and not is_delivery:  # the endpoint counts deliveries that are refused
            await problem(413, TOO_LARGE)(scope, receive, sender)
            return
        await self._app(scope, _counted(receive, most, announced), sender)

    def _with_headers(self, path: str, send: Send) -> Send:
        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name, self._value(path, name, value))
                        for name, value in _HEADERS
                        if name not in there
                    ),
                ]
            await send(message)

        return sender

    def _value(self, path: str, name: bytes, value: bytes) -> bytes:
        if name != b"content-security-policy":
            return value
        return next(
            (own for prefix, own in self._policies.items() if path.startswith(prefix)), value
        )


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 16 else 1 << 62
    return 0


def _counted(receive: Receive, most: int, announced: int) -> Receive:
    """`receive`, which takes no more than `most` bytes, and none where more are announced."""
    seen = 0

    async def receiver() -> Message:
        nonlocal seen
        if announced > most:
            raise HTTPException(413, TOO_LARGE)
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise HTTPException(413, TOO_LARGE)
        return message

    return receiver
