"""No text of a seller or a shopper takes more than linear time, and no regular expression of the package can.

What makes sure of it: every pattern is a constant of its module and none is made inside of a function, so that all are
found here; each is tried against texts that are built from its own parts. What may be cut is cut before a pattern or a
parser of numbers meets it.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import hybridsearch
from hybridsearch import document
from hybridsearch.catalog.base import product
from hybridsearch.errors import QueryError
from hybridsearch.roles import Fields
from hybridsearch.schema import Leg, Schema
from hybridsearch.search import planner
from hybridsearch.search.planner import Query
from hybridsearch.search.weights import Weights
from hybridsearch.values import Product, Reject

parser: Any = importlib.import_module("re._parser")
sre: Any = importlib.import_module("re._constants")

PACKAGE = Path(hybridsearch.__file__).parent
SIZES = (12, 18, 24, 32, 40, 56, 76, 128, 512, 2_048, 16_384)
"""Characters, the smaller first: what is exponential or cubic must fail before it hangs."""
PAIRED = 4_000
"""Characters of texts of two parts in turn, of which there are many."""
BUDGET = 0.05
"""Seconds; a linear pattern takes less than a hundredth of it, a quadratic one ten times as long."""
LEAST = 512
"""Characters from which on a text need not be longer where it would stay within the budget if its time grew with the
square; what grows with the cube is beyond it by then."""
HOSTILE = 400_000
"""Characters of a text."""
A_ROW = 3.0
"""Seconds of computing for all fields of a row, or all parts of a query."""
UNITS = (
    *(" ", "1", "a", "a-", "a.", "1,", "1 ", "a1-", "'", "l'", "2025-01-01", "1e", "哈", "赤い"),
    *("\u0301", "\u0315\u0316", "\uff9e\u0316", "ﷺ", "Σ", "😀", "\ud800", "\x85", "\n", "<b>"),
)
LEG = Leg("words", 2, "f", reads=("title", "text"))
SCHEMA = Schema(
    Fields(
        title="title",
        text=("text", "attr_*_*x"),
        codes=("code",),
        facets=("brand",),
        numbers=("price",),
        dates=("released",),
        booleans=("in_stock",),
        version="version",
        image="image",
        languages=("en", "de", "fr", "es", "ja", "zh"),
    ),
    (LEG,),
)
WEIGHTS = Weights(signals={"title": 1, "text": 1, "pairs": 1, "grams": 1, "code": 1})
TAILS = ("", "\0", "!x")
SEARCHING = {"search", "findall", "finditer", "sub", "subn", "split"}
MAKING = {"compile", "match", "fullmatch", "search", "findall", "finditer", "sub", "subn", "split", "template"}


@cache
def sources() -> list[tuple[Path, ast.Module]]:
    """Return the files of the package."""
    files = sorted(PACKAGE.rglob("*.py"))
    return [(path.relative_to(PACKAGE), ast.parse(path.read_text(encoding="utf-8"))) for path in files]


def modules() -> Iterator[ModuleType]:
    """Yield the modules of the package that import `re`; no other one can make a pattern."""
    for path, tree in sources():
        imported = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        if any("re" in (getattr(node, "module", ""), *(alias.name for alias in node.names)) for node in imported):
            yield importlib.import_module(".".join(("hybridsearch", *path.with_suffix("").parts)))


def patterns_in(value: Any, depth: int = 4) -> Iterator[re.Pattern[Any]]:
    """Yield the patterns in a value: itself, in containers, in the attributes of classes and of their instances."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, Mapping):
        for item in itertools.chain(value.keys(), value.values()):
            yield from patterns_in(item, depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from patterns_in(item, depth - 1)
    elif depth and str(getattr(value, "__module__", "")).startswith("hybridsearch") and hasattr(value, "__dict__"):
        yield from patterns_in(dict(vars(value)), depth - 1)


@cache
def patterns() -> dict[str, re.Pattern[Any]]:
    """Return every pattern of the package by the module and the name under which it was found first."""
    named: dict[str, re.Pattern[Any]] = {}
    for module in modules():
        for name, value in vars(module).items():
            if not name.startswith("__"):
                for number, pattern in enumerate(patterns_in(value)):
                    if pattern not in named.values():
                        named[f"{module.__name__}.{name}" + f"[{number}]" * bool(number)] = pattern
    return named


@cache
def searching() -> set[str]:
    """Return the names of which a method is used that may begin in the middle of a text."""
    return {
        node.value.id
        for _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in SEARCHING
    }


def sample(tree: Any) -> str:
    """Return a short text that a parsed pattern, or a part of it, matches, as far as that is easily told."""
    return "".join(itertools.chain.from_iterable(sample_of(*node) for node in tree))


def sample_of(kind: Any, value: Any) -> str:
    """Return a short text for one node of a parsed pattern."""
    if kind is sre.LITERAL:
        return chr(value)
    if kind in (sre.IN, sre.ANY, sre.NOT_LITERAL):
        return next(iter(letters(kind, value)), "")
    if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        times: int = value[0]
        return sample(value[2]) * times
    if kind is sre.SUBPATTERN:
        return sample(value[-1])
    if kind is sre.ATOMIC_GROUP:
        return sample(value)
    if kind is sre.BRANCH:
        return sample(value[1][0])
    return ""


def letters(kind: Any, value: Any) -> Iterator[str]:
    """Yield a few characters of those that a node stands for."""
    kinds = {
        sre.CATEGORY_DIGIT: "1",
        sre.CATEGORY_SPACE: " \n",
        sre.CATEGORY_WORD: "a_1é",
        sre.CATEGORY_NOT_DIGIT: "a ",
        sre.CATEGORY_NOT_SPACE: "a",
        sre.CATEGORY_NOT_WORD: "- ",
    }
    if kind is sre.LITERAL:
        yield chr(value)
    elif kind is sre.RANGE:
        yield chr(value[0])
    elif kind is sre.CATEGORY:
        yield from kinds[value]
    elif kind in (sre.ANY, sre.NOT_LITERAL):
        yield from "a-1"
    elif kind is sre.IN and value[0][0] is sre.NEGATE:
        pattern = [letter for node in value[1:] for letter in letters(*node)]
        yield from (letter for letter in "a1 -é" if letter not in pattern)
    elif kind is sre.IN:
        for node in value:
            yield from letters(*node)


def walk(tree: Any, before: str = "") -> Iterator[tuple[str, str, set[str]]]:
    """Yield, for each repetition in a parsed pattern, a text before it and one that it repeats; and all letters."""
    for kind, value in tree:
        yield before, "", set(letters(kind, value))
        if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            yield before, sample(value[2]), set()
            yield from walk(value[2], before)
        elif kind is sre.SUBPATTERN:
            yield from walk(value[-1], before)
        elif kind is sre.ATOMIC_GROUP:
            yield from walk(value, before)
        elif kind is sre.BRANCH:
            for branch in value[1]:
                yield from walk(branch, before)
        elif kind in (sre.ASSERT, sre.ASSERT_NOT):
            yield from walk(value[1], before)
        before += sample_of(kind, value)


def attacks(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, int]]:
    """Yield beginnings, parts to repeat, and how long the text may be."""
    parts = list(walk(parser.parse(pattern.pattern, pattern.flags)))
    alphabet = sorted(set().union(*(found for _, _, found in parts)))
    alphabet = alphabet if len(alphabet) <= 16 else alphabet[:: len(alphabet) // 16 + 1]
    starts = dict.fromkeys(before for before, _, _ in parts)
    units = dict.fromkeys(unit for _, unit, _ in parts if unit)
    for start, unit in itertools.product(starts, [*units, *alphabet]):
        yield start, unit, SIZES[-1]
    for first, second in itertools.permutations(alphabet, 2):
        yield "", first + second, PAIRED


def seconds(call: Callable[[Any], object], text: str | bytes) -> float:
    """Return how long a call takes, of three tries the shortest where the first one is too long."""
    taken = []
    for _ in range(3):
        started = time.process_time()
        call(text)
        taken.append(time.process_time() - started)
        if min(taken) < BUDGET or taken[-1] > 10 * BUDGET:
            break
    return min(taken)


def slow(name: str, pattern: re.Pattern[Any]) -> Iterator[str]:
    """Yield the attacks that a pattern does not withstand."""
    calls: list[Callable[[Any], object]] = [pattern.fullmatch, pattern.match]
    if name.rpartition(".")[2] in searching():
        calls.append(lambda text: pattern.sub(text[:0], text))
    for start, unit, longest in attacks(pattern):
        for tail, call in itertools.product(TAILS, calls):
            for size in SIZES:
                times = min(size, longest) // len(unit)
                text = start + unit * times + tail
                attack = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
                if (taken := seconds(call, attack)) > BUDGET:
                    yield f"{name}: {taken:.2f} s for {start!r} + {unit!r} * {times} + {tail!r}"
                    return
                if size >= LEAST and taken * (longest / size) ** 2 < BUDGET:
                    break


def test_no_pattern_takes_more_than_linear_time() -> None:
    assert [attack for name, pattern in patterns().items() for attack in slow(name, pattern)] == []
    assert len(patterns()) > 40


def test_slow_patterns_are_noticed() -> None:
    cubic, exponential = r"(?:[A-Z]{3})?\s*[+-]?\s*(?:[A-Z]{3})?\s*\d+", r"[a-z]+(?:(?:\.(?!\d)|(?<!\d)\.)[a-z]+)+"
    for pattern in (cubic, exponential, r"\d+\.?\d*"):
        assert list(slow("a pattern", re.compile(pattern))), pattern


def test_every_pattern_is_a_constant_of_its_module_where_it_is_found() -> None:
    inline = []
    for path, tree in sources():
        functions = [
            node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        ]
        for node in itertools.chain.from_iterable(map(ast.walk, functions)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "re":
                inline += [f"{path}:{node.lineno}: re.{node.attr}"] * (node.attr in MAKING)
        for node in ast.walk(tree):
            hidden = isinstance(node, ast.ImportFrom) and node.module in ("re", "regex")
            inline += [f"{path}: imports from re"] * hidden
    assert inline == []


@pytest.mark.parametrize("unit", UNITS)
def test_a_row_of_hostile_text_becomes_a_document_or_a_reject_in_linear_time(unit: str) -> None:
    become_document("跑步鞋")  # loads the dictionary
    for before, after in (("", ""), ("EUR", "x")):
        written = before + unit * (HOSTILE // len(unit)) + after
        started = time.process_time()
        become_document(written)
        assert time.process_time() - started < A_ROW


def become_document(written: str) -> None:
    """Build the documents of rows that hold a text where any role may read it, and as a name."""
    for roles in (("title", "text", "code", "brand"), ("price",), ("released",), ("in_stock",), ("version",)):
        row = product({"id": "1", **dict.fromkeys(roles, written)}, "id", "here")
        assert isinstance(row, Product)
        with suppress(ValueError):
            document.build(row, SCHEMA, {})
    row = product({"id": "1", "attr_" + written: written, "title": [written]}, "id", "here")
    assert isinstance(row, Product)
    document.build(row, SCHEMA, {})
    document.leg_text(row.row, LEG)
    assert isinstance(product({"id": written}, "id", "here"), Product | Reject)


@pytest.mark.parametrize("unit", UNITS)
def test_a_query_of_hostile_text_becomes_a_plan_in_linear_time(unit: str) -> None:
    """Faults 70 and 72."""
    planner.plan(Query("跑步鞋"), SCHEMA, WEIGHTS)
    written = unit * (HOSTILE // len(unit))
    started = time.process_time()
    for name in ("brand", "price", "released", "in_stock", written):
        for filters in ({name: written}, {name: {"gte": written}}):
            with suppress(QueryError):
                planner.plan(Query(written, filters=filters), SCHEMA, WEIGHTS)
        with suppress(QueryError):
            planner.plan(Query(written, facets=[name], sort=name), SCHEMA, WEIGHTS)
    assert time.process_time() - started < A_ROW
