"""What a question may say in its address: what the API's own document names, each thing once.

Whatever else is said would be passed over, and the answer be one to another question.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError


def check_parameters(request: Request) -> None:
    """Refuse what the document does not name for this endpoint, and what is said twice.

    Raises:
        RequestValidationError: 422, which names it.
    """
    given = Counter(name for name, _ in request.query_params.multi_items())
    if not given:
        return
    known = _known(request)
    wrong = [_error(name, "extra_forbidden", "") for name in given if name not in known]
    twice = (name for name, count in given.items() if count > 1 and name in known)
    wrong += [_error(name, "given_twice", "it is given more than once") for name in twice]
    if wrong:
        raise RequestValidationError(wrong)


def _known(request: Request) -> set[str]:
    route, paths = request.scope["route"], request.app.openapi()["paths"]
    operation = paths[route.path_format][request.method.lower()]
    return {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}


def _error(name: str, kind: str, words: str) -> Mapping[str, Any]:
    return {"type": kind, "loc": ("query", name), "msg": words}
