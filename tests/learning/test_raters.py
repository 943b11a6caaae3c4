"""What a file of judgments holds, who gave it, and where raters disagree, with numbers worked by hand."""

from pathlib import Path

import pytest

from hybridsearch.errors import ConfigError
from hybridsearch.learning.judging import raters
from tests.learning.builders import judgment_file, row

ROWS = [
    row("red", "1", grade=3, rater="Ann"),
    row("red", "1", grade=0, rater="Bea"),
    row("red", "2", grade=2, rater="Ann"),
    row("red", "2", grade=1, rater="Bea"),
    row("red", "2", grade=0, rater="Cem"),
    row("hat", "1", grade=2, rater="Ann"),
    row("hat", "3", grade=1),
    row("hat", "4", grade=None, rater="Ann", skipped=True),
]


def test_it_counts_grades_and_tells_who_is_above_others(tmp_path: Path) -> None:
    found = raters.read(judgment_file(tmp_path, *ROWS)).summary
    assert (found.queries, found.products, found.pairs) == (2, 3, 4)
    assert found.grades == {0: 2, 1: 2, 2: 2, 3: 1}
    assert [(each.name, each.grades) for each in found.raters] == [("Ann", 3), ("Bea", 2), ("Cem", 1)]
    assert [each.mean for each in found.raters] == pytest.approx([7 / 3, 0.5, 0])
    above = [((3 - 0) + (2 - 0.5)) / 2, ((0 - 3) + (1 - 1)) / 2, 0 - 1.5]
    assert [each.above for each in found.raters] == pytest.approx(above)


def test_the_largest_disagreements_come_first_and_those_that_are_not_told_of_are_counted(tmp_path: Path) -> None:
    found = raters.read(judgment_file(tmp_path, *ROWS), most=1).summary
    assert [(each.query, each.product, each.grades) for each in found.disagreements] == [
        ("red", "1", {"Ann": 3, "Bea": 0})
    ]
    assert found.disagreed == 2
    assert found.agreement.products == 2


def test_a_log_of_clicks_is_refused_with_what_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "sessions.jsonl"
    path.write_text('{"session": "a", "query": "red", "shown": ["1"], "clicked": []}\n')
    with pytest.raises(ConfigError, match="holds clicks, which nobody graded"):
        raters.read(path)
