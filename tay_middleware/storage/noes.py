"""What a profile keeps of a user's noes, whatever the order in which messages arrive.

A message may come late (a spool, a slow machine). A no counts unless a later no or a later opt-in
is known, an opt-in ends the noes from before it. `lua/commit.lua` has the same rules.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tay_middleware.storage.said import Said

Profile = Mapping[str, Any]
"""Columns of `user_profiles` by name; none where the user is not known yet."""


def noes_after(kept: Profile, said: Said) -> dict[str, Any]:
    """The columns that a message changes."""
    at = said.at
    if said.opts_in:
        return _after_opt_in(kept, at)
    if _is_later(kept.get("opted_in_at"), at):
        return {}
    changes: dict[str, Any] = {}
    if said.declines and not _is_later(kept.get("declined_at"), at):
        changes |= {"declined_at": at, "declined_session": said.session_id}
    if said.opts_out and not _is_later(kept.get("opted_out_at"), at):
        changes["opted_out_at"] = at
    return changes


def _after_opt_in(kept: Profile, at: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if not _is_later(kept.get("opted_in_at"), at):
        changes["opted_in_at"] = at
    if not _is_later(kept.get("declined_at"), at):
        changes |= {"declined_at": None, "declined_session": None}
    if not _is_later(kept.get("opted_out_at"), at):
        changes["opted_out_at"] = None
    return changes


def _is_later(known: datetime | None, at: datetime) -> bool:
    return known is not None and known > at
