"""The page over all rows of a project's data: build/<project>/data.html, one file that asks no host for anything.

    write_data_page("genome-chatbot")

Rows with form, split, language, length, tokens and loss mask; near-duplicates and left-out rows side by side with what
they repeat; the faulty rows of a source. Its script searches, filters and pages; a format is parsed when it is shown.
"""

from pathlib import Path

from gretchen import paths
from gretchen.files import write_text
from gretchen.projects.datacard_page import EXPLANATIONS
from gretchen.reporting.answers import cut
from gretchen.reporting.data_rows import DataView, FormatView, data_view
from gretchen.reporting.page import render


def write_data_page(project: str) -> Path:
    """Write the page of a project's built data, and return its file. Raises UserError where nothing is built."""
    file = paths.build(project) / "data.html"
    write_text(file, page(data_view(project)))
    return file


def page(view: DataView) -> str:
    """Return the page."""
    card = view.data_card
    return render(
        "data.html",
        "data.js",
        view=view,
        formats=[script_data(each, card.formats[each.name].left_out) for each in view.formats],
        faults=[cut(fault) for fault in card.faults],
        reasons=EXPLANATIONS,
    )


def script_data(view: FormatView, counts: dict[str, int]) -> dict[str, object]:
    """Return a format's rows as JSON values for the page's script: a row is a list, in the order of DataRow."""
    return {
        "name": view.name,
        "rows": [row.data for row in view.rows],
        "near": view.near_duplicates,
        "compared": view.num_compared,
        "counts": counts,
        "leftOut": [(item.reason, item.repeats, item.row.data) for item in view.left_out],
    }
