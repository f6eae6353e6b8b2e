"""Every error code that is declared, in the form in which Drive refuses."""

import json

from connectors.google_drive import MANIFEST
from tests.unit.refusals import misread

PAGE_TOKEN = "invalidPageToken"


def form(code):
    """Drive names the reason in a list; the reason `invalid` says by its location what is meant."""
    reason = {"reason": "invalid", "location": "pageToken"} if code == PAGE_TOKEN else {"reason": code}
    status = 409 if code == "channelIdNotUnique" else 400 if code == PAGE_TOKEN else 403
    return status, json.dumps({"error": {"code": status, "message": "No.", "errors": [{"domain": "global", **reason}]}})


def in_details(code):
    """Newer answers name it in `details`."""
    about = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code, "domain": "googleapis.com"}
    return 403, json.dumps({"error": {"code": 403, "status": "PERMISSION_DENIED", "details": [about]}})


def test_each_code_means_what_is_declared():
    assert misread(MANIFEST, form) == {}
    assert misread(MANIFEST, in_details, codes=[code for code in MANIFEST.error_codes if code != PAGE_TOKEN]) == {}
