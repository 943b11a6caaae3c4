"""The shops of examples/, each a real server that was started from a copy of its folder, as its README says."""

import json
import os
import re
import runpy
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from hybridsearch import sample
from tests.shops import write_products

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SAMPLE = Path(sample.__file__).parent
PRODUCTS = map(json.loads, (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines())
ROWS = [row for row in PRODUCTS if row["locale"] == "en"]
START_SECONDS = 120.0
STAFF = "a-token-of-the-staff-of-the-shop"
PREPARED = {"fastapi": "python prepare.py", "django": "python manage.py load_sample"}
STARTED = {"fastapi": "uvicorn main:app", "django": "python manage.py runserver"}
MERCHANDISER = "merchandiser"
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "OMP_NUM_THREADS": "1",
    "STAFF_TOKEN": STAFF,
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "DJANGO_SUPERUSER_PASSWORD": MERCHANDISER,
}
DJANGO = """
import sys
import django
from django.core.management import call_command

django.setup()
call_command("makemigrations", check_changes=True, dry_run=True)
call_command("load_sample", sys.argv[1])
call_command("createsuperuser", interactive=False, username="merchandiser", email="of@shop.example")
call_command("runserver", "--noreload", sys.argv[2])
"""
"""The commands of its README in one process, which loads the encoder once; its models have their migrations."""


Shop = tuple[Path, httpx2.Client]


def command(folder: Path, catalogue: Path, port: int) -> list[str]:
    """Return what prepares a shop and serves it; of FastAPI's it has been prepared then."""
    if folder.name == "django":
        return ["-c", DJANGO, str(catalogue), str(port)]
    runpy.run_path(str(folder / "prepare.py"))["main"](catalogue)
    return ["-m", *STARTED["fastapi"].split(), "--port", str(port)]


@contextmanager
def served(folder: Path, catalogue: Path) -> Iterator[str]:
    """Yield the address of a shop of a catalogue, whose server has been started in a folder."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    started = [sys.executable, *command(folder, catalogue, port)]
    with (folder / "server.txt").open("w") as said:
        server = subprocess.Popen(started, cwd=folder, env=ENVIRONMENT, stdout=said, stderr=said)
    try:
        until = time.monotonic() + START_SECONDS
        while not listens(port) and time.monotonic() < until:
            assert server.poll() is None, (folder / "server.txt").read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The English part of the sample catalogue, in a folder as that of the sample."""
    folder = tmp_path_factory.mktemp("english")
    (folder / "images").mkdir()
    write_products(folder / "products.jsonl", ROWS)
    for row in ROWS:
        if "image" in row:
            shutil.copy(SAMPLE / row["image"], folder / "images")
    return folder


@contextmanager
def asking(name: str, temporary: Path, catalogue: Path) -> Iterator[Shop]:
    """Yield a copy of a shop, and a client of its server."""
    folder = temporary / name
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("__pycache__", ".hybridsearch"))
    with served(folder, catalogue) as address, httpx2.Client(base_url=address, timeout=START_SECONDS) as client:
        yield folder, client


@pytest.fixture(scope="module")
def fastapi(tmp_path_factory: pytest.TempPathFactory, english: Path) -> Iterator[Shop]:
    with asking("fastapi", tmp_path_factory.mktemp("shop"), english) as found:
        yield found


@pytest.fixture(scope="module")
def django(tmp_path_factory: pytest.TempPathFactory, english: Path) -> Iterator[Shop]:
    with asking("django", tmp_path_factory.mktemp("shop"), english) as found:
        yield found


@pytest.fixture(params=["fastapi", "django"])
def shop(request: pytest.FixtureRequest) -> Shop:
    """The folder of a shop, and a client of its server."""
    found: Shop = request.getfixturevalue(request.param)
    return found


def ids(page: str) -> list[str]:
    """Return the products of a page, in their order."""
    return re.findall(r'data-id="([^"]+)"', page)


def titles(page: str) -> list[str]:
    return [unescape(re.sub("<[^>]+>", "", each)) for each in re.findall(r'class="title">(.*?)</span>', page)]


def total(page: str) -> int:
    found = re.search(r'role="status">([\d,]+) products', page)
    assert found, page
    return int(found[1].replace(",", ""))


def form_token(page: str) -> dict[str, str]:
    """Return the field with which a form of Django shows that it is one of its own."""
    return dict(re.findall(r'name="(csrfmiddlewaretoken)" value="([^"]+)"', page))


def test_words_facets_orders_and_pages_find_products(shop: Shop) -> None:
    client = shop[1]
    page = client.get("/search", params={"q": "red umbrella"}).text
    assert "<mark>umbrella</mark>" in page
    narrowed = client.get("/search", params={"q": "red umbrella", "category": "umbrella"}).text
    assert 0 < total(narrowed) < total(page)
    assert 'name="category" value="umbrella" checked' in narrowed
    both = client.get("/search", params={"category": ["umbrella", "mug"]}).text
    assert total(both) == sum(row["category"] in ("umbrella", "mug") for row in ROWS)
    cheap = client.get("/search", params={"sort": "price:asc"}).text
    prices = [float(each) for each in re.findall(r'class="price">([\d.]+) €', cheap)]
    assert prices == sorted(prices)
    assert len(prices) == 24
    (following,) = re.findall(r'<a href="([^"]+)">Next page', cheap)
    assert not set(ids(cheap)) & set(ids(client.get(f"/search{unescape(following).removeprefix('/search')}").text))
    assert client.get("/search", params={"page": "x"}).status_code == 400
    assert "Nothing was found" in client.get("/search", params={"q": "zzqx"}).text


def test_suggestions_complete_what_is_typed(shop: Shop) -> None:
    found = shop[1].get("/suggest", params={"q": "red umb"}).json()
    assert "red umbrella" in [each["text"] for each in found["suggestions"]]
    assert "Umbrella" in found["products"][0]["product"]["title"].title()


def test_a_photo_finds_what_looks_like_it_and_anything_else_is_refused(shop: Shop) -> None:
    client = shop[1]
    token = form_token(client.get("/search").text)
    with (SAMPLE / "photo.jpg").open("rb") as file:
        page = client.post("/photo", data=token, files={"photo": file})
    assert (page.status_code, len(ids(page.text)) > 5) == (200, True)
    refused = client.post("/photo", data=token, files={"photo": b"no picture"})
    assert (refused.status_code, 'role="alert"' in refused.text) == (400, True)
    assert client.post("/photo", data=token, files={"photo": bytes(9 * 2**20)}).status_code == 413
    assert client.post("/photo", content=iter([b"of unknown size"])).status_code == 411


def test_what_other_sites_send_is_refused_and_no_script_but_its_own_runs(shop: Shop) -> None:
    client = shop[1]
    headers = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/photo", files={"photo": b"x"}, headers=headers).status_code == 403
    assert client.get("/search", headers={"Host": "evil.example"}).status_code == 400
    page = client.get("/search", params={"q": '"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    cookies = page.headers.get_list("set-cookie") + client.get("/").headers.get_list("set-cookie")
    assert all("SameSite" in each or "samesite" in each for each in cookies)


def test_a_product_shows_what_is_like_it_and_a_picture(shop: Shop) -> None:
    client = shop[1]
    found = client.get("/search", params={"q": "red umbrella", "category": "umbrella"}).text
    page = client.get(f"/product/{quote(ids(found)[0])}").text
    assert len(ids(page)) == 6
    assert titles(found)[0] in unescape(page)
    (picture, *_) = re.findall(r'<img src="([^"]+)" alt="" width="320"', page)
    assert client.get(picture).headers["Content-Type"] == "image/webp"
    assert client.get("/product/0").status_code == 404


def test_what_is_clicked_is_in_the_report(shop: Shop) -> None:
    folder, client = shop
    page = client.get("/search", params={"q": "navy scarf"}).text
    token = form_token(page).get("csrfmiddlewaretoken", "")
    (answer,) = re.findall(r'data-query="([^"]+)"', page)
    event = {"query_id": answer, "action_name": "click_through", "object_id": ids(page)[0], "position": 1}
    headers = {"X-CSRFToken": token}
    assert client.post("/events", json=event, headers=headers).status_code == 204
    wrongs: list[object] = [{**event, "action_name": "hacked"}, {}, [[]] * 5]
    for wrong in wrongs:
        assert client.post("/events", json=wrong, headers=headers).status_code == 400
    command = [sys.executable, "-m", "hybridsearch", "report", "--json"]
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, check=True)
    report = json.loads(done.stdout)
    (asked,) = [each for each in report["top"] if each["query"] == "navy scarf"]
    assert (asked["asked"], asked["clicked"], asked["shoppers"]) == (1, 1, 1)


def test_the_staff_sees_why_behind_its_token(fastapi: Shop) -> None:
    client = fastapi[1]
    assert client.get("/staff/").status_code == 303
    bearer = {"Authorization": f"Bearer {STAFF}"}
    assert "Why is this here?" in client.get("/staff/?q=red", headers=bearer).text


def test_what_the_administration_of_django_saves_and_deletes_the_search_finds_and_forgets(django: Shop) -> None:
    client = django[1]

    def send(path: str, **fields: str) -> None:
        """Fill in a form of the administration."""
        page = client.get(path, follow_redirects=True)
        answer = client.post(page.url, data={**form_token(page.text), **fields})
        assert answer.status_code == 302, re.findall(r'class="errornote">(.*?)<', answer.text, re.DOTALL)

    def found(words: str) -> list[str]:
        return ids(client.get("/search", params={"q": words}).text)

    send("/admin/login/", username=MERCHANDISER, password=MERCHANDISER)
    (hammer,) = found("OST-HAM117-006")[:1]
    kite = {"sku": "K-1", "title": "Zephyrine kite", "category": "kite", "price": "0.10", "stock": "1"}
    send("/admin/shop/product/add/", **kite)
    (key,) = found("zephyrine")
    assert ids(client.get("/category/kite", params={"sort": "price:asc"}).text)[0] == key
    send(f"/admin/shop/product/{key}/change/", **kite | {"price": "9999"})
    assert ids(client.get("/category/kite", params={"sort": "price:desc"}).text)[0] == key
    assert "9999.00 €" in client.get(f"/product/{key}").text
    send(f"/admin/shop/product/{hammer}/delete/", post="yes")
    assert hammer not in found("OST-HAM117-006")


def test_both_shops_have_the_same_box_and_the_same_style() -> None:
    for name in ("shop.js", "shop.css"):
        pages = [EXAMPLES / "fastapi" / "static" / name, EXAMPLES / "django" / "shop" / "static" / "shop" / name]
        assert pages[0].read_bytes() == pages[1].read_bytes(), name


def test_each_readme_shows_three_commands_that_are_what_is_tested() -> None:
    for name in ("fastapi", "django"):
        page = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
        (block,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
        install, prepare, serve = block.splitlines()
        assert install == "pip install -r requirements.txt"
        assert (prepare, serve) == (PREPARED[name], STARTED[name])
