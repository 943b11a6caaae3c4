"""Synonyms to consider: which words an encoder takes for nearly the same, and which of them are forms of one word."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hybridsearch.events.proposals import Proposal
from hybridsearch.propose.synonyms import MOST_WORDS, comparable, is_form, near
from hybridsearch.search.words import synonyms
from hybridsearch.values import Vectors
from tests.shops import runner, write_config, write_products


def test_words_are_compared_that_mean_something_and_that_several_products_have() -> None:
    counts = {
        "umbrella": 3,
        "the": 90,
        "rare": 1,
        "xl": 8,
        "m8": 9,
        "couch": 7,
        "雨伞": 5,
        "连衣裙": 5,
        "の赤い": 5,
        "雨": 9,
    }
    assert comparable(counts, ["en"]) == ["couch", "连衣裙", "umbrella"]
    assert len(comparable({f"w{'x' * number}": 2 for number in range(MOST_WORDS + 9)}, ["en"])) == MOST_WORDS


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("umbrella", "umbrellas", True),
        ("colour", "color", True),
        ("雨伞", "太阳伞", False),
        ("手机", "手机壳", True),
        ("couch", "sofa", False),
        ("rojo", "red", False),
    ],
)
def test_a_form_or_a_misspelling_is_no_synonym(first: str, second: str, same: bool) -> None:
    assert is_form(first, second) is same


def around(degrees: list[float]) -> Vectors:
    """Return unit vectors in a plane, among a thousand in all directions of a space."""
    angles = np.radians(degrees)
    known = np.stack([np.cos(angles), np.sin(angles), *np.zeros((30, len(degrees)))], axis=1)
    others = np.random.default_rng(1).standard_normal((1_000, 32))
    rows = np.concatenate([known, others])
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def test_two_words_are_proposed_that_are_nearest_to_each_other_and_stand_out() -> None:
    words = ["couch", "sofa", "lamp", "lamps", "rake", *(f"w{number}" for number in range(1_000))]
    counts = dict.fromkeys(words, 2) | {"couch": 1_500}
    # couch and sofa are 5 degrees apart, lamp and lamps 1; rake is 60 from its neighbour, whose own one is nearer
    found = near(words, around([0, 5, 120, 121, 180]), counts, "text")
    assert found[0] == Proposal("couch, sofa", "cosine 0.9962 in 'text'; 1,500 and 2 products have them")
    assert not any("lamp" in each.text or "rake" in each.text for each in found)
    assert near(words[:1], around([0])[:1], counts, "text") == []


def test_each_line_is_a_rule_with_its_evidence_as_a_comment() -> None:
    written = str(Proposal("couch, sofa", "cosine 0.91 in 'text'"))
    assert written == "# cosine 0.91 in 'text'\ncouch, sofa"
    assert synonyms.parse({"synonyms.txt": ("", written)}).problems == ()


def test_the_command_proposes_what_is_no_rule_yet_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    colors = ["schwarz", "negro", "rojo", "gelb", "yellow", "trousers", "pantalón", "chemise", "camisa", "skirt"]
    more = ["umbrella", "paraguas", "keyboard", "bicycle", "lampe", "mochila", "hammer", "zapatos", "mesa", "boots"]
    write_products(
        tmp_path / "products.jsonl",
        [{"id": f"{word}{n}", "title": word} for word in [*colors, *more] for n in range(2)],
    )
    leg = {"name": "words", "encoder": "starter", "reads": ["title"]}
    languages = ["en", "de", "fr", "es"]
    rules = tmp_path / "synonyms.txt"
    rules.write_text("yellow, gelb\n", encoding="utf-8")
    synonym_rules = {"path": "synonyms.txt"}
    write_config(tmp_path, fields={"title": "title", "languages": languages}, vectors=[leg], synonyms=synonym_rules)
    run = runner(tmp_path, monkeypatch, capfdbinary)
    assert run("reindex")[0] == 0
    code, out, _ = run("synonyms", "--propose")
    assert code == 0
    proposed = synonyms.parse({"out": ("", out)})
    assert proposed.problems == ()
    found = json.loads(run("synonyms", "--propose", "--json")[1])["proposals"]
    assert found
    assert all(set(each) == {"text", "because"} for each in found)
    assert not any("yellow" in each["text"] for each in found)
    assert rules.read_text(encoding="utf-8") == "yellow, gelb\n"
    assert json.loads(run("synonyms", "--json")[1]) == {"terms": 2, "problems": []}
    assert run("synonyms")[1].startswith("2 terms stand for others.")
