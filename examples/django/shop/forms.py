"""What addresses and forms may ask for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

SORTS = (
    ("", "Best first"),
    ("price:asc", "Price, low to high"),
    ("price:desc", "Price, high to low"),
)
LAST_PAGE = 400
"""A server shows the first 10,000 products; what is behind them has a `cursor`."""


class Asked(forms.Form):
    """What the address of a page of products asks for, beside the values of facets."""

    q = forms.CharField(max_length=256, required=False)
    sort = forms.ChoiceField(choices=SORTS, required=False)
    page = forms.IntegerField(min_value=1, max_value=LAST_PAGE, required=False)


class Photographed(forms.Form):
    """A photo to search with, and words beside it."""

    q = forms.CharField(max_length=256, required=False)
    photo = forms.FileField()

    def clean_photo(self) -> Any:
        """Require that it is not too large; whether it is a picture the search finds out, in a process of its own."""
        photo = self.cleaned_data["photo"]
        if photo.size > settings.MOST_BYTES:
            raise forms.ValidationError("The photo is too large.")
        return photo
