"""Products side by side."""

from __future__ import annotations

from hybridsearch.asking.comparison import comparison
from hybridsearch.roles import Fields

FIELDS = Fields(title="title", text=("text",))


def test_fields_that_all_state_come_first_with_what_differs() -> None:
    products = {
        "1": {"id": "1", "title": "Lamp", "text": "Bright.", "colour": "red", "bulb": "E27", "height_cm": 40.0},
        "2": {"id": "2", "title": "Lamp", "height_cm": 40.0, "colour": "blue"},
    }
    found = comparison(products, FIELDS)
    assert found.products == ("1", "2")
    assert [(each.name, each.values, each.same) for each in found.fields] == [
        ("colour", ("red", "blue"), False),
        ("height cm", ("40", "40"), True),
        ("bulb", ("E27", ""), False),
    ]
    assert found.to_json()["fields"][2] == {"field": "bulb", "values": ["E27", ""], "same": False}
