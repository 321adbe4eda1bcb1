"""Signatures, against the libraries of those who sign."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from tay_middleware.errors import ConfigurationError, SignatureError
from tay_middleware.payments.signatures import (
    SHOPIFY,
    STANDARD,
    STRIPE,
    Headers,
    Scheme,
    check_secret,
    verify,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BODY = b'{"id": "evt_1"}'
KEY = "whsec_" + base64.b64encode(b"a secret of the tests").decode()


def of_stripe(body: bytes = BODY, at: datetime = NOW, secret: str = "whsec_x") -> Headers:  # noqa: S107 - of tests
    header = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, timestamp=int(at.timestamp())
    )
    return {"stripe-signature": header}


def of_standard(body: bytes = BODY, at: datetime = NOW) -> Headers:
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(KEY).sign("msg_1", at, body.decode()),
    }


def of_shopify(body: bytes = BODY) -> Headers:
    digest = base64.b64encode(hmac.new(b"shop", body, hashlib.sha256).digest()).decode()
    return {"x-shopify-hmac-sha256": digest, "x-shopify-webhook-id": "w1"}


SIGNED = [
    pytest.param(STRIPE, "whsec_x", of_stripe(), id="stripe"),
    pytest.param(STANDARD, KEY, of_standard(), id="standard"),
    pytest.param(SHOPIFY, "shop", of_shopify(), id="shopify"),
]


@pytest.mark.parametrize(("scheme", "secret", "headers"), SIGNED)
def test_what_their_own_library_signs_is_genuine_under_any_of_our_secrets(
    scheme: Scheme, secret: str, headers: Headers
) -> None:
    other = KEY[:-4] + "AA=="
    assert verify(scheme, [other, secret], headers, BODY, NOW).digests
    for secrets in ([], [other]):
        with pytest.raises(SignatureError, match="no signature matches"):
            verify(scheme, secrets, headers, BODY, NOW)


@pytest.mark.parametrize(("scheme", "secret", "headers"), SIGNED)
def test_one_byte_of_difference_is_enough(scheme: Scheme, secret: str, headers: Headers) -> None:
    for at in range(len(BODY)):
        body = BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :]
        with pytest.raises(SignatureError):
            verify(scheme, [secret], headers, body, NOW)


@pytest.mark.parametrize("scheme", [STRIPE, STANDARD])
@pytest.mark.parametrize(("seconds", "said"), [(-301, "too old"), (301, "of the future")])
def test_a_signature_of_another_time_is_refused(scheme: Scheme, seconds: int, said: str) -> None:
    at = NOW + timedelta(seconds=seconds)
    headers = of_stripe(at=at) if scheme is STRIPE else of_standard(at=at)
    with pytest.raises(SignatureError, match=said):
        verify(scheme, ["whsec_x" if scheme is STRIPE else KEY], headers, BODY, NOW)


def test_a_rotation_at_the_sender_is_followed() -> None:
    old, new = of_stripe(secret="whsec_old"), of_stripe(secret="whsec_x")  # noqa: S106 - of tests
    both = f"{old['stripe-signature']},{new['stripe-signature'].partition(',')[2]}"
    assert verify(STRIPE, ["whsec_x"], {"stripe-signature": both}, BODY, NOW)


@given(st.text(max_size=80), st.sampled_from([STRIPE, STANDARD, SHOPIFY]))
@settings(max_examples=100, deadline=None)
def test_no_header_is_odd_enough_for_another_error(text: str, scheme: Scheme) -> None:
    names = [*of_stripe(), *of_standard(), *of_shopify()]
    with pytest.raises(SignatureError):
        verify(scheme, [KEY], dict.fromkeys(names, text), BODY, NOW)


@pytest.mark.parametrize(
    ("scheme", "secret", "size"),
    [
        (STRIPE, "whsec_" + "a" * 15, 15),
        (SHOPIFY, "hunter2", 7),
        (STANDARD, "whsec_" + base64.b64encode(b"fifteen of them").decode(), 15),
    ],
)
def test_a_secret_that_can_be_guessed_is_refused_and_not_told(
    scheme: Scheme, secret: str, size: int
) -> None:
    with pytest.raises(ConfigurationError, match=f"TAY_X: a secret of {size} bytes") as refused:
        check_secret(scheme, "TAY_X", secret)
    assert "openssl rand" in str(refused.value)
    assert secret not in str(refused.value)


@pytest.mark.parametrize(
    ("scheme", "secret"),
    [
        pytest.param(STRIPE, "whsec_" + "aB3" * 10 + "aB", id="an endpoint of Stripe"),
        pytest.param(STRIPE, "whsec_" + "0f" * 32, id="Stripe's command line"),
        pytest.param(SHOPIFY, "0f" * 16, id="an app of Shopify, of before"),
        pytest.param(SHOPIFY, "shpss_" + "0f" * 16, id="an app of Shopify"),
        pytest.param(SHOPIFY, "0f" * 32, id="a shop's own webhooks"),
        pytest.param(
            STANDARD, "whsec_" + base64.b64encode(bytes(24)).decode(), id="Standard Webhooks"
        ),
        pytest.param(STANDARD, base64.b64encode(bytes(64)).decode(), id="without its prefix"),
    ],
)
def test_what_providers_give_out_is_taken(scheme: Scheme, secret: str) -> None:
    check_secret(scheme, "TAY_X", secret)


@pytest.mark.parametrize("secret", ["whsec_???", "whsec_", "whsec_ "])
def test_a_secret_that_is_none_is_named_and_never_a_key(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="TAY_WEBHOOK_SECRETS"):
        verify(STANDARD, [secret], of_standard(), BODY, NOW)
