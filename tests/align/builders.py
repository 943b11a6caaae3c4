"""Builders for the tests of alignment."""

from __future__ import annotations

from hybridsearch.align.lexicon import Claim
from hybridsearch.align.pairs import Pair


def make_pair(name: str, title: str = "", picture: str = "", **values: str) -> Pair:
    return Pair(name, title or name, {field: (value,) for field, value in values.items()}, 0, picture or name)


def claim(kinds: str = "", colours: str = "") -> Claim:
    return Claim(frozenset(kinds.split()), frozenset(colours.split()))
