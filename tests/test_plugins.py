"""Parts by name: what is known, what other packages declare, and what is said of all else."""

from pathlib import Path

import pytest

from hybridsearch.plugins import find_part
from tests.installed import install

KNOWN = {"red": 1, "green": 2}
GROUP = "hybridsearch.colours"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_what_is_known_is_taken_before_any_package(site: Path) -> None:
    install(site, "colours_known", "red = 17\n", {GROUP: {"red": "colours_known:red"}})
    assert find_part("red", KNOWN, GROUP) == 1


def test_an_entry_point_of_a_package_is_loaded(site: Path) -> None:
    install(site, "colours_more", "blue = 17\n", {GROUP: {"blue": "colours_more:blue"}})
    assert find_part("blue", KNOWN, GROUP) == 17


def test_an_unknown_name_lists_what_there_is_with_the_nearest(site: Path) -> None:
    install(site, "colours_listed", "blue = 17\n", {GROUP: {"blue": "colours_listed:blue"}})
    with pytest.raises(LookupError) as refused:
        find_part("gren", KNOWN, GROUP)
    assert str(refused.value) == "'gren' is unknown. Did you mean 'green'? Expected one of: blue, green, red."


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("import a_module_that_is_not_there\n", "ModuleNotFoundError: No module named 'a_module_that_is_not_there'"),
        ("", "AttributeError: module '{name}' has no attribute 'blue'"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_package_that_cannot_be_imported_is_named(
    site: Path, request: pytest.FixtureRequest, module: str, reason: str
) -> None:
    name = f"colours_broken_{len(module)}"
    install(site, name, module, {GROUP: {"blue": f"{name}:blue"}})
    with pytest.raises(LookupError) as refused:
        find_part("blue", KNOWN, GROUP)
    assert str(refused.value) == f"'blue' cannot be imported: {reason.format(name=name)}. Repair its package."
