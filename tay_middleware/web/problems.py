"""Errors as `application/problem+json` (RFC 9457); the only place where ours become a status."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from tay_middleware.errors import PayloadError, RowRefused, StorageError, TayError

MEDIA_TYPE = "application/problem+json"

_TITLES = {
    400: "Bad request",
    401: "Who are you?",
    403: "Not with this token",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Not understood",
    429: "Too many requests",
    500: "Our fault",
    501: "Not installed",
    503: "Not now",
}


class FieldProblem(BaseModel):
    """One value that does not fit."""

    field: str = Field(description="where it stands, such as `body.amount`")
    message: str


class Problem(BaseModel):
    """What went wrong, for people and for programs."""

    type: str = "about:blank"
    title: str = Field(examples=["Not understood"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["a value does not fit"])
    errors: list[FieldProblem] = []


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The part of an OpenAPI document that says which problems an endpoint may answer with."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": _TITLES[status], "content": content}
        for status in sorted({*statuses, 429, 503})
    }


def problem(
    status: int,
    detail: str,
    *,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem as a response."""
    body = Problem(
        title=_TITLES.get(status, "Error"), status=status, detail=detail, errors=list(errors)
    )
    return JSONResponse(body.model_dump(), status, headers, media_type=MEDIA_TYPE)


def answer_with_problems(app: FastAPI) -> None:
    """Let an app answer every error with a problem."""
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(TayError, _of_ours)
    app.add_exception_handler(Exception, _of_a_bug)


async def _of_http(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return problem(error.status_code, str(error.detail), headers=error.headers)


async def _of_validation(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = [_field_problem(one) for one in error.errors()]
    detail = "; ".join(f"{one.field}: {one.message}" for one in found[:3])
    return problem(422, detail, errors=found)


def _field_problem(one: Mapping[str, Any]) -> FieldProblem:
    """What does not fit, in words that help whoever typed it."""
    if one["type"] == "json_invalid":
        place = one["loc"][-1]
        return FieldProblem(field="body", message=f"no JSON, from character {place} on")
    if one["type"] == "extra_forbidden" and one["loc"][0] == "query":
        return FieldProblem(field=f"query.{one['loc'][-1]}", message="there is no such parameter")
    if one["type"] in _NO_OBJECT and tuple(one["loc"]) == ("body",):
        return FieldProblem(
            field="body", message="a JSON object is needed, with Content-Type: application/json"
        )
    return FieldProblem(field=".".join(str(part) for part in one["loc"]), message=str(one["msg"]))


_NO_OBJECT = frozenset({"model_attributes_type", "model_type", "dict_type", "missing"})
"""How pydantic names a body that is none, is of another media type, or is no object."""


async def _of_ours(_request: Request, error: Exception) -> Response:
    if isinstance(error, PayloadError | RowRefused):
        return problem(422, str(error) if isinstance(error, PayloadError) else "a value is refused")
    if isinstance(error, StorageError):
        return problem(503, "the database does not answer", headers={"retry-after": "5"})
    return problem(500, "something of ours is wrong; the log says what")


async def _of_a_bug(_request: Request, _error: Exception) -> Response:
    return problem(500, "something of ours is wrong; the log says what")
