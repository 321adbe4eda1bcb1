"""The style sheet, the script and the mark: read once, served by a name that changes with them."""

import hashlib
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

router = APIRouter()

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_A_YEAR = "public, max-age=31536000, immutable"


@router.get("/static/{version_}/{name}")
async def static(version_: str, name: str) -> Response:
    """One file, to be kept by browsers for as long as its version is asked for."""
    found = _files().get(name)
    if found is None:
        raise HTTPException(404, "no such file")
    kept = _FOR_A_YEAR if version_ == version() else "no-cache"
    media = TYPES[Path(name).suffix]
    return Response(found, media_type=media, headers={"cache-control": kept})


@lru_cache(1)
def version() -> str:
    """A hash of all files."""
    whole = hashlib.sha256()
    for name, content in sorted(_files().items()):
        whole.update(name.encode() + content)
    return whole.hexdigest()[:12]


@lru_cache(1)
def _files() -> dict[str, bytes]:
    directory = Path(__file__).with_name("static")
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.suffix in TYPES}
