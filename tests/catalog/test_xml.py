"""Product feeds in XML: what a product is, what a broken one costs, and what is refused.

The modules `elements`, `xml_parser` and `buffer` of the catalogue are tested here, too.
"""

import gzip
import io
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch import HybridSearch
from hybridsearch.catalog import files, open_source
from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.formats import xml
from hybridsearch.catalog.formats.elements import Element, value
from hybridsearch.errors import CatalogError
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from hybridsearch.values import Product, Reject
from tests.shops import Run, runner
from tests.shops import settings as shop_settings

FIELDS = Fields(title="title")
RSS = '<?xml version="1.0"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n<channel>\n<title>Acme</title>\n'
END = "\n</channel>\n</rss>\n"
TEXT = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1)


def feed(*items: str) -> str:
    """Return a feed of products, one a line, the first in line 5."""
    return RSS + "\n".join(f"<item>{item}</item>" for item in items) + END


def read(text: str) -> list[Any]:
    """Return the rows of a feed; of one that cannot be read, the reason."""
    return [row.reason if isinstance(row, Unreadable) else row for _, row in xml.parse_feed(io.StringIO(text))]


def ids(text: str) -> list[str]:
    """Return the ids of the products that can be read."""
    return [row["id"] for row in read(text) if isinstance(row, dict)]


@pytest.fixture
def catalog(tmp_path: Path) -> Callable[..., list[Product | Reject]]:
    """Return a function that reads a file with this content."""

    def catalog(content: bytes, name: str = "shop.xml") -> list[Product | Reject]:
        path = tmp_path / name
        path.write_bytes(content)
        return list(open_source(Catalog(path=path), FIELDS).read())

    return catalog


def test_fields_of_a_google_feed_have_the_names_that_google_gives_them() -> None:
    item = "<g:id>17</g:id><title>Red &amp; blue</title><g:price>19.90 EUR</g:price><media:rating>5</media:rating>"
    assert read(feed(item)) == [{"id": "17", "title": "Red & blue", "price": "19.90 EUR", "media:rating": "5"}]


def test_another_prefix_may_stand_for_google() -> None:
    text = '<rss xmlns:x="http://base.google.com/ns/1.0"><item><x:id>1</x:id></item></rss>'
    assert read(text) == [{"id": "1"}]


def test_a_feed_that_forgets_to_declare_the_prefix_is_read() -> None:
    assert read("<rss><item><g:id>1</g:id></item></rss>") == [{"id": "1"}]


def test_elements_that_repeat_become_a_list_and_nested_ones_objects() -> None:
    shipping = "<g:shipping><g:country>{}</g:country><g:price>{} EUR</g:price></g:shipping>"
    item = "<g:additional_image_link>a.jpg</g:additional_image_link><g:additional_image_link>b.jpg"
    item += "</g:additional_image_link>" + shipping.format("DE", 4) + shipping.format("AT", 9)
    assert read(feed(item)) == [
        {
            "additional_image_link": ["a.jpg", "b.jpg"],
            "shipping": [{"country": "DE", "price": "4 EUR"}, {"country": "AT", "price": "9 EUR"}],
        }
    ]


def test_googles_title_counts_where_the_feed_has_one_of_its_own_too() -> None:
    assert read(feed("<title>Buy now!</title><g:title>Red hat</g:title><id>tag:1</id><g:id>1</g:id>")) == [
        {"title": "Red hat", "id": "1"}
    ]


def test_an_atom_feed_is_read_with_its_attributes() -> None:
    text = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Acme</title><entry><id>1</id><link href="/1"/></entry></feed>'
    )
    assert read(text) == [{"id": "1", "link": {"href": "/1"}}]


def test_a_shops_own_feed_may_name_its_products_by_attributes() -> None:
    assert read('<products><product id="1"><name>Hat</name></product><product id="2"/></products>') == [
        {"id": "1", "name": "Hat"},
        {"id": "2"},
    ]


def test_an_element_in_a_product_is_no_product_of_its_own() -> None:
    assert read("<shop><product><id>1</id><item><id>2</id></item></product></shop>") == [
        {"id": "1", "item": {"id": "2"}}
    ]


def test_text_is_kept_with_its_markup_or_without_it() -> None:
    item = "<a><![CDATA[<b>Soft</b> & warm]]></a><c>&lt;b&gt;Soft</c><d>Soft <b>red <i>hat</i></b> here</d><e> </e><f/>"
    assert read(feed(item)) == [{"a": "<b>Soft</b> & warm", "c": "<b>Soft", "d": "Soft red hat here"}]


def test_an_attribute_beside_a_text_is_left_out() -> None:
    element = Element("guid", {"isPermaLink": "false"})
    element.content = ["1", "7"]
    assert value(element) == "17"


def test_a_long_text_has_no_blanks_where_the_parser_cuts_it() -> None:
    assert read(feed("<id>" + "x" * 100_000 + "</id>")) == [{"id": "x" * 100_000}]


BROKEN = {
    "ampersand": ("<id>Fish & chips</id>", "not XML: not well-formed (invalid token) at character 17 of line 6"),
    "entity": ("<id>a&nbsp;b</id>", "not XML: undefined entity at character 12 of line 6"),
    "tag": ("<id>a<b></id>", "not XML: mismatched tag at character 17 of line 6"),
    "end": ("<id>a", "not XML: mismatched tag at character 14 of line 6"),
    "control": ("<id>\x01</id>", "not XML: not well-formed (invalid token) at character 11 of line 6"),
    "prefix": ("<id>a</id><", "not XML: not well-formed (invalid token) at character 18 of line 6"),
    "byte": ("<id>\udce9</id>", "byte 0xE9 at character 11 is not UTF-8; save the file as UTF-8"),
    "deep": ("<a>" * 200 + "</a>" * 200, "nested more than 50 levels deep"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_product_costs_no_other(kind: str) -> None:
    item, reason = BROKEN[kind]
    assert read(feed("<id>1</id>", item, "<id>3</id>", "<id>4</id>")) == [{"id": "1"}, reason, {"id": "3"}, {"id": "4"}]


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("chunk", [1, 7, 50])
def test_whatever_the_pieces_a_broken_product_costs_no_other(
    kind: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml, "CHUNK", chunk)
    assert ids(feed("<id>1</id>", BROKEN[kind][0], "<id>3</id>", "<id>4</id>")) == ["1", "3", "4"]


@pytest.mark.parametrize("opening", ["<![CDATA[", "<!--"])
def test_products_behind_a_section_that_is_not_closed_are_not_lost_in_it(opening: str) -> None:
    closed = "<id>3</id><t><![CDATA[a]]></t><!-- b -->"
    assert ids(feed("<id>1</id>", f"<id>2</id><t>{opening} soft</t>", closed, "<id>4</id>")) == ["1", "3", "4"]
    assert ids(feed("<id>1</id>", f"<id>2</id><t>{opening} soft</t>", "<id>3</id>")) == ["1", "3"]
    assert ids(feed("<id>1</id>", f"<id>2</id><t>{opening} soft</t>")) == ["1"]


def test_products_in_a_comment_are_none() -> None:
    assert ids(feed("<id>1</id>").replace("<item>", "<!-- <item><id>0</id></item> --><item>")) == ["1"]


def test_what_is_wrong_in_front_of_the_products_costs_none() -> None:
    rows = read(feed("<id>1</id>", "<id>2</id>").replace("Acme", "Fish & chips"))
    assert rows == ["not XML: not well-formed (invalid token) at character 14 of line 4", {"id": "1"}, {"id": "2"}]


def test_two_feeds_in_one_file_are_both_read() -> None:
    assert ids(feed("<id>1</id>") + feed("<id>2</id>", "<id>3</id>")) == ["1", "2", "3"]


@pytest.mark.parametrize(("cut", "inside"), [(8, "rss"), (19, "channel"), (22, "item"), (30, "id"), (43, "channel")])
def test_a_feed_that_is_cut_off_is_an_error_after_its_products(cut: int, inside: str) -> None:
    rows = xml.parse_feed(io.StringIO(feed("<id>1</id>", "<id>2</id>")[:-cut]))
    assert next(rows) == (1, {"id": "1"})
    with pytest.raises(ValueError, match=f"it ends inside of <{inside}>: it was cut off; make or fetch it again"):
        list(rows)


def test_a_feed_that_is_cut_off_behind_a_broken_product_is_an_error_too() -> None:
    with pytest.raises(ValueError, match="it does not end with </rss>: it was cut off"):
        read(feed("<id>1</id>", "<id>&</id>" + "x" * 200)[: -len(END)])


BOMB = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "declaration",
    [
        BOMB,
        "<!DOCTYPE rss>",
        '<!DOCTYPE rss SYSTEM "http://evil.example/x.dtd">',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "/x">]>',
    ],
)
def test_a_feed_that_declares_a_document_type_is_refused(declaration: str) -> None:
    text = feed("<id>&b;</id>").replace("<rss", f"{declaration}<rss")
    with pytest.raises(ValueError, match=r"it declares a document type, <!DOCTYPE \w+ …>.* take the declaration out"):
        read(text)


def test_a_declaration_among_the_products_declares_nothing() -> None:
    assert ids(feed("<id>1</id>", f"{BOMB}<id>&b;</id>", "<id>3</id>")) == ["1", "3"]


def test_another_structure_is_refused_with_what_is_expected() -> None:
    with pytest.raises(ValueError, match="it begins with <SHOP> and holds none of <item>, <entry>, <product>"):
        read("<SHOP><SHOPITEM/></SHOP>")
    with pytest.raises(ValueError, match="it is not XML: it begins with 'id,title'"):
        read("id,title")


def test_a_feed_without_products_is_empty() -> None:
    assert read(RSS + END) == read("<products/>") == []


def test_the_encoding_that_a_feed_declares_is_used(catalog: Callable[..., list[Product | Reject]]) -> None:
    for encoding in ("ISO-8859-1", "windows-1252", "utf-8", "UTF-16", "Shift_JIS", "GB2312"):
        word = {"Shift_JIS": "帽子", "GB2312": "帽子"}.get(encoding, "Möbel")
        text = f'\n<?xml version="1.0" encoding="{encoding}"?><rss><item><id>1</id><title>{word}</title></item></rss>'
        (product,) = catalog(text.encode(encoding))
        assert isinstance(product, Product)
        assert product.row["title"] == word


def test_a_feed_in_utf8_may_call_itself_utf16(catalog: Callable[..., list[Product | Reject]]) -> None:
    (product,) = catalog(b'<?xml version="1.0" encoding="utf-16"?><rss><item><id>1</id></item></rss>')
    assert product == Product("1", {"id": "1"}, "shop.xml:1")


@pytest.mark.parametrize("encoding", ["klingon", "punycode-9"])
def test_an_encoding_that_is_not_known_is_an_error(
    encoding: str, catalog: Callable[..., list[Product | Reject]]
) -> None:
    with pytest.raises(CatalogError, match=f"shop.xml': it declares the encoding '{encoding}', which is not known"):
        catalog(f'<?xml version="1.0" encoding="{encoding}"?><rss/>'.encode())


@pytest.mark.parametrize("encoding", ["base64", "unicode_escape", "utf-7"])
def test_an_encoding_that_is_none_of_texts_is_ignored(
    encoding: str, catalog: Callable[..., list[Product | Reject]]
) -> None:
    (product,) = catalog(f'<?xml version="1.0" encoding="{encoding}"?><rss><item><id>\\x31</id></item></rss>'.encode())
    assert product.id == "\\x31"


MISTAKES = [
    *("&", "<", "<a>", "</a>", "</item>", "<item>", "<item ", "<id>9</id>", "</channel>", "</rss>", "<!DOCTYPE a>"),
    *("<![CDATA[", "]]>", "<!--", "-->", "<?x", "?>", "<a b='", '"', "\x00", "\udce9"),
]


@given(
    place=st.integers(0, 5),
    at=st.integers(0, 42),
    flaw=st.sampled_from(MISTAKES),
    chunk=st.sampled_from([1, 5, 30, 65_536]),
)
def test_whatever_stands_in_a_product_by_mistake_costs_no_other(place: int, at: int, flaw: str, chunk: int) -> None:
    items = [f"<id>{number}</id><t><![CDATA[x]]></t><!-- c -->" for number in range(6)]
    items[place] = items[place][:at] + flaw + items[place][at:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml, "CHUNK", chunk)
        found = [row.get("id") for row in read(feed(*items)) if isinstance(row, dict)]
    others = [str(number) for number in range(6) if number != place]
    assert [name for name in found if name in others] == others


@given(texts=st.lists(TEXT, min_size=1), chunk=st.integers(1, 60))
def test_a_feed_reads_back_what_was_written_whatever_the_pieces(texts: list[str], chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml, "CHUNK", chunk)
        rows = read(feed(*(f"<id>{escape(text)}</id>" for text in texts)))
    assert rows == [{"id": text} for text in texts]


@pytest.mark.parametrize(
    "unit",
    [
        "<item>",
        "<item>&</item>",
        "<item><![CDATA[",
        "<item><!--",
        "<item a='",
        "<a>",
        "<!--",
        "&",
        "</item>",
        "<item><a></item>",
        "<item></rss>",
        "<",
    ],
)
def test_many_broken_products_are_read_in_linear_time(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LONGEST_ROW", "IN_VAIN"):
        monkeypatch.setattr(xml, name, 70_000)
    started = time.process_time()
    try:
        read("<rss>" + unit * (200_000 // len(unit)))
    except ValueError as error:
        assert str(error).startswith(("it ", "the rest is not tried"))  # noqa: PT017
    assert time.process_time() - started < 10


def test_a_product_that_is_too_long_costs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "LONGEST_ROW", 2_000)
    monkeypatch.setattr(xml, "CHUNK", 100)
    long = "<id>" + "x" * 9_000 + "</id>"
    assert read(feed("<id>1</id>", long, "<id>3</id>")) == [{"id": "1"}, files.TOO_LONG, {"id": "3"}]


def test_memory_does_not_grow_with_a_feed_that_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "shop.xml"
    items = "".join(f"<item><g:id>{n}</g:id><g:title>{'x' * 500}</g:title></item>" for n in range(10_000))
    path.write_text(f"<rss><channel>{items}</channel></rss>")
    source = open_source(Catalog(path=path), FIELDS)
    tracemalloc.start()
    try:
        assert sum(1 for _ in source.read()) == 10_000
        assert tracemalloc.get_traced_memory()[1] < 1_500_000
    finally:
        tracemalloc.stop()
    assert source.count() == pytest.approx(10_000, rel=0.15)


def test_memory_does_not_grow_with_the_names_of_elements(tmp_path: Path) -> None:
    """The parser keeps every name."""
    path = tmp_path / "shop.xml"
    items = "".join(f"<item><id>{n}</id><{'a' * 400}{n}/></item>" for n in range(10_000))
    path.write_text(f"<rss><channel>{items}</channel></rss>")
    tracemalloc.start()
    try:
        assert sum(isinstance(row, Product) for row in open_source(Catalog(path=path), FIELDS).read()) == 10_000
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_init_and_reindex_take_a_feed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    run: Run = runner(tmp_path, monkeypatch, capfdbinary)
    colours = ("red", "blue", "green")
    items = [
        f"<g:id>{n}</g:id><g:title>{colours[n % 3]} summer dress {n}</g:title><g:color>{colours[n % 3]}</g:color>"
        f"<g:description>A {colours[n % 3]} dress of soft cotton for warm days, number {n}.</g:description>"
        for n in range(30)
    ]
    (tmp_path / "shop.xml.gz").write_bytes(gzip.compress(feed(*items, "<g:id>30</g:id>&").encode()))
    assert run("init", "shop.xml.gz")[0] == 0
    assert run("reindex", "--dry-run")[0] == 1
    code, out, _ = run("reindex")
    assert code == 1
    assert "Indexed 30 products" in out
    assert "dress 1" in run("search", "blue dress")[1]


def test_an_interrupted_product_is_rejected_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "shop.xml").write_text(feed("<id>1</id><title>Red hat</title>", "<id>2</id>&"))
    with HybridSearch.open(shop_settings(tmp_path, catalog={"path": "shop.xml"})) as shop:
        report = shop.reindex()
    assert (report.indexed, report.rejected, report.rejects[0].where) == (1, 1, "shop.xml:2")
