"""Sheets for a browser: the parts that reports are made of, and the templates that they are put into. Pure functions.

All text is escaped by whoever gives it here as a cell, and here where it is called text.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable, Sequence
from html import escape
from string import Template


def filled(
    name: str, *, title: str, heading: str, tone: str, verdict: str, pictures: bool = False, **values: object
) -> str:
    """Return a sheet: the frame that all have, and in it a template of this folder with its values, which are HTML.

    Args:
        name: Of the template.
        title: What the sheet is, which stands above it.
        heading: What it is about, and when it was made.
        tone: Of the verdict: `better`, `unsure` or `worse`.
        verdict: A sentence.
        pictures: Whether it shows some, as `data:` addresses.
        values: Of the template.
    """
    top = {"title": title, "heading": heading, "tone": tone, "verdict": verdict, "style": read("report.css")}
    top["images"] = " img-src data:;" if pictures else ""
    return Template(read("sheet.html")).substitute(top, body=Template(read(name)).substitute(values))


def read(name: str) -> str:
    """Return a file of this folder."""
    return (importlib.resources.files(__package__) / name).read_text(encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of rows that begin with a name, followed by cells; a name alone is a heading over all columns."""
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f"<tr><td>{name}</td>{''.join(cells)}</tr>"
        if cells
        else f'<tr class="group"><th colspan="{len(head)}">By {name}</th></tr>'
        for name, *cells in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def cell(value: float, is_best: bool) -> str:
    """Return a figure of a table."""
    return f'<td class="best">{value:.3f}</td>' if is_best else f"<td>{value:.3f}</td>"


def bullets(lines: Iterable[str]) -> str:
    """Return sentences, which are text, as a list."""
    return f'<ul class="plain">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul>'


def hidden(summary: str, part: str) -> str:
    """Return a part behind a line of text that opens it."""
    return f"<details><summary>{escape(summary)}</summary>{wide(part)}</details>"


def wide(part: str) -> str:
    """Return a part that scrolls sideways where the screen is narrow, with keys too."""
    return f'<div class="wide" tabindex="0">{part}</div>'
