"""The curve of quality over size: its area, its front, its picture.

    .venv/bin/python projects/movie-characters/curve.py points.json --output curve.svg

points.json is a list of {"name": "sft, Q4_0", "mb": 80.2, "quality": 0.91}: megabytes of packed weights on disk
(packing.py) and the main metric. The front is the best quality that can be had up to a size; the area is under the
front over the logarithm of the size, as a share of the whole: 1 is full quality at the smallest size.
"""

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Point:
    """A model: its packed size in millions of bytes, and its quality from 0 to 1."""

    name: str
    mb: float
    quality: float


def front(points: list[Point]) -> list[Point]:
    """Return the points that are better than every smaller one, by size."""
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.mb, -point.quality)):
        if not best or point.quality > best[-1].quality:
            best.append(point)
    return best


def area(points: list[Point], smallest_mb: float, largest_mb: float) -> float:
    """Return the area under the front over log size between two sizes, as a share of the whole, 0 to 1.

    The front is a staircase: a model's quality holds up to the next better one's size; below the first it is 0. Raises
    ValueError where the sizes are no range.
    """
    if not 0 < smallest_mb < largest_mb:
        raise ValueError(f"{smallest_mb} to {largest_mb} MB is no range of sizes")
    steps = front(points)
    ends = [*(point.mb for point in steps[1:]), math.inf]
    total = 0.0
    for point, end in zip(steps, ends, strict=True):
        low, high = max(point.mb, smallest_mb), min(end, largest_mb)
        total += point.quality * max(0.0, math.log(high / low)) if high > low else 0.0
    return total / math.log(largest_mb / smallest_mb)


def read_points(file: Path) -> list[Point]:
    """Return the points of a file. Raises ValueError naming the entry that is none."""
    points = []
    for number, entry in enumerate(json.loads(file.read_text(encoding="utf-8")), start=1):
        try:
            point = Point(str(entry["name"]), float(entry["mb"]), float(entry["quality"]))
        except (TypeError, KeyError, ValueError) as error:
            raise ValueError(f"{file.name}: entry {number} has no name, mb and quality") from error
        if not (point.mb > 0 and 0 <= point.quality <= 1):
            raise ValueError(f"{file.name}: entry {number}: mb must be above 0, quality from 0 to 1")
        points.append(point)
    return points


def draw(points: list[Point], output: Path) -> None:
    """Write the picture; its format is that of the name (.svg, .png)."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    steps = front(points)
    axes.step([point.mb for point in steps], [point.quality for point in steps], where="post", color="tab:blue")
    axes.scatter([point.mb for point in points], [point.quality for point in points], color="black", s=14, zorder=3)
    for point in points:
        axes.annotate(point.name, (point.mb, point.quality), xytext=(4, 4), textcoords="offset points", fontsize=7)
    axes.set(xscale="log", xlabel="packed weights, MB", ylabel="consistent", ylim=(0, 1.05))
    figure.tight_layout()
    figure.savefig(output)
    pyplot.close(figure)


def main() -> None:
    """Draw a file's points and print the area between the smallest and the largest."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("points", type=Path)
    parser.add_argument("--output", type=Path, default=Path("curve.svg"))
    arguments = parser.parse_args()
    points = read_points(arguments.points)
    sizes = [point.mb for point in points]
    draw(points, arguments.output)
    print(f"area {area(points, min(sizes), max(sizes)):.3f} from {min(sizes):g} to {max(sizes):g} MB")


if __name__ == "__main__":
    main()
