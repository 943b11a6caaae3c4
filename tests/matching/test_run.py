"""From catalogues to groups; `links`, `grouping`, `store` and `review` are tested here too."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.catalog import open_source
from hybridsearch.catalog.arranged.groups import Member
from hybridsearch.errors import CatalogError
from hybridsearch.matching.run import Catalogue, Tally, match
from hybridsearch.matching.store import NEIGHBOURS, RARE
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from tests.shops import write_products

FIELDS = Fields(title="title", numbers=("price",))
EAN, OTHER_EAN = "4006381333931", "0036000291452"


def of(folder: Path, **sellers: Sequence[Mapping[str, Any]]) -> list[Catalogue]:
    """Return a catalogue for each seller, whose rows are numbered where they have no id."""
    found = []
    for name, rows in sellers.items():
        named = [{"id": f"{name[0]}{place}", **row} for place, row in enumerate(rows, 1)]
        path = write_products(folder / f"{name}.jsonl", named)
        found.append(Catalogue(name, open_source(Catalog(path=path), FIELDS), FIELDS))
    return found


def run(folder: Path, asked: bool = False, **sellers: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Member], Tally]:
    """Return where each row is, by its id, and what the run did."""
    output = folder / "groups.jsonl"
    tally = match(of(folder, **sellers), output, folder / "review.jsonl" if asked else None)
    said = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    return {each["product_id"]: Member(**each) for each in said}, tally


def groups(found: Mapping[str, Member]) -> list[list[str]]:
    """Return the ids of each group, sorted."""
    by_group: dict[str, list[str]] = {}
    for key, member in found.items():
        by_group.setdefault(member.group, []).append(key)
    return sorted(map(sorted, by_group.values()))


def questions(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "review.jsonl").read_text(encoding="utf-8").splitlines()]


def test_one_gtin_joins_offers_whatever_their_titles_are(tmp_path: Path) -> None:
    found, tally = run(
        tmp_path,
        acme=[{"title": "Umbrella Terra", "ean": EAN}],
        beta=[{"title": "Regenschirm", "gtin": f"0{EAN}"}],
        zeta=[{"title": "傘", "barcode": "4006381-333931"}],
    )
    assert groups(found) == [["a1", "b1", "z1"]]
    assert found["b1"] == Member("acme:a1", "b1", "beta", 0.999, f"same GTIN {EAN}")
    assert (tally.offers, tally.groups, tally.joined) == (3, 1, 3)


def test_a_used_one_and_a_pack_of_it_are_asked_about_although_they_bear_its_code(tmp_path: Path) -> None:
    found, _ = run(
        tmp_path,
        asked=True,
        acme=[{"title": "Phone X 2-pack", "ean": EAN}],
        beta=[{"title": "Phone X refurbished", "ean": EAN}, {"title": "Phone X 3-pack", "ean": EAN}],
    )
    assert groups(found) == [["a1"], ["b1"], ["b2"]]
    said = [each["because"] for each in questions(tmp_path)]
    assert f"same GTIN {EAN}, but new and refurbished" in said
    assert all(each.startswith(f"same GTIN {EAN}, but ") for each in said)


@pytest.mark.parametrize("code", ["0000000000000", "n/a", "1111111111111", "2012345678900", EAN])
def test_a_code_that_everybody_has_joins_nothing(tmp_path: Path, code: str) -> None:
    things = ["Umbrella", "Kettle", "Lamp", "Chair", "Bicycle"]
    found, tally = run(
        tmp_path,
        acme=[{"title": f"Nordhem {thing}", "ean": code} for thing in things],
        beta=[{"title": "Tirrendo scarf", "ean": code}],
    )
    assert len(groups(found)) == 6
    assert [EAN in note for note in tally.notes] == ([True] if code == EAN else [])


def test_brand_and_part_number_join_and_one_of_them_does_not(tmp_path: Path) -> None:
    found, _ = run(
        tmp_path,
        acme=[
            {"title": "Kettle black", "brand": "Nordhem GmbH", "mpn": "NH-1000/B"},
            {"title": "Lamp", "brand": "Nordhem", "mpn": "77-LX"},
        ],
        beta=[
            {"title": "Wasserkocher", "brand": "NORDHEM", "mpn": "nh1000b"},
            {"title": "Chair", "brand": "Tirrendo", "mpn": "77-LX"},
        ],
    )
    assert groups(found) == [["a1", "b1"], ["a2"], ["b2"]]
    assert found["b1"].because == "same brand and part number nh1000b"


def test_titles_join_where_codes_lack(tmp_path: Path) -> None:
    others = [
        {"title": f"Tirrendo {thing} {number}", "price": 10} for number, thing in enumerate(["sofa", "desk", "hat"])
    ]
    found, _ = run(
        tmp_path,
        acme=[{"title": "Nordhem NX-500 umbrella red 95 cm", "brand": "Nordhem", "price": 20}, *others],
        beta=[{"title": "Umbrella NX500 rot 950 mm, Nordhem", "brand": "NORDHEM", "price": 19}],
    )
    assert ["a1", "b1"] in groups(found)
    assert found["b1"].because.startswith("titles agree (0.98 or more)")
    assert 0.8 < found["b1"].score < 1


def test_two_offers_of_one_seller_that_nothing_tells_apart_are_asked_about(tmp_path: Path) -> None:
    found, tally = run(
        tmp_path,
        asked=True,
        acme=[{"title": "Nordhem NX-500 umbrella red", "price": 20}] * 2,
        beta=[{"title": "Nordhem NX-500 umbrella red", "price": 20}],
    )
    assert len(groups(found)) == 3
    assert tally.review == len(questions(tmp_path)) == 2
    assert "is as near" in questions(tmp_path)[0]["because"]


def test_two_offers_of_one_seller_are_never_joined_through_a_third(tmp_path: Path) -> None:
    """The colour is not said by beta: acme's red and zeta's blue are near it, and differ."""
    found, _ = run(
        tmp_path,
        acme=[{"title": "Nordhem NX-500 umbrella red", "price": 20, "ean": EAN}],
        beta=[{"title": "Nordhem NX-500 umbrella", "price": 20, "ean": EAN, "brand": "Nordhem", "mpn": "NX-500"}],
        zeta=[{"title": "Nordhem NX-500 umbrella blue", "price": 20, "brand": "Nordhem", "mpn": "NX-500"}],
    )
    assert groups(found) == [["a1", "b1"], ["z1"]]


def test_what_a_person_said_is_obeyed_and_asked_no_more(tmp_path: Path) -> None:
    sellers: dict[str, Any] = {
        "acme": [{"title": "Nordhem NX-500 umbrella red", "price": 20}] * 2,
        "beta": [{"title": "Nordhem NX-500 umbrella red", "price": 20}],
    }
    run(tmp_path, asked=True, **sellers)
    first, second = questions(tmp_path)
    lines = [{**first, "same": True}, {**second, "same": "no"}]
    (tmp_path / "review.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    found, tally = run(tmp_path, asked=True, **sellers)
    assert groups(found) == [sorted([first["a"]["product_id"], "b1"]), [second["a"]["product_id"]]]
    assert found["b1"].because == "a person said so"
    assert tally.review == 0
    assert questions(tmp_path) == lines


def test_a_no_of_a_person_holds_against_a_code(tmp_path: Path) -> None:
    halves = {"a": {"source": "beta", "product_id": "b1"}, "b": {"source": "acme", "product_id": "a1"}}
    (tmp_path / "review.jsonl").write_text(json.dumps({"same": "nein", **halves}) + "\n", encoding="utf-8")
    found, _ = run(tmp_path, asked=True, acme=[{"title": "A b", "ean": EAN}], beta=[{"title": "A b", "ean": EAN}])
    assert len(groups(found)) == 2


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nonsense", "expected a JSON object with 'same'"),
        ("[]", "expected a JSON object with 'same'"),
        ('{"same": true}', "expected a JSON object with 'same'"),
        ('{"same": "perhaps", "a": {"source": "acme", "product_id": "a1"}, "b": {"source": "b", "product_id": "1"}}',
         "'same' is 'perhaps', expected true, false or null"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_is_told_of(tmp_path: Path, line: str, why: str) -> None:
    (tmp_path / "review.jsonl").write_text(line + "\n", encoding="utf-8")
    _, tally = run(tmp_path, asked=True, acme=[{"title": "A b"}])
    assert [note.startswith("review.jsonl:1 is passed over") and why in note for note in tally.notes] == [True]


def test_rows_without_a_title_are_joined_by_their_codes_alone(tmp_path: Path) -> None:
    found, tally = run(
        tmp_path,
        acme=[{"ean": EAN}, {"title": ""}, {"title": None}],
        beta=[{"title": "Umbrella Terra", "ean": EAN}, {}],
    )
    assert groups(found) == [["a1", "b1"], ["a2"], ["a3"], ["b2"]]
    assert tally.untitled == 4


def test_one_id_in_two_catalogues_names_two_offers_and_in_one_the_first_counts(tmp_path: Path) -> None:
    path = tmp_path / "groups.jsonl"
    same = {"id": "1", "title": "Umbrella Terra", "ean": EAN}
    tally = match(of(tmp_path, acme=[same, {"id": "1", "title": "Kettle"}], beta=[{**same, "ean": OTHER_EAN}]), path)
    assert [(each.source, each.group) for each in Member.read(path)] == [("acme", "acme:1"), ("beta", "beta:1")]
    assert (tally.offers, tally.repeated) == (2, 1)


def test_two_catalogues_of_one_name_are_refused(tmp_path: Path) -> None:
    one = of(tmp_path, acme=[{"title": "A b"}])
    with pytest.raises(CatalogError, match="Two catalogues are called 'acme'"):
        match([*one, *one], tmp_path / "groups.jsonl")


def test_a_row_that_cannot_be_read_costs_itself_alone(tmp_path: Path) -> None:
    catalogues = of(tmp_path, acme=[{"title": "Umbrella Terra", "ean": EAN}], beta=[{"title": "Umbrella", "ean": EAN}])
    with (tmp_path / "acme.jsonl").open("a", encoding="utf-8") as file:
        file.write("{broken\n")
    tally = match(catalogues, tmp_path / "groups.jsonl")
    assert (tally.rejects, tally.joined) == (1, 2)
    assert tally.notes[0].startswith("acme.jsonl:2 is passed over: ")


def test_a_catalogue_of_one_row_and_one_of_none_make_groups(tmp_path: Path) -> None:
    found, tally = run(tmp_path, acme=[{"title": "Umbrella Terra"}], beta=[])
    assert (groups(found), tally.groups) == ([["a1"]], 1)
    assert found["a1"] == Member("acme:a1", "a1", "acme", 1.0, "no other offer is surely the same")


def test_one_title_ten_thousand_times_takes_little_time_and_joins_nothing(tmp_path: Path) -> None:
    """Blocking is bounded: a word of more than RARE offers says nothing."""
    assert RARE < 1_000
    rows = [{"title": "Newstar flat screen wall mount", "price": 9}] * 5_000
    started = time.perf_counter()
    found, tally = run(tmp_path, acme=rows, beta=rows)
    assert len(groups(found)) == 10_000
    assert tally.review == 0
    assert time.perf_counter() - started < 60


def test_each_offer_is_compared_with_few(tmp_path: Path) -> None:
    from hybridsearch.matching.items import item
    from hybridsearch.matching.store import Store

    with Store() as store:
        for place in range(RARE):
            store.add(item("acme", str(place), {"title": f"Nordhem terra NX{place}"}, FIELDS))
        assert len(store.neighbours(0)) == NEIGHBOURS
        assert 0 not in store.neighbours(0)


def test_groups_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    acme = [{"id": f"a{n}", "title": f"Nordhem NX-{n}00 umbrella {n}0 cm", "price": 10 + n} for n in range(1, 9)]
    beta = [{"id": f"b{n}", "title": f"umbrella NX{n}00 Nordhem {n}00 mm", "price": 11 + n} for n in range(1, 9)]
    first, _ = run(tmp_path, acme=acme, beta=beta)
    second, _ = run(tmp_path, acme=acme[::-1], beta=beta[::-1])
    assert groups(first) == groups(second) == [[f"a{n}", f"b{n}"] for n in range(1, 9)]


def test_another_order_of_the_catalogues_and_a_second_run_keep_the_names_of_groups(tmp_path: Path) -> None:
    rows = {"acme": [{"id": "1", "title": "Umbrella Terra", "ean": EAN}], "beta": [{"id": "b1", "ean": EAN}]}
    path, other = tmp_path / "groups.jsonl", tmp_path / "other.jsonl"
    match(of(tmp_path, **rows), path)
    match(of(tmp_path, **dict(reversed(rows.items()))), other)
    assert {each.group for each in (*Member.read(path), *Member.read(other))} == {"acme:1"}
    match(of(tmp_path, beta=rows["beta"]), path)
    assert [each.group for each in Member.read(path)] == ["acme:1"]


def test_a_file_that_has_no_groups_is_written_anew_and_said_so(tmp_path: Path) -> None:
    path = tmp_path / "groups.jsonl"
    path.write_text("no groups\n")
    tally = match(of(tmp_path, acme=[{"id": "1", "title": "Umbrella Terra"}]), path)
    assert [each.group for each in Member.read(path)] == ["acme:1"]
    assert tally.notes[0].startswith("the names that groups had are not known, they get new ones: groups.jsonl:1 is")
