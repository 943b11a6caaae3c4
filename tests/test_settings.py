"""The configuration file and its tables, `sections`: what is wrong is named, with the nearest thing that is right.

They are `base`, `catalog`, `engine`, `secrets`, `tables` and `web`.
"""

from pathlib import Path
from typing import Any

import pytest

from hybridsearch.errors import ConfigError, ConfigMissing
from hybridsearch.sections import Secrets
from hybridsearch.settings import Settings, find

SMALLEST: dict[str, Any] = {"catalog": {"path": "products.jsonl"}}


def parse(**changes: Any) -> Settings:
    return Settings.parse({**SMALLEST, **changes}, folder=Path("/shop"))


def complaint(**changes: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        parse(**changes)
    return str(refused.value)


def test_a_catalogue_alone_is_a_configuration() -> None:
    settings = parse()
    assert (settings.fields.id, settings.fields.title, settings.fields.languages) == ("id", "title", ("en",))
    assert (settings.engine.url, settings.engine.index, settings.vectors) == (None, "products", ())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"feilds": {}}, "configuration: unknown key 'feilds'. Did you mean 'fields'?"),
        ({"catalog": {"path": "p", "ftch": 1}}, "configuration: unknown key 'catalog.ftch'. Did you mean 'fetch'?"),
        ({"fields": {"titel": "t"}}, "configuration: unknown key 'fields.titel'. Did you mean 'title'?"),
        ({"engine": {"ulr": "x"}}, "configuration: unknown key 'engine.ulr'. Did you mean 'url'?"),
        (
            {"weights": {"pfad": "w"}},
            "configuration: unknown key 'weights.pfad'. Expected one of: path, b, signals, saturation.",
        ),
        (
            {"vectors": [{"name": "image", "encoder": "starter", "read": "image"}]},
            "configuration: unknown key 'vectors.0.read'. Did you mean 'reads'?",
        ),
        ({"folder": "x"}, "configuration: unknown key 'folder'. Did you mean 'engine.folder'?"),
        (
            {"engine": {"api_key": "s3cret"}},
            "configuration: unknown key 'engine.api_key'. Did you mean 'api_key_file'?",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_name(changes: dict[str, Any], sentence: str) -> None:
    """Fault 91."""
    assert complaint(**changes) == sentence


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"fields": {"text": "description"}}, "'fields.text': Input should be a valid tuple (found 'description')."),
        ({"fields": {"languages": ["en", "xx"]}}, "'fields.languages.1': Input should be 'en', 'de'"),
        ({"fields": {"languages": []}}, "'fields': 'languages' is empty; name at least one of en, de, fr, es, ja, zh."),
        ({"engine": {"timeout": 0}}, "'engine.timeout': Input should be greater than 0 (found 0)."),
        ({"engine": {"shards": "many"}}, "'engine.shards': Input should be a valid integer"),
        ({"engine": {"index": "Products"}}, "'engine.index': String should match pattern"),
        (
            {"vectors": [{"encoder": "starter"}]},
            "'vectors.0.name' is missing. Its table takes: name, encoder, reads, image_encoder, query_prompt, "
            "passage_prompt, fingerprint, pictures, backend, "
            "exact, bits. A whole file: hybridsearch init CATALOG",
        ),
        ({"vectors": [{"name": "a.b", "encoder": "starter"}]}, "'vectors.0.name': String should match pattern"),
        ({"catalog": 3}, "'catalog': Input should be a valid dictionary"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_its_place(changes: dict[str, Any], part: str) -> None:
    assert complaint(**changes).startswith(f"configuration: {part}")


def test_a_file_without_a_catalogue_is_told_what_goes_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        Settings.parse({"fields": {"title": "title"}}, folder=tmp_path)
    assert str(refused.value) == (
        "configuration: 'catalog' is missing. Its table takes: path, index, url, query, key, encoding, images, fetch, "
        "parent, named_by, children, views, gather, pairs, sources, groups. A whole file: hybridsearch init CATALOG"
    )


def test_every_problem_has_a_line_of_its_own() -> None:
    assert len(complaint(fields={"titel": "t", "texts": []}, weights={"file": "w"}).splitlines()) == 3


@pytest.mark.parametrize("catalog", [{}, {"path": "p", "index": "i"}])
def test_a_catalogue_is_a_file_an_index_or_a_query(catalog: dict[str, Any]) -> None:
    one = (
        "give one of 'path' (a file), 'index' (an existing Elasticsearch index), 'query' (to a database) and "
        "'sources' (files of several sellers)"
    )
    assert one in complaint(catalog=catalog)


def test_an_index_as_catalogue_needs_a_server() -> None:
    assert "at least 1 item" in complaint(engine={"url": []})
    assert "say where it is in 'engine.url'" in complaint(catalog={"index": "products"})


def test_a_shop_with_nothing_to_search_is_refused() -> None:
    assert "there is nothing to search" in complaint(fields={"id": "sku"})


@pytest.mark.parametrize("role", ["facets", "numbers", "dates", "booleans"])
def test_a_field_cannot_be_a_value_and_hold_others(role: str) -> None:
    assert "'attrs' cannot be a field and hold 'attrs.color' too" in complaint(
        fields={"title": "t", role: ["attrs.color", "attrs"]}
    )


def test_two_legs_of_one_name_are_refused() -> None:
    leg = {"name": "image", "encoder": "starter"}
    assert "two vector legs are called 'image'" in complaint(vectors=[leg, leg])


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_file_is_read_with_and_without_a_byte_order_mark(tmp_path: Path, start: str) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(f'{start}[catalog]\npath = "products.jsonl"\n', encoding="utf-8")
    settings = Settings.load(file)
    assert settings.resolve(Path("products.jsonl")) == tmp_path / "products.jsonl"


def test_a_missing_file_says_how_to_write_one(tmp_path: Path) -> None:
    file = tmp_path / "none.toml"
    with pytest.raises(ConfigMissing) as refused:
        Settings.load(file)
    assert str(refused.value) == (f"Cannot read '{file}': No such file or directory. Write one with: hybridsearch init")


@pytest.mark.parametrize(
    "content", [b"[catalog", b'[catalog]\npath = "\xff"\n', b'[catalog]\npath = "a"\npath = "b"\n']
)
def test_what_is_not_toml_is_said_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "shop.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"is not valid TOML: .*Correct it and try again") as refused:
        Settings.load(file)
    assert not isinstance(refused.value, ConfigMissing)


def test_an_argument_comes_before_the_file_here_and_that_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYBRIDSEARCH_CONFIG", "elsewhere.toml")
    assert find(None) == Path("elsewhere.toml")
    (tmp_path / "hybridsearch.toml").touch()
    assert find(None) == Path("hybridsearch.toml")
    assert find("given.toml") == Path("given.toml")


def test_secrets_come_from_the_environment_and_are_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 85."""
    monkeypatch.setenv("HYBRIDSEARCH_API_KEY", "s3cret-key")
    monkeypatch.setenv("HYBRIDSEARCH_PASSWORD", "s3cret-word")
    secrets = Secrets()
    assert secrets.api_key is not None
    assert secrets.api_key.get_secret_value() == "s3cret-key"
    assert "s3cret" not in f"{secrets!r} {secrets} {secrets.model_dump()}"


def test_a_secret_typed_into_the_file_is_not_repeated(tmp_path: Path) -> None:
    assert "s3cret" not in complaint(engine={"password": "s3cret"})


def test_settings_do_not_change() -> None:
    settings = parse()
    with pytest.raises(ValueError, match="frozen"):
        settings.engine = settings.engine


@pytest.mark.parametrize("name", ["shop-changes", "shop-lock", "shop-filling", "shop-reopened"])
def test_no_index_is_called_as_what_another_one_has_for_itself(tmp_path: Path, name: str) -> None:
    """Attack: the log of a shop overwrote the products of another one, which was called like it."""
    with pytest.raises(ConfigError, match="belongs to another index"):
        Settings.parse({"catalog": {"path": "a.csv"}, "engine": {"index": name}}, folder=tmp_path)


@pytest.mark.parametrize(
    "place", ["log.path", "baskets.path", "weights.path", "weights.b", "rules.path", "synonyms.path"]
)
@pytest.mark.parametrize("path", ["", ".", "folder/.."])
def test_an_empty_path_or_a_folder_is_no_file(place: str, path: str) -> None:
    table, key = place.split(".")
    with pytest.raises(ConfigError, match=f"'{place}': it is empty or a folder, expected the path of a file"):
        Settings.parse({"catalog": {"path": "products.jsonl"}, table: {key: path}}, folder=Path())
