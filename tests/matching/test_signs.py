"""What titles say beside the kind of a product."""

import pytest

from hybridsearch.matching.signs import Signs, lacking, read, same_measure


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SSD 1 TB", "SSD 1000GB"),
        ('Monitor 17"', "Monitor 43,2 cm"),
        ("Kettle 1.7 l", "Wasserkocher 1,7 Liter"),
        ("Plank 6 ft.", "Plank 6-foot"),
        ("Shelf 2 m", "Shelf 2000 mm"),
    ],
)
def test_a_measure_is_one_in_whatever_unit_it_is_written(one: str, other: str) -> None:
    ours, theirs = read(one).measures, read(other).measures
    assert ours
    assert not lacking(ours, theirs)
    assert not lacking(theirs, ours)


def test_volts_are_not_rounded() -> None:
    assert not same_measure(("v", 230.0), ("v", 232.0))
    assert same_measure(("length", 431.8), ("length", 432.0))


@pytest.mark.parametrize(
    ("title", "pieces"),
    [
        ("Battery AA 4-pack", 4),
        ("Battery AA, pack of 4", 4),
        ("Labels 100 pcs.", 100),
        ("Batterien 8er-Pack", 8),
        ("Toner 6 pc(s)", 6),
        ("2x Battery AA", 2),
        ("電池 4個", 4),
        ("Photo 600 x 600 DPI", None),
        ("Compaq dc7700 PC", None),
        ("Toner 1 pc(s) 10-pack", 10),
    ],
)
def test_how_many_pieces_are_sold_is_read(title: str, pieces: int | None) -> None:
    assert read(title).pack == pieces


@pytest.mark.parametrize("word", ["black", "Schwarz", "noir", "negra", "ブラック", "黑色"])
def test_a_colour_is_one_in_each_language(word: str) -> None:
    found = read(f"Lamp {word}")
    assert found.colors == {"black"}
    assert "black" in found.words


def test_fields_of_colour_size_and_condition_count_like_the_title() -> None:
    found = read("Polo shirt", colors=["Rouge"], sizes=["XL"], condition=["Generalüberholt"])
    assert [set(each) for each in (found.colors, found.sizes, found.condition)] == [{"red"}, {"xl"}, {"refurbished"}]


def test_model_numbers_keep_their_parts_together() -> None:
    assert read("Sony WH-1000XM5 headphones").models == {"wh-1000xm5"}
    assert "wh1000xm5" in read("Sony WH 1000XM5").joined
    assert read("Lens EF 17-35mm").models == frozenset()


def test_nothing_is_read_from_nothing() -> None:
    assert read("") == Signs()
    assert read(" \x00 ") == Signs()


def test_a_title_of_any_length_takes_little_time() -> None:
    assert len(read("a1-" * 1_000_000).words) < 1_000
