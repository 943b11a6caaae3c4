"""`search` and `similar` with `--html` and `--open`."""

from pathlib import Path

import click
import pytest
from PIL import Image

from hybridsearch.web import extra
from tests.shops import FIELDS, Run, runner, shop, write_config, write_products

ROWS = [
    {"id": "1", "title": "Red coat", "brand": "Acme", "price": 80, "image": "red.png"},
    {"id": "2", "title": "Red hat", "brand": "Acme", "price": 20},
]
PICTURED = {**FIELDS, "image": "image"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop with a picture."""
    Image.new("RGB", (64, 64), "red").save(tmp_path / "red.png")
    write_products(tmp_path / "products.jsonl", ROWS)
    write_config(tmp_path, fields=PICTURED)
    shop(tmp_path, fields=PICTURED).close()
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    return runner(folder, monkeypatch, capfdbinary)


def test_a_search_is_written_as_a_page_beside_what_is_printed(run: Run, folder: Path) -> None:
    printed = run("search", "red", "--filter", "brand=Acme")[1]
    code, out, err = run("search", "red", "--filter", "brand=Acme", "--html", "red.html")
    assert (code, err) == (0, "The page is in 'red.html'.\n")
    assert out.splitlines()[1:] == printed.splitlines()[1:]  # the first line has the time
    page = (folder / "red.html").read_text(encoding="utf-8")
    assert "<mark>Red</mark> coat" in page
    assert page.count("data:image/webp;base64,") == 1
    assert "“red”, brand=Acme, 20" in page


def test_similar_products_are_written_as_a_page(run: Run, folder: Path) -> None:
    code, _, err = run("similar", "1", "--json", "--html", "like.html")
    assert (code, err) == (0, "The page is in 'like.html'.\n")
    assert "Like 1, 20" in (folder / "like.html").read_text(encoding="utf-8")


def test_a_photo_that_was_searched_with_is_in_its_page(folder: Path, run: Run) -> None:
    leg = {"name": "image", "encoder": "starter", "reads": "image"}
    write_config(folder, fields=PICTURED, vectors=[leg])
    shop(folder, fields=PICTURED, vectors=[leg]).close()
    assert run("search", "--image", "red.png", "--html", "photo.html")[0] == 0
    page = (folder / "photo.html").read_text(encoding="utf-8")
    assert 'alt="The photo that was searched with"' in page
    assert page.count("data:image/webp;base64,") == 2


def test_a_browser_shows_a_file_that_only_its_owner_may_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    launched: list[str] = []
    browsers = iter([0, 1])  # there is one, then there is none

    def launch(path: str) -> int:
        launched.append(path)
        return next(browsers)

    monkeypatch.setattr(click, "launch", launch)
    code, _, err = run("search", "red", "--open")
    (path,) = map(Path, launched)
    assert (code, err) == (0, f"The page is in '{path}'.\n")
    assert path.stat().st_mode & 0o077 == 0
    path.unlink()
    assert "No browser could be started: open the file in one." in run("search", "red", "--open")[2]
    Path(launched[-1]).unlink()


def test_without_the_extra_the_install_line_is_named_before_anything_is_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    code, out, err = run("search", "red", "--html", "red.html")
    assert (code, out) == (2, "")
    assert err == (
        "Error: The page needs the package 'jinja2', which is not installed. Run: pip install \"hybridsearch[web]\"\n"
    )


def test_a_plan_is_no_page(run: Run, folder: Path) -> None:
    for command in (["search", "red"], ["similar", "1"]):
        code, _, err = run(*command, "--plan", "--html", "red.html")
        assert (code, "--plan searches nothing: leave out --html and --open." in err) == (2, True)
    assert not (folder / "red.html").exists()


def test_a_page_that_cannot_be_written_says_so(run: Run) -> None:
    code, _, err = run("search", "red", "--html", "gone/red.html")
    assert code == 2
    assert err == "Error: Cannot write the page 'gone/red.html': No such file or directory. Name another file.\n"
