"""Files that people edit on the page: what is checked, how it is saved, and what a `preview` says of pages."""

import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import ConfigError, EngineError, GateError, QueryError
from hybridsearch.settings import Settings
from hybridsearch.values import Hit, Page
from hybridsearch.web.operating import texts
from hybridsearch.web.operating.preview import moved
from hybridsearch.web.operating.texts import Problem, Text, checked, texts_of
from tests.shops import settings

RULE = '[[rule]]\nname = "{}"\nwhen.query = "coat"\nthen.pin = ["5"]\n'


def shop(folder: Path) -> Settings:
    return settings(folder, rules={"path": "rules.toml"}, synonyms={"path": "words/synonyms.txt"})


def rules_of(folder: Path, written: str | bytes | None = None) -> Text:
    """Return the file of rules of a shop, written if it is to be there."""
    found = texts_of(shop(folder))["rules"]
    if written is not None:
        found.path.write_bytes(written if isinstance(written, bytes) else written.encode())
    return found


def test_a_shop_has_its_rules_and_synonyms_of_its_languages(tmp_path: Path) -> None:
    assert {name: each.path.name for name, each in texts_of(shop(tmp_path)).items()} == {
        "rules": "rules.toml",
        "synonyms": "synonyms.txt",
        "synonyms.en": "synonyms.en.txt",
        "synonyms.zh": "synonyms.zh.txt",
    }
    assert texts_of(settings(tmp_path)) == {}


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        (RULE.format("a") + RULE.format("b"), []),
        (RULE.format("a") + "# one more\n" + RULE.format("a"), [6]),
        ("[[rule]]\nname = 'a'\n\n [[ rule ]]\nname = 'b'\nwhen = {}\nthen = {}\n", [1, 1, 4]),
        ("[[rule]]\nname = 'a\n", [2]),
        ("rule = [{name = 1}]\n", [None, None, None]),
        ("rule = 3", [None]),
        ("[other]\n", [None]),
        ('text = """\n[[rule]]\n"""\n', [None]),
        ("", []),
    ],
)
def test_mistakes_of_rules_have_the_line_at_which_their_rule_begins(
    tmp_path: Path, written: str, lines: list[int | None]
) -> None:
    assert [each.line for each in checked(rules_of(tmp_path), written)] == lines


def test_mistakes_of_synonyms_have_their_lines(tmp_path: Path) -> None:
    text = texts_of(shop(tmp_path))["synonyms"]
    assert checked(text, "a, b\n# lonely\nlonely\na => b => c\n") == [
        Problem("'lonely' has one term, expected others that it stands for: a, b", 3),
        Problem("'a => b => c' has more than one '=>', or nothing beside it; expected: a, b => c", 4),
    ]
    (circle,) = checked(text, "a => b\nb => a\n")
    assert (circle.line, "write 'a, b' instead" in circle.said) == (None, True)


@given(st.text(max_size=60))
def test_whatever_is_written_is_right_or_has_mistakes(written: str) -> None:
    for name in ("rules", "synonyms"):
        for each in checked(Text(name, Path(name)), written):
            assert each.said
            assert each.line is None or 1 <= each.line <= len(written.splitlines()) + 1


def test_a_save_keeps_the_text_before_it_and_an_undo_changes_them(tmp_path: Path) -> None:
    text = rules_of(tmp_path)
    for name in ("a", "b"):
        texts.save(shop(tmp_path), text, RULE.format(name), texts.opened(text).mark)
    assert (text.path.read_text(), text.backup.read_text()) == (RULE.format("b"), RULE.format("a"))
    texts.undo(shop(tmp_path), text, texts.opened(text).mark)
    assert (text.path.read_text(), text.backup.read_text()) == (RULE.format("a"), RULE.format("b"))
    texts.undo(shop(tmp_path), text, texts.opened(text).mark)
    assert text.path.read_text() == RULE.format("b")


def test_before_the_first_save_there_is_nothing_to_undo(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="nothing was saved on this page yet"):
        texts.undo(shop(tmp_path), rules_of(tmp_path), "")


def test_a_save_keeps_the_ends_of_lines_the_mode_and_a_link(tmp_path: Path) -> None:
    text = rules_of(tmp_path, RULE.format("a").replace("\n", "\r\n"))
    text.path.rename(tmp_path / "real.toml")
    text.path.symlink_to(tmp_path / "real.toml")
    (tmp_path / "real.toml").chmod(0o640)
    texts.save(shop(tmp_path), text, RULE.format("b").strip(), texts.opened(text).mark)
    assert text.path.is_symlink()
    assert text.path.read_bytes() == RULE.format("b").replace("\n", "\r\n").encode()
    assert stat.S_IMODE((tmp_path / "real.toml").stat().st_mode) == 0o640


def test_a_file_that_appeared_or_went_away_meanwhile_is_not_written(tmp_path: Path) -> None:
    text = rules_of(tmp_path)
    before = texts.opened(text).mark
    rules_of(tmp_path, "")
    with pytest.raises(GateError, match="has changed since you opened it"):
        texts.save(shop(tmp_path), text, RULE.format("a"), before)
    now = texts.opened(text).mark
    text.path.unlink()
    with pytest.raises(GateError, match="has changed since you opened it"):
        texts.save(shop(tmp_path), text, RULE.format("a"), now)
    assert not text.path.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfe", "is not UTF-8"), (b"#" * (texts.LONGEST + 1), "Edit it with another program"), (None, "is no file")],
)
def test_a_file_that_no_page_can_show_is_told_of(tmp_path: Path, content: bytes | None, said: str) -> None:
    text = rules_of(tmp_path, content)
    if content is None:
        text.path.mkdir()
    with pytest.raises(ConfigError, match=said):
        texts.opened(text)


def test_a_text_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    for written in ("\ud800", "a\0", "#" * (texts.LONGEST + 1), "[[rule]]\n"):
        with pytest.raises(QueryError):
            texts.save(shop(tmp_path), rules_of(tmp_path), written, "")
    (tmp_path / "words").write_text("no folder")
    with pytest.raises(EngineError, match="Cannot use"):
        texts.save(shop(tmp_path), texts_of(shop(tmp_path))["synonyms"], "a, b\n", "")


def test_what_is_added_stands_behind_what_is_there_and_only_where_that_is_right(tmp_path: Path) -> None:
    text = texts_of(shop(tmp_path))["synonyms"]
    text.path.parent.mkdir()
    text.path.write_text("a, b")
    texts.add(shop(tmp_path), text, "# because\nc, d")
    assert text.path.read_text() == "a, b\n# because\nc, d\n"
    with pytest.raises(GateError, match="have this already: c, d"):
        texts.add(shop(tmp_path), text, "# again\nc, d")
    rules = rules_of(tmp_path, RULE.format("a"))
    texts.add(shop(tmp_path), rules, f"# because\n{RULE.format('b')}")
    assert rules.path.read_text() == f"{RULE.format('a')}\n# because\n{RULE.format('b')}"
    with pytest.raises(GateError, match="another rule before it has this name"):
        texts.add(shop(tmp_path), rules, RULE.format("b"))
    rules_of(tmp_path, "[[rule]]\n")
    with pytest.raises(GateError, match="Rules have mistakes; correct them first"):
        texts.add(shop(tmp_path), rules, RULE.format("c"))


def page(*ids: str) -> Page:
    hits: Any = [Hit(each, 1.0, {}, {}) for each in ids]
    return Page(query="q", total=len(ids), hits=hits)


def test_a_preview_says_of_each_product_where_it_was_and_is() -> None:
    found = moved(page("a", "b", "c", "d"), page("c", "b", "x", "a"))
    assert [(each.id, each.after, each.before, each.how) for each in found] == [
        ("c", 1, 3, "up 2"),
        ("b", 2, 2, ""),
        ("x", 3, None, "new"),
        ("a", 4, 1, "down 3"),
        ("d", None, 4, "gone"),
    ]


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.lists(st.sampled_from("abcdef"), unique=True))
def test_a_preview_has_each_product_once_and_nothing_of_equal_pages(before: list[str], after: list[str]) -> None:
    found = moved(page(*before), page(*after))
    assert sorted(each.id for each in found) == sorted({*before, *after})
    assert any(each.how for each in found) == (before != after)
