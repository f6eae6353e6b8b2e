"""Pages that came as Markdown with a connector, made into markup that can run nothing and reach nowhere by itself.

Raw HTML is shown as text, pictures are left out, links lead only to the web or to a part of the page, and no style
is written into the markup, which the hub's policy for pages forbids.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

COMMENT: Final = re.compile(r"<!--.*?-->", flags=re.DOTALL)
HEADINGS: Final = re.compile(r"^# [^\n]*\n", flags=re.MULTILINE)
EMPTY_HEAD: Final = re.compile(r"<thead>\s*<tr>\s*(<th></th>\s*)+</tr>\s*</thead>\s*")
TABLE: Final = '<div class="card scroll" tabindex="0" role="region" aria-label="Table {}"><table class="ledger">'
_READER: Final = MarkdownIt("commonmark", {"html": False}).enable("table")
_READER.disable(["image", "html_block", "html_inline"])


def as_markup(text: str) -> str:
    """Return a page's body as HTML; its first heading is left to whoever shows it."""
    told = HEADINGS.sub("", COMMENT.sub("", text), count=1)
    tokens = _READER.parse(told)
    _tame(tokens)
    body = _READER.renderer.render(tokens, _READER.options, {}).replace("</table>", "</table></div>")
    body, numbers = EMPTY_HEAD.sub("", body), count(1)
    return re.sub("<table>", lambda _: TABLE.format(next(numbers)), body)


def _tame(tokens: Sequence[Token]) -> None:
    for token in tokens:
        token.attrs.pop("style", None)
        if token.type == "link_open":
            _lead(token)
        _tame(token.children or ())


def _lead(token: Token) -> None:
    """Let a link lead to the web, in a way that tells the other side nothing; anything else leads nowhere."""
    href = str(token.attrs.get("href", ""))
    if href.startswith(("https://", "http://")):
        token.attrs.update(rel="noreferrer noopener", target="_blank")
    else:
        token.attrs.pop("href", None)
