"""The planner: from a query to the `plan` that answers it, and its `clauses`, worked out by hand."""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from hybridsearch.errors import QueryError
from hybridsearch.fields import facets
from hybridsearch.query_sources import QUERY_SOURCES, QuerySource
from hybridsearch.roles import Fields
from hybridsearch.schema import Calibration, Leg, Schema
from hybridsearch.search import planner
from hybridsearch.search.clauses import Codes, Condition, Cosine, Match, Neighbours, Number, Saturated, Words
from hybridsearch.search.codes import codes_first
from hybridsearch.search.filters.conditions import Range, Terms
from hybridsearch.search.plan import Plan, Sort
from hybridsearch.search.planner import Query, kind_of, sources_of
from hybridsearch.search.weights import Weights
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.values import Vector

LEG = Leg("image", 2, "f", calibrations={"words": Calibration(0.1, 0.5), "photo": Calibration(0.5, 1.0)})
SCHEMA = Schema(
    Fields(title="title", codes=("sku",), facets=("brand", "attrs.color"), numbers=("price",), languages=("en", "zh")),
    (LEG,),
)
WEIGHTS = Weights(
    signals={
        "title": 0.3, "text": 0.4, "pairs": 0.15, "all_words": 0.1, "most_words": 0.05, "code": 1, "words.*": 0.5,
        "photo.image": 1, "number.price": 0.2,
    },
    saturation={"*": 8, "title": 3},
    floors={"words": 0.25, "photo": 0.5},
)  # fmt: skip
CODE = codes_first(WEIGHTS, SCHEMA).weight("code")
EAST, NORTH = {"image": Vector([1, 0])}, {"image": Vector([0, 1])}


def plan(
    text: str = "",
    *,
    words: Mapping[str, Vector] | None = None,
    photo: Mapping[str, Vector] | None = None,
    schema: Schema = SCHEMA,
    weights: Weights = WEIGHTS,
    **asked: Any,
) -> Plan:
    """Return the plan for a query on the shop above, or on another one."""
    query = Query(text, ("photo",) if photo is not None else (), **asked)
    given = {"photo": photo, "words": words}
    vectors = {source: by_leg for source, by_leg in given.items() if by_leg is not None}
    return planner.plan(query, schema, weights, vectors=vectors)


def names(planned: Plan) -> list[str]:
    return [signal.name for signal in planned.signals]


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("red dress", "words", "2 words"),
        ("dress", "words", "1 word"),
        ("跑步鞋", "words", "1 word"),
        ("AC-1001", "code", "'AC-1001' looks like a product code"),
        ("  ac1001 ", "code", "'ac1001' looks like a product code"),
        ("4006381333931", "code", "'4006381333931' looks like a product code"),
        ("978-3-16-148410-0", "code", "'978-3-16-148410-0' looks like a product code"),
        ("ＡＣ－１００１", "code", "'AC-1001' looks like a product code"),
        ("4006 3813 3393 1", "code", "'4006 3813 3393 1' looks like a product code"),
        ("2024", "words", "1 word"),
        ("100ml", "words", "1 word"),
        ("3.5mm", "words", "1 word"),
        ("XM5", "words", "1 word"),
        ("iphone15", "words", "1 word"),
        ("LS-BL-M", "words", "4 words"),
        ("red AC-1001", "words", "4 words"),
        ("", "browse", "no words and no photo: the whole shop"),
        (" \t\n", "browse", "no words and no photo: the whole shop"),
        ("?!* ...", "empty", "'?!* ...' has no word in it"),
        ("😀", "empty", "'😀' has no word in it"),
        ("\ud800\0", "empty", "'\\ud800\\x00' has no word in it"),
    ],
)
def test_the_kind_of_a_query_is_told_with_its_reason(text: str, kind: str, reason: str) -> None:
    """Fault 69."""
    planned = plan(text)
    assert (planned.kind, planned.reason) == (kind, reason)


@pytest.mark.parametrize("asked", [{"filters": {"brand": "Acme"}}, {"sort": "price:asc"}])
def test_a_filter_or_an_order_without_words_browses(asked: dict[str, Any]) -> None:
    assert plan("!!!", **asked).kind == "browse"
    assert kind_of(Query("", facets=["brand"]), SCHEMA)[0] == "browse"


def test_a_photo_is_told_from_a_photo_with_words() -> None:
    assert plan(photo=EAST).kind == "photo"
    assert plan("blue", words=NORTH, photo=EAST).kind == "photo and words"


def test_what_a_query_gives_besides_its_text_is_named_in_one_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(QUERY_SOURCES, "audio", QuerySource("audio", "a recording", "sound"))
    assert kind_of(Query("", ("audio", "photo")), SCHEMA) == (
        "photo and audio",
        "a photo and a recording came without words",
    )
    assert kind_of(Query("blue", ("audio", "photo")), SCHEMA)[0] == "photo and audio and words"
    assert [source.name for source in sources_of(Query("blue", ("audio", "photo")), SCHEMA)] == [
        "words", "photo", "audio",
    ]  # fmt: skip


def test_a_product_code_alone_has_no_vector_but_beside_a_photo_it_is_read_as_words() -> None:
    assert sources_of(Query("AC-1001"), SCHEMA) == ()
    assert [source.name for source in sources_of(Query("AC-1001", ("photo",)), SCHEMA)] == ["words", "photo"]


def test_what_no_query_can_give_is_refused() -> None:
    sentence = "A query cannot give 'foto'. It can give: words, photo."
    with pytest.raises(QueryError) as refused:
        kind_of(Query("red", ("foto",)), SCHEMA)
    assert str(refused.value) == sentence
    with pytest.raises(QueryError) as refused:
        planner.plan(Query("red"), SCHEMA, WEIGHTS, vectors={"foto": EAST})
    assert str(refused.value) == sentence


def test_a_shop_without_codes_reads_a_code_as_a_word() -> None:
    without = Schema(SCHEMA.fields.model_copy(update={"codes": ()}), SCHEMA.legs)
    planned = plan("AC-1001", schema=without)
    assert (planned.kind, planned.codes) == ("words", None)


def test_words_bring_every_keyword_signal_and_the_cosine_of_each_leg() -> None:
    tokens = (("en", ("red", "dress")),)
    assert plan("red dresses", words=EAST) == Plan(
        kind="words",
        reason="2 words",
        query="red dresses",
        keyword=Match.alike("text", tokens),
        neighbours=(Neighbours("image", Vector([1, 0]), 100, 200, 0.1 + 0.25 * (0.5 - 0.1)),),
        codes=Codes(("reddresses",)),
        signals=(
            Saturated("title", 0.3, Match.alike("title", tokens), 3),
            Saturated("text", 0.4, Match.alike("text", tokens), 8),
            Saturated("pairs", 0.15, Match.alike("pairs", (("en", ("red_dress",)),)), 8),
            Condition("all_words", 0.1, Match.alike("text", tokens, 1.0)),
            Condition("most_words", 0.05, Match.alike("text", tokens, 0.6)),
            Condition("code", CODE, Codes(("reddresses",))),
            Cosine("words.image", 0.5, "image", Vector([1, 0]), 0.1, 0.5),
            Number("number.price", 0.2, "price", 8),
        ),
    )


@pytest.mark.parametrize(
    ("text", "words", "photo", "expected"),
    [
        ("dress", None, None, ["title", "text", "all_words", "most_words", "code"]),
        ("red dress", EAST, None, ["title", "text", "pairs", "all_words", "most_words", "code", "words.image"]),
        ("", None, EAST, ["photo.image"]),
        ("red", EAST, NORTH, ["title", "text", "all_words", "most_words", "code", "words.image", "photo.image"]),
        ("AC-1001", EAST, None, ["title", "text", "pairs", "all_words", "most_words", "code", "code_prefix"]),
        ("", None, None, []),
    ],
)
def test_each_kind_of_query_has_its_signals(
    text: str, words: dict[str, Vector] | None, photo: dict[str, Vector] | None, expected: list[str]
) -> None:
    assert names(plan(text, words=words, photo=photo)) == [*expected, "number.price"]


def test_a_code_turns_the_vectors_off_and_is_looked_up_exactly() -> None:
    planned = plan("AC-1001", words=EAST)
    assert (planned.neighbours, planned.codes) == ((), Codes(("ac1001",), ("ac1001",)))


def test_a_code_among_words_is_looked_up_beside_them() -> None:
    planned = plan("acme AC-1001 dress", words=EAST)
    assert (planned.kind, len(planned.neighbours)) == ("words", 1)
    assert planned.codes is not None
    assert planned.codes.values[:2] == ("acmeac1001dress", "ac1001")


def test_signals_without_weight_are_absent() -> None:
    """A typed code counts whatever its weight."""
    assert names(plan("red dress", words=EAST, weights=Weights(signals={"text": 1, "title": 0}))) == ["text", "code"]


def test_floors_lie_on_the_calibrated_scale() -> None:
    """0.1 + 0.25 * (0.5 - 0.1) = 0.2 for words, 0.5 + 0.5 * (1.0 - 0.5) = 0.75 for a photo."""
    planned = plan("red", words=EAST, photo=NORTH)
    assert [near.floor for near in planned.neighbours[:2]] == pytest.approx([0.2, 0.75])


def test_a_leg_that_knows_nothing_of_words_is_asked_for_the_photo_alone() -> None:
    schema = SCHEMA.calibrated({"image": {"words": Calibration(0.1, 0.5, tells=0.5)}})
    planned = plan("red", words=EAST, photo=NORTH, schema=schema, weights=WEIGHTS.on(schema))
    assert [near.vector for near in planned.neighbours] == [NORTH["image"]]
    assert [name for name in names(planned) if name.endswith(".image")] == ["photo.image"]


def test_photo_and_words_also_look_half_way_between_them() -> None:
    middle = plan("red", words=EAST, photo=NORTH).neighbours[2]
    assert middle.vector.array == pytest.approx(np.array([0.5, 0.5]) ** 0.5)
    assert (middle.leg, middle.floor) == ("image", -1.0)


def test_of_three_vectors_the_middle_of_all_is_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(QUERY_SOURCES, "audio", QuerySource("audio", "a recording", "sound"))
    vectors = {"audio": {"image": Vector([1, 0])}, "words": EAST, "photo": NORTH}
    planned = planner.plan(Query("red", ("photo", "audio")), SCHEMA, WEIGHTS, vectors=vectors)
    assert [near.vector for near in planned.neighbours[:3]] == [EAST["image"], NORTH["image"], Vector([1, 0])]
    (middle,) = planned.neighbours[3:]
    assert middle.vector.array == pytest.approx(np.array([2, 1]) / 5**0.5)
    assert (middle.leg, middle.floor) == ("image", -1.0)


def test_in_the_middle_of_opposites_there_is_no_direction_and_no_error() -> None:
    planned = plan("red", words=EAST, photo={"image": Vector([-1, 0])})
    assert all(np.isfinite(near.vector.array).all() for near in planned.neighbours)


def test_an_exact_leg_explores_as_much_as_elasticsearch_allows() -> None:
    exact = Schema(SCHEMA.fields, (Leg("image", 2, "f", exact=True),))
    assert plan("red", words=EAST, schema=exact).neighbours[0].explore == 10_000


def test_each_language_looks_for_the_words_that_its_field_may_hold() -> None:
    """Fault 76."""
    keyword = plan("the Nike 跑步鞋").keyword
    assert keyword is not None
    found = {words.language: words.flat for words in keyword.words}
    assert found == {"zh": ("the", "nike", "跑步", "鞋", "步鞋", "跑", "步"), "en": ("nike",)}


@pytest.mark.parametrize(("share", "count", "needed"), [(0, 3, 1), (0.6, 3, 2), (0.6, 5, 3), (1, 4, 4), (0.5, 1, 1)])
def test_a_share_of_the_words_is_rounded_up(share: float, count: int, needed: int) -> None:
    assert Words.alike("en", [(letter,) for letter in "abcdefgh"[:count]], share).least == needed


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"brand": "Acme"}, Terms("brand", ("Acme",))),
        ({"brand": ["Acme", " Borealis"]}, Terms("brand", ("Acme", "Borealis"))),
        ({"brand": 6.0}, Terms("brand", ("6",))),
        ({"brand": True}, Terms("brand", ("true",))),
        ({"attrs.color": "red"}, Terms("attrs.color", ("red",))),
        ({"price": {"gte": 10}}, Range("price", gte=10)),
        ({"price": {"gte": "10", "lte": 50.5}}, Range("price", gte=10, lte=50.5)),
        ({"price": 20}, Terms("price", (20.0,), "numbers")),
        ({"price": ["20", 7.5]}, Terms("price", (20.0, 7.5), "numbers")),
    ],
)
def test_a_filter_becomes_a_typed_clause(filters: dict[str, Any], expected: Terms | Range) -> None:
    assert plan("dress", filters=filters).filters == (expected,)


@pytest.mark.parametrize("value", ["Ａｃｍｅ", "Acme\u200b", "Ac\ud800me", "x" * 300])
def test_a_filter_value_is_normalised_as_the_index_keeps_it(value: str) -> None:
    (clause,) = plan("dress", filters={"brand": value}).filters
    assert isinstance(clause, Terms)
    assert clause.values == facets.distinct(value)


NUMBERS = "a number, a list of numbers, or bounds such as {'gte': 10, 'lt': 50}"
OPERATORS = "any, none, gt, gte, lt, lte, exists, missing"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"filters": {"brnd": "x"}}, "Unknown filter field 'brnd'. Did you mean 'brand'?"),
        ({"filters": {"_id": "1"}}, "Unknown filter field '_id'. The index has: brand, attrs.color, price."),
        ({"facets": ["brands"]}, "Unknown facet field 'brands'. Did you mean 'brand'?"),
        ({"facets": ["weight"]}, "Unknown facet field 'weight'. The index has: brand, attrs.color, price."),
        ({"sort": "prize:asc"}, "Unknown sort field 'prize'. Did you mean 'price'?"),
        ({"sort": "weight"}, "Unknown sort field 'weight'. The index has: brand, attrs.color, price."),
        ({"sort": "price:up"}, "Unknown sort field 'price:up'. Did you mean 'price'?"),
        (
            {"filters": {"brand": {"gte": 1}}},
            "Filter 'brand' is {'gte': 1}, expected a value or a list of values.",
        ),
        ({"filters": {"brand": None}}, "Filter 'brand' is None, expected a value or a list of values."),
        ({"filters": {"brand": {"Acme"}}}, "Filter 'brand' is {'Acme'}, expected a value or a list of values."),
        ({"filters": {"price": [1, "x"]}}, f"Filter 'price' is [1, 'x'], expected {NUMBERS}."),
        ({"filters": {"price": {}}}, f"Filter 'price' is {{}}, expected some of: {OPERATORS}."),
        ({"filters": {"price": {"over": 1}}}, f"Filter 'price' is {{'over': 1}}, expected some of: {OPERATORS}."),
        ({"filters": {"price": "cheap"}}, f"Filter 'price' is 'cheap', expected {NUMBERS}."),
        ({"filters": {"price": {"lte": float("nan")}}}, "Filter 'price' has the bound nan, expected a number."),
        ({"filters": {"price": {"lte": None}}}, "Filter 'price' has the bound None, expected a number."),
        ({"filters": {"price": True}}, f"Filter 'price' is True, expected {NUMBERS}."),
        (
            {"filters": {f"f{number}": 1 for number in range(101)}},
            "101 filters were given; at most 100 are allowed.",
        ),
        ({"page": 0}, "Page 0 of size 10 was asked for; pages start at 1 and sizes at 0."),
        ({"size": -1}, "Page 1 of size -1 was asked for; pages start at 1 and sizes at 0."),
    ],
)
def test_what_the_index_cannot_give_is_refused_with_a_sentence(asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(QueryError) as refused:
        plan("dress", **asked)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (None, ()),
        ("", ()),
        ([], ()),
        ("price", (Sort("price"),)),
        ("price:asc", (Sort("price"),)),
        ("price:desc", (Sort("price", descending=True),)),
        (["brand", "price:desc"], (Sort("brand", role="facets"), Sort("price", descending=True))),
    ],
)
def test_an_order_names_fields(sort: str | list[str] | None, expected: tuple[Sort, ...]) -> None:
    assert plan("dress", sort=sort).sort == expected


@pytest.mark.parametrize(
    ("page", "size", "offset", "given", "note"),
    [
        (1, 10, 0, 10, ""),
        (3, 24, 48, 24, ""),
        (1, 0, 0, 0, ""),
        (1, 5_000, 0, 1_000, "a page holds at most 1000 hits, 5000 were asked for"),
        (1_000_000, 10, 9_990, 10, "only the first 10000 hits have page numbers; narrow the search with a filter"),
        (10**30, 24, 9_976, 24, "only the first 10000 hits have page numbers; narrow the search with a filter"),
    ],
)
def test_pages_end_where_elasticsearch_ends(page: int, size: int, offset: int, given: int, note: str) -> None:
    """Fault 73."""
    planned = plan("dress", page=page, size=size)
    assert (planned.offset, planned.size, " ".join(planned.notes)) == (offset, given, note)


def test_the_number_of_a_page_is_what_was_asked_for() -> None:
    assert [plan("x", page=page, size=size).number for page, size in [(1, 10), (7, 24), (1, 0)]] == [1, 7, 1]


def test_the_window_is_the_same_on_every_page_and_holds_all_neighbours() -> None:
    windows = {plan("red", words=EAST, photo=NORTH, page=page, size=50).window for page in range(1, 5)}
    assert windows == {400}
    assert sum(near.k for near in plan("red", words=EAST, photo=NORTH).neighbours) <= 400


def test_a_long_query_is_cut_and_the_cut_is_said() -> None:
    """Fault 70."""
    planned = plan("red " * 1_000)
    assert planned.notes == ("the query was cut to its first 256 of 4000 characters",)
    assert planned.keyword == plan("red").keyword


def test_a_query_has_at_most_32_words() -> None:
    keyword = plan(" ".join(f"a{number}" for number in range(60))).keyword
    assert keyword is not None
    assert [len(words.tokens) for words in keyword.words] == [32]


def test_the_reason_of_an_endless_code_is_short() -> None:
    assert len(plan("1" * 100_000).reason) < 300


@pytest.mark.parametrize(
    "text", ["*", "red* OR dress~2", "title:red", "_id:1", '"red dress"', "red && !dress", "{}[]/re.*/"]
)
def test_query_syntax_is_plain_words(text: str) -> None:
    plain = "".join(character if character.isalnum() or character == "_" else " " for character in text)
    assert plan(text).keyword == plan(plain).keyword


@given(st.text(st.characters(exclude_categories=()), max_size=300))
@examples(deadline=None)
def test_any_text_gives_a_plan_that_prints(text: str) -> None:
    planned = plan(text)
    assert str(planned).startswith(f"{planned.kind}: ")
    assert planned == plan(text)


def test_plans_compare_by_what_they_do() -> None:
    assert plan("red dress", words=EAST) == plan("red dress", words={"image": Vector([1.0, 0.0])})
    assert plan("red dress", words=EAST) != plan("red dress", words=NORTH)
    assert plan("red dress") != plan("red dress", page=2)


def test_a_plan_says_what_it_does() -> None:
    planned = plan("red dresses", words=EAST, filters={"brand": "Acme"}, facets=["brand"], sort="price:desc", page=2)
    assert str(planned).splitlines() == [
        "words: 2 words",
        "  keyword     text has 1 of 2 words (en: red dress)",
        "  codes       reddresses",
        "  neighbours  100 nearest in 'image' with cosine >= 0.200",
        "  filter      Terms(field='brand', values=('Acme',), role='facets')",
        "  signal      0.300 x title",
        "  signal      0.400 x text",
        "  signal      0.150 x pairs",
        "  signal      0.100 x all_words",
        "  signal      0.050 x most_words",
        f"  signal      {CODE:.3f} x code",
        "  signal      0.500 x words.image",
        "  signal      0.200 x number.price",
        "  sort        price descending",
        "  cut-off     65% of the best score",
        "  facet       brand",
        "  hits        11 to 20, window 400",
    ]


def test_in_the_order_of_a_field_the_best_product_is_needed_first() -> None:
    planned = plan("red dress", words=EAST, facets=["brand"], sort="price:desc", page=2)
    assert planned.needs_best
    best = planned.best()
    assert (best.sort, best.facets, best.offset, best.size, best.rows) == ((), (), 0, 1, False)
    assert (best.neighbours, best.signals, best.proofs) == (planned.neighbours, planned.signals, planned.proofs)
    near = planned.near(0.8, 79)
    assert near.least == pytest.approx(0.65 * 0.8)
    assert not near.needs_best
    assert near.notes == ("in order of price: of 79 products those that score 65% of the best",)


@pytest.mark.parametrize(
    ("asked", "cut_off"),
    [({"text": "red"}, 0.65), ({"text": "", "sort": "price"}, 0.65), ({"text": "red", "sort": "price"}, 0.0)],
)
def test_elsewhere_everything_that_was_found_is_in_order(asked: dict[str, Any], cut_off: float) -> None:
    weights = WEIGHTS.model_copy(update={"cut_off": cut_off})
    assert not planner.plan(Query(**asked), SCHEMA, weights).needs_best


def test_where_the_index_knows_hardly_a_word_what_is_no_nearer_than_nonsense_is_not_found() -> None:
    legs = (Leg("image", 2, "f", calibrations=LEG.calibrations), Leg("text", 2, "f", ("title",), LEG.calibrations))
    lexicon = Lexicon({"red": 40}, 100)
    vectors = {"words": {"image": Vector([1, 0]), "text": Vector([1, 0])}}
    for typed, expected in (("qwertz", [0.3, 0.3]), ("red qwertz", [0.3, 0.3]), ("red", [0.2, 0.2])):
        planned = planner.plan(Query(typed), Schema(SCHEMA.fields, legs), WEIGHTS, vectors=vectors, lexicon=lexicon)
        assert [clause.floor for clause in planned.neighbours] == pytest.approx(expected), typed


def test_what_could_not_be_had_is_passed_on() -> None:
    planned = planner.plan(Query("red"), SCHEMA, WEIGHTS, degraded=["no vectors from 'image'"])
    assert planned.degraded == ("no vectors from 'image'",)


def test_a_plan_that_loses_its_vectors_is_the_one_that_never_had_them() -> None:
    """Fault 10: what is left is weighted as where no encoder works."""
    query = Query("red AC-1001", filters={"brand": ["Acme"]}, facets=["brand"], page=2)
    had = planner.plan(query, SCHEMA, WEIGHTS, vectors={"words": EAST})
    assert had.neighbours
    assert had.without_vectors("x") == planner.plan(query, SCHEMA, WEIGHTS, degraded=["x"])


def test_a_plan_that_loses_its_words_keeps_what_does_not_come_from_them() -> None:
    """Fault 10."""
    had = planner.plan(Query("red AC-1001", filters={"brand": ["Acme"]}), SCHEMA, WEIGHTS, vectors={"words": EAST})
    left = had.without_words("x")
    assert (left.keyword, left.codes, left.degraded) == (None, None, ("x",))
    assert (left.neighbours, left.filters) == (had.neighbours, had.filters)
    assert [signal.name for signal in left.signals] == [
        signal.name for signal in had.signals if signal.name.startswith(("words.", "number."))
    ]


def test_planning_changes_nothing_that_it_is_given() -> None:
    query = Query("red AC-1001", filters={"brand": ["Acme"], "price": {"gte": 1}}, facets=["brand"], page=2)
    vectors = {"words": dict(EAST)}
    before = copy.deepcopy((query, vectors))
    planner.plan(query, SCHEMA, WEIGHTS, vectors=vectors)
    assert (query, vectors) == before
