"""How the numbers of a column are written: decided from all its texts, never from one."""

from typing import Any

import pytest

from hybridsearch.fields import AS_IT_IS, Format
from hybridsearch.propose.columns import columns
from hybridsearch.propose.writing import Guess, date_format, number_format, usual_mark


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["0,250", "1,083"], Format(decimal=",")),
        (["1,083", "12,5"], Format(decimal=",")),
        (["1.299,00 €", "12,50 €", "99,- €"], Format(decimal=",", unit="EUR")),
        (["EUR 12.50", "€1,299.00"], Format(decimal=".", unit="EUR")),
        (["1 299,00", "5"], Format(decimal=",")),
        (["3.5 kg", "12 kg"], Format(decimal=".", unit="kg")),
        (["3.5 kg", "4", "sold out"], Format(decimal=".", unit="kg")),
        (["500 g", "1.5 kg", "2 kg"], Format(decimal=".", unit="kg")),
        (["5 €", "12 €"], Format(unit="EUR")),
        (["250.50", "1.083", "5"], AS_IT_IS),
        (["5", "1299"], AS_IT_IS),
        (["Red chair", "Blue lamp"], AS_IT_IS),
        ([], AS_IT_IS),
    ],
)
def test_the_format_is_the_one_in_which_all_can_be_read(texts: list[str], form: Format) -> None:
    assert number_format(texts) == Guess(form)


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["899", "1.299", "49", "12.400"], Format(decimal=",")),
        (["899", "1,299", "49", "12,400"], Format(decimal=".")),
        (["¥980", "¥1,200"], Format(decimal=".", unit="¥")),
    ],
)
def test_numbers_without_a_mark_below_1000_show_that_the_others_have_thousands(texts: list[str], form: Format) -> None:
    assert number_format(texts) == Guess(form)


@pytest.mark.parametrize(
    ("texts", "usual", "decimal"),
    [
        (["1,299", "2,450"], None, "."),
        (["1,299", "2,450"], ",", ","),
        (["1.299 €", "2.450 €"], None, ","),
        (["1.299 €", "2.450 €"], ".", "."),
    ],
)
def test_other_columns_decide_for_one_that_leaves_it_open_and_it_is_told(
    texts: list[str], usual: Any, decimal: Any
) -> None:
    form, doubtful = number_format(texts, usual)
    assert (form.decimal, doubtful) == (decimal, texts[0])


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["14/11/2019", "03/04/2020"], "DMY"),
        (["11/14/2019", "03/04/2020"], "MDY"),
        (["14.11.2019 09:30", "2020-04-03"], "DMY"),
        (["03.04.2020", "05.06.2020"], "DMY"),
        (["01/01/2020", "02/02/2020"], "DMY"),
        (["2019/1/4", "2020/12/31"], "YMD"),
        (["2019年11月14日"], "YMD"),
        (["4/20/16", "5/3/17"], "MDY"),
        (["20/04/16", "13/05/16", "28/12/16"], "DMY"),
        (["24/03/15", "24/11/02", "24/12/28"], "YMD"),
        (["20.04.16"], "DMY"),
        (["12 mars 2024", "1er août 2023"], "DMY"),
        (["Mar 3, 2024", "Dec 24, 2023"], "MDY"),
        (["Model 3 2024", "Model 4 2025"], None),
        (["2019/11/14", "2020/04/03"], None),
        (["2019-11-14", "soon"], None),
        (["Red chair"], None),
        ([], None),
    ],
)
def test_the_order_of_dates_is_the_one_in_which_all_can_be_read(texts: list[str], order: Any) -> None:
    assert date_format(texts) == Guess(Format(date=order))


def test_dates_that_leave_it_open_whether_the_day_is_first_have_no_format() -> None:
    assert date_format(["03/03/2020", "03/04/2020"]) == Guess(AS_IT_IS, "03/04/2020")
    assert date_format(["03/03/20", "03/04/20"]) == Guess(AS_IT_IS, "03/03/20")


def test_a_column_with_two_marks_is_not_read_by_both() -> None:
    (column,) = columns([{"price": "1.299,00"}, {"price": "12.50"}, {"price": "9,90"}], {})
    assert column.form("numbers") == Format(decimal=",")
    assert column.numeric == pytest.approx(2 / 3)


def test_the_usual_mark_is_that_of_columns_that_leave_no_doubt() -> None:
    assert usual_mark([["1,50", "2,25"], ["0,5"], ["1.083", "2.450"], ["free", "1.5"], ["1.5"]]) == ","
    assert usual_mark([["5", "6"], ["red"]]) is None


def test_numbers_of_json_say_nothing_of_how_texts_are_written() -> None:
    (column,) = columns([{"price": 12.5}, {"price": "12,50"}], {})
    assert (column.form("numbers"), column.numeric) == (Format(decimal=","), 1.0)
