"""Whatever is passed to a public entry, a HybridSearchError is all that comes out of it.

The entries are found by inspection, so that a new method, argument or option is covered as soon as it is there. What a
function that is passed raises, such as one that is told the progress, is its own affair, and comes out as it is.
Arguments are read by `given` and `asked`.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pydantic
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import hybridsearch
from hybridsearch import AsyncHybridSearch, HybridSearch, HybridSearchError, Settings, cli
from tests import shops
from tests.strategies import any_text, any_value, made

EXAMPLES = int(os.environ.get("HYBRIDSEARCH_TEST_VALUES", "0"))
"""Calls in each test; left out: a few, and always the same."""
LONGEST_MESSAGE = 3_000
"""Characters; what was passed is quoted in part."""

FIELDS = {**shops.FIELDS, "languages": ["en", "de"], "dates": ["released"], "booleans": ["in_stock"]}
NAMES = ("brand", "price", "released", "in_stock", "sku", "id", "colour")

Test = Callable[..., None]


def many(usual: int) -> settings:
    """Return how often a test is run: for CI as often as told, and with the same values every time."""
    return settings(
        max_examples=EXAMPLES or usual,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True)
class Entry:
    """A public function or method, and what it is told."""

    name: str
    call: Callable[..., Any]
    arguments: tuple[inspect.Parameter, ...]


def entry(name: str, call: Callable[..., Any]) -> Entry:
    """Return a function as an entry."""
    return Entry(name, call, tuple(inspect.signature(call).parameters.values()))


def methods(owner: Any) -> list[Entry]:
    """Return the public methods of an object, or of a class, that this library defines."""
    members = inspect.getmembers(owner, callable)
    ours = [
        (name, call) for name, call in members if (getattr(call, "__module__", None) or "").startswith("hybridsearch")
    ]
    return [entry(name, call) for name, call in ours if not name.startswith("_") and name != "close"]


USUAL: dict[str, Any] = {
    "text": "red coat",
    "filters": {"brand": "Acme"},
    "facets": ["brand"],
    "sort": "price:desc",
    "ids": ["1", "2"],
    "products": [{"id": "1", "title": "Red hat", "price": 1}],
    "data": {"catalog": {"path": "products.jsonl"}},
    "path": Path("products.jsonl"),
    "folder": Path(),
}
"""What stands for an argument that has no default, or whose default asks for little."""

ROWS = st.fixed_dictionaries(
    {"id": st.just("1") | any_value()},
    optional={name: any_value() for name in ("title", "price", "brand", "released", "in_stock", "sku", "x")},
)
SECTIONS = ("catalog", "fields", "engine", "vectors", "weights", "judgments", "fetch")
NEAR: dict[str, st.SearchStrategy[Any]] = {
    "filters": st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), any_value(), max_size=2),
    "facets": st.lists(st.sampled_from(NAMES) | any_value(), max_size=3),
    "sort": st.sampled_from(NAMES) | any_text(),
    "text": any_text(),
    "image": any_text(),
    "ids": st.lists(any_value(), max_size=3) | st.dictionaries(st.text(max_size=3), any_value(), max_size=2),
    "products": st.lists(ROWS, min_size=1, max_size=2),
    "data": st.dictionaries(
        st.sampled_from(SECTIONS),
        any_value() | st.dictionaries(st.sampled_from(["path", "text", "url", "name"]), any_value(), max_size=2),
        max_size=2,
    ),
}
"""Arguments that are nearly what is meant, and so come further."""
ODD = {name: near | any_value() for name, near in NEAR.items()}


class Call:
    """A public entry with the arguments that it is to be called with."""

    def __init__(self, entry: Entry, arguments: dict[str, Any]) -> None:
        self.entry, self.arguments = entry, arguments

    def __repr__(self) -> str:
        return f"{self.entry.name}(**{self.arguments!r})"

    def error(self, allowed: type[Exception] = HybridSearchError) -> Exception | None:
        """Make the call, and return the error that comes out of it if it is none of those that may."""
        values = {name: made(value) for name, value in self.arguments.items()}
        if any(callable(values.get(name)) for name in ("progress",)):
            return None
        try:
            result = self.entry.call(**values)
            if inspect.isawaitable(result):
                LOOP.run_until_complete(result)
        except HybridSearchError as error:
            return None if len(str(error)) < LONGEST_MESSAGE else OverflowError(f"a long message: {str(error)[:200]}")
        except allowed:
            return None
        except Exception as error:
            return error
        return None


LOOP = asyncio.new_event_loop()
"""That the coroutines of all calls run in."""


@st.composite
def calls(draw: st.DrawFn, entries: list[Entry]) -> Call:
    """Return an entry, and arguments of which one or two may be anything."""
    entry = draw(st.sampled_from(entries))
    usual = {
        argument.name: USUAL.get(argument.name)
        for argument in entry.arguments
        if argument.default is argument.empty or (argument.name in USUAL and draw(st.booleans()))
    }
    names = [argument.name for argument in entry.arguments]
    odd = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2)) if names else []
    return Call(entry, usual | {name: draw(ODD.get(name, any_value())) for name in odd})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a shop, in which the tests run; nothing is logged."""
    folder = tmp_path_factory.mktemp("shop")
    before = Path.cwd()
    os.chdir(folder)
    logging.disable(logging.CRITICAL)
    with shops.shop(folder, fields=FIELDS):
        yield folder
    logging.disable(logging.NOTSET)
    os.chdir(before)


def no_error_but_ours(entries: list[Entry], usual: int, allowed: type[Exception] = HybridSearchError) -> None:
    """Call entries with any values."""

    @many(usual)
    @given(calls(entries))
    def run(call: Call) -> None:
        if error := call.error(allowed):
            raise AssertionError(f"{call} ended in {type(error).__name__}") from error

    run()


SEARCHES = {"search", "plan", "get"}
INSIDE = {"plan_query", "plan_suggestions", "weights_for"}
"""What other rooms of the library call, with a schema and a query that it has made."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [HybridSearch, AsyncHybridSearch])
def test_any_search_is_answered_or_refused(folder: Path, kind: Any) -> None:
    """Any value of Python, passed to a public entry."""
    with_index = kind.open(shops.settings(folder, fields=FIELDS))
    entries = [entry for entry in methods(with_index) if entry.name in SEARCHES]
    assert len(entries) == len(SEARCHES)
    no_error_but_ours(entries, 150)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [HybridSearch, AsyncHybridSearch])
def test_any_change_is_made_or_refused(folder: Path, kind: Any) -> None:
    """Any value of Python, passed to a public entry."""
    with_index = kind.open(shops.settings(folder, fields=FIELDS))
    entries = [entry for entry in methods(with_index) if entry.name not in SEARCHES | INSIDE | {"open"}]
    assert {"upsert", "delete", "reindex", "rollback", "clean"} <= {entry.name for entry in entries}
    no_error_but_ours(entries, 60)


@pytest.mark.filterwarnings("ignore")
def test_any_configuration_is_opened_or_refused(folder: Path) -> None:
    """Any value of Python, passed to a public entry."""
    settings = shops.settings(folder, fields=FIELDS)
    entries = [*methods(settings), entry("open", HybridSearch.open)]
    assert {entry.name for entry in entries} == {"load", "parse", "resolve", "open"}
    no_error_but_ours(entries, 150)


@pytest.mark.filterwarnings("ignore")
def test_any_argument_of_a_class_makes_an_object_or_is_refused(folder: Path) -> None:
    """Any value of Python, passed to a public entry. Settings keep to what pydantic says: a ValidationError."""
    kinds = [kind for name in hybridsearch.__all__ if isinstance(kind := getattr(hybridsearch, name), type)]
    entries = [entry(kind.__name__, kind) for kind in kinds if not issubclass(kind, Exception | Settings)]
    assert {"Hit", "Page", "Plan", "HybridSearch"} <= {entry.name for entry in entries}
    no_error_but_ours(entries, 60)
    no_error_but_ours([entry("Settings", Settings)], 60, pydantic.ValidationError)


PLACES = (click.Path, click.File)
"""What an option names may be written to: it stays in the folder."""


@st.composite
def command_lines(draw: st.DrawFn) -> list[Any]:
    """Return a command with options and arguments of any text."""
    name = draw(
        st.sampled_from(sorted(set(cli.COMMANDS) - {"demo", "serve"}))
    )  # which takes seconds, for a folder's name
    command = cli.cli.get_command(click.Context(cli.cli), name)
    assert command is not None
    configurable = any("--config" in parameter.opts for parameter in command.params)
    words: list[Any] = [name, *(["-c", "shop.toml"] if configurable else [])]
    for parameter in draw(st.lists(st.sampled_from(command.params), max_size=3)):
        words += [draw(st.sampled_from(parameter.opts))] if isinstance(parameter, click.Option) else []
        if not getattr(parameter, "is_flag", False):
            text = draw(any_text() | st.sampled_from(["price>=x", "brand=Acme", "1", "products.jsonl", "judged.tsv"]))
            words.append(made(text).strip("./~\\") if isinstance(parameter.type, PLACES) else text)
    return words


@pytest.mark.filterwarnings("ignore")
def test_any_command_line_ends_in_a_line_and_a_code(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Any value of Python, passed to a public entry: here any text, as an option of a command."""
    shops.write_config(folder, fields=FIELDS)
    (folder / "hybridsearch.toml").rename(folder / "shop.toml")
    (folder / "judged.tsv").write_text("query\tproduct_id\tgrade\nred\t1\t1\ncoat\t2\t3\n")

    @many(80)
    @given(command_lines())
    def run(words: list[Any]) -> None:
        (folder / "hybridsearch.toml").unlink(missing_ok=True)  # `init` may just have written it
        code = cli.run([made(word) for word in words])
        output = capfdbinary.readouterr()
        assert code in (cli.DONE, cli.REFUSED, cli.USAGE, cli.UNREACHABLE, cli.INTERRUPTED), output.err.decode()[
            -3_000:
        ]

    run()
