"""A newcomer signs a delivery: by the lines of `docs/sales.md`, and by `tay webhooks send`."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.web.stage import STANDARD_SECRET, Site

PAGE = (Path(__file__).parents[2] / "docs" / "sales.md").read_text()
(LINES,) = re.findall(r"^```py\n(import base64.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_lines_of_the_page_sign_what_the_endpoint_takes(
    site: Site, admin: dict[str, str]
) -> None:
    told = {
        "WEBHOOK_URL": f"{site.url}/webhooks/payment/standard",
        "WEBHOOK_SECRET": STANDARD_SECRET,
    }
    done = subprocess.run(
        [sys.executable, "-c", LINES],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("200\n", 0), done.stderr
    site.settled()
    (found,) = site.get("/api/v1/admin/purchases", admin, kind="organic")["items"]
    assert found["money"]["amount"] == "49.00"


def test_a_signed_try_is_taken_and_counts_for_nothing(site: Site) -> None:
    sent = site.tay("webhooks", "send", "--to", f"{site.url}/webhooks/payment/standard")
    assert sent.returncode == 0, sent.stderr
    assert sent.stdout.startswith("200 {")
    site.settled()
    assert "other_mode" in site.tay("webhooks", "list").stdout


def test_what_goes_wrong_is_said(site: Site) -> None:
    elsewhere = site.tay("webhooks", "send", "--to", f"{site.url}/webhooks/payment/shopify")
    assert (elsewhere.returncode, elsewhere.stdout[:3]) == (1, "401")
    nothing = site.tay("webhooks", "send", "--to", "file:///etc/hosts")
    assert nothing.returncode == 1
    assert "http://" in nothing.stderr
    assert "Traceback" not in nothing.stderr
