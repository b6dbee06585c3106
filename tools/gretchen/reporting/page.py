"""Pages from templates: one file with style, script and data inside, that asks no host for anything.

    render("report.html", script="report.js", report=report)

Whatever a model, a row or a file says is text. Jinja2 escapes every value, after unsafe characters (escape sequences,
marks that reverse the reading order, lone surrogates) were made visible; data for the script are JSON without markup;
a content security policy lets no script run but the page's own. An API key in a text is replaced.
"""

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from gretchen import theme
from gretchen.names import counted
from gretchen.reporting.intervals import Bar
from gretchen.reporting.result_view import ResultView
from gretchen.safe_text import html_text, visible
from gretchen.scoring import cells
from gretchen.scoring.evaluation import Estimate
from gretchen.tracking.secrets import redacted

if TYPE_CHECKING:
    from jinja2 import Environment
TEMPLATES = Path(__file__).with_name("templates")
CLOSED = ' <span class="chip" title="only wordings are held out; not in the mean">closed</span>'
HYPHEN = re.compile(r"(?<![^\s\[(–])-(?=\d)")  # before a number, at the beginning of a cell or an interval
COMMON = "common.js"  # stands before each page's own script
# In a <script> element only "<" can end it or open a comment; the others are escaped for other readers of the file.
JSON_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def render(template: str, script: str, connects: bool = False, **values: Any) -> str:
    """Return a page of templates/ with its script; `connects`: the script may ask the server that the page is from."""
    source = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in (COMMON, script))
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:; "
    policy += "base-uri 'none'; form-action 'none'" + ("; connect-src 'self'" if connects else "")
    style = theme.css() + (TEMPLATES / "pages.css").read_text(encoding="utf-8")
    page = environment().get_template(template)
    return redacted(page.render(policy=policy, style=Markup(style), script=Markup(source), **values))


@cache
def environment() -> "Environment":
    """Return the templates' environment: every value is made visible, then escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals |= {"bar": bar, "form_rows": form_rows}
    made.filters |= {
        "estimate": lambda *values, **options: with_minus(cells.estimate(*values, **options)),
        "with_minus": with_minus,
        "difference": cells.difference,
        "number": cells.number,
        "percent": cells.share,
        "embedded": embedded,
        "duration": duration,
        "seeds": seeds,
        "web_link": web_link,
        "counted": counted,
    }
    return made


def bar(placed: Bar | None, kind: str) -> Markup:
    """Return an estimate on its scale as an element; `kind`, a name of our own, gives its colour."""
    marks = ""
    if placed:
        line = f"left:{placed.low}%;width:{placed.high - placed.low:.2f}%"
        marks = f'<i style="{line}"></i><b style="left:{placed.value}%"></b>'
    return Markup(f'<span class="bar of-{kind}">{marks}</span>')


def form_rows(view: ResultView, set_name: str) -> Markup:
    """Return the rows of a set's table of forms, of which a course's review has tens of thousands."""
    kinds = [step.lower() for step, _ in view.ladder.steps]
    rows = []
    for row in view.form_rows(set_name):
        bars = "".join(bar(view.scale.bar(score), kind) for score, kind in zip(row.estimates, kinds, strict=True))
        scores = (with_minus(cells.estimate(score, digits=2, seeds=False)) for score in row.estimates)
        numbers = "".join(f'<td class="number">{text}</td>' for text in (*scores, f"{row.count:,}"))
        name = f'<th scope="row" class="name">{html_text(row.form)}{CLOSED if row.is_closed else ""}</th>'
        rows.append(f'<tr>{name}<td class="forest bars">{bars}</td>{numbers}</tr>')
    return Markup("\n".join(rows))


def shown(value: Any) -> Any:
    """Return a template's value as it is shown: strings without unsafe characters; markup of our own stays as it is."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def embedded(value: Any) -> Markup:
    """Return JSON values for a <script type="application/json"> element."""
    text = json.dumps(visible_values(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.translate(JSON_ESCAPES))


def visible_values(value: Any) -> Any:
    """Return JSON values with every string made visible."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(str(key)): visible_values(inner) for key, inner in value.items()}
    return [visible_values(inner) for inner in value] if isinstance(value, list | tuple) else value


def duration(seconds: float | None) -> str:
    """Return a time as people say it: 45 s, 12 min, 3.2 h."""
    if seconds is None:
        return cells.NONE
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def seeds(estimate: Estimate | None) -> str:
    """Return the least and the most value over training seeds: 0.904–0.921."""
    known = [value for value in estimate.by_seed if value is not None] if estimate else []
    return f"{cells.number(min(known))}–{cells.number(max(known))}" if known else cells.NONE


def with_minus(cell: str) -> str:
    """Return a cell with real minus signs, as wide as a plus: cells of a terminal have hyphens."""
    return HYPHEN.sub("−", cell) if "-" in cell else cell


def web_link(address: str | None) -> str:
    """Return an address that a link may hold, "" for one that is not http(s): `javascript:` is text."""
    return address if address and address.startswith(("https://", "http://")) else ""
