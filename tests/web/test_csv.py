import csv
import io

import pytest

from tay_middleware.web.sheets import csv_line


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_no_cell_is_a_formula_where_another_separator_splits_it(separator: str) -> None:
    line = csv_line(["id", f"my prices {separator} =cmd|'/c calc'!A1{separator} thanks"])
    cells = next(csv.reader(io.StringIO(line), delimiter=separator))
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)


def test_plain_text_is_left_as_it_is() -> None:
    assert csv_line(["a; b, a-b = c", "x | y"]) == '"a; b, a-b = c",x | y\r\n'
