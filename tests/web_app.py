"""The Flask application of a hub in a test: put together once in a process, then lent to one hub after another.

Putting it together costs a third of a second, mostly for Werkzeug's routes, and its templates are compiled as often.
"""

from __future__ import annotations

import copy

from hub.web.app import create_app
from hub.web.services import KEY

_first = {}


def app_of(services):
    """Return the application for one hub, as `create_app` does."""
    settings = services.settings
    made = (settings.secure_cookies, settings.max_upload_bytes)  # all that the application itself keeps of a hub
    if made not in _first:
        _first[made] = create_app(services)
        _first[made].extensions.pop(KEY)
    app = copy.copy(_first[made])
    app.extensions = {**app.extensions, KEY: services}
    return app
