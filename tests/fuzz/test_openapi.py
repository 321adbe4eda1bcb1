"""The API held against its own OpenAPI document: no 500, no answer that it does not name.

`make fuzz` runs it, for FUZZ_SECONDS (300).
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.fixtures_servers import missing
from tests.web.stage import NEED, WISH, Site

SECONDS = int(os.environ.get("FUZZ_SECONDS", "300"))
ST = Path(sys.executable).with_name("st")


def test_no_request_breaks_the_document(tmp_path: Path) -> None:
    if not ST.exists():
        missing("schemathesis is not installed", "the extra [fuzz] by make fuzz")
    site = Site(tmp_path / "tay").start()
    try:
        site.ask(NEED, "ada")
        site.ask(WISH, "bea")
        token = site.token("read", "write", "export", "erase", "feedback")
        run = subprocess.run(
            [
                *(str(ST), "run", f"{site.url}/openapi.json", "--no-color"),
                *("--max-time", str(SECONDS), "--continue-on-failure", "--mode", "all"),
                *("--checks", "not_a_server_error,status_code_conformance"),
                *("--checks", "content_type_conformance,response_headers_conformance"),
                *("--checks", "response_schema_conformance"),
                *("-H", f"Authorization: {token['authorization']}"),
                *("--request-timeout", "20", "--rate-limit", "1000/m", "--seed", "6"),
                *("--max-examples", "100000"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS + 300,
        )
        print(run.stdout[-6000:], run.stderr[-2000:])
        assert "Traceback" not in site.log()
        assert run.returncode == 0, run.stdout[-6000:]
    finally:
        site.stop()
