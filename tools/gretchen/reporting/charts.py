"""Curves as inline SVG in the theme's colours, drawn by matplotlib.

    svg(panel)      -> '<svg role="img" …>'

The same curves give the same text: no date, no random ids. Colours are the theme's CSS variables, so that a chart
follows light, dark and print; text stays text.
"""

import re
import warnings
from io import StringIO
from typing import Any

from gretchen.reporting.curves import Panel, Series
from gretchen.safe_text import html_text, visible

WIDTH, HEIGHT = 4.6, 2.7  # inches of 72 points: readable at 360 pixels
MAX_POINTS = 400  # of a curve; more cannot be seen
FEW = 3
# matplotlib wants colours, pages want variables: each colour here stands for the variable of its name.
PLACEHOLDERS = {
    "ink": "#010203", "soft": "#020304", "line": "#030405", "grid": "#040506", "series-2": "#050607",
    "series-3": "#060708", "series-4": "#070809", "series-5": "#08090a", "series-6": "#090a0b",
}  # fmt: skip
COLOURS = ("series-2", "series-3", "series-4", "series-5", "series-6")
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "gretchen",
    "text.parse_math": False,
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": PLACEHOLDERS["line"],
    "axes.labelcolor": PLACEHOLDERS["soft"],
    "xtick.color": PLACEHOLDERS["soft"],
    "ytick.color": PLACEHOLDERS["soft"],
    "text.color": PLACEHOLDERS["ink"],
    "grid.color": PLACEHOLDERS["grid"],
    "axes.titlecolor": PLACEHOLDERS["ink"],
    "legend.labelcolor": PLACEHOLDERS["ink"],
}


def svg(panel: Panel, label: str = "") -> str:
    """Return a panel's curves as an <svg> element; `label` is what a screen reader says."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # glyphs that matplotlib's font lacks: the page's font draws the text
        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.subplots(), panel)
        stream = StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return inline(stream.getvalue(), label or panel.title)


def draw(axes: Any, panel: Panel) -> None:
    """Draw a panel's curves on matplotlib's axes."""
    runs = [series.label.partition(", ")[2] for series in panel.series]
    colours = dict(zip(dict.fromkeys(runs), COLOURS * len(runs), strict=False))
    for series, run in zip(panel.series, runs, strict=True):
        steps, values = zip(*thinned(series), strict=True)
        colour = PLACEHOLDERS[colours[run]]
        # A line between few evaluations would look like a curve.
        dots = {"marker": "o", "markersize": 5, "linewidth": 1.2, "linestyle": "--" if len(steps) > FEW else "none"}
        dots |= {"clip_on": False, "zorder": 3}  # a dot at step 0 stands on the axis
        style = dots if series.validation else {"linewidth": 1.6}
        axes.plot(steps, values, color=colour, label=visible(series.label), **style)
    limit_axes(axes, panel)
    axes.set_title(visible(panel.title), loc="left", fontsize=10.5)
    axes.set_xlabel("optimizer step")
    axes.grid(True, axis="y")
    axes.set_axisbelow(True)
    axes.legend(frameon=False, fontsize=8.5, handlelength=1.6)


def limit_axes(axes: Any, panel: Panel) -> None:
    """Begin the steps at 0, and the values of a rate, so that a flat curve looks flat; steps are whole numbers."""
    values = [value for series in panel.series for _, value in series.points]
    axes.set_xlim(left=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if panel.from_zero and min(values) >= 0:
        axes.set_ylim(0, 1.2 * max(values) or 1)


def thinned(series: Series) -> list[tuple[int, float]]:
    """Return at most MAX_POINTS of a curve's points, the last one among them."""
    step = -(-len(series.points) // MAX_POINTS)
    return [*series.points[:-1][::step], series.points[-1]]


def inline(text: str, label: str) -> str:
    """Return matplotlib's file as an element of a page: no prolog, unused ids or fixed size, the theme's colours."""
    body = text[text.index("<svg") :].strip()
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', body))
    body = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in used else "", body)
    body = re.sub(r' (?:width|height)="[\d.]+pt"', "", body, count=2)
    body = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px var(--sans)", body)
    for name, colour in PLACEHOLDERS.items():
        body = body.replace(colour, f"var(--{name})")
    return body.replace("<svg ", f'<svg role="img" aria-label="{html_text(label)}" ', 1)
