"""What says no more than the title is no text; every field without a role is named, the first ones in the `notes`."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.propose.configuration import propose
from hybridsearch.propose.notes import unused
from hybridsearch.propose.toml_file import to_toml
from hybridsearch.sections import Catalog

COLOURS = ["red", "blue", "green", "black"]
UNUSABLE = "empty, an object in other products, or of a name that no index can hold"


def products(**columns: Callable[[str, int], Any]) -> list[dict[str, Any]]:
    """Return products, each with these further fields, made of its title and its number."""
    titles = [f"{COLOURS[n % 4].title()} dress of summer {n}" for n in range(20)]
    made = ({name: make(title, n) for name, make in columns.items()} for n, title in enumerate(titles))
    return [{"id": f"p{n}", "title": titles[n], **more} for n, more in enumerate(made)]


@pytest.mark.parametrize(
    ("name", "made", "field"),
    [
        ("seo_title", lambda title, _: f"{title}!", "seo_title"),
        ("i18n", lambda title, _: {"en": {"name": title.upper()}}, "i18n.en.name"),
        ("image_alt", lambda title, n: f"{title}, picture {n}", "image_alt"),
    ],
)
def test_what_repeats_the_title_is_no_text(name: str, made: Callable[[str, int], Any], field: str) -> None:
    proposal = propose(products(**{name: made}))
    assert proposal.fields.text == ()
    assert proposal.left_out["what the title says too"] == [field]


@pytest.mark.parametrize("more", [", made of cotton and wool", " mit kurzen Ärmeln"])
def test_what_says_more_than_the_title_is_text(more: str) -> None:
    proposal = propose(products(description=lambda title, _: title + more))
    assert (proposal.fields.text, proposal.left_out) == (("description",), {})


def test_the_field_of_a_suggester_has_no_role_whatever_it_says() -> None:
    rows = products(suggest=lambda title, n: {"input": [title, f"A word {n}"], "weight": n})
    proposal = propose(rows, {"title": "text", "suggest": "completion"})
    assert ("suggest.input" in proposal.fields.text, proposal.fields.numbers) == (False, ())
    assert proposal.left_out["what the title says too"] == ["suggest.input", "suggest.weight"]


def test_every_field_is_named_with_what_it_is() -> None:
    rows = products(
        page=lambda _, n: f"https://shop.example/p/{n}",
        picture_a=lambda _, n: f"a{n}.jpg",
        picture_b=lambda _, n: f"b{n}.jpg",
        added=lambda _, n: f"0{1 + n % 9}/02/2024",
        gift=lambda _, n: True if n < 2 else None,
        zip=lambda _, n: 10_000 + n,
        look=lambda *_: [1, 0.25],
        shown=lambda *_: "yes",
        lat=lambda _, n: 50.0 + n,
        nothing=lambda *_: None,
        mixed=lambda _, n: {"deep": f"Words {n} of a text"} if n else "Words",
    )
    assert propose(rows).left_out == {
        "one value alone": ["gift", "shown"],
        UNUSABLE: ["mixed", "nothing"],
        "addresses": ["page"],
        "pictures": ["picture_b"],
        "dates": ["added"],
        "numbers": ["zip", "lat"],
        "other values": ["look"],
    }


def test_a_field_that_is_mapped_and_in_no_product_is_named() -> None:
    left = propose(products(), {"title": "text", "id": "keyword", "old_price": "double"}).left_out
    assert left[UNUSABLE] == ["old_price"]


def test_the_file_names_all_of_them_and_a_note_the_first() -> None:
    rows = products(**{f"note_{n:03}": lambda _, row: f"A remark about the cotton {row}" for n in range(300)})
    proposal = propose(rows)
    written = to_toml(proposal, Catalog(path=Path("shop.jsonl")))
    comments = " ".join(line.removeprefix("#") for line in written.splitlines() if line.startswith("#"))
    left = [f"note_{n:03}" for n in range(300) if f"note_{n:03}" not in proposal.fields.text]
    assert len(left) == 288
    assert all(f"{name}," in comments + "," for name in left)
    assert max(map(len, written.splitlines())) <= 160
    assert "note_012" not in tomllib.loads(written)["fields"]["text"]
    shown = ", ".join(left[:4])
    assert [*unused(proposal.left_out)] == [f"Not used, text: 288 ({shown} …, all named at the end of the file)."]
