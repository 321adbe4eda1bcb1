"""What a database can take of a text: everything but halves of characters.

A lone surrogate is half a character; Python strings may hold one (a cut emoji, a wrongly decoded
byte), UTF-8 may not. It refuses nothing: an odd id must not cost a turn its row.
"""


def storable(text: str) -> str:
    """The text with `?` for every lone surrogate; any other text comes back as it is."""
    return text.encode("utf-8", "replace").decode("utf-8")


def storable_on_server(text: str) -> str:
    """As `storable`, and with `\ufffd` for every zero byte, which PostgreSQL does not take."""
    return storable(text).replace("\x00", "\ufffd")
