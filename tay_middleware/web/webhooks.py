"""Where payment providers deliver: verified, stored, answered. Everything else is the worker's."""

import logging
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tay_middleware.domain import uuid7
from tay_middleware.errors import ConfigurationError, PayloadError, SignatureError
from tay_middleware.payments.catalogue import check_offers
from tay_middleware.payments.generic import check_fields
from tay_middleware.payments.providers import PROVIDERS, Label, Provider, digest, labelled, parse
from tay_middleware.payments.reading import Part, check_times
from tay_middleware.payments.signatures import Headers, check_secret, verify
from tay_middleware.settings import Settings
from tay_middleware.web.auth import address_of
from tay_middleware.web.context import Context, of_request
from tay_middleware.web.problems import responses
from tay_middleware.web.rates import OF_FAILURES
from tay_middleware.web.schemas import Received
from tay_middleware.web.turned_away import OFF, UNKNOWN

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

_STORED = Received().model_dump_json().encode()
_ANSWERS = responses(400, 401, 404, 409, 413, 422)
_REASONS = {
    400: "the body cannot be read",
    409: "its webhook-id was used for another delivery",
    413: "the body is too large",
    422: "something in it is wrong, and its sender was told what",
    429: "too many that are not genuine",
}
"""How a refusal is counted, by its status; one of 401 and 404 says it itself."""

_log = logging.getLogger("tay_middleware.payments")
_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}


@router.post("/payment", responses=_ANSWERS, openapi_extra=_BODY, response_model=Received)
async def receive_payment(request: Request) -> Response:
    """A delivery of the default provider (TAY_WEBHOOK_PROVIDER, Stripe)."""
    here = await of_request(request)
    return await receive(request, here, here.settings.webhook_provider)


@router.post(
    "/payment/{provider}", responses=_ANSWERS, openapi_extra=_BODY, response_model=Received
)
async def receive_payment_of(request: Request, provider: str) -> Response:
    """A delivery of `stripe`, `standard` (Standard Webhooks; Zapier, Make) or `shopify`."""
    return await receive(request, await of_request(request), provider)


async def receive(request: Request, here: Context, name: str) -> Response:
    """Verify, store, answer; a refusal is counted.

    Raises:
        HTTPException: see `_stored`; 413 the body is too large.
        StorageError: it is not stored; the sender will try again.
    """
    provider = PROVIDERS.get(name)
    known = provider is not None and provider.scheme is not None
    try:
        return await _stored(request, here, name)
    except HTTPException as error:
        off = OFF if known else "there is none of this name"
        reason = off if error.status_code == 404 else _REASONS.get(error.status_code, error.detail)
        sender = name if known else UNKNOWN
        here.turned_away.note(sender, reason, address_of(request), here.clock())
        raise


async def _stored(request: Request, here: Context, name: str) -> Response:
    """Verify, store, answer. What is genuine is never refused for what others sent before it.

    Raises:
        HTTPException: 401 not genuine (429 from an address with many such); 404 the provider is
            off; 400 genuine and unreadable; 409 and 422 of our own format, see `_refuse_name` and
            `_check_shape`.
        StorageError: it is not stored; the sender will try again.
    """
    provider, secrets = PROVIDERS.get(name), secrets_of(here.settings, name)
    if provider is None or provider.scheme is None or not secrets:
        raise HTTPException(404, "no such provider, or it has no secret here and is off")
    headers: Headers = dict(request.headers.items())
    body = await request.body()
    now = here.clock()
    try:
        signed = verify(provider.scheme, secrets, headers, body, now)
    except SignatureError as error:
        await here.rates.spend(OF_FAILURES, f"webhook {address_of(request)}")
        raise HTTPException(401, str(error)) from None
    try:
        payload = parse(body)
        label = labelled(provider, signed, headers, payload)
        said = {"body_hash": digest(provider, payload)}
    except PayloadError as error:
        raise HTTPException(400, str(error)) from None
    if provider.checks_shape:
        _check_shape(here, provider, label, payload, now)
    row = delivery_row(name, provider, label, headers, body, now, here.random_bits(74))
    if not await here.intake.put(row | said):
        _refuse_name(provider, name, label)
    if here.worker is not None:
        here.worker.wake()
    return Response(_STORED, media_type="application/json")


def secrets_of(settings: Settings, name: str) -> list[str]:
    """The secrets of a provider; none where it is off."""
    given = settings.webhook_secrets.get(name)
    listed = given.get_secret_value().split(",") if given else []
    return [one.strip() for one in listed if one.strip()]


def senders(settings: Settings) -> dict[str, bool]:
    """Every provider that can deliver, and whether it is on: whether it has a secret here.

    Raises:
        ConfigurationError: a setting names a provider that there is not, or a secret is none
            or can be guessed.
    """
    schemes = {name: one.scheme for name, one in PROVIDERS.items() if one.scheme is not None}
    for name in (settings.webhook_provider, *settings.webhook_secrets):
        if name not in schemes:
            raise ConfigurationError(
                f"TAY_WEBHOOK_PROVIDER or TAY_WEBHOOK_SECRETS names {name!r}: there are "
                f"{', '.join(schemes)}"
            )
    secrets = {name: secrets_of(settings, name) for name in schemes}
    for name, scheme in schemes.items():
        for secret in secrets[name]:
            check_secret(scheme, f"TAY_WEBHOOK_SECRETS__{name.upper()}", secret)
    return {name: bool(found) for name, found in secrets.items()}


def delivery_row(
    name: str,
    provider: Provider,
    label: Label,
    headers: Headers,
    body: bytes,
    now: datetime,
    random_bits: int,
) -> dict[str, Any]:
    """The row of the inbox; the headers that say how it was signed are kept, no others."""
    return {
        "id": uuid7(now, random_bits),
        "provider": name,
        "external_id": label.external_id,
        "kind": label.kind,
        "headers": {key: headers[key] for key in provider.kept_headers if key in headers},
        "body": body,
        "received_at": now,
        "due_at": now,
        "attempts": 0,
    }


def _refuse_name(provider: Provider, name: str, label: Label) -> None:
    """A name came again with another delivery: whoever gives names by hand is told to mend them.

    A provider that numbers its deliveries itself may tell of one in other words; sent back, it
    would send it for days.
    """
    if provider.checks_shape:
        raise HTTPException(409, "this webhook-id was used for another delivery")
    _log.warning(
        "delivery %s of %s came again and says something else: the first one stands",
        label.external_id,
        name,
    )


def _check_shape(
    here: Context, provider: Provider, label: Label, payload: Part, now: datetime
) -> None:
    """Tell whoever builds a delivery by hand what is wrong with it."""
    try:
        reading = provider.read(label.kind, label.external_id, payload, here.terms.key_of)
        check_fields(payload)
        check_offers(reading.facts or (), here.terms.rules)
        check_times(reading.facts or (), now)
    except PayloadError as error:
        raise HTTPException(422, str(error)) from None
