"""Markdown as the site shows it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.web.markdown import Heading, Markdown, slug


def html(text: str, links: dict[str, str] | None = None) -> str:
    return Markdown().render(text, (links or {}).get).html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "# <b>x</b>",
        "| <i>a</i> |\n|---|\n| <u>b</u> |",
        "```\n</code></pre><script>\n```",
        "    </code><script>",
        '```"><script>\nx\n```',
        "<!-- a --> <script>",
        "![<script>](x)",
    ],
)
def test_html_in_a_text_is_shown_and_not_obeyed(text):
    assert not re.search(r"<(script|img|b|i|u)\b", html(text))


@pytest.mark.parametrize("target", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x"])
def test_a_link_never_carries_a_program(target):
    assert "<a" not in html(f"[go]({target})")


def test_a_comment_line_is_left_out_but_kept_in_code():
    shown = html("<!-- printed by x -->\n\n# T\n<!-- y -->\ntext\n\n```\n<!-- z -->\n```\n")

    assert "printed" not in shown
    assert "y --" not in shown
    assert "&lt;!-- z --&gt;" in shown
    assert "<p>text</p>" in shown


def test_headings_can_be_linked_to_and_equal_ones_are_told_apart():
    rendered = Markdown().render("# T\n## A `b` *c*!\n## A b c\n## §\n", {}.get)

    assert rendered.headings == (
        Heading(1, "t", "T"),
        Heading(2, "a-b-c", "A b c!"),
        Heading(2, "a-b-c-1", "A b c"),
        Heading(2, "section", "§"),
    )
    assert '<h1 id="t">T</h1>' in rendered.html
    assert 'href="#a-b-c-1" aria-label="Link to: A b c"' in rendered.html


def test_headings_named_like_the_number_of_another_are_told_apart():
    rendered = Markdown().render("## A\n## A\n## A-1\n", {}.get)

    assert len({heading.id for heading in rendered.headings}) == 3


def test_ids_are_formed_as_githubs_are():
    assert slug("Two commands, one folder: `x_y` (0.1.0)") == "two-commands-one-folder-x_y-010"


def test_relative_links_go_where_they_are_sent_and_dead_ones_become_words():
    shown = html("[a](b.md#c) [gone *now*](d.md) [out](https://example.org/) [here](#x)", {"b.md#c": "/docs/b#c"})

    assert '<a href="/docs/b#c">a</a>' in shown
    assert "gone <em>now</em> " in shown
    assert shown.count("<a ") == shown.count("</a>") == 3
    assert 'href="https://example.org/"' in shown
    assert 'href="#x"' in shown


def test_tables_scroll_by_keyboard_and_align_without_style_attributes():
    shown = html('## All "sizes"\n\n| a | b |\n|--:|:-:|\n| 1 | 2 |\n')

    assert '<div class="scroll" tabindex="0" role="region" aria-label="Table: All &quot;sizes&quot;">' in shown
    assert '<td class="right">1</td>' in shown
    assert '<td class="center">2</td>' in shown
    assert "style" not in shown


def test_an_image_is_its_words():
    assert html("![the first <page>](x.png)") == "<p>the first &lt;page&gt;</p>\n"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


@given(st.text(alphabet=st.sampled_from("ab <>\"'`[](){}#*_-|:!\\&\n/.=;xjavscript"), max_size=80))
def test_whatever_the_text_nothing_in_it_acts(text):
    tags = _Tags()
    tags.feed(html(text))

    for tag, attributes in tags.seen:
        assert tag not in {"script", "img", "iframe", "style", "link", "form"}
        assert not any(name == "style" or name.startswith("on") for name in attributes)
        assert not (attributes.get("href") or "").lower().startswith(("javascript:", "data:", "vbscript:"))
