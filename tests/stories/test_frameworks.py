"""The programs of docs/frameworks.md, in a real FastAPI application and a real Django project."""

import io
import json
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hybridsearch import HybridSearch
from tests.shops import quietly, settings, write_config, write_products

ROOT = Path(__file__).parents[2]
FASTAPI, MODELS, SEARCH, VIEWS = re.findall(
    r"^```py\n(.*?)^```", (ROOT / "docs" / "frameworks.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)
ROWS = [
    {"id": "1", "title": "Red wool coat", "brand": "Acme", "price": 80, "image": "red.png"},
    {"id": "2", "title": "Blue hat", "brand": "Borealis", "price": 20, "image": "blue.png"},
]
FIELDS = {"title": "title", "facets": ["brand"], "numbers": ["price"], "image": "image"}
LEG = {"name": "image", "encoder": "starter", "reads": "image"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and a built index."""
    for color in ("red", "blue"):
        Image.new("RGB", (64, 64), color).save(tmp_path / f"{color}.png")
    write_products(tmp_path / "products.jsonl", ROWS)
    write_config(tmp_path, fields=FIELDS, vectors=[LEG])
    with HybridSearch.open(settings(tmp_path, fields=FIELDS, vectors=[LEG])) as shop:
        shop.reindex(options=quietly())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_fastapi_application_searches_with_words_filters_and_photos(folder: Path) -> None:
    from fastapi.testclient import TestClient

    module: Any = types.ModuleType("application")
    sys.modules["application"] = module  # where FastAPI looks up the types of the arguments
    exec(compile(FASTAPI, "app.py", "exec"), vars(module))
    with TestClient(module.app) as client:
        page = client.get("/search", params={"q": "red coats"}).json()
        assert [hit["id"] for hit in page["hits"]][:1] == ["1"]
        assert page["hits"][0]["highlights"] == {"title": "<mark>Red</mark> wool <mark>coat</mark>"}
        assert [hit["id"] for hit in client.get("/search", params={"brand": "Borealis"}).json()["hits"]] == ["2"]
        category = client.get("/brands/Borealis").json()
        assert ([hit["id"] for hit in category["hits"]], category["cursor"]) == (["2"], "")
        assert client.get("/brands/Borealis", params={"cursor": "2"}).status_code == 400
        with open(folder / "blue.png", "rb") as file:
            page = client.post("/photo", files={"photo": file}).json()
        assert page["hits"][0]["id"] == "2"
        refused = client.post("/photo", files={"photo": io.BytesIO(b"no picture")})
        assert (refused.status_code, list(refused.json())) == (400, ["error"])


PROJECT = """
import json, sys
from decimal import Decimal
from pathlib import Path
import django
from django.conf import settings

sys.path.insert(0, ".")
settings.configure(
    BASE_DIR=Path.cwd(), SECRET_KEY="of a test", ROOT_URLCONF="shop.urls", INSTALLED_APPS=["shop"], ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.db"}}, USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from shop.models import Product

call_command("migrate", run_syncdb=True, verbosity=0)
coat = Product.objects.create(pk=7, title="Green coat", brand="Acme", price=Decimal("99.50"))
try:
    with transaction.atomic():
        Product.objects.create(pk=8, title="Never committed coat", brand="Acme", price=1)
        raise KeyboardInterrupt
except KeyboardInterrupt:
    pass
client = Client()
ask = lambda **query: client.get("/", query).json()
first = ask(q="green coat")
coat.title = "Violet coat"
coat.save()
second = ask(q="violet coat")
never = ask(q="committed")
Product.objects.all().delete()
third = ask(q="violet")
with open("blue.png", "rb") as file:
    photo = client.post("/", {"photo": file}).json()
print(json.dumps([first, second, never, third, photo, client.get("/", {"page": "x"}).status_code]))
"""


def test_a_django_project_keeps_its_index_up_to_date_by_signals(folder: Path) -> None:
    package = folder / "shop"
    package.mkdir()
    files = {
        "__init__.py": "",
        "apps.py": (
            "from django.apps import AppConfig\n\n\nclass Shop(AppConfig):\n    name = 'shop'\n\n"
            "    def ready(self):\n        from . import search\n"
        ),
        "models.py": MODELS,
        "search.py": SEARCH,
        "views.py": VIEWS,
        "urls.py": "from django.urls import path\nfrom .views import results\nurlpatterns = [path('', results)]\n",
    }
    for name, content in files.items():
        (package / name).write_text(content, encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", PROJECT], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, second, never, third, photo, status = json.loads(done.stdout)
    assert (first["hits"][0]["id"], first["hits"][0]["product"]["price"]) == ("7", 99.5)
    assert (second["hits"][0]["id"], second["hits"][0]["product"]["title"]) == ("7", "Violet coat")
    assert "8" not in [hit["id"] for hit in never["hits"]]
    assert "7" not in [hit["id"] for hit in third["hits"]]
    assert photo["hits"][0]["id"] == "2"
    assert status == 400


ASGI = """
import json
import django
from django.conf import settings

settings.configure(SECRET_KEY="of a test", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], INSTALLED_APPS=[])
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("of Django"))]
{program}
from starlette.testclient import TestClient

client = TestClient(application, base_url="http://shop.example")
answer = client.get("/find/api/search", params={{"q": "red coats"}}).json()
print(json.dumps([client.get("/").text, answer["hits"][0]["id"], 'action="/find/"' in client.get("/find/").text]))
"""


def test_the_page_stands_beside_a_django_project(folder: Path) -> None:
    page = (ROOT / "docs" / "web.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```py\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    command = [sys.executable, "-c", ASGI.format(program=program)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["of Django", "1", True]
