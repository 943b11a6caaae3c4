"""Columns that hold several values in a cell, and what stands between them."""

import pytest

from hybridsearch.propose.lists import separators

PAGE = "https://shop.example"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["red, blue | green", "blue, red", "green | blue", "red"], ("|", ",")),
        (["red;blue", "blue;red", "red"] * 3, (";",)),
        (["red / blue", "blue / red", "red"], (" / ",)),
        (["赤、青", "青、赤", "赤"], ("、",)),
        (['["red", "blue"]', '["blue", "red"]', '["red"]'], (",",)),
        (["['a.jpg', 'b.jpg']", "['c.jpg']"], (",",)),
        (["cotton\nwool", "wool\ncotton", "wool"], ("\n",)),
        ([f"{PAGE}/a.jpg,{PAGE}/b.jpg", f"{PAGE}/c.jpg"], (",",)),
        ([f"{PAGE}/a.jpg {PAGE}/b.jpg"], (" ",)),
        ([f"{PAGE}/w_2,h_3/a.jpg|{PAGE}/b.jpg", f"{PAGE}/c.jpg"], ("|",)),
        (["my red hat.jpg; back.png", "front.jpg"], (";",)),
        (["AB-1000, AB-2000", "AB-3000"], (",",)),
        (["4006381333931;4006381333948", "4006381333955"], (";",)),
    ],
)
def test_cells_of_several_values_tell_what_stands_between_them(cells: list[str], expected: tuple[str, ...]) -> None:
    assert separators(cells) == expected


@pytest.mark.parametrize(
    "cells",
    [
        ["Dallas, TX", "Dallas, TX", "Austin, TX", "Boise, ID", "Boise, ID"],
        ["Chair, red", "Chair, blue", "Table, red", "Table, blue"],
        ["A warm hat, made of wool, for cold days", "A hat, made of wool, for windy days"] * 5,
        [f"{PAGE}/w_2,h_3/a.jpg", f"{PAGE}/w_2,h_4/b.jpg"],
        ["my red hat.jpg", "back.png"],
        ["12,50", "9,90", "9,50"],
        ["12.50;13.50", "9.90"],
        ["[{'name': 'red'}, {'name': 'blue'}]", "[{'name': 'blue'}, {'name': 'red'}]"],
        ["red", "blue"],
        [],
    ],
)
def test_what_only_has_commas_is_one_value(cells: list[str]) -> None:
    assert separators(cells) == ()


def test_a_column_named_like_a_list_is_one_though_nothing_repeats() -> None:
    cells = ["summer, linen", "winter, wool"]
    assert (separators(cells), separators(cells, named=True)) == ((), (",",))


def test_what_people_choose_by_may_always_stand_in_one_order() -> None:
    cells = ["S, M", "S, M, L", "S"] * 3
    assert (separators(cells), separators(cells, chosen=True)) == ((), (",",))
    assert separators(["Kiel, pale", "Ghent, dark"], chosen=True) == ()


def test_a_bar_without_spaces_stands_between_values_that_people_choose_by_alone() -> None:
    texts = ["red/blue", "blue/red", "red"] * 3
    assert separators(texts, chosen=True) == ("/",)
    assert separators(texts) == ()
