"""Draws a process as a picture: the directly-follows graph of a log of it, for the README.

    .venv/bin/python projects/event-data/picture.py "->('a', X[70,30]('b', 'c'))" --cases 20 --output graph.svg

A node is an activity with its number of events; an arrow says how often one follows another directly. Nodes stand from
left to right by their last position in the cases. Without a tree it draws the README's.
"""

import argparse
import importlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from gretchen.projects.modules import load_dataset_module

FOLDER = Path(__file__).resolve().parent
README_TREE = (
    "->('register claim', +('check policy', 'assess damage'), X[70,30]('approve claim', 'reject claim'), "
    "'inform customer')"
)
START, END = "start", "end"


def directly_follows(traces: Sequence[tuple[str, ...]]) -> Counter[tuple[str, str]]:
    """Return how often each activity follows each other one directly, with start and end."""
    padded = [(START, *trace, END) for trace in traces]
    return Counter(pair for trace in padded for pair in zip(trace, trace[1:], strict=False))


def positions(traces: Sequence[tuple[str, ...]]) -> dict[str, tuple[float, float]]:
    """Return where each activity stands: by its last position, those of the same one spread from top to bottom."""
    last: dict[str, int] = {}
    for trace in traces:
        for i, name in enumerate((START, *trace, END)):
            last[name] = max(i, last.get(name, 0))
    columns = defaultdict(list)
    for name, i in last.items():
        columns[i].append(name)
    return {
        name: (float(i), (len(names) - 1) / 2 - row) for i, names in columns.items() for row, name in enumerate(names)
    }


def draw(traces: Sequence[tuple[str, ...]], output: Path) -> None:
    """Write the picture; its format is that of the name (.svg, .png)."""
    import matplotlib
    import networkx

    matplotlib.use("agg")
    matplotlib.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "event-data"}
    from matplotlib import pyplot

    counts, events = directly_follows(traces), Counter(name for trace in traces for name in trace)
    graph = networkx.DiGraph([(a, b, {"count": count}) for (a, b), count in counts.items()])
    labels = {name: f"{name}\n{events[name]}" if name in events else name for name in graph}
    figure, axes = pyplot.subplots(figsize=(12, 2.8))
    place, most = positions(traces), max(counts.values())
    widths = [0.6 + 2.4 * count / most for _, _, count in graph.edges(data="count")]
    networkx.draw_networkx_edges(
        graph, place, ax=axes, width=widths, edge_color="#5b6b7b", node_size=3000, connectionstyle="arc3,rad=0.12"
    )
    shown = {(a, b): count for a, b, count in graph.edges(data="count")}
    networkx.draw_networkx_edge_labels(graph, place, shown, ax=axes, font_size=8, connectionstyle="arc3,rad=0.12")
    box = {"boxstyle": "round,pad=0.4", "facecolor": "#e8f0f8", "edgecolor": "#2f5d8a"}
    networkx.draw_networkx_labels(graph, place, labels, ax=axes, font_size=8, bbox=box)
    axes.margins(0.08, 0.25)
    axes.axis("off")
    figure.savefig(output, bbox_inches="tight", metadata={"Date": None} if output.suffix == ".svg" else None)
    if output.suffix == ".svg":  # matplotlib ends lines of paths with a blank
        lines = output.read_text(encoding="utf-8").splitlines()
        output.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")
    pyplot.close(figure)


def main() -> None:
    """Read the options, simulate, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", nargs="?", default=README_TREE)
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--output", type=Path, default=FOLDER / "graph.svg")
    options = parser.parse_args()
    package = load_dataset_module(FOLDER.name).__package__
    trees, measures = (importlib.import_module(f".{name}", package) for name in ("trees", "measures"))
    draw(measures.apportioned(trees.language(trees.parse(options.tree)), options.cases), options.output)


if __name__ == "__main__":
    main()
