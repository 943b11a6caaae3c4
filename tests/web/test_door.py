"""Who is let in: names of hosts, other sites, tokens, and how much of anything; with `proofs` and `middleware`."""

from pathlib import Path
from typing import Any

import pytest

from hybridsearch.errors import ConfigError
from hybridsearch.web import proofs
from hybridsearch.web.door import LONGEST_TARGET, MOST_BYTES, SMALL_BYTES, Asked, Rules, is_ours, refusal
from tests.web.builders import TOKEN, asking, csrf

OURS = {"host": "localhost:8000"}


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "192.168.1.7", "Search.Shop"]
)
def test_a_name_of_ours_and_an_address_of_numbers_are_known(host: str) -> None:
    assert is_ours(host, frozenset({"search.shop"}))


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8000",
        "[x",
        "search.shop.x",
    ],
)
def test_a_name_that_an_attacker_leads_here_is_not(host: str) -> None:
    assert not is_ours(host, frozenset({"search.shop"}))
    why = refusal(Asked("GET", "/", headers={"host": host}), Rules(), 0)
    assert why is not None
    assert why.status == 421


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({}, True),
        ({"origin": "http://localhost:8000"}, True),
        ({"origin": "http://localhost:8000", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://localhost:9000"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"origin": "https://shop.example"}, True),
    ],
)
def test_a_post_of_another_site_is_refused_unless_that_is_allowed(headers: dict[str, str], let_in: bool) -> None:
    asked = Asked("POST", "/api/events", headers={**OURS, **headers})
    assert (refusal(asked, Rules(origins=frozenset({"https://shop.example"})), 0) is None) is let_in


def test_an_allowed_site_may_use_the_api_and_no_form() -> None:
    asked = Asked("POST", "/photo", headers={**OURS, "origin": "https://shop.example"})
    why = refusal(asked, Rules(origins=frozenset({"https://shop.example"})), 0)
    assert why is not None
    assert why.status == 403


def test_a_login_is_over_at_its_time_and_belongs_to_its_token() -> None:
    key, other = proofs.key_of(TOKEN), proofs.key_of(TOKEN + "x")
    cookie = proofs.login(key, 1_000)
    assert proofs.is_login(key, cookie, 1_000 + proofs.SECONDS - 1)
    assert not proofs.is_login(key, cookie, 1_000 + proofs.SECONDS)
    assert not proofs.is_login(other, cookie, 1_000)
    until, _, signature = cookie.partition(".")
    for forged in ("", ".", f"{int(until) + 9}.{signature}", f"{until}.{signature[:-1]}", f"{until}", "é.ü"):
        assert not proofs.is_login(key, forged, 1_000)


def test_what_a_token_opens_is_closed_without_it(tmp_path: Path) -> None:
    with asking(tmp_path, token=TOKEN) as client:
        for path in ("/api/search", "/api/openapi.json", "/metrics"):
            refused = client.get(path)
            assert (refused.status_code, list(refused.json())) == (401, ["error"])
            assert refused.headers["www-authenticate"] == "Bearer"
        for path in ("/", "/picture/1", "/why?id=1", "/similar?id=1", "/suggest?q=a"):
            sent = client.get(path)
            assert (sent.status_code, sent.headers["location"]) == (303, "/login")
        assert client.get("/health").json() == [{"name": "search", "state": "ok", "found": "", "next_step": ""}]
        assert client.get("/static/page.css").status_code == 200
        for path in ("/static/%2e%2e/api/search", "/static/..%2fapi%2fsearch", "/static//api/search", "/health/x"):
            assert client.get(path).status_code in (303, 404)
        for wrong in (f"Bearer {TOKEN}x", "Bearer", "Basic abc", f"Bearer  {TOKEN[:-1]}", "Bearer é"):
            assert client.get("/api/search", headers={b"Authorization": wrong.encode("latin-1")}).status_code == 401
        assert client.get("/api/search", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_person_logs_in_once_with_a_form_that_no_other_site_can_send(tmp_path: Path) -> None:
    with asking(tmp_path, token=TOKEN) as client:
        assert client.post("/login", data={"token": TOKEN}).status_code == 400
        field = csrf(client)
        assert client.post("/login", data={"token": "wrong", "csrf": field}).status_code == 401
        assert client.get("/").status_code == 303
        done = client.post("/login", data={"token": TOKEN, "csrf": field})
        cookie = done.headers["set-cookie"]
        assert done.status_code == 303
        assert ("HttpOnly" in cookie, "SameSite=strict" in cookie, TOKEN in cookie) == (True, True, False)
        assert client.get("/").status_code == 200
        assert client.get("/api/search").status_code == 200


def test_a_form_without_what_it_carries_or_with_that_of_another_browser_is_refused(tmp_path: Path) -> None:
    with asking(tmp_path) as client:
        field = csrf(client)
        image = {"image": ("red.png", (tmp_path / "red.png").read_bytes())}
        assert client.post("/photo", files=image).status_code == 400
        assert client.post("/photo", files=image, data={"csrf": field[:-1] + "0"}).status_code == 400
        client.cookies.clear()
        assert client.post("/photo", files=image, data={"csrf": field}).status_code == 400


def test_a_short_token_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match="The token has 5 characters, expected 20 or more"),
        asking(tmp_path, token="short"),
    ):
        pass


def test_every_answer_forbids_scripts_frames_and_guesses(tmp_path: Path) -> None:
    with asking(tmp_path, token=TOKEN) as client:
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        paths = ("/", "/api/search", "/nothing", "/static/page.js", "/picture/1", "/login", "/metrics", "/?page=x")
        for path in paths:
            for headers in ({}, bearer):
                found = client.get(path, headers=headers).headers
                policy = found["content-security-policy"]
                assert "default-src 'none'" in policy
                assert "frame-ancestors 'none'" in policy
                assert "unsafe" not in policy
                assert found["x-content-type-options"] == "nosniff"


def test_no_page_has_a_script_or_a_style_of_its_own(tmp_path: Path) -> None:
    with asking(tmp_path) as client:
        for path in ("/", "/why?id=1&q=red", "/similar?id=2", "/login"):
            page = client.get(path).text.lower()
            assert "<style" not in page
            assert " style=" not in page
            assert " on" + "click=" not in page
            assert page.count("<script") == page.count("<script src=") == 2


def test_scripts_of_an_allowed_site_may_read_answers_of_the_api_and_others_may_not(tmp_path: Path) -> None:
    with asking(tmp_path, web={"origins": ["https://shop.example"]}) as client:
        ours = {"Origin": "https://shop.example"}
        allowed = "access-control-allow-origin"
        assert client.get("/api/search", headers=ours).headers[allowed] == "https://shop.example"
        asked = client.options("/api/search", headers={**ours, "Access-Control-Request-Method": "POST"})
        assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (204, "GET, POST")
        for path, headers in (("/api/search", {"Origin": "https://other.example"}), ("/", ours), ("/api/search", {})):
            assert allowed not in client.get(path, headers=headers).headers
        assert "access-control-allow-credentials" not in client.get("/api/search", headers=ours).headers


def test_too_many_bytes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    with asking(tmp_path) as client:
        for kind, most in (("multipart/form-data; boundary=x", MOST_BYTES), ("application/json", SMALL_BYTES)):
            headers = {"Content-Length": str(most + 1), "Content-Type": kind}
            assert client.post("/api/search", content=b"x", headers=headers).status_code == 413
        sent = 0

        def endless() -> Any:
            nonlocal sent
            while sent < 4 * SMALL_BYTES:
                sent += 65_536
                yield b"x" * 65_536

        refused = client.post("/api/events", content=endless(), headers={"Content-Type": "application/json"})
        assert (refused.status_code, list(refused.json())) == (413, ["error"])
        assert client.get("/?q=" + "x" * LONGEST_TARGET).status_code == 414


def test_a_client_that_asks_too_often_is_told_to_wait(tmp_path: Path) -> None:
    with asking(tmp_path, web={"rate": 1}) as client:
        statuses = [client.get("/api/openapi.json").status_code for _ in range(8)]
        assert statuses[:4] == [200] * 4
        assert 429 in statuses[4:]
        assert int(client.get("/api/openapi.json").headers.get("retry-after", 1)) >= 1


def test_a_request_under_a_foreign_name_gets_nothing(tmp_path: Path) -> None:
    with asking(tmp_path, web={"hosts": ["search.shop.example"]}) as client:
        assert client.get("/api/search", headers={"Host": "evil.example"}).status_code == 421
        assert client.get("/", headers={"Host": "evil.example"}).status_code == 421
        assert client.get("/api/search", headers={"Host": "search.shop.example"}).status_code == 200
