"""Rows of preferences, feedback, prompts and distillation as numbers of tokens, cut as their trainers do (trl 1.9).

    COUNTERS["kto"](rows, settings, renderer)      -> RowCounts

What each trainer does is noted at its function. axolotl trains by TRL's trainers too; unless a recipe leaves rows as
they are (`skip_prepare_dataset`), axolotl drops longer ones first.
"""

from collections.abc import Callable
from os.path import commonprefix

from gretchen.planning.renderer import Renderer
from gretchen.planning.rows import Row, RowCounts
from gretchen.planning.settings import Settings

SIDES = ("chosen", "rejected")


def count_dpo(rows: list[Row], settings: Settings, renderer: Renderer) -> RowCounts:
    """Count DPO's rows: each completion with its prompt is a sequence, cut at its end."""
    prompts = renderer.lengths([renderer.prompt(row) for row in rows])
    sides = [renderer.lengths([renderer.with_completion(row, side) for row in rows]) for side in SIDES]
    limit, tally = settings.max_length, Tally(settings)
    for prompt, *both in zip(prompts, *sides, strict=True):
        # DPOTrainer drops a row whose prompt alone reaches the limit.
        tally.add(both, too_long=limit is not None and max(both) > limit and prompt >= limit)
    return tally.counts(len(rows))


def count_kto(rows: list[Row], settings: Settings, renderer: Renderer) -> RowCounts:
    """Count KTO's rows: a completion with its prompt is a sequence, and a pair makes two rows.

    Not counted, as its trainer does not either: the same prompts with other rows' completions, read without gradients.
    """
    single = [(row, side) for row in rows for side in (("completion",) if "completion" in row else SIDES)]
    prompts = renderer.lengths([renderer.prompt(row) for row, _ in single])
    lengths = renderer.lengths([renderer.with_completion(row, side) for row, side in single])
    limit, tally = settings.max_length, Tally(settings)
    for prompt, length in zip(prompts, lengths, strict=True):
        tally.add([max(prompt, length)], too_long=limit is not None and prompt >= limit)
    return tally.counts(len(single))


def count_reward(rows: list[Row], settings: Settings, renderer: Renderer) -> RowCounts:
    """Count a reward model's rows: RewardTrainer drops a pair of which one side is longer than the limit."""
    prompt_texts = [renderer.prompt(row, enable_thinking=False) for row in rows]
    prompts = renderer.lengths(prompt_texts)
    sides = []
    for side in SIDES:
        # As gretchen.scoring.preferences.encode: prompt and completion apart, up to EOS.
        texts = [renderer.completion(row, side, prompt) for row, prompt in zip(rows, prompt_texts, strict=True)]
        sides.append(renderer.lengths(texts))
    limit, tally = settings.max_length, Tally(settings)
    for prompt, *completions in zip(prompts, *sides, strict=True):
        both = [prompt + completion for completion in completions]
        tally.add(both, too_long=limit is not None and max(both) > limit)
    return tally.counts(len(rows))


def count_orpo(rows: list[Row], settings: Settings, renderer: Renderer) -> RowCounts:
    """Count the rows of ORPO and SimPO: their trainers cut completions only, and drop no row.

    Where prompt and longer completion together exceed the limit, each completion is cut to what the longer one leaves
    of it (orpo_trainer.tokenize_row), so that both are cut more than necessary.
    """
    tally = Tally(settings, cuts=False)
    without_tools = [{key: value for key, value in row.items() if key != "tools"} for row in rows]
    texts = [
        [renderer.prompt(row), *(renderer.with_completion(row, side, end=False) for side in SIDES)]
        for row in without_tools
    ]
    sides = [renderer.tokens([text[number] for text in texts]) for number in (1, 2)]
    prompts = renderer.tokens([commonprefix(text) for text in texts])
    for prompt, *both in zip(prompts, *sides, strict=True):
        _add_orpo_pair(tally, settings.max_length, [_split(prompt, side, renderer) for side in both])
    return tally.counts(len(rows))


def _add_orpo_pair(tally: "Tally", limit: int | None, sides: list[tuple[int, int]]) -> None:
    """Add a pair of (prompt, completion) lengths, cut as ORPOTrainer does."""
    longer, lengths, is_cut = max(completion for _, completion in sides), [], False
    for prompt, completion in sides:
        left = completion
        if limit is not None and prompt + longer > limit:
            left = len(range(completion)[: limit - longer])  # a Python slice, also where the limit is negative
        is_cut |= left < completion
        lengths.append(prompt + left)
    tally.add(lengths, too_long=False, is_cut=is_cut)


def _split(prompt: list[int], full: list[int], renderer: Renderer) -> tuple[int, int]:
    """Return the tokens of a prompt and of its completion (build_tokenized_answer, add_bos_token_if_needed, …)."""
    is_merged = full[: len(prompt)] != prompt  # one token spans the prompt's end and the completion's start
    start = len(prompt) - is_merged
    bos, eos = renderer.token("bos_token"), renderer.token("eos_token")
    adds_bos = bos is not None and full[:1] != [bos]
    adds_eos = full[-1:] != [eos] or len(full) == start
    return start + adds_bos, len(full) - start + adds_eos


def count_distillation(rows: list[Row], settings: Settings, renderer: Renderer) -> RowCounts:
    """Count distillation's conversations: GKD's collator keeps the end of a longer one, and drops none."""
    lengths = renderer.lengths([renderer.row({"messages": row.get("messages")}) for row in rows])
    prompts = renderer.lengths([renderer.prompt({"prompt": row["messages"][:-1]}) for row in rows])
    tally = Tally(settings)
    for prompt, length in zip(prompts, lengths, strict=True):
        tally.add([length], too_long=False)
        excess = max(0, length - settings.max_length) if settings.max_length else 0
        tally.longest_prompt = max(tally.longest_prompt, prompt - excess)
    return tally.counts(len(rows))


def count_prompts(rows: list[Row], settings: Settings, renderer: Renderer) -> RowCounts:
    """Count prompts, each with the longest completions that the model may generate."""
    prompts = renderer.lengths([renderer.prompt(row) for row in rows])
    tally = Tally(settings, cuts=False)
    for prompt in prompts:
        tally.add([prompt + settings.max_new_tokens], too_long=False)
    tally.longest_prompt, tally.tokens = max(prompts, default=0), tally.tokens * settings.num_generations
    return tally.counts(len(rows))


class Tally:
    """Adds up sequences: their lengths and tokens, and how many rows were cut and dropped."""

    def __init__(self, settings: Settings, cuts: bool = True) -> None:
        """Start at zero; `cuts`: the trainer cuts a sequence at the limit."""
        self.limit = settings.max_length if cuts else None
        # rl.py: _drop_long_sequences, unless rows are left as they are; a reward model's follow TRL's own rule.
        self.drop_limit = settings.max_length if settings.drops_long_rows else None
        self.lengths: list[int] = []
        self.tokens = self.cut = self.dropped = self.longest_prompt = self.dropped_by_axolotl = 0

    def add(self, sides: list[int], too_long: bool, is_cut: bool = False) -> None:
        """Add a row's sequences, or count it as dropped where it is `too_long`."""
        by_axolotl = self.drop_limit is not None and max(sides) > self.drop_limit
        if too_long or by_axolotl:
            self.dropped += 1
            self.dropped_by_axolotl += by_axolotl
            return
        lengths = [min(side, self.limit) if self.limit else side for side in sides]
        self.cut += is_cut or lengths != sides
        self.lengths.append(max(lengths))
        self.tokens += sum(lengths)

    def counts(self, rows: int) -> RowCounts:
        """Return the counts, of so many rows."""
        return RowCounts(
            rows=rows,
            cut=self.cut,
            dropped=self.dropped,
            lengths=self.lengths,
            tokens=self.tokens,
            longest_prompt=self.longest_prompt,
            rows_in_steps=rows - self.dropped_by_axolotl,
        )


COUNTERS: dict[str, Callable[[list[Row], Settings, Renderer], RowCounts]] = {
    "dpo": count_dpo,
    "kto": count_kto,
    "reward": count_reward,
    "orpo": count_orpo,
    "simpo": count_orpo,
    "distill": count_distillation,
    "grpo": count_prompts,
    "rloo": count_prompts,
    "ppo": count_prompts,
}
