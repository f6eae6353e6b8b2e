"""What JSON:API 1.1 asks of a document (jsonapi.org; the schema that Drupal ships says the same), as far as it goes."""

TOP = {"jsonapi", "data", "errors", "meta", "links", "included"}
RESOURCE = {"type", "id", "lid", "attributes", "relationships", "links", "meta"}
ERROR = {"id", "links", "status", "code", "title", "detail", "source", "meta"}


def faults_of(document):
    """Say what is wrong with a document; empty when nothing is."""
    wrong = [f"top: {name}" for name in set(document) - TOP]
    if not {"data", "errors", "meta"} & set(document):
        wrong.append("neither data, errors nor meta")
    if "data" in document and "errors" in document:
        wrong.append("data beside errors")
    if "included" in document and "data" not in document:
        wrong.append("included without data")
    data = document.get("data")
    listed = data if isinstance(data, list) else [data] if data else []
    for one in [*listed, *document.get("included", [])]:
        wrong += _resource(one)
    seen = [(one["type"], one["id"]) for one in document.get("included", [])]
    wrong += ["included twice"] * (len(seen) != len(set(seen)))
    for error in document.get("errors", []):
        wrong += [f"error: {name}" for name in set(error) - ERROR]
        wrong += [f"error's {name} is no text" for name in ("status", "code", "title", "detail")
                  if not isinstance(error.get(name, ""), str)]  # fmt: skip
    return wrong + _links(document.get("links", {}))


def _resource(one):
    wrong = [f"resource: {name}" for name in set(one) - RESOURCE]
    if not (isinstance(one.get("type"), str) and isinstance(one.get("id", ""), str)):
        wrong.append("type or id is no text")
    both = set(one.get("attributes", {})) & set(one.get("relationships", {}))
    wrong += [f"{name} is attribute and relationship" for name in both]
    wrong += [f"an attribute is called {name}" for name in {"type", "id"} & set(one.get("attributes", {}))]
    for name, relationship in one.get("relationships", {}).items():
        if not {"data", "links", "meta"} & set(relationship) or set(relationship) - {"data", "links", "meta"}:
            wrong.append(f"relationship {name}")
        ends = relationship.get("data")
        for end in ends if isinstance(ends, list) else [ends] if ends else []:
            wrong += [f"end of {name}"] * bool(set(end) - {"type", "id", "meta"} or not {"type", "id"} <= set(end))
    return wrong + _links(one.get("links", {}))


def _links(links):
    return [f"link {name}" for name, link in links.items()
            if link is not None and not isinstance(link, str) and "href" not in link]  # fmt: skip
