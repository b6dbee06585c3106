"""What `make data` builds: build/<project>/<format>/{train,validation,test,hard}.jsonl and the data card.

    build("genome-chatbot", "tiny")      -> True where it was built anew, False where it was up to date

The same builder, data and settings give the same files, byte by byte. data-card.json is written last: where it exists,
everything does. Row limits come from the card: `rows.tiny` and `rows.laptop` for these profiles, `rows.full` for the
others.
"""

import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Literal

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.files import file_hash, folder_hash, text_hash, write_json, write_jsonl, write_text
from gretchen.names import unknown
from gretchen.projects.builder import (
    SPLITS,
    SplitRow,
    builder_rows,
    empty_cells,
    folder_of,
    offered_formats,
    on_disk,
    source_rows,
)
from gretchen.projects.card import Card, load_card
from gretchen.projects.datacard import FILE, DataCard, ExternalSource, NearDuplicates, load_data_card
from gretchen.projects.datacard_page import markdown
from gretchen.projects.duplicates import SAMPLE, repeated_rows
from gretchen.projects.leakage import leaks
from gretchen.projects.left_out import FILE as LEFT_OUT
from gretchen.projects.left_out import LeftOutRow, Tally
from gretchen.projects.modules import load_dataset_module
from gretchen.projects.summarize import TokenCounter, summarize, tokenizer_folder
from gretchen.provenance import is_smoke

RowCountKey = Literal["tiny", "laptop", "full"]
Rows = dict[str, list[SplitRow]]
Tallies = dict[str, Tally]
SMOKE_ROWS = 240
MAX_LEAKS = 5
MAX_EMPTY_CELLS = 0.02  # of the answers
# The source of what is built already; the default of `build`.
SAME_SOURCE = ExternalSource(path="")


def intact_data_card(project: str) -> DataCard | None:
    """Return the data card of what is built, None where nothing is, or where the file is no data card."""
    try:
        return load_data_card(project)
    except WorkError:
        return None


def data_hash(project: str) -> str:
    """Return the hash of the built data's content. Raises UserError where nothing is built, WorkError as loading."""
    data_card = load_data_card(project)
    if data_card is None:
        raise UserError(f"the data of {project} is not built", f"make data PROJECT={project}")
    return data_card.hash


def format_hash(project: str, name: str) -> str:
    """Return the hash of one format's built rows, "" where none are built."""
    data_card = intact_data_card(project)
    return data_card.formats[name].hash if data_card and name in data_card.formats else ""


def is_unmodified(project: str) -> bool:
    """Return whether the built files are still those that the builder checked and wrote."""
    data_card = intact_data_card(project)
    return data_card is not None and data_card.hash == files_hash(project)


def is_current(project: str) -> bool:
    """Return whether the builder would build again what is built; with a SOURCE, whether anything is built."""
    card, built = load_card(project), intact_data_card(project)
    if built is None:
        return False
    return built.source is not None or built.settings == fingerprint(project, card, limited(card, built.rows), None)


def files_hash(project: str) -> str:
    """Return the hash of the built files as they are now; it equals `data_hash` until one of them changes."""
    target = paths.build(project)
    return content_hash(target, {file.parent.name for file in target.glob("*/hard.jsonl")})


def content_hash(target: Path, formats: Iterable[str]) -> str:
    """Return the hash of built files, of all splits of these formats."""
    files = {f"{name}/{split}": target / name / f"{split}.jsonl" for name in sorted(formats) for split in SPLITS}
    return text_hash(*(f"{name}:{file_hash(file) if file.is_file() else ''}" for name, file in files.items()))


def built_source(project: str) -> ExternalSource | None:
    """Return the SOURCE that the data was built with; training and evaluation go on with it."""
    data_card = intact_data_card(project)
    return data_card.source if data_card else None


def build(project: str, profile: str, source: ExternalSource | None = SAME_SOURCE) -> bool:
    """Build a project's data unless it is up to date; return whether it was built.

    Built files that were changed by hand are built anew, with a warning.
    Without `source` it is built with the source that it was built with before; None means the builder's own rows alone.
    Raises UserError for faulty rows, an unreadable source and leakage; the earlier files are then left as they were.
    """
    card = load_card(project)
    module = load_dataset_module(project)
    source = built_source(project) if source is SAME_SOURCE else source
    limit = row_limit(card, profile)
    forms = getattr(card.forms, row_count_key(profile))
    settings = fingerprint(project, card, limit, source)
    built = intact_data_card(project)
    if built and built.settings == settings:
        if built.hash == files_hash(project):
            return False
        where = paths.shown(paths.build(project))
        print(f"warning: files in {where} were changed by hand and are built anew", file=sys.stderr, flush=True)
    tallies: Tallies = {name: Tally() for name in offered_formats(module)}
    rows = collect(module, limit, forms, source, tallies)
    for tally in tallies.values():
        if tally.exhausted:
            print(f"warning: {tally.exhausted}", file=sys.stderr, flush=True)
    near = drop_near_duplicates(rows, tallies)
    refuse_empty_cells(rows)
    refuse_leaks(rows, card)
    counter = TokenCounter(tokenizer_folder(project))
    summary = DataCard(
        project=project,
        rows=row_count_key(profile),
        formats={name: summarize(rows[name], tallies[name], near[name], counter) for name in rows},
        faults=[fault for tally in tallies.values() for fault in tally.faults],
        source=source,
        hash="",
        settings=settings,
    )
    write(summary, rows, tallies, card)
    return True


def ensure_built(project: str, profile: str) -> None:
    """Build a project's data unless it is up to date, and print where its card is. Raises as `build` does."""
    if build(project, profile):
        print(f"built the data: {paths.shown(paths.build(project) / 'data-card.md')}", flush=True)


def row_limit(card: Card, profile: str) -> int:
    """Return how many rows of each format a profile builds."""
    return limited(card, row_count_key(profile))


def limited(card: Card, key: RowCountKey) -> int:
    """Return the row count of one of the card's keys; a smoke run's, where that is smaller."""
    limit = getattr(card.rows, key)
    return min(limit, SMOKE_ROWS) if is_smoke() else limit


def row_count_key(profile: str) -> RowCountKey:
    """Return the card's key with the row count of a profile: `rows.full` for all with a GPU."""
    return "tiny" if profile == "tiny" else "laptop" if profile == "laptop" else "full"


def fingerprint(project: str, card: Card, limit: int, source: ExternalSource | None) -> str:
    """Return a hash of all that the built files depend on: builder, data, card, limit, source, and this code."""
    folder = paths.projects() / project
    parts = [folder_hash(folder, "*.py"), folder_hash(folder / "data"), card.model_dump_json(), str(limit)]
    parts += [folder_hash(Path(__file__).parent, "*.py"), file_hash(tokenizer_folder(project) / "tokenizer.json")]
    outside = [paths.build(project) / name for name in card.depends_on]
    parts += [file_hash(file) if file.is_file() else "" for file in outside]
    if source:
        location = Path(source.path)
        content = file_hash(location) if location.is_file() else folder_hash(location)
        parts += [source.path, str(source.alone), content]
    return text_hash(*parts)


def collect(
    module: ModuleType, limit: int, forms: list[str] | None, source: ExternalSource | None, tallies: Tallies
) -> Rows:
    """Return {format: rows} of the builder (of `forms`, if given), of the source, or of both.

    Documents (`text`) are of all forms: they are not what a profile is trained and tested on.
    Raises UserError for one of `forms` that no row of the builder has.
    """
    formats = () if source and source.alone else offered_formats(module)
    rows: Rows = {
        name: list(builder_rows(module, name, limit, tallies[name], None if name == "texts" else forms))
        for name in formats
    }
    if formats and forms:
        refuse_unknown_forms(module, forms, rows)
    if source:
        known = {name: {placed.prompt: placed.row["id"] for placed in own} for name, own in rows.items()}
        for name, placed in source_rows(module, Path(source.path), tallies):
            if placed.prompt in known.get(name, ()):
                tallies[name].leave_out("exact duplicate", placed.row, repeats=known[name][placed.prompt])
            else:
                rows.setdefault(name, []).append(placed)
    return rows


def refuse_unknown_forms(module: ModuleType, forms: list[str], rows: Rows) -> None:
    """Raise UserError where the card lists a form that none of the builder's rows has."""
    built = {placed.row["form"] for name, format_rows in rows.items() if name != "texts" for placed in format_rows}
    missing = [] if is_smoke() else [form for form in forms if form not in built]
    if missing:
        problem, hint = unknown("form", missing[0], sorted(built))
        card = paths.shown(folder_of(module) / "project.yaml")
        raise UserError(f"{card}: forms: {problem}: no row of dataset.py has it", hint)


def drop_near_duplicates(rows: Rows, tallies: Tallies) -> dict[str, NearDuplicates]:
    """Remove near-duplicates among external rows; return the near-duplicates in a sample of the builder's, by format.

    The builder's own stay: rows of one template look alike.
    """
    counted = {}
    for name, format_rows in rows.items():
        own = [placed for placed in format_rows if not placed.external]
        external = [placed for placed in format_rows if placed.external]
        rows[name] = [*own]
        for placed, repeated in zip(external, repeated_rows(external, own), strict=True):
            if repeated:
                tallies[name].leave_out("near-duplicate from outside", placed.row, repeats=repeated.row["id"])
            else:
                rows[name].append(placed)
        sample = own[:SAMPLE]
        counted[name] = NearDuplicates(rows=sum(map(bool, repeated_rows(sample))), of=len(sample))
    return counted


def refuse_empty_cells(rows: Rows) -> None:
    """Raise UserError where many answers are "nan": the empty cells of a table."""
    for name, format_rows in rows.items():
        empty, of, first = empty_cells(format_rows)
        if empty > MAX_EMPTY_CELLS * of:
            problem = (
                f"{empty} of {of} answers of {name} are 'nan', the first in row '{first}': empty cells of a table?"
            )
            raise UserError(problem, "leave these rows out in dataset.py (pandas: df.dropna())")


def refuse_leaks(rows: Rows, card: Card) -> None:
    """Raise UserError where training and held-out rows share an id, a group or a prompt."""
    shared = leaks([(name, placed) for name, format_rows in rows.items() for placed in format_rows], card.closed)
    if shared:
        more = f"\n… and {len(shared) - MAX_LEAKS} more" if len(shared) > MAX_LEAKS else ""
        raise UserError(
            "leakage between training and held-out rows:\n" + "\n".join(shared[:MAX_LEAKS]) + more,
            "rows about the same thing need the same group key in dataset.py, so that they share a split",
        )


def write(summary: DataCard, rows: Rows, tallies: Tallies, card: Card) -> None:
    """Write all files; the data card, with the hash of the rows' files, last."""
    target = paths.build(summary.project)
    (target / FILE).unlink(missing_ok=True)
    for stale in target.glob("*/hard.jsonl"):
        if stale.parent.name not in rows:
            shutil.rmtree(stale.parent)
    for name, format_rows in sorted(rows.items()):
        for split in SPLITS:
            file = target / name / f"{split}.jsonl"
            write_jsonl(file, (on_disk(placed.row, name) for placed in format_rows if placed.split == split))
    write_jsonl(target / LEFT_OUT, (line.model_dump() for line in left_out_rows(tallies)))
    formats = {
        name: of_format.model_copy(update={"hash": content_hash(target, [name])})
        for name, of_format in summary.formats.items()
    }
    data_card = summary.model_copy(update={"hash": content_hash(target, rows), "formats": formats})
    write_text(target / "data-card.md", markdown(data_card, card))
    write_json(target / FILE, data_card.model_dump(mode="json"))


def left_out_rows(tallies: Tallies) -> Iterator[LeftOutRow]:
    """Yield the rows that were left out, as their file holds them."""
    for name, tally in tallies.items():
        for left_out in tally.rows:
            row = on_disk(left_out.row, name)
            yield LeftOutRow(format=name, reason=left_out.reason, repeats=left_out.repeats, row=row)
