"""A form without a file, as a server reads it."""

from flask import Flask, jsonify, request

from connectors.sdk.multipart import plain_form


def test_a_server_reads_the_fields_as_they_were():
    app = Flask("server")
    app.add_url_rule("/", view_func=lambda: jsonify(request.form), methods=["POST"])
    fields = {"name": 'Grüße "aus" Köln; שלום\r\n--x', "url": "https://hub.example/p/a?b=c&d=%20", "empty": ""}
    body, headers = plain_form(fields)
    assert headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert app.test_client().post("/", data=body, headers=headers).get_json() == fields
    assert plain_form(fields)[0] != body, "the boundary is made anew, so that no text can end a field"
