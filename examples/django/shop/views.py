"""The pages of the shop, and what its scripts ask for."""

from __future__ import annotations

import json
import logging
import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from hybridsearch.errors import HybridSearchError, QueryError
from hybridsearch.values import Page

from .forms import LAST_PAGE, SORTS, Asked, Photographed
from .models import Product
from .search import shop

FACETS = ("category", "brand", "color")
SIZE = 24
SECONDS = 2.0
"""A search waits no longer for its engine: what is there by then is shown, and the page says what it lacks."""
log = logging.getLogger("shop")


@require_safe
@ensure_csrf_cookie
def search(request: HttpRequest) -> HttpResponse:
    """Show what words and chosen values find; without words they browse."""
    return listing(request, chosen(request, FACETS), FACETS)


@require_safe
@ensure_csrf_cookie
def category(request: HttpRequest, name: str) -> HttpResponse:
    """Show the products of a category."""
    return listing(request, {**chosen(request, FACETS[1:]), "category": [name]}, FACETS[1:], heading=name)


@require_POST
def photo(request: HttpRequest) -> HttpResponse:
    """Show what looks like a photo, which is decoded in a process of its own and not kept."""
    form = Photographed(request.POST, request.FILES)
    if not form.is_valid():
        raise QueryError("No photo was chosen, or it is too large. Choose another one.")
    words = form.cleaned_data["q"]
    found = shop.search(words, image=form.cleaned_data["photo"], size=SIZE, timeout=SECONDS)
    return results(request, found, {"q": words, "heading": words or "Products that look like the photo"})


@require_safe
@ensure_csrf_cookie
def product(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a product as the database has it, and what is like it."""
    shown = get_object_or_404(Product, pk=pk)
    try:
        similar = shop.similar(pk, size=6, timeout=SECONDS)
    except HybridSearchError as error:  # the page of a product does not need the search
        log.error("nothing similar: %s", error)
        similar = None
    return render(request, "shop/product.html", {"product": shown, "similar": similar})


@require_safe
def suggest(request: HttpRequest) -> JsonResponse:
    """Answer what completes what is typed."""
    return JsonResponse(shop.suggest(request.GET.get("q", "")[:256], timeout=SECONDS).to_json())


@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """Write to the log what a browser says: that a product was clicked, or put into the cart."""
    try:
        shop.log_event(json.loads(request.body), session=session_of(request))
    except (ValueError, RecursionError, QueryError):
        return JsonResponse({"error": "This is no event."}, status=400)
    return HttpResponse(status=204)


def listing(
    request: HttpRequest, filters: dict[str, list[str]], facets: tuple[str, ...], heading: str = ""
) -> HttpResponse:
    """Return a page of products that can be narrowed by facets.

    Args:
        request: Has the words, the order and the page in its address.
        filters: The values that are chosen, by facet.
        facets: Those that are offered.
        heading: What the page is called; left out: the words.
    """
    form = Asked(request.GET)
    if not form.is_valid():
        raise QueryError("The address is none of this shop. Search again.")
    asked, number = form.cleaned_data, form.cleaned_data["page"] or 1
    found = shop.search(
        asked["q"],
        filters=filters,
        facets=facets,
        sort=asked["sort"] or None,
        page=number,
        size=SIZE,
        highlight=True,
        timeout=SECONDS,
    )
    last = max(1, min(LAST_PAGE, -(-found.total // SIZE)))
    values = {
        "q": asked["q"],
        "sort": asked["sort"],
        "sorts": SORTS,
        "heading": heading or asked["q"] or "Products",
        "facets": [(name, found.facets[name].items(), filters.get(name, [])) for name in facets],
        "before": address(request, number - 1) if number > 1 else "",
        "after": address(request, number + 1) if number < last else "",
        "number": number,
        "last": last,
    }
    return results(request, found, values)


def results(request: HttpRequest, found: Page, values: dict[str, Any]) -> HttpResponse:
    """Return a page of products, and write to the log that it was shown."""
    shop.log(found, session=session_of(request))
    return render(request, "shop/results.html", {"found": found, **values})


def chosen(request: HttpRequest, names: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the values that are chosen, by facet."""
    return {name: values for name in names if (values := request.GET.getlist(name))}


def address(request: HttpRequest, page: int) -> str:
    """Return the address of another page of the same products."""
    given = request.GET.copy()
    given["page"] = str(page)
    return f"?{given.urlencode()}"


def session_of(request: HttpRequest) -> str:
    """Return the name of the session in the log, where it is hashed; the cookie of Django never stands there."""
    return str(request.session.setdefault("shopper", secrets.token_urlsafe(16)))
