"""A bad edit in `prompts/`, and its mend."""

from pathlib import Path

from tay_middleware.playbook import shipped

TYPO = "cooldown:\n  turns_between: [\n"


def spoil(prompts: Path) -> None:
    (prompts / "policy.yaml").write_text(TYPO)


def mend(prompts: Path) -> None:
    (prompts / "policy.yaml").write_bytes((shipped() / "policy.yaml").read_bytes())
