"""Who may read what a shop writes: nobody else by default, and whom the operator lets, whatever the umask."""

from __future__ import annotations

import ast
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

import hybridsearch
from hybridsearch import HybridSearch, cli
from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder, replacing
from hybridsearch.disk.lock import FileLock
from hybridsearch.encoders import ENCODERS
from hybridsearch.learning import history
from hybridsearch.learning.history import exclusive
from hybridsearch.search.weights import prior
from tests.encoders.test_registry import Letters
from tests.learning.builders import BEST_SELLERS, best_sellers
from tests.shops import write_config

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are no modes")


@pytest.fixture(params=[0, 0o022, 0o077], ids=["umask 0", "umask 022", "umask 077"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def others(folder: Path) -> dict[str, set[int]]:
    """Return the modes of the files, and of the folders, in a folder."""
    paths = list(folder.rglob("*"))
    return {
        "files": {mode(path) for path in paths if path.is_file()},
        "folders": {mode(path) for path in paths if path.is_dir()},
    }


def all_that_a_shop_does(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Propose, build with a reject, change, search, measure, learn, build again, go back, clean up."""
    best_sellers(folder, twice=False)
    monkeypatch.chdir(folder)
    monkeypatch.setitem(ENCODERS, "letters", Letters)
    legs = [{"name": "words", "encoder": "letters:abc", "reads": ["title"]}]
    judged = {"judgments": {"path": "judgments.jsonl"}, "weights": {"path": "learned/weights.json"}}
    write_config(folder, **BEST_SELLERS, vectors=legs, **judged)
    with (folder / "products.jsonl").open("a") as file:
        file.write('{"id": "none", "sales": "many"}\n')
    assert cli.run(["init", "products.jsonl", "-o", "proposed.toml"]) == cli.DONE
    assert cli.run(["reindex"]) == cli.REFUSED  # one reject
    with HybridSearch.open() as shop:
        shop.upsert([{"id": "new", "title": "ash lamp", "sales": 3}])
        assert len(shop.search("ash").hits) > 8
        with exclusive(shop.settings):  # as `tune` does with what it has learned
            history.activate(shop.settings.resolve(Path("learned/weights.json")), prior())
    assert cli.run(["eval", "judgments.jsonl", "--html", "report.html"]) == cli.DONE
    cli.run(["reindex"])
    cli.run(["rollback"])
    cli.run(["clean", "--yes"])


@pytest.mark.parametrize("umask", [0, 0o022], indirect=True)
def test_a_new_home_and_all_in_it_is_for_its_owner_alone(
    tmp_path: Path, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And beside the configuration: a weights file is learned by one user, and read by the shop of another."""
    tmp_path.chmod(0o755)
    all_that_a_shop_does(tmp_path, monkeypatch)
    home = tmp_path / ".hybridsearch"
    assert mode(home) == 0o700
    assert others(home) == {"files": {0o600}, "folders": {0o700}}
    written = {path.name for path in home.rglob("*") if path.is_file()}
    assert {"vectors.db", "candidates.db", "changes.db", "current", "quality.json", "lock"} <= written
    assert any(name.startswith("rejects-") for name in written)
    learned = ("learned/weights.json", "learned/weights.history/0001.json")
    for name in ("proposed.toml", "report.html", *learned):
        assert mode(tmp_path / name) == 0o644, name
    assert {mode(path.parent) for path in map(tmp_path.joinpath, learned)} <= {0o755}


@pytest.mark.parametrize("umask", [0, 0o077], indirect=True)
@pytest.mark.parametrize(("opened", "files"), [(0o750, 0o640), (0o2770, 0o660), (0o777, 0o664)])
def test_a_home_that_the_operator_opened_stays_so_for_all_that_is_written_into_it(
    tmp_path: Path, umask: int, monkeypatch: pytest.MonkeyPatch, opened: int, files: int
) -> None:
    home = tmp_path / ".hybridsearch"
    home.mkdir()
    home.chmod(opened)
    all_that_a_shop_does(tmp_path, monkeypatch)
    assert mode(home) == opened
    assert others(home) == {"files": {files}, "folders": {opened & 0o2775}}


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "weights.json"
    path.touch()
    for chosen in (0o640, 0o604, 0o600):
        path.chmod(chosen)
        with replacing(path) as file:
            file.write(b"{}")
        assert mode(path) == chosen


def test_in_a_folder_of_strangers_files_and_folders_are_private(tmp_path: Path, umask: int) -> None:
    tmp_path.chmod(0o1777)
    modes.write(tmp_path / "report.html", b"")
    make_folder(tmp_path / "home" / "products", tmp_path)
    assert mode(tmp_path / "report.html") == 0o600
    assert mode(tmp_path / "home") == 0o700


def test_a_home_whose_parents_are_missing_is_private_from_the_top(tmp_path: Path, umask: int) -> None:
    tmp_path.chmod(0o755)
    home = tmp_path / "data" / "home"
    with FileLock(home / "products" / "run.lock", "rebuilding"):
        assert [mode(path) for path in (home.parent, home, home / "products")] == [0o700] * 3


def test_what_a_library_wrote_gets_the_modes_of_where_it_lies(tmp_path: Path, umask: int) -> None:
    tmp_path.chmod(0o750)
    folder = tmp_path / "model" / "alignment"
    folder.mkdir(parents=True)
    (folder / "report.json").touch()
    (folder / "elsewhere").symlink_to(Path(__file__))
    before = mode(Path(__file__))
    modes.settle(tmp_path / "model")
    assert [mode(path) for path in (folder.parent, folder, folder / "report.json")] == [0o750, 0o750, 0o640]
    assert mode(Path(__file__)) == before


def test_a_device_may_stand_for_a_file() -> None:
    modes.write(Path(os.devnull), b"report")


WRITES = {"write_text", "write_bytes", "touch", "mkdir", "copyfile", "copy2", "copytree", "mkstemp"}


def test_no_module_writes_a_file_by_other_means() -> None:
    """So that a file that is added follows the rule too."""
    package, found = Path(hybridsearch.__file__).parent, []
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and writes(node):
                found.append(f"{path.relative_to(package)}: {ast.unparse(node)}")
    assert found == ["disk/durable.py: folder.mkdir(modes.PRIVATE_FOLDER, exist_ok=True)"]


def writes(call: ast.Call) -> bool:
    """Return whether a call makes a file or folder without the rule."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = [part.value for part in ast.walk(call) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    opens = name == "open" and any(re.fullmatch("[rwaxbt+]{1,3}", text) and set(text) & set("wax") for text in texts)
    return name in WRITES or (opens and not any(keyword.arg == "opener" for keyword in call.keywords))


def test_other_means_are_seen() -> None:
    for text in ('p.open("wb")', 'open(p, "a+b")', 'open(p, mode="x")', "p.write_text(t)", "p.mkdir()"):
        call = ast.parse(text, mode="eval").body
        assert isinstance(call, ast.Call)
        assert writes(call), text
    assert not any(writes(call) for call in calls('open(p, "wb", opener=opener)', 'p.open("rb")', "open(p)"))


def calls(*texts: str) -> list[ast.Call]:
    return [node for text in texts if isinstance(node := ast.parse(text, mode="eval").body, ast.Call)]
