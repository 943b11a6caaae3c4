"""What people write in one piece or apart (`together`)."""

import time

import pytest

from hybridsearch.texts.text import words
from hybridsearch.texts.together import others


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("wh-1000xm5 t-shirt", ["wh1000xm5", "tshirt"]),
        ("ac/dc", ["acdc"]),
        ("e.l.f.", ["elf"]),
        ("u.s. polo", ["us"]),
        ("h&m", ["hm"]),
        ("black/white black&decker 205/55", []),
        ("s10+ spf 50+", ["s10+", "50+"]),
        ("c++ c# f#m", ["c++", "c#"]),
        ("80 x 40 cm", ["80x40", "80", "40"]),
        ("80x40cm", ["80x40", "80", "40"]),
        ("80 × 30,5 × 20", ["80x30.5x20", "80", "30.5", "20"]),
        ("80cm x 40 cm", ["80x40", "80", "40"]),
        ("80cmx40cm", ["80x40", "80", "40"]),
        ("8' x 10' rug", ["8x10", "8", "10"]),
        ("24in x 36in", ["24x36", "24", "36"]),
        ("5 mx 3", []),
        ("12.5-25mm, v2.0-beta, 1.5-x", []),
        ("m4 x 30", ["m4x30", "m4", "30"]),
        ("1,000 pieces, 1.234.567 pcs", ["1000", "1234567"]),
        ("0,250 and 12.5 and 1,0000", []),
    ],
)
def test_what_is_written_otherwise_is_given_in_the_other_way(written: str, expected: list[str]) -> None:
    assert list(others(written)) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1/2 inch", '½"'),
        ("1½ inch", "1 1/2 zoll"),
        ("15,6 zoll", '15.6"'),
        ("55in", "55 inch"),
        ("15.6-inch", '15.6"'),
        ("27-in monitor", "27 inch"),
        ("1,5-Liter", "1.5 l"),
        ("1/2kg", "0.5 kg"),
        ('24" x 36"', "24x36"),
        ("$1,299.00", "1.299,00 €"),
        ("12,345.50 kg", "12345.5kg"),
        ("10,000 mAh", "10000mAh"),
        ("1,000 piece puzzle", "1000 piece puzzle"),
        ("80 x 40 cm", "80x40cm"),
        ("500毫升", "500 ml"),
        ("E.L.F.", "elf"),
        ("AC/DC", "acdc"),
    ],
)
def test_two_ways_to_write_the_same_have_a_word_in_common_that_tells(one: str, other: str) -> None:
    shared = set(words(one)) & set(words(other))
    assert max(map(len, shared), default=0) >= 3


@pytest.mark.parametrize(("written", "wrong"), [("15.6-inch", "6inch"), ("3.5-mm", "5mm"), ("1/2kg", "12kg")])
def test_a_part_of_an_amount_is_none_itself(written: str, wrong: str) -> None:
    assert wrong not in words(written)


@pytest.mark.parametrize("unit", ["1cm x", "1,000", "1-", "1x", "1 x ", "1,000.", "a.", "1/2 ", "h&", '5" ', "c+"])
def test_long_texts_take_no_longer_than_their_length(unit: str) -> None:
    started = time.process_time()
    words(unit * (200_000 // len(unit)))
    assert time.process_time() - started < 5
