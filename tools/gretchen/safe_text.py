"""Text from a model, a data set or a file made safe for where it is shown: a terminal, a page, a Markdown table.

    visible(answer)          for a terminal, JSON on a terminal included
    html_text(answer)        for a page
    markdown_cell(form)      for one cell of a Markdown table, or a line of Markdown
    spreadsheet_cell(answer) for a table that a spreadsheet may open

Such text may hold escape sequences that rewrite a terminal's lines, marks that reverse the order of what is read,
HTML, and table separators. What people see is then what stands there: "\\x1b" is shown as \\u001b.
"""

import html
import re

# Control characters but line break and tab; marks that hide, reverse or separate (bidi, zero-width space, line and
# paragraph separators, tags); halves of surrogate pairs, which cannot be encoded. Joiners stay: scripts and emoji
# need them.
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
# A spreadsheet takes a cell that begins so for a formula, unless it is a number.
FORMULA = re.compile(r"\s*([=@]|[+\-](?!\s*[\d.]+\s*$))")
TAG, LINK = re.compile(r"<(?=[a-zA-Z/!?])"), re.compile(r"\](?=[(\[:])")


def visible(text: str) -> str:
    """Return `text` with each unsafe character as its JSON escape: JSON stays the same JSON."""
    if text.isprintable():  # most texts are, and pages have many: no unsafe character is
        return text
    return UNSAFE.sub(_escape, text.replace("\r\n", "\n"))


def html_text(text: str) -> str:
    """Return `text` for an element or an attribute of a page."""
    return html.escape(visible(text))


def markdown_cell(text: str) -> str:
    """Return `text` for a cell or a line of Markdown: on one line, without HTML, links, code and further cells."""
    plain = visible(" ".join(text.split())).replace("|", "\\|").replace("`", "'")
    return LINK.sub(r"]\\", TAG.sub("&lt;", plain))


def spreadsheet_cell(text: str) -> str:
    """Return `text` for a cell of a table: what a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{visible(text)}" if FORMULA.match(text) else visible(text)


def _escape(match: re.Match[str]) -> str:
    """Return a character as JSON writes it: \\u202e, and two of them for one beyond U+FFFF."""
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
