"""What the environment says, and what it does not say."""

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tay_middleware.domain import Mode
from tay_middleware.errors import ConfigurationError
from tay_middleware.settings import Settings, load_settings


@pytest.mark.parametrize("name", Settings.model_fields)
def test_an_empty_variable_is_as_one_that_is_not_set(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    unset = load_settings()
    monkeypatch.setenv(f"TAY_{name.upper()}", "")
    assert load_settings() == unset


def test_blanks_around_a_value_are_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAY_REDIS_URL", "unix:///run/a b/v.sock \n")
    monkeypatch.setenv("TAY_DATABASE_URL", " postgresql+asyncpg://tay@db/mentor\r\n")
    monkeypatch.setenv("TAY_MODE", "shadow ")
    monkeypatch.setenv("TAY_PUBLIC_URL", "  ")
    found = load_settings()
    assert found.redis_url == SecretStr("unix:///run/a b/v.sock")
    assert found.database_url == "postgresql+asyncpg://tay@db/mentor"
    assert (found.mode, found.public_url) == (Mode.SHADOW, None)


def test_the_key_of_user_ids_is_taken_to_the_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under another one nobody is known: an installation may have begun with its line end."""
    monkeypatch.setenv("TAY_USER_KEY_SECRET", "x" * 40 + "\n")
    assert load_settings().user_key_bytes() == b"x" * 40 + b"\n"


def test_an_empty_key_of_the_classifier_gives_way_to_the_usual_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TAY_CLASSIFIER_API_KEY", "")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-usual")
    assert load_settings().classifier_key == "sk-usual"


def test_an_empty_secret_of_a_provider_leaves_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAY_WEBHOOK_SECRETS__STRIPE", "")
    assert load_settings().webhook_secrets == {}


def test_an_empty_key_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "user_key_secret"
    file.touch()
    with pytest.raises(ConfigurationError, match="the user-key secret is empty"):
        load_settings(home=tmp_path).user_key_bytes()
    assert file.read_bytes() == b""


def test_an_empty_user_key_secret_is_refused_where_machines_must_share_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TAY_USER_KEY_SECRET", "")
    settings = load_settings(redis_url="redis://127.0.0.1/0")
    with pytest.raises(ConfigurationError, match="TAY_USER_KEY_SECRET is not set"):
        settings.user_key_bytes()


def test_a_user_key_that_can_be_guessed_is_refused_where_nobody_is_known_under_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load_settings(home=tmp_path, user_key_secret="fifteen charact")  # noqa: S106 - of tests
    with pytest.raises(ConfigurationError, match=r"has 15 characters.*openssl rand -hex 32"):
        settings.user_key_bytes()
    (tmp_path / "tay.db").touch()
    assert settings.user_key_bytes() == b"fifteen charact"
    assert "under a new key nobody is known" in caplog.text
    assert "fifteen" not in caplog.text


def test_those_who_make_the_user_key_at_once_get_one_and_the_same(tmp_path: Path) -> None:
    code = (
        "import sys; from tay_middleware.settings import load_settings; sys.stdin.readline(); "
        "print(load_settings(home=sys.argv[1]).user_key_bytes().decode())"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    racing = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for one in racing:
        assert one.stdin
        one.stdin.write("\n")
        one.stdin.flush()
    keys = {one.communicate(timeout=120)[0].strip() for one in racing}
    assert keys == {(tmp_path / "user_key_secret").read_text().strip()}
    assert [file.name for file in tmp_path.iterdir()] == ["user_key_secret"]


WRONG = [
    ({"mode": "loud"}, "TAY_MODE: Input should be 'on', 'shadow' or 'off'"),
    ({"moed": "shadow"}, "TAY_MOED: there is no such setting; is mode meant?"),
    ({"colour": "red"}, "TAY_COLOUR: there is no such setting"),
    ({"TAY_CLASSIFIER_API_KEY": 3}, "TAY_CLASSIFIER_API_KEY: Input should be a valid string"),
    ({"OPENAI_API_KEY": 3}, "OPENAI_API_KEY: Input should be a valid string"),
    ({"classifier_api_key": 3}, "TAY_CLASSIFIER_API_KEY: Input should be a valid string"),
    ({"webhook_secrets": {"stripe": 3}}, "TAY_WEBHOOK_SECRETS__STRIPE: Input should be a valid"),
]


@pytest.mark.parametrize("make", [Settings, load_settings])
@pytest.mark.parametrize(("given", "told"), WRONG)
def test_whichever_way_settings_are_made_what_is_wrong_is_one_kind_of_error(
    make: Any, given: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        make(**given)
    assert str(error.value).startswith(f"settings are wrong:\n  {told}")
    assert error.value.__cause__ is None


@pytest.mark.parametrize("make", [Settings, load_settings])
def test_a_variable_that_is_no_json_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    monkeypatch.setenv("TAY_WEBHOOK_SECRETS", "whsec_secret")
    with pytest.raises(ConfigurationError, match="TAY_WEBHOOK_SECRETS: is no JSON object") as error:
        make()
    assert "whsec" not in str(error.value)


@pytest.mark.parametrize("make", [Settings, load_settings])
def test_settings_are_passed_by_name(make: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"by name: Settings\(mode=\"shadow\"\)"):
        make("shadow")


def test_settings_go_through_a_copy_and_a_pickle(tmp_path: Path) -> None:
    made = Settings(home=tmp_path, redis_url=SecretStr("redis://127.0.0.1"))
    assert pickle.loads(pickle.dumps(made)) == made == made.model_copy()  # noqa: S301 - our own bytes
    assert made.model_copy(update={"mode": Mode.OFF}).mode is Mode.OFF
