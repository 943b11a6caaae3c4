"""What a card hands over beside pictures."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from hybridsearch.roles import Fields
from hybridsearch.values import Hit, Row
from hybridsearch.web.media import moment, scene_viewer, solids

FIELDS = Fields(title="title", video=("video", "film"))


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"solid": {"glb": "solids/17.glb", "usdz": "https://shop.example/17.usdz?v=2"}}, ["glb", "usdz"]),
        ({"files": ["17.GLB", "18.glb", "17.pdf"]}, ["glb"]),
        ({"title": "how to open a file.glb in a room"}, []),
        ({"solid": "two\nlines.glb"}, []),
        ({"solid": None, "price": 3.5, "deep": {"a": {"b": {"c": {"d": {"e": "17.glb"}}}}}}, []),
    ],
)
def test_3_d_files_are_found_wherever_they_stand_in_a_row(row: Row, found: list[str]) -> None:
    assert list(solids(row)) == found


def test_the_first_file_of_a_kind_counts() -> None:
    assert solids({"files": ["17.glb", "18.glb"]}) == {"glb": "17.glb"}


def test_android_is_given_public_addresses_alone_and_nothing_of_them_is_markup_or_a_part_of_its_own() -> None:
    assert scene_viewer("solids/17.glb", "chair") == scene_viewer("http://shop.example/17.glb", "chair") == ""
    href = scene_viewer("https://shop.example/17.glb?a=1&b=#Intent;S.x=y;end;", 'a "chair"#Intent;end;')
    parts = urlsplit(href)
    assert (parts.scheme, parts.netloc, parts.path) == ("intent", "arvr.google.com", "/scene-viewer/1.0")
    assert parse_qs(parts.query)["file"] == ["https://shop.example/17.glb?a=1&b=#Intent;S.x=y;end;"]
    assert parts.fragment.startswith("Intent;scheme=https;package=com.google.ar.core;")
    assert '"' not in href


@pytest.mark.parametrize(
    ("row", "video", "found"),
    [
        ({"video": "https://shop.example/a.mp4"}, 0, ("1:07", "https://shop.example/a.mp4#t=67.25")),
        ({"video": "https://shop.example/a.mp4#t=3"}, 0, ("1:07", "https://shop.example/a.mp4#t=67.25")),
        ({"video": "a.mp4", "film": ["https://shop.example/b.mp4"]}, 1, ("1:07", "https://shop.example/b.mp4#t=67.25")),
        ({"video": "videos/a.mp4"}, 0, ("1:07", "")),
        ({"video": "javascript:alert(1)"}, 0, ("1:07", "")),
        ({}, 0, ("", "")),
    ],
)
def test_a_link_to_a_video_begins_at_its_moment(row: Row, video: int, found: tuple[str, str]) -> None:
    assert moment(Hit("1", 1.0, {}, row, frame=67.25, video=video), FIELDS) == found


def test_without_a_moment_there_is_no_link() -> None:
    assert moment(Hit("1", 1.0, {}, {"video": "https://shop.example/a.mp4"}), FIELDS) == ("", "")
