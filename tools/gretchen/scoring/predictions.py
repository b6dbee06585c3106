"""A model's answers to the test rows: asked once, kept in runs/<project>/evaluations/<key>/predictions.jsonl.

The key is a hash of all that the answers depend on: weights, chat template, rows, settings. While answers come in they
are appended to predictions.partial.jsonl; a stopped evaluation goes on from there, and predictions.jsonl is whole or
not there. Nothing is scored here.
"""

import dataclasses
import errno
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen.files import no_space, text_hash, write_jsonl
from gretchen.models.generate import Completion, Conversation, Model, generate
from gretchen.scoring.scorer import Evaluator, Prediction

Row = dict[str, Any]
Prompt = str | Conversation
# Sampling for pass@k (Chen et al. 2021 sample at 0.8 for large k).
SAMPLING_TEMPERATURE = 0.8
# Conversations of a closed loop that are led at the same time.
LOOP_BATCH = 64
COMPLETE, PARTIAL = "predictions.jsonl", "predictions.partial.jsonl"


@dataclass(frozen=True)
class Settings:
    """How answers are made; `prompting` is "plain", "worked examples" or "document"."""

    max_new_tokens: int
    stop: tuple[str, ...]
    samples: int
    temperature: float
    seed: int
    prompting: str


@dataclass(frozen=True)
class Answer:
    """One sample of a row: what the model said (in a closed loop: the turns) and whether it ended by itself."""

    id: str
    sample: int
    prediction: Prediction
    ended: bool


@dataclass(frozen=True)
class Job:
    """What is asked for one row."""

    row: Row
    prompt: Prompt


OnAnswers = Callable[[list[Answer]], None]


def key(weights: str, template: str, rows: str, settings: Settings, simulator: str = "") -> str:
    """Return the name of the folder for answers of these weights by this template to these rows (all hashes).

    `simulator` is the hash of the code that leads a closed loop: what it says decides what is answered next.
    """
    return text_hash(weights, template, rows, json.dumps(dataclasses.asdict(settings), sort_keys=True), simulator)


def read(file: Path) -> list[Answer]:
    """Return the answers of a file; a last line that was cut off while it was written does not count."""
    if not file.is_file():
        return []
    # Not splitlines(): answers may hold U+2028 and its kin, which JSON leaves as they are.
    told = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n")[:-1]]
    return [Answer(one["id"], one["sample"], one["prediction"], one["ended"]) for one in told]


def complete(folder: Path) -> list[Answer] | None:
    """Return the folder's answers, or None while they are not all there."""
    return read(folder / COMPLETE) if (folder / COMPLETE).is_file() else None


def collect(
    folder: Path,
    jobs: Sequence[Job],
    settings: Settings,
    answer: Callable[[list[tuple[Job, int]], OnAnswers], None],
    progress: Callable[[int, int], None],
) -> list[Answer]:
    """Return the answers to all jobs, in order, asking for those that an earlier, stopped call did not get.

    `answer` is given (job, sample) pairs and hands back answers as they come; `progress` is told how many of how many.
    `keep_whole` then puts them in place. Raises WorkError where the disk is full; what was answered till then is kept.
    """
    partial = folder / PARTIAL
    wanted = [(job, sample) for job in jobs for sample in range(settings.samples)]
    known = {(one.id, one.sample): one for one in read(partial)}
    # Rewritten, so that a line cut off by a kill is gone before the next one is appended to it.
    write_jsonl(partial, _lines(known.values()))

    def keep(answers: list[Answer]) -> None:
        _append(partial, answers)
        known.update({(one.id, one.sample): one for one in answers})
        progress(len(known), len(wanted))

    progress(len(known), len(wanted))
    rest = [(job, sample) for job, sample in wanted if (job.row["id"], sample) not in known]
    if rest:
        answer(rest, keep)
    return [known[job.row["id"], sample] for job, sample in wanted]


def keep_whole(folder: Path, answers: list[Answer]) -> None:
    """Write predictions.jsonl; from now on nothing is asked again."""
    write_jsonl(folder / COMPLETE, _lines(answers))
    (folder / PARTIAL).unlink(missing_ok=True)


def _append(partial: Path, answers: list[Answer]) -> None:
    """Append answers to the file. Raises WorkError where the disk is full."""
    try:
        with partial.open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in _lines(answers))
    except OSError as failure:
        if failure.errno == errno.ENOSPC:
            raise no_space(partial) from None
        raise


def _lines(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """Return answers as rows of the file."""
    return [dataclasses.asdict(one) for one in answers]


def ask(model: Model, settings: Settings, rest: list[tuple[Job, int]], on_answers: OnAnswers) -> None:
    """Ask a model each job once, in batches."""

    def told(positions: list[int], completions: list[Completion]) -> None:
        pairs = [(rest[i], one) for i, one in zip(positions, completions, strict=True)]
        on_answers([Answer(job.row["id"], sample, one.text, one.ended) for (job, sample), one in pairs])

    _generate(model, settings, [job.prompt for job, _ in rest], told)


def ask_in_loop(
    model: Model, settings: Settings, evaluator: Evaluator, rest: list[tuple[Job, int]], on_answers: OnAnswers
) -> None:
    """Lead a conversation per job with the project's simulator, LOOP_BATCH at a time, each until it is over."""
    for start in range(0, len(rest), LOOP_BATCH):
        batch = rest[start : start + LOOP_BATCH]
        turns: list[list[dict[str, Any]]] = [[] for _ in batch]
        ended = [True] * len(batch)
        live = list(range(len(batch)))
        while live:
            completions = _generate(model, settings, [_continued(batch[i][0], turns[i]) for i in live])
            still = []
            for i, one in zip(live, completions, strict=True):
                turns[i].append({"role": "assistant", "content": one.text})
                ended[i] &= one.ended
                reply = evaluator.reply(batch[i][0].row, turns[i])
                if reply is not None:
                    turns[i].append({"role": "user", "content": reply})
                    still.append(i)
            live = still
        on_answers([Answer(job.row["id"], sample, turns[i], ended[i]) for i, (job, sample) in enumerate(batch)])


def _continued(job: Job, turns: list[dict[str, Any]]) -> Conversation:
    """Return the job's conversation with the turns that followed."""
    assert isinstance(job.prompt, Conversation), "a document has no turns"
    return Conversation([*job.prompt.messages, *turns], job.prompt.tools)


def _generate(
    model: Model,
    settings: Settings,
    prompts: list[Prompt],
    on_batch: Callable[[list[int], list[Completion]], None] | None = None,
) -> list[Completion]:
    """Generate by the settings; sampled where there are several samples of a row."""
    return generate(
        model,
        prompts,
        settings.max_new_tokens,
        settings.stop,
        temperature=settings.temperature,
        seed=settings.seed,
        on_batch=on_batch,
    )
