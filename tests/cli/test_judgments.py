"""`hybridsearch judgments`: what it prints for people and for programs."""

import json
from pathlib import Path

import pytest

from tests.learning.builders import judgment_file, row
from tests.shops import Run, runner

ROWS = [
    row("red", "1", grade=3, rater="Ann"),
    row("red", "1", grade=0, rater="[red]Bea"),
    row("red", "2", grade=2, rater="Ann"),
    row("red", "2", grade=2, rater="[red]Bea"),
    row("hat", "3", grade=1),
]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    return runner(tmp_path, monkeypatch, capsysbinary)


def test_programs_get_counts_shares_agreement_and_disagreements(run: Run, tmp_path: Path) -> None:
    """Of the pairs (3, 0) and (2, 2): n = 1, 2, 1 for 0, 2, 3, mean ranks .5, 2, 3.5; observed 2 · 9 = 18.

    Expected 2 · (1·2·1.5² + 2·1·1.5² + 1·1·3²) / 3 = 2 · 18 / 3 = 12, alpha = 1 − 18 / 12 = −.5.
    """
    path = judgment_file(tmp_path, *ROWS)
    code, out, _ = run("judgments", str(path), "--json")
    found = json.loads(out)
    names = ["queries", "products", "pairs", "grades", "raters", "agreement", "disagreed", "disagreements"]
    assert (code, list(found)) == (0, [*names, "rows", "repeated", "changed", "refused"])
    assert (found["queries"], found["products"], found["pairs"], found["rows"]) == (2, 3, 3, 5)
    assert found["grades"] == {"0": 0.2, "1": 0.2, "2": 0.4, "3": 0.2}
    assert found["raters"][0] == {"rater": "Ann", "grades": 2, "mean": 2.5, "above": 1.5}
    agreed = found["agreement"]
    assert (agreed["alpha"], agreed["low"], agreed["high"], agreed["queries"], agreed["products"]) == (
        *(-0.5, None, None),
        *(1, 2),
    )
    assert found["disagreed"] == 1
    assert found["disagreements"] == [{"query": "red", "product_id": "1", "grades": {"Ann": 3, "[red]Bea": 0}}]


def test_people_get_the_same_as_sentences_and_names_are_no_markup(run: Run, tmp_path: Path) -> None:
    code, out, err = run("judgments", str(judgment_file(tmp_path, *ROWS, {"query": "x"})))
    assert code == 1
    assert "2 queries, 3 products, 3 pairs of them" in out
    assert "Grades: 0: 20%, 1: 20%, 2: 40%, 3: 20%" in out
    assert "Krippendorff's alpha -0.500, of 2 pairs with several raters" in out
    assert "The raters differ: talk about the products below" in out
    assert "red, 1: Ann 3, [red]Bea 0" in out
    assert "1 of 6 rows cannot be used; the others were." in err


def test_a_file_that_is_not_there_or_of_another_kind_is_an_error(run: Run, tmp_path: Path) -> None:
    assert run("judgments", "none.jsonl")[0] == 3
    (tmp_path / "x.txt").write_text("hello\n")
    code, _, err = run("judgments", "x.txt")
    assert (code, "Expected JSON lines or a table" in err) == (2, True)


def test_queries_without_a_file_of_judgments_are_a_wrong_use(run: Run) -> None:
    code, _, err = run("serve", "--queries", "queries.txt")
    assert (code, "Name the file of judgments too." in err) == (2, True)
