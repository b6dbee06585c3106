"""A preview as one self-contained HTML page: no script, no font, no request to a host."""

from gretchen.inspecting.preview import Preview
from gretchen.inspecting.spans import Span
from gretchen.safe_text import html_text

STYLE = """
:root { color-scheme: light dark; --page: #fff; --ink: #1b1f24; --soft: #6b7280; --line: #d7dbe0;
  --trained: #d9f2df; --trained-ink: #0b4a1d; --end: #0b6b2a; --masked-end: #6b7280; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --ink: #e6e8ea; --soft: #98a1ab; --line: #343a41;
  --trained: #123d20; --trained-ink: #b9f0c8; --end: #3ecf6e; --masked-end: #98a1ab; } }
body { background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); }
pre { border: 1px solid var(--line); border-radius: 6px; padding: .75rem 1rem; white-space: pre-wrap;
  overflow-wrap: anywhere; font: 14px/1.6 ui-monospace, monospace; margin: 0; }
.masked { color: var(--soft); } .trained { background: var(--trained); color: var(--trained-ink); }
.end { border: 1px solid var(--masked-end); border-radius: 3px; padding: 1px 0 2px; }
.trained.end { border-color: var(--end); }
.break { opacity: .5; } hr { border: 0; border-top: 2px dashed var(--line); margin: .5rem 0; }
"""


def page(preview: Preview) -> str:
    """Return the page: title, notes, and each row under its heading."""
    title = html_text(preview.title)
    body = [f"<h1>{title}</h1>", *(f"<p>{html_text(line)}</p>" for line in preview.notes)]
    body.append(
        '<p class="soft"><span class="trained">trained</span> <span class="masked">masked</span> '
        '<span class="trained end">ends the answer</span> a dashed line: the next packed row begins</p>'
    )
    for row in preview.rows:
        body += [f"<h2>{html_text(row.heading)}</h2>", f"<pre>{''.join(map(_span, row.spans))}</pre>"]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    lines = ["<!doctype html>", '<html lang="en">', f"<head>{head}<style>{STYLE}</style></head>", "<body>", *body]
    return "\n".join([*lines, "</body>", "</html>", ""])


def _span(span: Span) -> str:
    """Return a span as HTML, its line breaks visible."""
    kind = ("trained" if span.trained else "masked") + (" end" if span.is_eos else "")
    text = html_text(span.text).replace("\n", '<span class="break">⏎</span>\n')
    return f'{"<hr>" * span.starts_row}<span class="{kind}">{text}</span>'
