"""What a WSGI server serves, `runserver` and gunicorn; no shopper waits for what the first search loads."""

from __future__ import annotations

import logging
import os

from django.core.wsgi import get_wsgi_application

from hybridsearch.errors import HybridSearchError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from shop.search import shop  # noqa: E402 - Django has to be set up

try:
    shop.warm_up()
except HybridSearchError as error:  # the shop is more than its search
    logging.getLogger("shop").error("no search: %s", error)
