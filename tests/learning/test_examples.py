"""Examples of queries that gain or lose: where a product stands in the other answer, and its picture."""

from hybridsearch.learning.evaluate import evaluate
from hybridsearch.learning.prepared import PreparedQuery
from hybridsearch.learning.reports import examples
from hybridsearch.learning.reports.examples import Result
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.search.planner import Query


def test_a_product_has_its_rank_in_the_other_answer_however_deep_it_is() -> None:
    asked = [PreparedQuery(JudgedQuery("q", {"good": 2.0}), Query("q"), "words", {})]
    keyword = [[*(f"bad{number}" for number in range(8)), "good"]]
    rankings = {"keyword": keyword, "current": [["good", "bad0"]]}
    evaluation = evaluate(asked, rankings, skipped={})
    (example,) = examples.examples(
        evaluation, asked, rankings, {"good": {"title": "Good"}}, "title", {"good": "data:,"}
    )
    assert example.current == (Result("Good", 2.0, 9, "data:,"), Result("bad0", None, 1))
    assert [each.elsewhere for each in example.keyword] == [2, 0, 0, 0, 0]
