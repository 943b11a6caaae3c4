"""Kinds of goods that others sell are told from those of a shop of one trade."""

from __future__ import annotations

from hybridsearch.encoders.goods import kinds
from hybridsearch.indexing.elsewhere import of_one_trade


def test_a_shop_whose_titles_name_half_of_all_kinds_of_goods_or_more_sells_of_all_trades() -> None:
    names = list(kinds())
    half = len(names) // 2
    assert of_one_trade(names[:half]) == ()
    assert of_one_trade(names[: half + 1]) == tuple(names[: half + 1])
    assert of_one_trade([]) == ()
