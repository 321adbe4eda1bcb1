"""Rows as the API shows them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tay_middleware.payments.money import spoken
from tay_middleware.payments.standing import Standing, standing
from tay_middleware.storage.payments.tables import PurchaseKind
from tay_middleware.storage.reading.sales import Beside, Figures
from tay_middleware.storage.turns.figures import COUNTED
from tay_middleware.web.schemas import (
    Counted,
    EscalationDetail,
    EscalationOut,
    Explanation,
    FeedbackOut,
    MarkOut,
    MoneyOut,
    PurchaseListed,
    PurchaseOut,
    Revenue,
    TouchOut,
)

_AMOUNTS = ("amount", "refunded", "disputed", "lost", "net", "lifetime")
_SAME = frozenset(EscalationOut.model_fields) - {
    *("converted", "converted_at", "converted_by", "time_to_conversion_seconds", "amount"),
    *("currency", "clicked_at", "purchase", "feedback", "simulated"),
}


def purchase_out(row: Any) -> PurchaseOut:
    """A row of `conversions`."""
    names = set(PurchaseOut.model_fields) - {"money", "simulated"}
    money = None
    if row.currency is not None:
        amounts = {name: spoken(getattr(row, name), row.currency) for name in _AMOUNTS}
        money = MoneyOut(currency=row.currency, **amounts)
    fields = {name: getattr(row, name) for name in names}
    return PurchaseOut(**fields, money=money, simulated=bool(row.simulated))


def purchase_listed(row: Any, keys: Iterable[str]) -> PurchaseListed:
    """A row of `conversions` with the ids that a provider knows it by."""
    return PurchaseListed(
        **purchase_out(row).model_dump(),
        references=references_of(keys),
    )


def references_of(keys: Iterable[str]) -> list[str]:
    """The provider's own ids among the keys that a purchase is known by."""
    return [key for _, _, key in (one.partition(":") for one in keys) if ":" not in key]


def mark_out(row: Any) -> MarkOut:
    """A row of `conversion_marks`."""
    amount = None if row.amount is None else spoken(row.amount, row.currency)
    return MarkOut(
        converted=row.converted,
        amount=amount,
        currency=row.currency,
        note=row.note,
        actor=row.actor,
        at=row.at,
        sold_at=row.sold_at,
    )


def feedback_out(row: Any) -> FeedbackOut:
    """A row of `feedback`."""
    return FeedbackOut(helpful=row.helpful, stop=row.stop, note=row.note, at=row.at)


def escalation_fields(row: Any, beside: Beside) -> dict[str, Any]:
    """The fields of `EscalationOut`, of a row of `escalation_logs` and what belongs to it."""
    sales, marks = beside.sales.get(row.id, []), beside.marks.get(row.id, [])
    stands = _stands(row, sales, marks)
    counting = [sale for sale in sales if sale.counts]
    sale = (counting or sales or [None])[0]
    is_by_hand = stands.converted and stands.by == "admin"
    said = marks[-1] if is_by_hand and marks[-1].amount is not None else None
    amount = currency = None
    if said is not None:
        amount, currency = spoken(said.amount, said.currency), said.currency
    elif sale is not None and sale.currency is not None:
        amount, currency = spoken(sale.amount, sale.currency), sale.currency
    sold_at = stands.converted_at if stands.is_timed else None
    took = (sold_at - row.created_at).total_seconds() if sold_at else None
    told = beside.feedback.get(row.id)
    return {name: getattr(row, name) for name in _SAME} | {
        "converted": stands.converted,
        "converted_at": stands.converted_at,
        "converted_by": stands.by,
        "time_to_conversion_seconds": None if took is None else max(0.0, took),
        "amount": amount,
        "currency": currency,
        "clicked_at": beside.clicks.get(row.id),
        "purchase": purchase_out(sale) if sale is not None else None,
        "feedback": feedback_out(told) if told is not None else None,
        "simulated": bool(row.simulated),
    }


def _stands(row: Any, sales: Sequence[Any], marks: Sequence[Any]) -> Standing:
    """What the log says, which knows the times of refunds; and whose word it is."""
    stands = standing(sales, marks)
    if stands.converted and stands.by == "admin" and not row.converted:
        return Standing(False, None, "provider")
    return stands


def escalation_out(row: Any, beside: Beside) -> EscalationOut:
    """One mention."""
    return EscalationOut(**escalation_fields(row, beside))


def escalation_detail(row: Any, beside: Beside, question: Any) -> EscalationDetail:
    """One mention with everything that is known of it; `question` may be `None`."""
    names = Explanation.model_fields
    why = Explanation(**{name: getattr(question, name) for name in names}) if question else None
    return EscalationDetail(
        **escalation_fields(row, beside),
        explanation=why,
        purchases=[purchase_out(sale) for sale in beside.sales.get(row.id, [])],
        marks=[mark_out(mark) for mark in beside.marks.get(row.id, [])],
    )


def percent(part: int, whole: int) -> float:
    """A share in percent, 0.0 of nothing."""
    return round(100 * part / whole, 2) if whole else 0.0


def stats_fields(figures: Figures) -> dict[str, Any]:
    """The fields of `Stats` that are counts."""
    fields: dict[str, Any] = {
        "total_questions": figures.questions,
        "total_escalations": figures.escalations,
        "escalation_rate": percent(figures.escalations, figures.questions),
        "total_conversions": figures.conversions,
        "conversion_rate": percent(figures.conversions, figures.known_escalations),
        "revenue": [_revenue(row) for row in figures.revenue],
    }
    for name in COUNTED:
        shown, known = (found.get(name, {}) for found in (figures.shown, figures.known))
        counted = _by(shown, known, figures.sold[name])
        fields[f"{name}s"] = counted
        fields[f"by_{name}"] = {value: one.escalations for value, one in counted.items()}
    return fields


def kinds_of(revenue: Sequence[Any]) -> dict[PurchaseKind, int]:
    """How many purchases there are of each kind, in whatever currency."""
    kinds: Counter[PurchaseKind] = Counter()
    for row in revenue:
        kinds[PurchaseKind(row.kind)] += row.conversions
    return dict(kinds)


_KNOWN_BUYERS = (PurchaseKind.ATTRIBUTED, PurchaseKind.CROSS_SALE, PurchaseKind.ORGANIC)


def purchase_stats_fields(
    revenue: Sequence[Any], last: Sequence[Any], first: Sequence[Any]
) -> dict[str, Any]:
    """The fields of `PurchaseStats` that are counts."""
    kinds = kinds_of(revenue)
    known = sum(kinds.get(kind, 0) for kind in _KNOWN_BUYERS)
    return {
        "kinds": kinds,
        "organic_share": percent(kinds.get(PurchaseKind.ORGANIC, 0), known),
        "revenue": [_revenue(row) for row in revenue],
        "last_touch": [_touch(row) for row in last],
        "first_touch": [_touch(row) for row in first],
    }


def _touch(row: Any) -> TouchOut:
    return TouchOut(
        offer=row.offer,
        template=row.template,
        currency=row.currency,
        purchases=row.conversions,
        net=spoken(int(row.net), row.currency),
        lifetime=spoken(int(row.lifetime), row.currency),
    )


def _by(
    shown: Mapping[str, int], known: Mapping[str, int], sold: Mapping[str, int]
) -> dict[str, Counted]:
    counts = {value: (shown.get(value, 0), sold.get(value, 0)) for value in {*shown, *sold}}
    return {
        value: Counted(
            escalations=n, conversions=m, conversion_rate=percent(m, known.get(value, 0))
        )
        for value, (n, m) in sorted(counts.items(), key=lambda item: (-item[1][0], item[0]))
    }


def _revenue(row: Any) -> Revenue:
    return Revenue(
        kind=row.kind,
        currency=row.currency,
        purchases=row.conversions,
        net=spoken(int(row.net), row.currency),
        lifetime=spoken(int(row.lifetime), row.currency),
    )
