"""Markdown to HTML that fits the site's content security policy: no raw HTML, no style attributes, no outside images.

Speaks CommonMark and tables, and what people expect of a documentation: headings that can be linked to, wide tables
and code that scroll by keyboard. Comments (`<!-- ... -->`, one line) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

_COMMENT = re.compile(r"<!--(?:(?!-->).)*-->[ \t]*")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a text: its level (1 to 6), the id to link to, and its plain words."""

    level: int
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as HTML, and its headings in order."""

    html: str
    headings: tuple[Heading, ...]


class Markdown:
    """A renderer. It keeps nothing of what it rendered; not for two threads at once."""

    def __init__(self) -> None:
        self._parser = MarkdownIt("commonmark", {"html": False}).enable("table")
        self._parser.block.ruler.before("paragraph", "comment", _skip_comment, {"alt": ["paragraph"]})
        for name, rule in _RULES.items():
            self._parser.add_render_rule(name, rule)

    def render(self, text: str, link_to: Callable[[str], str | None]) -> Rendered:
        """`link_to` is asked where a relative link leads; None makes plain words of the link."""
        tokens = self._parser.parse(text)
        headings = tuple(_named(tokens))
        for token in tokens:
            if token.type in ("th_open", "td_open"):
                _classify(token)
            elif token.children:
                token.children = list(_linked(token.children, link_to))
        renderer = self._parser.renderer
        return Rendered(renderer.render(tokens, self._parser.options, {}), headings)


def slug(title: str) -> str:
    """The id of a heading of these words, formed as GitHub forms it, so that one link fits both places."""
    return _NOT_IN_SLUG.sub("", title.strip().lower()).replace(" ", "-")


def _named(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Give every heading an id and all but the title a link to itself."""
    taken: set[str] = set()
    context = ""
    for place, token in enumerate(tokens):
        if token.type == "table_open":
            token.meta["in"] = context
        if token.type != "heading_open":
            continue
        inline = tokens[place + 1]
        title = "".join(_words(inline.children or ()))
        heading = Heading(int(token.tag[1:]), _unused(slug(title) or "section", taken), title)
        taken.add(heading.id)
        token.attrSet("id", heading.id)
        if heading.level > 1:
            inline.children = [*(inline.children or ()), *_anchor(heading)]
        context = title
        yield heading


def _unused(name: str, taken: Container[str]) -> str:
    numbered = (f"{name}-{number}" for number in count(1))
    return next(each for each in chain([name], numbered) if each not in taken)


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("text", "code_inline", "text_special"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        elif token.children:
            yield from _words(token.children)


def _anchor(heading: Heading) -> Iterator[Token]:
    label = f"Link to: {heading.title}"
    yield Token("text", "", 0, content=" ")
    yield Token("link_open", "a", 1, {"class": "anchor", "href": f"#{heading.id}", "aria-label": label})
    yield Token("text", "", 0, content="#")
    yield Token("link_close", "a", -1)


def _classify(token: Token) -> None:
    """The alignment of a cell as a class: the policy lets no style attribute through."""
    style = str(token.attrs.pop("style", ""))
    if style:
        token.attrSet("class", style.removeprefix("text-align:"))


def _linked(tokens: Sequence[Token], link_to: Callable[[str], str | None]) -> Iterator[Token]:
    dropped: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            href = str(token.attrGet("href") or "")
            target = href if href.startswith("#") or _ABSOLUTE.match(href) else link_to(href)
            dropped.append(target is None)
            if target is not None:
                token.attrSet("href", target)
                yield token
        elif token.type != "link_close" or not dropped.pop():
            yield token


def _skip_comment(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    del end
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    if state.is_code_block(start) or not _COMMENT.fullmatch(line):
        return False
    if not silent:
        state.line = start + 1
    return True


def _alternative(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    """An image's words: only the documents are served, not what lies beside them."""
    return escapeHtml(renderer.renderInlineAsText(tokens[place].children, options, env))


def _table(_: RendererHTML, tokens: Sequence[Token], place: int, *__: Any) -> str:
    label = escapeHtml(f"Table: {tokens[place].meta['in']}")
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">\n<table>\n'


def _code(_: RendererHTML, tokens: Sequence[Token], place: int, *__: Any) -> str:
    return f'<pre class="block" tabindex="0"><code>{escapeHtml(tokens[place].content)}</code></pre>\n'


def _table_end(*_: Any) -> str:
    return "</table>\n</div>\n"


_RULES: dict[str, Callable[..., str]] = {
    "image": _alternative,
    "table_open": _table,
    "table_close": _table_end,
    "code_block": _code,
    "fence": _code,
}
