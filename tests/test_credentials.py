"""Where secrets enter: white space around them is dropped, what no header can carry is refused and not repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

import hybridsearch
from hybridsearch import credentials, redaction
from hybridsearch.errors import ConfigError


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_known", ())


@pytest.mark.parametrize("around", ["s3cret-key\n", "\r\n s3cret-key \t\n", "s3cret-key"])
def test_white_space_around_a_secret_is_dropped(around: str) -> None:
    assert credentials.key(around, "HERE") == "s3cret-key"
    assert credentials.password(around, "HERE", username="me") == "s3cret-key"


@pytest.mark.parametrize("inside", ["\n", "\0", "\x7f", "\x1b", "\u2028", "\udcff"])
def test_a_secret_with_control_characters_is_refused_and_not_repeated(inside: str) -> None:
    secret = f"s3cret{inside}s3cret"
    for refuse in (credentials.key, lambda text, origin: credentials.password(text, origin, username="me")):
        with pytest.raises(ConfigError, match=r"^HERE has characters that no \w+ has") as refused:
            refuse(secret, "HERE")
        assert "s3cret" not in str(refused.value)


def test_a_password_may_have_letters_of_any_language_and_a_key_may_not() -> None:
    assert credentials.password("пароль ñ", "HERE", username="me") == "пароль ñ"
    with pytest.raises(ConfigError):
        credentials.key("ключ", "HERE")


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfs3cret-key\r\n", b"s3cret-key"])
def test_a_key_file_may_begin_with_a_byte_order_mark(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.touch(mode=0o600)
    file.write_bytes(content)
    assert credentials.key_of_file(file) == "s3cret-key"


def test_a_secret_that_has_entered_is_shown_by_no_text_refused_or_not() -> None:
    credentials.password("s3cret-word", "HERE", username="me")
    with pytest.raises(ConfigError):
        credentials.key("refused\ns3cret-key", "HERE")
    text = "s3cret-word bWU6czNjcmV0LXdvcmQ= refused\\ns3cret-key s3cret-key"
    assert redaction.redacted(text) == "… … … …"


USER, KEY = (
    sentence.format("An encoder", "HYBRIDSEARCH_ENCODER_KEY")
    for sentence in (credentials.MODEL_WITH_USER, credentials.MODEL_WITH_KEY)
)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("https://me:pw@host/v1#m", USER),
        ("HTTPS:me:pw@host/v1#m", USER),
        ("https://me:p#w@host/v1#m", USER),
        ("https://host/v1?key=s3cret#m", KEY),
    ],
)
def test_an_encoder_with_a_secret_in_its_address_is_refused(name: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        credentials.encoder_name(name)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "name", ["starter", "owner/model", "./models/a@b", "https://host/v1?api-version=3#@cf/baai/bge", "mine:a@b"]
)
def test_other_names_of_encoders_stay(name: str) -> None:
    assert credentials.encoder_name(name) == name


def test_an_address_may_hold_a_word_that_is_a_secret_too() -> None:
    redaction.remember("elastic")
    assert credentials.engine_address("http://elastic:9200") == "http://elastic:9200"


def test_every_secret_of_the_environment_passes_the_check() -> None:
    files = Path(hybridsearch.__file__).parent.rglob("*.py")
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    uses = [line.strip() for line in lines if "get_secret_value()" in line]
    assert len(uses) == 5
    assert all("credentials." in line or line.startswith("given =") for line in uses), uses
