"""The ledger: where a rater stands and what undo takes back, whatever was said before."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.learning.judging.ledger import Ledger, Mark, key_of, line_of
from hybridsearch.learning.sources.grades import Judgment, judgment
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.values import Product

RED = JudgedQuery("red coat", filters={"brand": "Acme"}, locale="en")
NOW = datetime(2026, 11, 30, 12, 0, 5, 123456, UTC)


def said(ledger: Ledger, rater: str, product: str, grade: float | None) -> list[Judgment]:
    """Mark a product, and return the lines."""
    lines = ledger.new(rater, RED, [product], Mark(grade))
    for line in lines:
        ledger.add(line)
    return lines


def undone(ledger: Ledger, rater: str) -> list[Judgment]:
    lines = ledger.undoing(rater)
    for line in lines:
        ledger.add(line)
    return lines


def shown(ledger: Ledger, rater: str) -> dict[str, str]:
    return {product: str(mark) for (_, product), mark in ledger.marks(rater).items()}


def test_a_product_that_is_marked_so_already_needs_no_line() -> None:
    ledger = Ledger()
    assert len(said(ledger, "Ann", "1", 3)) == 1
    assert said(ledger, "Ann", "1", 3) == []
    assert len(said(ledger, "Ann", "1", 2)) == 1
    assert len(said(ledger, "Bea", "1", 2)) == 1
    assert len(said(ledger, "Ann", "2", None)) == 1
    assert said(ledger, "Ann", "2", None) == []
    assert (shown(ledger, "Ann"), shown(ledger, "Bea")) == ({"1": "2", "2": "skip"}, {"1": "2"})
    assert ledger.judged() == {RED.key: {"1"}}


def test_undo_goes_back_step_by_step_to_what_was_said_before_and_only_for_its_rater() -> None:
    ledger = Ledger()
    for product, grade in (("1", 3.0), ("2", None), ("1", 0.0), ("2", 1.0)):
        said(ledger, "Ann", product, grade)
    said(ledger, "Bea", "1", 2)
    steps = []
    while lines := undone(ledger, "Ann"):
        steps.append((lines[0].product, shown(ledger, "Ann")))
    assert steps == [
        ("2", {"1": "0", "2": "skip"}),
        ("1", {"1": "3", "2": "skip"}),
        ("2", {"1": "3"}),
        ("1", {}),
    ]
    assert shown(ledger, "Bea") == {"1": "2"}
    assert undone(ledger, "nobody") == []


STEPS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("12"), st.sampled_from([0.0, 3.0, None, -1.0])))


@given(STEPS)
def test_what_is_read_from_the_lines_is_what_was_said(steps: list[tuple[str, str, float | None]]) -> None:
    """-1 undoes: the ledger of a new process knows the same, to the last step that can be undone."""
    ledger, lines = Ledger(), []
    for rater, product, grade in steps:
        lines += undone(ledger, rater) if grade == -1 else said(ledger, rater, product, grade)
    again = Ledger()
    for line in lines:
        row = line_of(line, NOW)
        again.add(judgment(Product(str(row["product_id"]), row, "x")))
    for rater in "ab":
        assert shown(again, rater) == shown(ledger, rater)
        assert [key_of(each[0]) for each in again.raters.get(rater, Own).last] == [
            key_of(each[0]) for each in ledger.raters.get(rater, Own).last
        ]
    assert again.grades.given == ledger.grades.given


class Own:
    """A rater who said nothing."""

    last: tuple[tuple[Judgment, Mark | None], ...] = ()


def test_a_line_is_what_eval_reads() -> None:
    line = line_of(Judgment(RED, "7", 3.0, "Ann"), NOW)
    assert line == {
        "query": "red coat",
        "filters": {"brand": "Acme"},
        "locale": "en",
        "product_id": "7",
        "grade": 3,
        "rater": "Ann",
        "time": "2026-11-30T12:00:05Z",
    }
    skipped = line_of(Judgment(JudgedQuery("hat"), "7", None, "Ann", skipped=True, undone=True), NOW)
    assert (skipped["grade"], skipped["skipped"], skipped["undone"]) == (None, True, True)
