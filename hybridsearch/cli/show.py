"""What people see: tables on a terminal, plain lines in a pipe. Catalogue text is printed as text, never as markup."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from hybridsearch import text
from hybridsearch.values import Hit, Page, Reject

PLAIN_EVERY = 5.0
"""Seconds between two lines of progress in a pipe."""


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
    from hybridsearch.catalog.rows import field as lookup
    from hybridsearch.catalog.rows import strings

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


@contextmanager
def progress(*, as_json: bool = False) -> Iterator[Callable[[str, Any, int | None], None]]:
    """Yield what a run tells its progress: a bar on a terminal, now and then a line in a pipe, JSON for programs."""
    pace, last = Pace(), time.monotonic()
    if sys.stderr.isatty() and not as_json:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
            task = bar.add_task("starting", total=None, note="")
            yield lambda stage, counts, total: bar.update(
                task,
                description=stage,
                completed=counts.read,
                total=total,
                note=f"{pace.of(counts.read, total)[0]:,.0f}/s, {note(counts)}",
            )
        return

    def line(stage: str, counts: Any, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last < PLAIN_EVERY:
            return
        last = time.monotonic()
        speed, left = pace.of(counts.read, total)
        if as_json:
            found = {"stage": stage, **asdict(counts), "total": total, "per_second": speed, "seconds_left": left}
            click.echo(json.dumps(found), err=True)
        else:
            of = "?" if total is None else f"{total:,}"
            soon = "" if left is None else f", {left:,.0f} s left"
            click.echo(f"{stage}: {counts.read:,} of {of}, {speed:,.0f}/s{soon}; {note(counts)}", err=True)

    yield line


@contextmanager
def steps() -> Iterator[Callable[[str, int, int], None]]:
    """Yield what a run of several stages tells its progress: stage, done and total; shown like `progress`."""
    if sys.stderr.isatty():
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        ) as bar:
            tasks: dict[str, TaskID] = {}

            def move(stage: str, done: int, total: int) -> None:
                if stage not in tasks:
                    tasks[stage] = bar.add_task(stage)
                bar.update(tasks[stage], completed=done, total=total)

            yield move
        return
    last = time.monotonic()

    def line(stage: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PLAIN_EVERY:
            last = time.monotonic()
            click.echo(f"{stage}: {done:,} of {total:,}", err=True)

    yield line


class Pace:
    """How fast a run is, not counting what an interrupted process of it did before."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.first: int | None = None

    def of(self, done: int, total: int | None) -> tuple[float, float | None]:
        """Return products a second, and the seconds that are left; None when that is unknown."""
        if self.first is None or done < self.first:
            self.first, self.started = done, time.monotonic()
        speed = (done - self.first) / max(1e-9, time.monotonic() - self.started)
        return round(speed, 1), None if total is None or not speed else round(max(0, total - done) / speed, 1)


def note(counts: Any) -> str:
    """Return the counts in words."""
    return f"{counts.cached:,} vectors from the cache, {counts.encoded:,} encoded, {counts.rejected:,} rejected"


def as_json(found: Page, more: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a page for programs, with what is known beyond it about each hit."""
    data = found.to_json()
    for hit in data["hits"]:
        hit.update(more.get(hit["id"], {}))
    return data
