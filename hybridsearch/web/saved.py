"""A page of products as one file for a browser: pictures and styles are in it, scripts are not. Pure values → HTML."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hybridsearch.roles import Fields
from hybridsearch.search.explain import Words, words
from hybridsearch.search.words.synonyms import NONE, Synonyms
from hybridsearch.values import Hit, Page
from hybridsearch.web import view

HERE = Path(__file__).parent
STYLE = (HERE / "static" / "page.css").read_text(encoding="utf-8")
POLICY = "default-src 'none'; img-src data:; style-src 'sha256-{}'"
"""What the browser lets the file do: show the pictures and the style that are in it."""


def html(
    page: Page, fields: Fields, pictures: Mapping[str, str], *, heading: str, photo: str = "", synonyms: Synonyms = NONE
) -> str:
    """Return the whole file.

    Args:
        page: What was found; with highlights, words are marked.
        fields: Roles of the fields.
        pictures: Of products by id, as `data:` addresses.
        heading: What was asked for, and when.
        photo: That was searched with, as such an address.
        synonyms: Those of the shop, for the words that a hit has and lacks.
    """
    loader = FileSystemLoader(HERE / "templates")
    templates = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    sum_of_style = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    asked = page.spelled or page.query

    def matched(hit: Hit) -> Words:
        return words(asked, hit.product, fields, synonyms)

    def shown(hits: Sequence[Hit]) -> list[dict[str, Any]]:
        return [
            {"card": view.card(hit, fields), "hit": hit, "picture": pictures.get(hit.id, ""), "words": matched(hit)}
            for hit in hits
        ]

    found: str = templates.get_template("saved.html").render(
        page=page,
        hits=shown(page.hits),
        regions=[shown(region.hits) for region in page.regions],
        most=max((value for hit in page for value in hit.signals.values() if value > 0), default=1.0),
        heading=heading,
        photo=photo,
        style=Markup(STYLE),
        policy=POLICY.format(sum_of_style),
        html=Markup,
    )
    return found
