"""Every snippet of the documentation works: Python runs, TOML is a valid configuration, commands do what is shown."""

import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from itertools import dropwhile, takewhile
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch, encoders, sample
from hybridsearch.cli import REFUSED, run
from hybridsearch.cli.demo import SEARCHES
from hybridsearch.learning import cross_validation
from hybridsearch.settings import Settings
from tests.events.builders import action, answer, write
from tests.shops import write_config, write_products

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
LEARNING = ROOT / "docs" / "learning.md"
CONFIGURATION = ROOT / "docs" / "configuration.md"
PAGES = [README, ROOT / "mappings" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SAMPLE = Path(sample.__file__).parent
PRIOR = ROOT / "hybridsearch" / "search" / "prior.json"
SERVER = "http://localhost:9200"
"""What stands for the reader's Elasticsearch."""
ELSEWHERE = ("make", "pip")
"""Commands that install, or run the tests; this is one of them."""
MAY_REFUSE = ("tune",)
"""Commands that are right to refuse: the judgments given here prove nothing."""
TIME = re.compile(r"[\d.]+ (ms|s)\b")
ANYTHING = "…"
"""A line of it stands for any lines, and at the end of a line for what follows."""


def blocks(language: str) -> list[object]:
    return [
        pytest.param(match[2], id=f"{page.name}:{page.read_text()[: match.start()].count(chr(10)) + 1}")
        for page in PAGES
        for match in BLOCK.finditer(page.read_text(encoding="utf-8"))
        if match[1] == language
    ]


def session() -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of the README in order, each with the lines of output that are shown below it."""
    for match in BLOCK.finditer(README.read_text(encoding="utf-8")):
        if match[1] == "console":
            yield from commands(match[2])


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands that are shown behind a prompt, each with the lines of output below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.rstrip().splitlines()
        yield command, shown


def own_catalogue() -> list[str]:
    """Return the commands of the README about the reader's own catalogue, up to those that measure and learn."""
    lines = dropwhile(lambda command: "init" not in command, (command for command, _ in session()))
    return list(takewhile(lambda command: "judgments" not in command, lines))


def products() -> list[dict[str, object]]:
    """Return the reader's own products: a part of the sample without its pictures, and a red coat."""
    rows = [json.loads(line) for line in (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()]
    own = [{name: value for name, value in row.items() if name != "image"} for row in rows[:200]]
    return [*own, {**own[0], "id": "red", "title": "Red coats for two", "price": 99.5}]


def provide(name: str) -> None:
    """Write a file of the reader's own, where a command wants it."""
    if name == "products.jsonl":
        write_products(Path(name), products())
    if name == "events.jsonl":
        provide_log(name)
    if name == "judgments.jsonl":
        queries = {"red coats": "red", **{str(row["title"]): str(row["id"]) for row in products()[:4]}}
        judged = [{"query": words, "product_id": key, "grade": 3} for words, key in queries.items()]
        Path(name).write_text("".join(json.dumps(each) + "\n" for each in judged), encoding="utf-8")


def provide_log(name: str) -> None:
    """Write a log of some shoppers of the reader's own, who click what has the words of their query."""
    lines: list[object] = []
    for number, row in enumerate(products()[:4] * 12):
        lines.append(answer(str(number), str(row["title"]), str(row["id"]), "red", who=str(number), total=2))
        lines.append(action(str(number), str(row["id"])))
    write(Path(name), lines)


def type_in(command: str, output: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Do what a reader who types a command sees done; return what it prints."""
    program, *arguments = shlex.split(command, comments=True)
    if program in ELSEWHERE:
        return ""
    if program == "cd":
        monkeypatch.chdir(Path.cwd() / arguments[0])
        return ""
    assert program == "hybridsearch", command
    for name in arguments:
        if not Path(name).exists():
            provide(name)
    code = run(arguments)
    printed = output.readouterr()
    assert code == 0 or (code == REFUSED and arguments[0] in MAY_REFUSE), f"{command}\n{printed.err}"
    return printed.out


def agree(shown: list[str], printed: str, command: str) -> None:
    """Check that a command prints what is shown, but for times and the width of columns."""
    left = [line for line in map(tidied, printed.splitlines()) if line]
    skipping = False
    for line in filter(None, map(tidied, shown)):
        if line == ANYTHING:
            skipping = True
            continue
        start, *open_end = line.split(ANYTHING)
        while skipping and left and not left[0].startswith(start):
            del left[0]
        assert left, f"{command}\ndoes not print: {line}"
        assert left[0].startswith(start) if open_end else left[0] == line, f"{command}\nprints: {left[0]}\nnot: {line}"
        del left[0]
        skipping = False
    assert skipping or not shown or not left, f"{command}\nalso prints: {left[0]}"


def tidied(line: str) -> str:
    return " ".join(TIME.sub(r"N \1", line).split())


@pytest.fixture
def shop_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and a built index, as a reader of the documentation has it."""
    write_config(tmp_path, log={"path": "events.jsonl"}, weights={"b": "weights-b.json"})
    shutil.copy(PRIOR, tmp_path / "weights-b.json")
    monkeypatch.chdir(tmp_path)
    assert run(["reindex"]) == 0
    return tmp_path


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HYBRIDSEARCH_CONFIG", raising=False)
    return tmp_path


@pytest.mark.parametrize("code", blocks("python"))
def test_python_runs(code: str, shop_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "ENCODERS", {**encoders.ENCODERS})  # what a snippet registers is gone after it
    exec(compile(code, "snippet", "exec"), {})


@pytest.mark.parametrize("text", blocks("toml"))
def test_toml_is_a_valid_configuration(text: str, tmp_path: Path) -> None:
    data = tomllib.loads(text)
    Settings.parse({"catalog": {"path": "products.jsonl"}, **data}, folder=tmp_path)


def test_every_line_of_the_readme_runs_in_order_in_an_empty_folder_and_prints_what_is_shown(
    empty_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_validation, "CHOICES", (("strength", (1.0, 0.1)),))  # else `tune` takes most of the time
    lines = list(session())
    assert len(lines) > 15
    for command, shown in lines:
        printed = type_in(command, capsys, monkeypatch)
        agree(shown, printed, command)
        if command == "hybridsearch demo":
            follow_the_demo(printed, capsys, monkeypatch)


def follow_the_demo(printed: str, output: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Type what the demo shows, line by line, and come back."""
    before = Path.cwd()
    lines = list(commands(printed.partition("\nYour turn: ")[0]))
    assert len(lines) == 1 + len(SEARCHES) + 4
    for command, shown in lines:
        agree(shown, type_in(command, output, monkeypatch), command)
    monkeypatch.chdir(before)


def test_the_last_line_of_the_demo_can_be_typed_where_it_was_run() -> None:
    from hybridsearch.cli.demo import program

    first, *rest = shlex.split(program())
    assert first == "hybridsearch" or Path(first).exists()
    assert rest in ([], ["-m", "hybridsearch"])


@pytest.fixture
def own_index(es_url: str, index: str) -> str:
    """An index that the reader already has."""
    with Elasticsearch(es_url) as client:
        client.indices.create(index=f"{index}-own", settings={"number_of_replicas": 0})
        for row in products():
            rest = {name: value for name, value in row.items() if name != "id"}
            client.index(index=f"{index}-own", id=str(row["id"]), document={**rest, "name": row["title"]})
        client.indices.refresh(index=f"{index}-own")
    return f"{index}-own"


def test_the_readme_may_be_followed_with_an_index_instead_of_a_file(
    empty_folder: Path,
    es_url: str,
    own_index: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = own_catalogue()
    (instead,) = re.findall(rf"# or: (hybridsearch init {SERVER}/\w+)$", lines[0])
    for command in [re.sub(rf"{SERVER}/\w+", f"{es_url}/{own_index}", instead), *lines[1:]]:
        printed = type_in(command, capsys, monkeypatch)
        assert "Red coats for two" in printed or "red coats" not in command


def test_the_address_of_a_server_goes_into_the_file_as_the_readme_says(
    empty_folder: Path, es_url: str, index: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (line,) = re.findall(rf'put its address into the file: `(url = "{SERVER}")`', README.read_text(encoding="utf-8"))
    lines = own_catalogue()
    type_in(lines[0], capsys, monkeypatch)
    file = empty_folder / "hybridsearch.toml"
    written = file.read_text(encoding="utf-8")
    file.write_text(
        written.replace("[engine]", f"[engine]\n{line.replace(SERVER, es_url)}").replace(
            'index = "products"', f'index = "{index}"'
        ),
        encoding="utf-8",
    )
    for command in lines[1:]:
        printed = type_in(command, capsys, monkeypatch)
        assert "Red coats for two" in printed or "red coats" not in command
    with Elasticsearch(es_url) as client:
        assert client.count(index=index)["count"] == len(products())


def test_the_configuration_of_an_existing_index_works_as_shown(
    empty_folder: Path, es_url: str, index: str, own_index: str
) -> None:
    (text,) = (
        match[2]
        for match in BLOCK.finditer(CONFIGURATION.read_text(encoding="utf-8"))
        if match[1] == "toml" and "[catalog]\nindex =" in match[2]
    )
    for named, ours in ((SERVER, es_url), ('"products"', f'"{own_index}"'), ('"products-search"', f'"{index}"')):
        assert named in text
        text = text.replace(named, ours)
    (empty_folder / "hybridsearch.toml").write_text(text, encoding="utf-8")
    assert run(["reindex"]) == 0
    with HybridSearch.open() as shop:
        assert [hit.id for hit in shop.search("red coats for two", size=1)] == ["red"]


@pytest.mark.beside_one_server
def test_the_commands_of_the_pages_run_on_a_server(
    empty_folder: Path,
    es_url: str,
    own_index: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of docs/learning.md: its query for `--keyword-query` is the one that it shows."""
    text = LEARNING.read_text(encoding="utf-8")
    (query,) = (match[2] for match in BLOCK.finditer(text) if match[1] == "json" and "{{query}}" in match[2])
    Path("query.json").write_text(query, encoding="utf-8")
    type_in(f"hybridsearch init {es_url}/{own_index}", capsys, monkeypatch)
    type_in("hybridsearch reindex", capsys, monkeypatch)
    lines = [
        line
        for page in PAGES
        for match in BLOCK.finditer(page.read_text(encoding="utf-8"))
        if match[1] == "sh"
        for line in match[2].splitlines()
    ]
    assert len(lines) >= 2
    for command in lines:
        type_in(command, capsys, monkeypatch)


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
