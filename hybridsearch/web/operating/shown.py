"""Decides what the pages for operating show: dates, sizes, runs, weights, proposals. Pure values, no HTML."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hybridsearch.engines.base import Generation
from hybridsearch.events.proposals import Proposal
from hybridsearch.inputs.json_text import parse_toml
from hybridsearch.learning.versions import Version
from hybridsearch.running import Run
from hybridsearch.search.weights import Weights

MADE = re.compile(r"([0-9]{8}-[0-9]{6})-[0-9a-f]{6}")
"""The time in the name of a generation."""
REMARKS = ("rejected", "encoded", "cached", "without_picture", "changes")
"""Counts that are shown beside how far a run is, where they are not 0."""
UNDER_WAY = "under way"
BARS = 12
"""Signals of some weights that are shown."""


@dataclass(frozen=True, slots=True)
class Build:
    """A generation: its name, when it was made, and what it holds."""

    name: str
    made: str
    state: str
    documents: int
    megabytes: float


@dataclass(frozen=True, slots=True)
class RunShown:
    """A run of a command.

    Attributes:
        command: `reindex` or `tune`.
        label: In which state it is: `under way`, `done` or `stopped`.
        state: A sentence on what became of it, or what goes on.
        part: How much of its stage is done, in [0, 1]; None where nobody knows.
        facts: What it counted.
        rejects: Rows that it refused, each as a sentence.
        rejects_file: Where all of them are.
    """

    command: str
    label: str
    state: str
    part: float | None = None
    facts: Sequence[str] = ()
    rejects: Sequence[str] = ()
    rejects_file: str = ""


def local(said: str, folder: Path) -> str:
    """Return a text in which paths below the folder of the shop begin there."""
    if folder == folder.parent:
        return said
    return said.replace(f"{folder}{os.sep}", "").replace(f"'{folder}'", "'.'")


def moment(seconds: float) -> str:
    """Return a time as people read it, in UTC; empty for one that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return ""


def dated(version: Version) -> str:
    """Return when weights were learned, as people read it; the file has it to the second, with its zone."""
    return version.date[:16].replace("T", " ")


def build(generation: Generation) -> Build:
    """Return a generation as it is shown; its name says when it was made."""
    at = MADE.search(generation.name)
    try:
        made = datetime.strptime(at[1], "%Y%m%d-%H%M%S").strftime("%Y-%m-%d %H:%M:%S") if at else ""
    except ValueError:
        made = ""
    return Build(generation.name, made, generation.state, generation.documents, generation.bytes / 1e6)


def run(command: str, found: Run | None, *, under_way: bool) -> RunShown | None:
    """Return a run as it is shown; None where there was none.

    Args:
        command: `reindex` or `tune`.
        found: What it said last; where another process began a moment ago, still that of an earlier one.
        under_way: Whether it goes on.
    """
    if found is None or (under_way and found.ended):
        return RunShown(command, UNDER_WAY, "It is starting.") if under_way else None
    if under_way:
        return RunShown(command, UNDER_WAY, going_on(found), part_of(found), counts_of(found.counts))
    when = f"{moment(found.changed)} UTC, after {found.changed - found.begun:,.0f} s"
    if found.ended == "done":
        rejects, file = rejects_of(found.report)
        return RunShown(command, "done", f"{when}.", None, done(found.report), rejects, file)
    if found.ended == "failed":
        return RunShown(command, "stopped", f"{when}: {found.said}", None, counts_of(found.counts))
    where = f"in '{found.stage}', with {found.done:,} done"
    return RunShown(command, "stopped", f"Its process was ended {where}. Start it again to go on.")


def going_on(found: Run) -> str:
    """Return what goes on in a run."""
    if not found.done:
        return f"{found.stage.capitalize()}. Process {found.process}."
    of = "" if found.total is None else f" of {found.total:,}"
    speed = f", {found.per_second:,.0f} a second" if found.per_second >= 1 else ""
    left = "" if found.seconds_left is None else f", about {found.seconds_left:,.0f} s left"
    return f"{found.stage.capitalize()}: {found.done:,}{of}{speed}{left}. Process {found.process}."


def part_of(found: Run) -> float | None:
    """Return how much of a stage is done, in [0, 1]."""
    return min(1.0, max(0.0, found.done / found.total)) if found.total else None


def counts_of(counts: Mapping[str, float]) -> list[str]:
    """Return what a run counts beside how far it is."""
    return [f"{counts[name]:,.0f} {name.replace('_', ' ')}" for name in REMARKS if counts.get(name)]


def done(report: Mapping[str, object]) -> list[str]:
    """Return what a run says at its end; of learning, whether something is used now, and why."""
    if isinstance(reason := report.get("reason"), str):
        return [f"{'Better' if report.get('activated') else 'Not better'}: {reason}"]
    numbers = {name: value for name, value in report.items() if isinstance(value, int | float)}
    indexed = [f"{numbers['indexed']:,.0f} products indexed"] if "indexed" in numbers else []
    duplicates = [f"{numbers['duplicates']:,.0f} duplicates"] if numbers.get("duplicates") else []
    return [*indexed, *counts_of(numbers), *duplicates]


def rejects_of(report: Mapping[str, object]) -> tuple[list[str], str]:
    """Return what a rebuild refused, and the file that has all of it."""
    rows, file = report.get("rejects"), report.get("rejects_file")
    said = [
        f"{row.get('where')}: {row.get('stage')}: {row.get('reason')}"
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, Mapping)
    ]
    return said, file if isinstance(file, str) else ""


def bars(weights: Weights) -> list[tuple[str, float]]:
    """Return the largest weights of signals."""
    ordered = sorted(weights.signals.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(name, value) for name, value in ordered if value][:BARS]


def accepted(version: Version) -> str:
    """Return by what weights were accepted, in a sentence; empty where nothing says so."""
    names = (("nDCG@10", "after"), ("gain", "difference"), ("gain", "low"), ("gain", "high"))
    after, gain, low, high = (version.number_of(*each) for each in names)
    if after is None or gain is None or low is None or high is None:
        return ""
    queries = version.number_of("queries") or 0
    return f"nDCG@10 {after:.4f} on {queries:,.0f} held-out queries, gain {gain:+.4f} (95 %: {low:+.4f} to {high:+.4f})"


def typed(proposal: Proposal) -> str:
    """Return the query with which one sees what a proposal would change; empty where it names none."""
    if not proposal.text.lstrip().startswith("[["):
        return proposal.text.partition("=>")[0].partition(",")[0].strip()
    try:
        (rule,) = parse_toml(proposal.text)["rule"]
        found = rule["when"]["query"]
    except (ValueError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) else ""
