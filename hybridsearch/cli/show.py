"""What people see: tables on a terminal, plain lines in a pipe. Catalogue text is printed as text, never as markup."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hybridsearch import text
from hybridsearch.values import Hit, Page, Reject


def out() -> Console:
    """Return the console for results; in a pipe, lines are not folded."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=200)


def print_json(data: Any) -> None:
    """Print one object for programs, in UTF-8 whatever a query or a row holds."""
    click.echo(json.dumps(data, ensure_ascii=False, default=str).encode(errors="replace"))


def safe(value: object, limit: int = 80) -> str:
    """Return catalogue text for a terminal: one line, no control characters, no markup."""
    line = " ".join(text.clean(str(value)).split())
    return escape(line if len(line) <= limit else line[: limit - 1] + "…")


def page(
    found: Page, title_field: str | None, *, first: int = 1, more: Callable[[Hit], Sequence[str]] | None = None
) -> None:
    """Print a page whose first hit has the rank `first`: rank, score, id, title, and what made the score."""
    console = out()
    for note in (*found.degraded, *found.notes):
        click.echo(f"Note: {note}", err=True)
    console.print(f"{found.total:,} products, page {found.number}, {found.took_ms:.1f} ms")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("#", "score", "id", "title", "because"):
        table.add_column(name, justify="right" if name in ("#", "score") else "left", overflow="fold")
    for rank, hit in enumerate(found, first):
        because = ", ".join(f"{name} {value:.2f}" for name, value in list(hit.signals.items())[: None if more else 3])
        table.add_row(str(rank), f"{hit.score:.3f}", safe(hit.id, 24), safe(title(hit, title_field), 60), because)
        for line in more(hit) if more else ():
            table.add_row("", "", "", f"[dim]{safe(line, 200)}[/dim]", "")
    if found:
        console.print(table)
    for name, counts in found.facets.items():
        values = ", ".join(f"{safe(value, 30)} ({count})" for value, count in list(counts.items())[:12])
        console.print(f"[bold]{safe(name)}[/bold]: {values}")


def title(hit: Hit, field: str | None) -> str:
    """Return what stands for a product in a list."""
    from hybridsearch.rows import field as lookup
    from hybridsearch.rows import strings

    return " ".join(strings(lookup(hit.product, field))) if field else ""


def rejects(found: Sequence[Reject], total: int, file: object) -> None:
    """Print the first rejects, and where all of them are."""
    for each in found[:5]:
        click.echo(f"  {each.where}: {each.stage}: {text.clean(each.reason, 300)}", err=True)
    if found:
        click.echo(f"  {total:,} products rejected; everything is in {file}", err=True)


def say(sentence: str) -> None:
    """Tell a person something, on standard error."""
    click.echo(text.clean(sentence, 500), err=True)


def as_json(found: Page, more: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a page for programs, with what is known beyond it about each hit."""
    data = found.to_json()
    for hit in data["hits"]:
        hit.update(more.get(hit["id"], {}))
    return data
