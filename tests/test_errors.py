"""The tree of errors is what its module's docstring says, and each error has its exit code."""

import ast
import re
from pathlib import Path

import pytest

import hybridsearch
from hybridsearch import cli, errors

CLASSES = {
    name: value for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)
}


def drawn() -> dict[str, str]:
    """The parent of each class in the docstring's tree, by its indentation."""
    parents: dict[str, str] = {}
    above: dict[int, str] = {}
    for line in str(errors.__doc__).splitlines():
        if branch := re.match(r"(?P<depth>[│├└─ ]*)(?P<name>[A-Z]\w+)(?:  |$)", line):
            depth = len(branch["depth"]) // 4
            above[depth] = branch["name"]
            parents[branch["name"]] = above.get(depth - 1, "Exception")
    return parents


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    assert drawn() == {name: error.__bases__[0].__name__ for name, error in CLASSES.items()}


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_is_explained_in_one_sentence(name: str) -> None:
    assert re.fullmatch(r"[A-Z][^\n]*\.", str(CLASSES[name].__doc__))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError, 2),
        (errors.ConfigMissing, 3),
        (errors.QueryError, 2),
        (errors.WeightsError, 2),
        (errors.GateError, 1),
        (errors.CatalogError, 3),
        (errors.ImageError, 3),
        (errors.EncoderError, 3),
        (errors.EncoderUnavailable, 3),
        (errors.DegradedAnswer, 3),
        (errors.EngineError, 3),
        (errors.IndexMissing, 3),
        (errors.StoreDamaged, 3),
    ],
)
def test_every_error_ends_the_command_line_with_its_code(error: type[errors.HybridSearchError], code: int) -> None:
    assert cli.exit_code(error("x")) == code


def test_no_message_points_to_a_page_that_is_not_installed() -> None:
    """The pages of `docs/` are in the repository, not in the wheel."""
    pointing = []
    for file in Path(hybridsearch.__file__).parent.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        docstrings = {node.value for node in nodes if isinstance(node, ast.Expr)}
        texts = [node for node in nodes if isinstance(node, ast.Constant) and node not in docstrings]
        pointing += [f"{file.name}:{node.lineno}" for node in texts if re.search(r"\bdocs/", str(node.value))]
    assert pointing == []


@pytest.mark.parametrize("odd", ["\ud800", "\u202e", "\x1b[2J", "\x9b", "\r", "\u2066", "\x00"])
def test_a_message_can_be_shown_whatever_is_quoted_in_it(odd: str) -> None:
    """Attack: a path, or any other text that a caller gives, with half a character or a change of direction."""
    message = str(errors.HybridSearchError(f"Found 'a{odd}b'.\nTry again."))
    message.encode()
    assert odd not in message
    assert ascii(odd[0])[1:-1] in message
    assert message.endswith(".\nTry again.")
