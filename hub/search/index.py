"""The Tantivy index of one hub: a folder that can be thrown away at any time and is made again from the database.

The folder is named by a hash of the schema, so that another version of the hub never reads what it does not
understand. How far into the event log the index has come stands in a document of its own, written in the same commit
as what the events brought: index and cursor cannot part.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import tantivy

from hub.search.entries import FILTERS, Entry

HEAP_BYTES: Final = 64 * 1024 * 1024
LONGEST_WORD: Final = 60
_MARK: Final = "-progress-"
_ANALYSIS: Final = "words: simple, lowercase, ascii_fold; 1"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far into which life of the event log the index has come."""

    epoch: int
    seq: int


def analyzer() -> tantivy.TextAnalyzer:
    """Return what turns texts, and what is asked, into words: lower case, without accents."""
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    words = words.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold())
    return words.filter(tantivy.Filter.remove_long(LONGEST_WORD)).build()


def make_schema() -> tantivy.Schema:
    """Return the schema of the index."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("owner", tokenizer_name="raw", index_option="basic")
    builder.add_boolean_field("shown", indexed=True)
    builder.add_text_field("title", tokenizer_name="words", index_option="freq")
    builder.add_text_field("body", tokenizer_name="words", index_option="freq")
    builder.add_unsigned_field("number", fast=True)
    builder.add_unsigned_field("epoch", stored=True)
    builder.add_unsigned_field("seq", stored=True)
    for name in FILTERS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    return builder.build()


def schema_hash() -> str:
    """Return a short hash that changes whenever this file's idea of an index does."""
    recipe = "|".join((version("tantivy"), _ANALYSIS, *FILTERS, "id owner shown title body number epoch seq"))
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


class IndexFolder:
    """The index in its folder. One process writes, any number reads."""

    def __init__(self, root: Path) -> None:
        self.path = root / schema_hash()
        self.schema = make_schema()
        self._index: tantivy.Index | None = None
        self._opened: tuple[int, int] | None = None
        self._writer: tantivy.IndexWriter | None = None

    def searcher(self) -> tantivy.Searcher:
        """Return a view of the last commit, whichever process made it.

        Raises:
            ValueError, OSError: the folder cannot be read.
        """
        index = self._current()
        index.reload()
        return index.searcher()

    def progress(self) -> Progress | None:
        """Return how far the index has come; None: it is new."""
        searcher = self.searcher()
        hits = searcher.search(tantivy.Query.term_query(self.schema, "id", _MARK), 1).hits
        if not hits:
            return None
        mark = searcher.doc(hits[0][1])
        return Progress(int(mark.get_first("epoch") or 0), int(mark.get_first("seq") or 0))

    def hold(self) -> bool:
        """Become the one writer; False: another process is."""
        index = self._current()
        if self._writer is None:
            try:
                self._writer = index.writer(HEAP_BYTES, 1)
            except ValueError as busy:
                if "lock" not in str(busy).lower():
                    raise
                return False
        return True

    def write(self, gone: Iterable[str], new: Iterable[Entry]) -> None:
        """Note what changed; nothing of it is seen before `commit`."""
        writer = self._held()
        for asset_id in gone:
            writer.delete_documents_by_term("id", asset_id)
        for entry in new:
            writer.add_document(_document(entry))

    def clear(self) -> None:
        """Empty the index, as of the next commit."""
        self._held().delete_all_documents()

    def commit(self, progress: Progress) -> None:
        """Make everything since the last commit visible at once, together with how far it came."""
        writer = self._held()
        writer.delete_documents_by_term("id", _MARK)
        mark = tantivy.Document()
        mark.add_text("id", _MARK)
        mark.add_unsigned("epoch", progress.epoch)
        mark.add_unsigned("seq", progress.seq)
        writer.add_document(mark)
        writer.commit()

    def let_go(self) -> None:
        """Stop being the writer; what was not committed is forgotten."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.wait_merging_threads()

    def discard(self) -> None:
        """Throw the folder away."""
        self._writer = None
        self._index = None
        shutil.rmtree(self.path, ignore_errors=True)

    def _held(self) -> tantivy.IndexWriter:
        if self._writer is None:
            raise RuntimeError("the index is written without holding it")
        return self._writer

    def _current(self) -> tantivy.Index:
        """Open the index, anew when its folder is not the one that was opened."""
        self.path.mkdir(parents=True, exist_ok=True)
        status = self.path.stat()
        identity = (status.st_dev, status.st_ino)
        if self._index is None or identity != self._opened:
            self._writer = None
            self._index = tantivy.Index(self.schema, str(self.path), reuse=True)
            self._index.register_tokenizer("words", analyzer())
            self._opened = identity
        return self._index


def _document(entry: Entry) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("id", entry.id)
    document.add_text("owner", entry.owner)
    document.add_boolean("shown", entry.shown)
    document.add_text("title", entry.title)
    document.add_text("body", entry.body)
    document.add_unsigned("number", entry.number)
    for name, texts in entry.filters.items():
        for text in texts:
            document.add_text(name, text)
    return document
