"""The operator's knobs, read from `TAY_*` variables; nothing else reads the environment.

Every number carries its unit in its name. What the *business* edits is not here but in `prompts/`.
"""

import logging
import os
import secrets
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Never

from pydantic import AliasChoices, Field, HttpUrl, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from tay_middleware.domain import Mode
from tay_middleware.errors import ConfigurationError
from tay_middleware.misfits import misfits, trimmed
from tay_middleware.private import make_home, make_once

SECRET_BYTES = 32
"""256 bits: an HMAC key of the hash's own size, so that guessing user ids by key is hopeless."""

LEAST_SECRET_CHARS = 32
"""Of a key that hides user ids on several machines: who guesses a short one, knows every id."""

LEAST_EMBEDDED_CHARS = 16
"""Of one on a single machine, where it lies beside the ids: it need only not be guessed."""

SHORT = (
    "TAY_USER_KEY_SECRET has %d characters: whoever guesses the key that hides user ids knows "
    "whose a row is. One is made by `openssl rand -hex 32`"
)

UNNAMED = 'settings are passed by name: Settings(mode="shadow")'

_log = logging.getLogger("tay_middleware")

MOST_DAYS = 36_500
"""A hundred years, for what is kept for some time: more reaches to where there are no days."""


class Settings(BaseSettings):
    """Settings of one engine; keyword arguments win over `TAY_*` variables, those over defaults.

    An empty variable is as one that is not set.
    """

    model_config = SettingsConfigDict(
        env_prefix="TAY_",
        env_nested_delimiter="__",
        env_ignore_empty=True,  # docker-compose's ${TAY_REDIS_URL:-} is not set
        frozen=True,
        extra="forbid",
        populate_by_name=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _trimmed(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Without blanks and line ends around values, which files of secrets and `.env` leave."""
        return trimmed(given, kept="user_key_secret")

    if not TYPE_CHECKING:  # a checker reads the fields

        def __init__(self, *unnamed: object, **values: object) -> None:
            """Read them; a value that does not fit is a `ConfigurationError` that names it."""
            if unnamed:
                raise ConfigurationError(UNNAMED)
            try:
                super().__init__(**values)
            except (ValidationError, SettingsError) as error:
                raise ConfigurationError(misfits(error, type(self).model_fields)) from None

    mode: Mode = Field(Mode.ON, description="on, shadow (decide and log, never weave) or off")
    home: Path = Field(
        Path(".tay"), description="directory of the embedded database and of the user-key secret"
    )
    database_url: str | None = Field(
        None,
        repr=False,  # a password may stand in it
        description="SQLAlchemy URL; default: sqlite+aiosqlite:///<home>/tay.db",
    )
    redis_url: SecretStr | None = Field(
        None,
        description="Redis or Valkey of history, cool-down and outbox; default: the embedded store",
    )
    redis_prefix: str = Field(
        "tay:",
        pattern=r"^[A-Za-z0-9_.:/-]+$",  # no braces: they choose the slot in a cluster
        max_length=64,
        description="before every key in Redis; another one for each environment that shares it",
    )
    redis_timeout_seconds: float = Field(
        0.1, gt=0, le=5, description="what a turn may lose to a Redis that hangs"
    )
    outbox_events: int = Field(
        1_000_000, ge=1000, description="events that may wait in Redis for `tay drain`"
    )
    spool_path: Path | None = Field(
        None, description="file for what Redis cannot take now; default: <home>/spool.db"
    )
    retention_days: int | None = Field(
        None, ge=1, le=MOST_DAYS, description="how long rows of the log are kept; default: for ever"
    )
    spool_megabytes: int = Field(1024, ge=1, description="how large that file may grow")
    prompts_dir: Path | None = Field(
        None, description="directory of another playbook; default: the one inside the package"
    )
    strict_start: bool = Field(
        False,
        description="refuse to start with a playbook or a scorer's file that is wrong, instead of "
        "going on with the last good playbook, or without mentions",
    )
    user_key_secret: SecretStr | None = Field(
        None,
        description="key of the HMAC that hides user ids; the embedded default keeps its own file",
    )
    scorer: Literal["auto", "off"] = Field(
        "auto", description="off: phrases alone decide, whatever else is installed"
    )
    scorer_file: Path | None = Field(
        None, description="another file of the built-in scorer, as tay train writes it"
    )
    encoder: Literal["auto", "off"] = Field(
        "auto", description="auto uses the encoder where it is installed"
    )
    encoder_dir: Path | None = Field(
        None, description="directory of another encoder, as tay train --encoder writes it"
    )
    store_text: Literal["none", "redacted", "full"] = Field(
        "redacted", description="how much of a question the log keeps"
    )
    grace_seconds: float = Field(
        0.3, gt=0, le=10, description="longest wait for the decision after the reply's last token"
    )
    recall_timeout_seconds: float = Field(
        0.25,
        gt=0,
        le=10,
        description="how long history may take when the reply is sooner, from the question on",
    )
    pauses_seconds: float = Field(
        30, gt=0, le=3600, description="how old a chat's knowledge of what is paused may grow"
    )
    history_turns: int = Field(
        50, ge=4, le=1000, description="turns of a user that history looks back on"
    )
    flush_timeout_seconds: float = Field(
        2.0, ge=0, le=60, description="longest wait at exit for decisions that are still unwritten"
    )
    classifier_model: str | None = Field(
        None, min_length=1, description="model that is asked in doubt; none: nobody is asked"
    )
    classifier_base_url: HttpUrl | None = Field(
        None, description="any OpenAI-compatible server, with its /v1; default: OpenAI's own"
    )
    classifier_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("TAY_CLASSIFIER_API_KEY", "OPENAI_API_KEY"),
        description="key of that server; OPENAI_API_KEY is taken where this is not set",
    )
    classifier_text: Literal["redacted", "full"] = Field(
        "redacted", description="how much of a question that server is told; full for one of yours"
    )
    classifier_deadline_seconds: float = Field(
        8.0, gt=0, le=120, description="longest life of one ask, waiting and retries included"
    )
    classifier_try_seconds: float = Field(
        4.0, gt=0, le=120, description="longest life of one request of an ask"
    )
    classifier_max_concurrency: int = Field(
        8, ge=1, le=1000, description="requests under way at one time; more wait"
    )
    classifier_cache_size: int = Field(
        1000, ge=0, le=1_000_000, description="verdicts kept in memory; 0 keeps none"
    )
    classifier_max_output_tokens: int = Field(
        200, ge=16, le=32_000, description="token limit of an answer; models that think want more"
    )
    classifier_extra_body: dict[str, Any] = Field(
        default_factory=dict,
        repr=False,  # a key may stand in it
        description="JSON object of further request fields of that server",
    )
    classifier_usd_per_million_prompt_tokens: float = Field(
        0.0, ge=0, le=10_000, description="price in US dollars, for the log's cost"
    )
    classifier_usd_per_million_completion_tokens: float = Field(
        0.0, ge=0, le=10_000, description="price in US dollars, for the log's cost"
    )
    classifier_breaker_failures: int = Field(
        5, ge=1, le=1000, description="failures in a row after which the server is left alone"
    )
    classifier_breaker_seconds: float = Field(
        30.0, gt=0, le=3600, description="how long it is then left alone"
    )

    webhook_secrets: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="provider → its signing secrets, comma-separated while they are rotated; a "
        "provider without one is off. TAY_WEBHOOK_SECRETS__STRIPE=whsec_… sets a single one",
    )
    webhook_provider: str = Field("stripe", description="who is meant by /webhooks/payment")
    payment_mode: Literal["live", "test"] = Field(
        "live", description="which of a provider's two worlds counts; the other is only stored"
    )
    payload_retention_days: int = Field(
        90,
        ge=1,
        le=MOST_DAYS,
        description="how long deliveries are kept word for word; ids and amounts stay",
    )
    attribution_days: float = Field(
        14, gt=0, le=365, description="how long after a mention a purchase is credited to it"
    )
    running_cost_usd_per_month: float = Field(
        0.0, ge=0, description="what running all this costs besides the LLM; part of the ROI"
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s?#]+$",
        max_length=120,
        description="where `tay serve` is reached from outside; links of wordings of strength "
        "direct then go through it and are counted",
    )

    @property
    def classifier_key(self) -> str | None:
        """The key of the classifier's server, blanks around it taken off; an empty one is none."""
        key = self.classifier_api_key
        return (key.get_secret_value().strip() or None) if key is not None else None

    @property
    def resolved_database_url(self) -> str:
        """The database's URL with the embedded default filled in."""
        return self.database_url or f"sqlite+aiosqlite:///{self.home / 'tay.db'}"

    @property
    def is_embedded(self) -> bool:
        """Whether one file of this machine is all the storage: no Redis, no database server."""
        return self.redis_url is None and self.resolved_database_url.startswith("sqlite")

    @property
    def resolved_spool_path(self) -> Path:
        """The spool's file with the default filled in."""
        return self.spool_path or self.home / "spool.db"

    def user_key_bytes(self, *, makes: bool = True) -> bytes:
        """The HMAC key; on the embedded default it is made once, mode 0600, beside the database.

        Args:
            makes: whether a key that is not there may be made. What only looks for somebody must
                not: under a new key nobody is known.

        Raises:
            ConfigurationError: the database is not the embedded one, and no secret is set or a
                short one; or it is, nobody is known under a secret that can be guessed, and it can
                be changed; or the secret's file cannot be read or made, or is not there.
        """
        said = self.user_key_secret
        secret = said.get_secret_value() if said is not None else ""
        chars = len(secret.strip())
        if not self.is_embedded and chars < LEAST_SECRET_CHARS:
            fault = f"has {chars} characters" if chars else "is not set"
            raise ConfigurationError(
                f"TAY_USER_KEY_SECRET {fault}: with Redis or a database server the key that hides "
                "user ids must be the same on every machine, and not to be guessed. Set it to "
                f"{LEAST_SECRET_CHARS} or more random characters: `openssl rand -hex 32`."
            )
        if 0 < chars < LEAST_EMBEDDED_CHARS:
            self._refuse_short(chars)
        if chars:
            return secret.encode()
        file = self.home / "user_key_secret"
        if not makes and not file.exists():
            raise ConfigurationError(
                f"no key of user ids at {file.absolute()}: set TAY_HOME (with its whole path) or "
                "TAY_USER_KEY_SECRET to that of your app. Its first chat, or `tay serve`, makes one"
            )
        return _secret_file(file)

    def _refuse_short(self, chars: int) -> None:
        """Refuse a short secret of a new installation; one that is in use is only told of.

        Under another key nobody would be known, and a "stop recommending" would be forgotten.
        """
        url = self.resolved_database_url
        if Path(url.partition(":///")[2].partition("?")[0]).is_file():
            _tell_short(chars)
            return
        raise ConfigurationError(SHORT % chars)


@cache
def _tell_short(chars: int) -> None:
    """Once in a process."""
    _log.warning(f"{SHORT}; under a new key nobody is known who was known before", chars)


def load_settings(*unnamed: Never, **overrides: object) -> Settings:
    """Read settings; the same as `Settings`, for values of any type.

    Raises:
        ConfigurationError: a value does not fit; the message names the variables.
    """
    return Settings(*unnamed, **overrides)  # type: ignore[arg-type]  # pydantic validates the values


def strays() -> list[tuple[str, str | None]]:
    """The `TAY_*` variables of the environment that no setting reads, each with the nearest name.

    Those of tests (`TAY_TEST_*`) are none of ours.
    """
    known = {f"TAY_{name.upper()}" for name in Settings.model_fields}
    return [
        (name, next(iter(get_close_matches(name.upper(), known, 1, 0.8)), None))
        for name in sorted(os.environ)
        if name.upper().startswith("TAY_")
        and not name.upper().startswith("TAY_TEST_")
        and name.upper().partition("__")[0] not in known
    ]


def _secret_file(path: Path) -> bytes:
    """Read the secret, or make it: two processes that race end up with one and the same."""
    try:
        make_home(path.parent)
        make_once(path, lambda: secrets.token_hex(SECRET_BYTES))
        key = path.read_text().strip().encode()
    except OSError as error:
        raise ConfigurationError(
            f"{path}: the user-key secret cannot be kept here ({error.strerror}); set TAY_HOME to "
            "a writable directory, or TAY_USER_KEY_SECRET"
        ) from error
    if not key:
        # Never a new one unasked: under it nobody is known.
        raise ConfigurationError(
            f"{path}: the user-key secret is empty: put its copy back, or remove the file so that "
            "a new key is made, under which no user is known"
        )
    return key
