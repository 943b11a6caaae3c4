"""What of a query is looked up as a code, and that a code leads whatever else scores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.roles import Fields
from hybridsearch.schema import Calibration, Leg, Schema
from hybridsearch.search.clauses import Codes
from hybridsearch.search.codes import MOST, codes_first, is_surely_code, typed_codes
from hybridsearch.search.weights import Weights
from hybridsearch.texts import text

WEIGHT = st.sampled_from([0.0, 1e-6, 0.3, 1.0, 7.5, 1e9])


def shop_with(scale: Calibration) -> Schema:
    """Return a shop with codes, a number, and a text leg whose cosines to words lie on a scale."""
    fields = Fields(title="title", codes=("sku",), numbers=("price",), languages=("en",))
    return Schema(fields, (Leg("leg", 2, "f", ("title",), calibrations={"words": scale}),))


@pytest.mark.parametrize(
    ("query", "values", "prefixes"),
    [
        ("LS-BL-M", ["lsblm"], []),
        ("ls bl m", ["lsblm"], []),
        ("4711A", ["4711a"], ["4711a"]),
        ("KT-INS114", ["ktins114"], ["ktins114"]),
        ("2024", ["2024"], []),
        ("4711", ["4711"], ["4711"]),
        ("m8", ["m8"], []),
        ("5 kg", ["5kg"], []),
        ("1000 ml", ["1000ml"], []),
        ("red", ["red"], []),
        ("red dress", ["reddress"], []),
        ("rope 1,4 m", ["rope14m", "rope14"], ["rope14m"]),
        ("calendar 2024", ["calendar2024"], ["calendar2024"]),
        ("t-shirt red", ["tshirtred", "tshirt"], []),
        ("hinge 4711A", ["hinge4711a", "4711a"], ["hinge4711a"]),
        ("sku:4711A", ["sku4711a", "4711a"], ["sku4711a"]),
        ("get AC 10 X", ["getac10x", "ac10", "10x", "getac10", "ac10x"], ["getac10x"]),
        ("4006 3813 3393 1", ["4006381333931", "04006381333931", "40063813", "38133393", "33931", "400638133393",
                              "0400638133393", "00400638133393", "381333931"],
         ["4006381333931"]),
    ],
)  # fmt: skip
def test_the_whole_query_is_looked_up_and_what_stands_out_from_words(
    query: str, values: list[str], prefixes: list[str]
) -> None:
    assert typed_codes(query) == Codes(tuple(values), tuple(prefixes))


@pytest.mark.parametrize("query", ["", " ", "!!!", "-/.", "😀"])
def test_without_letters_and_digits_there_is_no_code(query: str) -> None:
    assert typed_codes(query) is None


@given(st.text(max_size=text.QUERY_LIMIT))
def test_a_query_asks_for_few_codes_each_of_letters_and_digits(query: str) -> None:
    codes = typed_codes(text.clean(query, text.QUERY_LIMIT))
    assert codes is None or (0 < len(codes.values) <= MOST and len(codes.prefixes) <= 1)
    for code in codes.values + codes.prefixes if codes else ():
        assert code == text.code(code)
        assert code.isalnum()


def test_a_long_query_of_codes_asks_for_the_first_of_them() -> None:
    codes = typed_codes(" ".join(f"AC-10{number}" for number in range(40))[: text.QUERY_LIMIT])
    assert codes is not None
    assert len(codes.values) == MOST
    assert codes.values[1:3] == ("ac100", "ac101")


@pytest.mark.parametrize("query", ["AC-1001", "ac1001", "4006381333931", "WH-1000XM5", "978-3-16-148410-0"])
def test_a_sure_code_needs_no_vector(query: str) -> None:
    assert is_surely_code(query)


@pytest.mark.parametrize("query", ["iphone15", "playstation5", "2024", "100ml", "m8", "LS-BL-M", "4711A", "red dress"])
def test_what_may_be_a_word_is_read_for_its_meaning_too(query: str) -> None:
    assert not is_surely_code(query)


@given(st.lists(WEIGHT, min_size=6, max_size=6), st.floats(-0.5, 0.5), st.floats(0.01, 1.0))
def test_a_code_outweighs_all_other_signals_together_whatever_the_weights(
    drawn: list[float], low: float, width: float
) -> None:
    names = ("title", "all_words", "number.price", "words.*", "code", "code_prefix")
    schema = shop_with(Calibration(low, low + width))
    weights = codes_first(Weights(signals=dict(zip(names, drawn, strict=True))), schema)
    title, all_words, price, near = drawn[:4]
    others = title + all_words + price + near * max(0.0, (1 - low) / width) + weights.taste
    assert weights.weight("code_prefix") > others
    assert weights.weight("code") > weights.weight("code_prefix") + others
    assert [weights.weight(name) for name in names[:3]] == [title, all_words, price]


def test_a_lead_is_what_all_else_can_give_and_a_little_more() -> None:
    """All else: 0.3 + 0.2 + 0.5 * (1 - 0.1) / (0.5 - 0.1) = 1.625, and a taste of 0.1."""
    signals = {"title": 0.3, "number.price": 0.2, "words.*": 0.5, "code": 1.0, "code_prefix": 0.5}
    weights = codes_first(Weights(signals=signals, taste=0.1), shop_with(Calibration(0.1, 0.5)))
    assert weights.weight("code_prefix") == pytest.approx(0.5 + 1.01 * 1.725)
    assert weights.weight("code") == pytest.approx(1.0 + 1.01 * 1.725 + 1.01 * (0.5 + 1.01 * 1.725))


def test_a_shop_without_codes_keeps_its_weights() -> None:
    given = Weights(signals={"title": 0.3})
    assert codes_first(given, Schema(Fields(title="title", languages=("en",)))) is given


@pytest.mark.parametrize("typed", ["012345678905", "0012345678905", "00012345678905"])
def test_a_trade_number_is_the_same_with_fewer_zeros_before_it(typed: str) -> None:
    codes = typed_codes(typed)
    assert codes is not None
    assert set(codes.values) == {"012345678905", "0012345678905", "00012345678905"}


@pytest.mark.parametrize("typed", ["000000000042", "12345", "abc012345678905"])
def test_other_numbers_keep_their_zeros(typed: str) -> None:
    codes = typed_codes(typed)
    assert codes is not None
    assert codes.values == (typed,)
