"""The peer of our search: a plain FTS5 table over the same words, with the filters in plain indexed columns."""

from __future__ import annotations

import re
import sqlite3

COLUMNS = ("kind", "lifecycle", "campaign", "project", "creator")
MOST_FACETS = 50
TABLES = """
    PRAGMA temp_store = MEMORY;
    CREATE TABLE docs (doc INTEGER PRIMARY KEY, id, kind, lifecycle, campaign, project, creator);
    CREATE TABLE keywords (doc, keyword, PRIMARY KEY (doc, keyword)) WITHOUT ROWID;
    CREATE VIRTUAL TABLE words USING fts5(title, body, content='', tokenize="unicode61 remove_diacritics 2");
"""


class Fts5:
    """Answers the same questions as our search does."""

    def __init__(self, path, corpus):
        self._db = sqlite3.connect(path)
        self._db.executescript(TABLES)
        with self._db:
            for entry in corpus.entries:
                said = (entry.fields[name] for name in ("campaign", "project", "creator"))
                row = (entry.number, entry.id, entry.kind, entry.lifecycle, *said)
                self._db.execute("INSERT INTO docs VALUES (?, ?, ?, ?, ?, ?, ?)", row)
                self._db.executemany(
                    "INSERT INTO keywords VALUES (?, ?)", [(entry.number, word) for word in entry.fields["keywords"]]
                )
                self._db.execute(
                    "INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)", (entry.number, entry.title, entry.body)
                )
        self._db.execute("INSERT INTO words(words) VALUES ('optimize')")
        self._db.execute("ANALYZE")
        self._db.commit()

    def close(self):
        self._db.close()

    def ask(self, asked, *, limit, facets):
        """Return the ids of a page, the total, and the counts of each filter as if it were not in use."""
        match = _match(asked.text)
        if not facets:
            where, given = _where(asked.filters)
            found = "FROM words JOIN docs ON doc = words.rowid WHERE words MATCH ? AND " + where
            best = f"SELECT id {found} ORDER BY bm25(words, 3.0, 1.0) LIMIT {limit}"
            ids = [row[0] for row in self._db.execute(best, (match, *given))]
            [(total,)] = self._db.execute(f"SELECT count(*) {found}", (match, *given))
            return ids, total, {}
        # The words are matched once, for the page, the total and every facet.
        self._db.execute("DROP TABLE IF EXISTS temp.hits")
        self._db.execute(
            "CREATE TEMP TABLE hits AS SELECT docs.*, bm25(words, 3.0, 1.0) AS score FROM words "
            "JOIN docs ON doc = words.rowid WHERE words MATCH ?",
            (match,),
        )
        where, given = _where(asked.filters)
        ids = [row[0] for row in self._db.execute(
            f"SELECT id FROM hits WHERE {where} ORDER BY score LIMIT {limit}", given)]  # fmt: skip
        [(total,)] = self._db.execute(f"SELECT count(*) FROM hits WHERE {where}", given)
        return ids, total, {name: self._facet(asked.filters, name) for name in (*COLUMNS, "keyword")}

    def _facet(self, filters, name):
        where, given = _where({key: values for key, values in filters.items() if key != name}, leave_out=name)
        table = "hits JOIN keywords USING (doc)" if name == "keyword" else "hits"
        counted = f"SELECT {name}, count(*) AS n FROM {table} WHERE {where} GROUP BY 1 ORDER BY n DESC"
        return dict(self._db.execute(f"{counted} LIMIT {MOST_FACETS}", given))


def _match(text):
    """Every word must be there; the last one may be the beginning of one."""
    words = [f'"{word}"' for word in re.findall(r"\w+", text)]
    return " AND ".join((*words[:-1], f"{words[-1]} *"))


def _where(filters, *, leave_out=""):
    parts, given = ["1"], []
    if "lifecycle" not in filters:
        parts.append("lifecycle <> 'archived'")
    for name, values in filters.items():
        if name != leave_out:
            parts.append(f"{name} IN ({', '.join('?' * len(values))})")
            given += values
    return " AND ".join(parts), given
