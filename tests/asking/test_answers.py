"""What a product states about a question: in its own words, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.asking.answers import answered
from hybridsearch.roles import Fields

FIELDS = Fields(title="title", text=("description",), image="photo")
LAPTOP: dict[str, Any] = {
    "id": "17",
    "title": "Zeta Book 15",
    "description": "A light companion for travel. The lid can be opened with one hand. It has a backlit keyboard.",
    "weight": 1.4,
    "package_weight": 2.1,
    "product_colour": "Silver",
    "display_diagonal": 15.6,
    "bluetooth": True,
    "touchscreen": False,
    "ports": {"hdmi_ports": 2},
    "connectivity": ["Wi-Fi", "Ethernet"],
    "photo": "https://shop.example/17.jpg",
}


def asked(question: str) -> list[tuple[str, str]]:
    return [(each.field, each.quote) for each in answered(question, [("17", LAPTOP)], FIELDS).answers]


@pytest.mark.parametrize(
    ("question", "field", "quote"),
    [
        ("How heavy is it?", "weight", "1.4"),
        ("Wie viel wiegt die Verpackung?", "package_weight", "2.1"),
        ("De quelle couleur est-il ?", "product_colour", "Silver"),
        ("¿Tiene Bluetooth?", "bluetooth", "yes"),
        ("タッチパネルですか？", "touchscreen", "no"),
        ("屏幕多少英寸？", "display_diagonal", "15.6"),
        ("does it have hdmi", "ports.hdmi_ports", "2"),
        ("Is it silver?", "product_colour", "Silver"),
        ("Is the keyboard backlit?", "description", "It has a backlit keyboard."),
    ],
)
def test_a_question_is_answered_by_the_field_or_sentence_that_states_it(question: str, field: str, quote: str) -> None:
    assert asked(question)[0] == (field, quote)


@pytest.mark.parametrize(
    "question",
    [
        "Is it dishwasher safe?",
        "Kann man es in Raten zahlen?",
        "Qui est le patron ?",
        "¿Tiene cámara?",
        "何歳から？",
        "包邮吗？",
    ],
)
def test_what_is_not_there_is_not_stated(question: str) -> None:
    found = answered(question, [("17", LAPTOP)], FIELDS)
    assert (found.stated, found.answers) == (False, ())


def test_of_several_products_the_surest_comes_first() -> None:
    products = [("1", {"id": "1", "description": "Its weight is nothing to speak of."}), ("17", LAPTOP)]
    found = answered("weight", products, FIELDS)
    assert [answer.product_id for answer in found.answers] == ["17", "1"]
    assert found.to_json() == {
        "question": "weight",
        "answers": [answer.to_json() for answer in found.answers],
        "stated": True,
        "phrased": None,
        "notes": [],
    }
    assert found.answers[0].to_json() == {
        "product_id": "17",
        "text": "weight: 1.4",
        "field": "weight",
        "quote": "1.4",
        "confidence": 1.0,
    }


@given(st.text(max_size=300))
def test_whatever_is_answered_stands_in_the_product(question: str) -> None:
    for answer in answered(question, [("17", LAPTOP)], FIELDS).answers:
        assert 0 < answer.confidence <= 1
        top = LAPTOP["ports"]["hdmi_ports"] if answer.field == "ports.hdmi_ports" else LAPTOP[answer.field]
        shown = {True: "yes", False: "no"}.get(top, str(top)) if not isinstance(top, list) else ", ".join(top)
        assert answer.quote in shown


@pytest.mark.parametrize(
    ("question", "row", "field"),
    [
        ("I work by night. The cat sleeps beside me. Is it quiet?", {"noise_level": "20 dB"}, "noise_level"),
        ("Welche Betriebstemperatur ist zulässig?", {"operating_temperature": "5 - 35"}, "operating_temperature"),
        ("How many mAh?", {"battery_capacity": 4000}, "battery_capacity"),
        ("Does the screen react to my finger?", {"touchscreen": True}, "touchscreen"),
        ("Combien de GHz ?", {"processor_frequency": 2.4}, "processor_frequency"),
        ("CPUはコアいくつ？", {"processor_cores": 4}, "processor_cores"),
        ("bundled software?", {"bundled_software": "Editor, player, " * 20}, "bundled_software"),
    ],
)
def test_what_is_said_beside_a_question_does_not_hide_it(question: str, row: dict[str, Any], field: str) -> None:
    found = answered(question, [("1", {"id": "1", "weight": 3, **row})], FIELDS)
    assert found.answers[0].field == field


def test_a_part_of_a_product_is_not_asked_for_where_its_property_is() -> None:
    row = {"id": "1", "display": "TFT", "response_time": "5 ms", "display_colour": "black"}
    assert [answer.field for answer in answered("response time of the display", [("1", row)], FIELDS).answers] == [
        "response_time"
    ]


def test_an_address_and_an_empty_field_answer_nothing() -> None:
    row = {"id": "1", "weight": None, "colour": "", "link": "https://shop.example/weight", "photo": "weight.jpg"}
    assert not answered("weight colour photo", [("1", row)], FIELDS).stated
