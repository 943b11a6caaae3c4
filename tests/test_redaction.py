"""What is taken out of every text that leaves: secrets of this process, and what addresses carry."""

from __future__ import annotations

import json
import logging
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch import redaction
from hybridsearch.errors import EngineError, ImageError, guarded
from hybridsearch.indexing.rejects import line
from hybridsearch.redaction import redacted
from hybridsearch.values import Reject


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_known", ())


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("at http://me:pw@host:9200/x?", "at http://…@host:9200/x?"),
        ("'htps://me:pw@host'", "'htps://…@host'"),
        ("http://m%40e:p%40w@host", "http://…@host"),
        ("http://me:pa/ss@host/a", "http://…@host/a"),
        ("http://me:pa?s#s@host/a", "http://…@host/a"),
        ("http:/me:pw@host", "http:/…@host"),
        ("//me:pw@host", "//…@host"),
        ("me:pw@host:9200", "…@host:9200"),
        ("http:me:pw@host", "…@host"),
        ("?url=http%3A%2F%2Fme%3Apw%40host%2Fa", "?url=http%3A%2F%2F…@host%2Fa"),
        ("http://h/?a=1&api_key=s3cret&b=2", "http://h/?a=1&api_key=…&b=2"),
        ("http://h/?api%5Fkey=s3cret", "http://h/?api%5Fkey=…"),
        ("http://h/?X-Amz-Signature=ab12&w=3", "http://h/?X-Amz-Signature=…&w=3"),
        ("http://h/#access_token=s3cret", "http://h/#access_token=…"),
        ("http://h/?u=http%3A%2F%2Fx%3Ftoken%3Ds3cret", "http://h/?u=http%3A%2F%2Fx%3Ftoken%3D…"),
        ("http://h/?u=x%253Fapi%255Fkey%253Ds3cret", "http://h/?u=x%253Fapi%255Fkey%253D…"),
        ("Server=x;Password=s3cret", "Server=x;Password=…"),
    ],
)
def test_what_an_address_carries_is_hidden(text: str, clean: str) -> None:
    assert redacted(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:9200/a@2x.png",
        "https://[::1]:9200/a@b",
        "https://host/v1/embeddings#@cf/baai/bge-m3",
        "write to me@host.example",
        "http://h/?w=300&monday=1&design=2",
        "price>=10 & color=red",
        "Check 'engine.url', and HYBRIDSEARCH_API_KEY.",
        "https://host:9200: connection refused",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_a_secret_is_found_in_every_form_in_which_programs_print_it() -> None:
    secret = 'p"ä\\ss/w=rd\nsecond-line'
    redaction.remember(secret)
    forms = (secret, repr(secret), ascii(secret), json.dumps(secret), quote(secret, safe=""), "not second-line")
    for form in (*forms, repr(secret.encode("unicode_escape"))):
        assert "second" not in redacted(f"found {form}, expected a key")


def test_a_short_secret_is_hidden_as_a_word_and_takes_no_words_apart() -> None:
    redaction.remember("elastic")
    assert redacted("user 'elastic' of elasticsearch") == "user '…' of elasticsearch"


@given(st.text(), st.text(min_size=1))
def test_no_text_shows_a_long_secret_and_redacting_twice_changes_nothing(text: str, secret: str) -> None:
    key = f"k3y-{secret}-k3y"
    redaction.remember(key)
    clean = redacted(f"{text}{key}{text}")
    assert key not in clean
    assert redacted(clean) == clean


@pytest.mark.parametrize("part", ["//", "@", ":", "&a=", "?", "%3F", "%2F", "a:b", "x", "://a:", "&" + "k" * 99, "%25"])
def test_a_long_text_takes_time_in_proportion_to_its_length(part: str) -> None:
    def seconds(length: int) -> float:
        text = (part * length)[:length]
        started = time.process_time()
        redacted(text)
        return time.process_time() - started

    seconds(1_000)
    assert seconds(400_000) < 1.5


def test_the_message_of_every_error_of_ours_is_redacted_when_it_is_made() -> None:
    assert str(ImageError("http://me:pw@host has no picture")) == "http://…@host has no picture"


def test_what_a_library_raises_with_a_secret_becomes_an_error_of_ours_and_all_else_passes() -> None:
    redaction.remember("s3cret-key")
    with pytest.raises(EngineError) as shown, guarded(EngineError):
        raise KeyError("s3cret-key")
    assert str(shown.value) == "A library failed unexpectedly: KeyError: '…'. Please report this."
    assert shown.value.__cause__ is None
    with pytest.raises(KeyError, match="harmless"), guarded(EngineError):
        raise KeyError("harmless")


def test_what_an_error_of_ours_was_raised_from_is_dropped_only_where_it_shows_a_secret() -> None:
    redaction.remember("s3cret-key")
    for inner, kept in (("s3cret-key", False), ("harmless", True)):
        with pytest.raises(EngineError, match="No answer") as raised, guarded(EngineError):
            raise EngineError("No answer.") from ExceptionGroup("several", [KeyError(inner)])
        assert (raised.value.__cause__ is not None) is kept


def test_a_reject_and_its_line_in_the_file_show_no_login_and_no_token() -> None:
    row = {"id": "1", "image": ["https://me:pw@cdn/a.jpg?token=t0ken"], "price": 3}
    reject = Reject("a.jsonl:1", "1", "picture", "https://me:pw@cdn/a.jpg answered 404", row)
    written = json.loads(line(reject))
    assert written["reason"] == reject.reason == "https://…@cdn/a.jpg answered 404"
    assert written["product"] == {"id": "1", "image": ["https://…@cdn/a.jpg?token=…"], "price": 3}


def test_logs_of_ours_are_redacted(caplog: pytest.LogCaptureFixture) -> None:
    redaction.remember("s3cret-key")
    log = redaction.logger("hybridsearch.example")
    log.warning("The server at %s said %s, %d times", "http://me:pw@host", ValueError("s3cret-key"), 3)
    log.warning("The server at %s", "host")
    assert caplog.messages == ["The server at http://…@host said …, 3 times", "The server at host"]
    assert caplog.records[1].args == ("host",)


def test_every_logger_of_the_package_is_a_redacting_one() -> None:
    from pathlib import Path

    import hybridsearch

    sources = {file: file.read_text(encoding="utf-8") for file in Path(hybridsearch.__file__).parent.rglob("*.py")}
    assert [file.stem for file, text in sources.items() if "logging.getLogger(" in text] == ["redaction"]
    assert logging.getLogger("hybridsearch.encoders.kept.vector_file").filters


@pytest.mark.parametrize(
    ("text", "left"),
    [("a-a", "…"), ("xa-a", "xa-a"), ("a-ay", "a-ay"), ("xa-a-a", "xa-…"), ("(a-a) a-a,", "(…) …,"), ("", "")],
)
def test_a_short_secret_is_taken_out_where_it_stands_alone(text: str, left: str) -> None:
    assert redaction.without_word(text, "a-a") == left
