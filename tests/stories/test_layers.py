"""The rooms of the package lie in layers, and an import leads from a higher layer to a lower one, never back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "hybridsearch"

LAYERS = (
    ("_version", "query_sources", "redaction", "sample", "texts", "transcript"),
    ("errors", "values"),
    ("changes", "credentials", "inputs", "plugins", "runtime", "suggestion"),
    ("disk", "endpoints", "fields"),
    ("confined", "running", "sections"),
    ("images", "reviews", "roles", "voice"),
    ("asking", "schema", "settings", "video"),
    ("document", "encoders"),
    ("search",),
    ("engines",),
    ("catalog",),
    ("events", "matching"),
    ("propose", "shop"),
    ("learning",),
    ("indexing",),
    ("align", "cluster", "doctor", "thumbnails"),
    ("clients",),
    ("web",),
    ("cli",),
    ("__main__",),
)
"""A room may import rooms of the layers above it in this table; rooms of one layer do not know each other."""


def modules() -> dict[str, Path]:
    """Return the file of each module of the package by its name below the package; the package itself is left out."""
    files = (
        path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py") if "mappings" not in path.parts
    )
    named = {".".join(path.parts).removesuffix(".__init__"): path.with_suffix(".py") for path in files}
    return {name: PACKAGE / path for name, path in named.items() if name != "__init__"}


def imports(source: str, known: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules of the package that a source imports anywhere, also inside of functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            below = name.removeprefix("hybridsearch.")
            module = below if below in known else below.rpartition(".")[0]
            if name.startswith("hybridsearch.") and module in known:
                yield module


@cache
def graph() -> dict[str, frozenset[str]]:
    """Return what each module imports."""
    known = modules()
    found = {name: imports(path.read_text(encoding="utf-8"), known) for name, path in known.items()}
    return {name: frozenset(targets) - {name} for name, targets in found.items()}


def room(module: str) -> str:
    """Return the room of a module: a folder, or a file that stands alone."""
    return module.partition(".")[0]


def layer(module: str) -> int:
    """Return the number of the layer that a module's room lies in, the lowest first."""
    return next(number for number, rooms in enumerate(LAYERS) if room(module) in rooms)


def test_every_room_has_a_layer() -> None:
    assert sorted({room(module) for module in modules()}) == sorted(name for rooms in LAYERS for name in rooms)


@pytest.mark.parametrize("module", sorted(modules()))
def test_no_import_leads_up_or_to_a_room_beside_it(module: str) -> None:
    upward = {target for target in graph()[module] if room(target) != room(module) and layer(target) >= layer(module)}
    assert not upward, f"{module} imports {sorted(upward)}; move what it needs to a lower room, or raise the room"


def test_no_modules_import_each_other() -> None:
    try:
        tuple(TopologicalSorter(graph()).static_order())
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


def test_no_folders_import_each_other() -> None:
    """A folder that lies in a room counts as one module, so that what is read first can be said of folders too."""
    packages = {".".join(path.relative_to(PACKAGE).parent.parts) for path in PACKAGE.rglob("__init__.py")}
    outer = {package.rpartition(".")[0] for package in packages}

    def folder(module: str) -> str:
        package = module.rpartition(".")[0]
        return package if "." in package and package not in outer else module

    known: dict[str, set[str]] = {}
    for module, targets in graph().items():
        known.setdefault(folder(module), set()).update(set(map(folder, targets)) - {folder(module)})
    try:
        tuple(TopologicalSorter(known).static_order())
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


def test_the_two_engines_do_not_know_each_other() -> None:
    """But for what an embedded index would ask a server, which is said by whoever speaks to servers."""
    crossing = {
        (module, target)
        for module, targets in graph().items()
        for target in targets
        if module.startswith("engines.") and target.startswith("engines.")
        if {module.split(".")[1], target.split(".")[1]} == {"elasticsearch", "embedded"}
    }
    assert crossing <= {("engines.embedded.engine", "engines.elasticsearch.request.request")}


@pytest.mark.parametrize(
    ("source", "targets"),
    [
        ("from hybridsearch.search import planner", {"search.planner"}),
        ("from hybridsearch.search.planner import plan", {"search.planner"}),
        ("def late():\n    import hybridsearch.cli.show", {"cli.show"}),
        ("import json", set()),
    ],
)
def test_imports_are_seen_however_they_are_written(source: str, targets: set[str]) -> None:
    assert set(imports(source, modules())) == targets


def test_the_architecture_page_names_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)(?:\.py|/)`", page))
    assert {room(module) for module in modules()} - {"__main__", "_version"} <= named


def test_every_file_that_the_page_tells_where_to_add_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page[page.index("## Where to add") : page.index("## Decisions")]
    for name in re.findall(r"`((?:\w+/)*(?!KIND)\w+\.(?:py|json))`", table):
        folder = ROOT if name.startswith("mappings/") else PACKAGE
        assert (folder / name).exists() or list((PACKAGE / "engines").glob(f"*/{name}")), name
