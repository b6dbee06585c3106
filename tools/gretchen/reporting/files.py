"""Where the pages of reports are, for whoever links to them."""

from pathlib import Path

from gretchen import paths


def report_file(project: str) -> Path:
    """Return the path of a project's report, runs/<project>/report.html."""
    return paths.runs(project) / "report.html"
