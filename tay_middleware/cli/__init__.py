"""`tay`: parses arguments and calls; no logic. A failure prints one plain line and exits with 1."""

from tay_middleware.cli.main import main

__all__ = ["main"]
