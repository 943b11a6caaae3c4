"""Of HTML in a catalogue only what a reader sees is searched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.texts.markup import visible


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Tisch H&ouml;he 75&nbsp;cm", "Tisch Höhe 75\xa0cm"),
        ("<p>Farbe: gr&uuml;n</p>", "Farbe: grün"),
        ('<div class="list"><span style="color: red">Holds</span></div>', "Holds"),
        ("<b>R</b>ed<br/>blue<li>1</li><LI>2</LI>", "Red blue 1  2"),
        ("&lt;p&gt;Twice &amp;uuml;&lt;/p&gt;", "Twice ü"),
        ("<script>var red = 1;</script>ok <style>p{}</style>too<!-- no --> yes <!-- rest", "ok  too  yes"),
        ("<SCRIPT src=x>no</style>no</SCRIPT >seen", "seen"),
        ('<a title="a>b" href=x>link</a>', "link"),
        ("<!DOCTYPE html><o:p></o:p>word", "word"),
        ("5 < 6, H&M, AT&T, a<b, x <y> z, <p", "5 < 6, H&M, AT&T, a<b, x <y> z, <p"),
    ],
)
def test_tags_comments_and_hidden_elements_are_left_out_and_entities_decoded(written: str, expected: str) -> None:
    assert visible(written).strip() == expected


@given(st.text())
def test_a_text_without_markup_stays_as_it_is(written: str) -> None:
    plain = written.replace("<", "").replace("&", "")
    assert visible(plain) == plain
