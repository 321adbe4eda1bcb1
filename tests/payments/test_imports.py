"""Purchases from a file: what matched is said, a dry run leaves nothing, nor does a second run."""

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.errors import InputError, PayloadError
from tay_middleware.payments.facts import Fact
from tay_middleware.payments.lines import Line, read_file, zone_named
from tay_middleware.payments.outcomes import understood
from tay_middleware.payments.providers import PROVIDERS
from tay_middleware.payments.purchases import purchase_of
from tay_middleware.payments.reading import Part, Reading
from tay_middleware.payments.terms import Terms
from tests.payments import deliveries as d
from tests.web.stage import NEED, Site

TERMS = Terms(rules=d.RULES, key_of=d.KEY_OF)

FILE = """\
purchase_id,amount,currency,occurred_at,user_id,email,offer
o-1,49.00,usd,{soon},ada,,mentorship
o-2,9.00,usd,{soon},ada,,course
o-3,500,jpy,2026-03-02T12:00:00+09:00,,x@y.example,
o-4,12.00,eur,2026-03-02,bea,,
"""
REPORT = """\
lines: 4, new: {new}, known before: {known}
without a time zone: 1, read as of UTC (--timezone)
attributed: 1
cross_sale: 1
organic: 1
unmatched: 1
"""


@pytest.fixture
def shop(tmp_path: Path) -> Site:
    site = Site(tmp_path / "tay")
    site.client.close()
    site.ask(NEED, "ada")
    return site


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "sales.csv"
    path.write_text(text, encoding="utf-8-sig")
    return str(path)


def test_a_file_is_tried_imported_and_imported_again(shop: Site, tmp_path: Path) -> None:
    moment = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    path = written(tmp_path, FILE.format(soon=moment))
    place = tmp_path / "tay" / "tay.db"
    dry = shop.tay("conversions", "import", path, "--dry-run")
    assert dry.stdout == f"dry run: nothing is kept in {place}\n" + REPORT.format(new=4, known=0), (
        dry.stderr
    )
    assert shop.tay("webhooks", "list").stdout == "no delivery yet\n"
    first = shop.tay("conversions", "import", path, "--report", str(tmp_path / "report.csv"))
    assert first.stdout == f"imported into {place}\n" + REPORT.format(new=4, known=0)
    again = shop.tay("conversions", "import", path)
    assert again.stdout == f"imported into {place}\n" + REPORT.format(new=0, known=4)
    rows = list(csv.DictReader((tmp_path / "report.csv").read_text("utf-8-sig").splitlines()))
    assert (tmp_path / "report.csv").read_bytes().startswith(b"\xef\xbb\xbfline,")
    assert [(row["line"], row["kind"], row["method"], row["confidence"]) for row in rows] == [
        ("2", "attributed", "metadata", "95"),
        ("3", "cross_sale", "metadata", "95"),
        ("4", "unmatched", "", ""),
        ("5", "organic", "metadata", "95"),
    ]
    assert len(rows[0]["escalation_id"]) == 36


def test_bad_lines_are_named_and_the_others_imported(shop: Site, tmp_path: Path) -> None:
    head = "purchase_id,amount,currency,occurred_at,offer\n"
    good, bad = "a,1.00,usd,2026-03-02,", ("b,x,usd,2026-03-02,", "c,1,usd,soon,", "d,1")
    rest = ("e,1,zzz,2026-03-02,", "f,1,usd,2026-03-02,corse")
    path = written(tmp_path, head + "\n".join([good, *bad, *rest]))
    run = shop.tay("conversions", "import", path)
    assert (run.returncode, "lines: 4, new: 1, known before: 0" in run.stdout) == (1, True)
    assert shop.tay("webhooks", "list", "--state", "dead").stdout == "none\n"
    assert run.stderr.splitlines() == [
        "line 4: occurred_at is no time such as 2026-03-02 or 2026-03-02T12:00Z",
        "line 5: it has more or fewer cells than the first line",
        "line 3: the amount is no number such as 49.00",
        "line 6: unknown currency 'zzz'",
        "line 7: the catalogue has no offer 'corse'; it has course, masterclass, mentorship",
    ]


def test_a_corrected_amount_is_named_and_what_was_told_first_stays(
    shop: Site, tmp_path: Path
) -> None:
    head = "purchase_id,amount,currency,occurred_at,payment_id\n"
    numbers = range(8)  # by the value of a hash half of them would be taken
    first = [f"o-{n},10.00,usd,2026-03-02,\n" for n in numbers]
    path = written(tmp_path, head + "".join(first))
    assert shop.tay("conversions", "import", path).returncode == 0
    again = [f"o-{n},12.00,usd,2026-03-02,\n" for n in numbers]
    more = [
        "o-0,5.00,usd,2026-04-02,p2\n",
        "o-9,1.00,usd,2026-03-02,\n",
        "o-9,2.00,usd,2026-03-02,\n",
    ]
    path = written(tmp_path, head + "".join([*again, *more]))
    for option, new in (["--dry-run"], 2), ([], 2), ([], 0):
        run = shop.tay("conversions", "import", path, *option)
        assert (run.returncode, f"new: {new}," in run.stdout) == (1, True)
        assert run.stderr.splitlines() == [
            *(f"line {n + 2}: o-{n} was told before as 10.00 usd; that is kept" for n in numbers),
            "line 12: o-9 was told before as 1.00 usd; that is kept",
        ]


@pytest.mark.parametrize("end", ['"2026-03-02\n', '"' + "a," * 70_000 + "\n"])
def test_a_quote_that_is_never_closed_is_named_by_its_line(end: str) -> None:
    head = "purchase_id,amount,currency,occurred_at\n"
    with pytest.raises(InputError, match="line 3: "):
        read_file([head, "o-1,1.00,usd,2026-03-02\n", "o-2,1.00,usd," + end, "o-3,1,usd,2026\n"])


def test_in_test_mode_an_import_says_that_nothing_of_it_counts(tmp_path: Path) -> None:
    site = Site(tmp_path / "tay", TAY_PAYMENT_MODE="test")
    site.client.close()
    site.tay("db", "upgrade")
    site.tay("db", "upgrade")
    path = written(tmp_path, "purchase_id,amount,currency,occurred_at\no-1,1,usd,2026-03-02\n")
    assert "none counts" in site.tay("conversions", "import", path).stdout


HEAD = "purchase_id,amount,currency,occurred_at,offer"


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (HEAD.replace(",", ";"), "the file is separated by ;: save it as comma-separated UTF-8"),
        (HEAD.replace(",", "\t"), "the file is separated by tabs: save it"),
        (HEAD.encode("utf-16-le").decode(), "the file is UTF-16: save it"),
        (f"{HEAD},amount", "the first line names amount twice"),
    ],
)
def test_a_file_that_is_written_otherwise_is_refused_with_the_mend(head: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_file([f"{head}\n", "o-1,1.00,usd,2026-03-02,\n"])
    assert str(caught.value).startswith(said)


def test_rows_of_commas_alone_are_passed_over() -> None:
    rows = ["o-1,1.00,usd,2026-03-02,\n", ",,,,\n", " , ,,\n", ",,,,,,\n"]
    lines, problems = read_file([f"{HEAD}\n", *rows])
    assert ([line.number for line in lines], problems) == ([2], [])


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_file_that_is_not_utf_8_is_refused_with_the_mend(
    shop: Site, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(f"{HEAD}\no-1,1.00,usd,2026-03-02,cours\u00e9\n", encoding=encoding)
    run = shop.tay("conversions", "import", str(path))
    assert run.returncode == 1
    assert "it is not UTF-8: save it as comma-separated UTF-8" in run.stderr


@pytest.mark.parametrize("head", ["", "a,b", "purchase_id,amount,currency,occurred_at,odd"])
def test_another_first_line_is_refused(head: str) -> None:
    with pytest.raises(InputError, match="the first line must name"):
        read_file([head])


@pytest.mark.parametrize(
    ("bought", "zone", "at"),
    [
        ("2026-03-02", "UTC", "2026-03-02T23:59:59+00:00"),
        ("2026-03-02", "America/New_York", "2026-03-03T04:59:59+00:00"),
        ("2026-03-02 07:30", "UTC", "2026-03-02T07:30:00+00:00"),
        ("2026-03-02 07:30", "America/New_York", "2026-03-02T12:30:00+00:00"),
        ("2026-03-02T07:30Z", "America/New_York", "2026-03-02T07:30:00+00:00"),
    ],
)
def test_a_bare_date_is_the_end_of_its_day_and_a_time_of_the_zone_that_is_named(
    bought: str, zone: str, at: str
) -> None:
    (line,), _ = read_file([HEAD, f"o-1,1,usd,{bought},"], zone_named(zone))
    (fact,) = facts_of(line)
    assert fact.at == datetime.fromisoformat(at)
    assert line.has_zone == bought.endswith("Z")


def test_a_time_zone_that_there_is_not_is_refused() -> None:
    for name in ("Atlantis", "../etc", "", "America"):
        with pytest.raises(InputError, match="is no time zone such as"):
            zone_named(name)


HEAD = "purchase_id,amount,currency,occurred_at,type\n"


def facts_of(*lines: Line) -> list[Fact]:
    found: list[Fact] = []
    for line in lines:
        found += understood(line, TERMS)[1]
    return found


def renewals(*cells: str, zone: str = "UTC") -> list[Line]:
    text = [HEAD, *(f"s-1,{one},purchase.renewed\n" for one in cells)]
    return read_file(text, zone_named(zone))[0]


def test_a_renewal_that_is_exported_again_in_another_form_is_counted_once() -> None:
    first = read_file([HEAD, "s-1,20,usd,2026-03-02,"])[0]
    before = renewals("20,usd,2026-04-02", "20,usd,2026-05-02 10:00")
    again = [
        *renewals("20.00,USD,2026-04-02T00:00", "20.0,usd,2026-05-02T10:00:00Z"),
        *renewals("20,usd,2026-04-02", "20,usd,2026-05-02 10:00", zone="America/New_York"),
    ]
    assert {line.external_id for line in again} == {line.external_id for line in before}
    purchase = purchase_of(facts_of(*first, *before, *again))
    assert (purchase.payments, purchase.lifetime) == (3, 6000)


def test_a_renewal_of_an_earlier_version_is_known_when_it_comes_again() -> None:
    (line,) = renewals("20,usd,2026-04-02")
    (fact,) = facts_of(line)
    old = replace(
        fact,
        id="import:a-hash",
        keys=frozenset({"import:s-1:a-hash"}),
        at=datetime(2026, 4, 2, tzinfo=UTC),
    )
    purchase = purchase_of([fact, old])
    assert (purchase.payments, purchase.lifetime) == (1, 2000)


def test_a_type_that_there_is_not_is_named_and_its_line_left_out(
    shop: Site, tmp_path: Path
) -> None:
    types = ("purchase.refund", "refunded", "Purchase.Paid")
    rows = [f"o-{n},1,usd,2026-03-02,{kind}\n" for n, kind in enumerate(types)]
    run = shop.tay("conversions", "import", written(tmp_path, "".join([HEAD, *rows])))
    assert (run.returncode, "new: 0," in run.stdout) == (1, True)
    named = [line.split(";")[0] for line in run.stderr.splitlines()]
    assert named == [f"line {n + 2}: unknown type {kind!r}" for n, kind in enumerate(types)]


def test_a_sale_of_the_future_is_named_and_its_line_left_out(shop: Site, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    days = [today + timedelta(days=ahead) for ahead in (0, 400)]
    text = "".join([HEAD, *(f"ahead-{n},1,usd,{day},\n" for n, day in enumerate(days))])
    run = shop.tay("conversions", "import", written(tmp_path, text))
    assert (run.returncode, "new: 1," in run.stdout) == (1, True)
    assert "line 3: occurred_at is in the future" in run.stderr


def test_a_mention_that_a_line_names_by_no_id_is_named(shop: Site, tmp_path: Path) -> None:
    head = "purchase_id,amount,currency,occurred_at,escalation_id\n"
    path = written(tmp_path, f"{head}named-1,1,usd,2026-03-02,first\n")
    run = shop.tay("conversions", "import", path)
    said = "line 2: escalation_id is no id of a mention: 'first'"
    assert (run.returncode, said in run.stderr) == (1, True)


def test_blanks_around_what_our_own_format_says_do_not_count() -> None:
    texts = {"user_id": "u1", "email": "a@b.example", "offer": "course", "purchase_id": "o-1"}
    blanks = {name: f" {text}\n" for name, text in texts.items()}
    blanks |= {"amount": " 49 ", "currency": "usd ", "occurred_at": " 2026-03-02T12:00:00Z"}
    plain = {name: text.strip() for name, text in blanks.items()}
    assert generic_reading({"data": blanks}) == generic_reading({"data": plain})


def test_what_was_stored_before_fields_were_checked_is_still_read() -> None:
    data = {"userid": "u1", "escalation_id": "not-an-id"}
    assert generic_reading({"data": data}) == generic_reading({})


def generic_reading(payload: dict[str, Any]) -> Reading:
    data = {"purchase_id": "o", "amount": "1", "currency": "usd", "occurred_at": 1_772_452_800}
    whole = {"type": "purchase.paid"} | payload | {"data": data | payload.get("data", {})}
    return PROVIDERS["standard"].read("", "m1", Part(whole), TERMS.key_of)


@pytest.mark.parametrize(
    ("test", "live"), [("true", False), ("True", False), (True, False), ("false", True), ("", True)]
)
def test_test_may_be_a_text(test: object, live: bool) -> None:
    assert generic_reading({"data": {"test": test}}).live is live
    assert generic_reading({"test": test}).live is live


@pytest.mark.parametrize("payload", [{"data": {"test": "yes"}}, {"test": 1}])
def test_a_test_that_is_neither_true_nor_false_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(PayloadError, match="test is neither true nor false"):
        generic_reading(payload)


def test_a_misspelt_type_of_ours_is_refused_and_anothers_is_ignored() -> None:
    with pytest.raises(PayloadError, match=r"unknown type 'purchase\.refund'; there are"):
        generic_reading({"type": "purchase.refund"})
    assert generic_reading({"type": "order.created", "test": 1}).facts is None
