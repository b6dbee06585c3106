"""Rows with answers, verdicts or prompts alone as numbers of tokens, cut as their trainers cut them (trl 1.9).

    COUNTS["kto"](rows, settings, writer)      -> Counted

What each trainer does stands at its function. axolotl trains by TRL's trainers too; where a recipe does not leave rows
as they are (`skip_prepare_dataset`), axolotl drops a longer one before.
"""

from collections.abc import Callable
from os.path import commonprefix

from gretchen.planning.rows import Counted, Row
from gretchen.planning.settings import Settings
from gretchen.planning.writer import Writer

SIDES = ("chosen", "rejected")


def pairs(rows: list[Row], s: Settings, write: Writer) -> Counted:
    """Return DPO's rows counted: each answer behind its prompt is a sequence, cut at its end."""
    prompts = write.lengths([write.prompt(row) for row in rows])
    sides = [write.lengths([write.answered(row, side) for row in rows]) for side in SIDES]
    found = Tally(s)
    for prompt, *both in zip(prompts, *sides, strict=True):
        # DPOTrainer drops a row whose prompt alone fills the limit.
        found.add(both, too_long=s.length is not None and max(both) > s.length and prompt >= s.length)
    return found.counted(len(rows))


def verdicts(rows: list[Row], s: Settings, write: Writer) -> Counted:
    """Return KTO's rows counted: one answer behind its prompt is a sequence, and a pair makes two rows.

    Not counted, as its trainer does not either: the same prompts with other rows' answers, read without a way back.
    """
    single = [(row, side) for row in rows for side in (SIDES if "completion" not in row else ("completion",))]
    prompts = write.lengths([write.prompt(row) for row, _ in single])
    whole = write.lengths([write.answered(row, side) for row, side in single])
    found = Tally(s)
    for prompt, length in zip(prompts, whole, strict=True):
        found.add([max(prompt, length)], too_long=s.length is not None and prompt >= s.length)
    return found.counted(len(single))


def scored(rows: list[Row], s: Settings, write: Writer) -> Counted:
    """Return a reward model's rows counted: RewardTrainer drops a pair of which one side is longer than the limit."""
    before = [write.prompt(row, enable_thinking=False) for row in rows]
    prompts = write.lengths(before)
    sides = []
    for side in SIDES:
        # As gretchen.scoring.preferences.encode: prompt and answer apart, up to the token that ends the answer.
        said = [write.answer(row, side, text) for row, text in zip(rows, before, strict=True)]
        sides.append(write.lengths(said))
    found = Tally(s)
    for prompt, *answers in zip(prompts, *sides, strict=True):
        both = [prompt + answer for answer in answers]
        found.add(both, too_long=s.length is not None and max(both) > s.length)
    return found.counted(len(rows))


def joined(rows: list[Row], s: Settings, write: Writer) -> Counted:
    """Return the rows of ORPO and SimPO counted: their trainers cut answers alone, and drop no row.

    Where prompt and longer answer are too long together, each answer is left what the longer one leaves of the limit
    (orpo_trainer.tokenize_row), so that both are cut more than they had to be.
    """
    found = Tally(s, cuts=False)
    plain = [{key: value for key, value in row.items() if key != "tools"} for row in rows]  # rendered without tools
    texts = [[write.prompt(row), *(write.answered(row, side, end=False) for side in SIDES)] for row in plain]
    ids = [write.tokens([text[place] for text in texts]) for place in (1, 2)]
    prompts = write.tokens([commonprefix(text) for text in texts])
    for prompt, *whole in zip(prompts, *ids, strict=True):
        starts, ends = zip(*(parts(prompt, side, write) for side in whole), strict=True)
        longer, both, cut = max(ends), [], False
        for start, end in zip(starts, ends, strict=True):
            left = end
            if s.length is not None and start + longer > s.length:
                left = len(range(end)[: s.length - longer])  # Python's slice, also where the limit is below the answer
            cut |= left < end
            both.append(start + left)
        found.add(both, too_long=False, cut=cut)
    return found.counted(len(rows))


def parts(prompt: list[int], whole: list[int], write: Writer) -> tuple[int, int]:
    """Return the tokens of a prompt and of its answer, apart (build_tokenized_answer, add_bos_token_if_needed, …)."""
    merged = whole[: len(prompt)] != prompt  # the prompt's last letters are a token with the answer's first ones
    start = len(prompt) - merged
    bos, eos = write.token("bos_token"), write.token("eos_token")
    more = bos is not None and whole[:1] != [bos]
    return start + more, len(whole) - start + (whole[-1:] != [eos] or len(whole) == start)


def taught(rows: list[Row], s: Settings, write: Writer) -> Counted:
    """Return distillation's conversations counted: GKD's collator keeps the end of a longer one, and drops none."""
    whole = write.lengths([write.row({"messages": row.get("messages")}) for row in rows])
    prompts = write.lengths([write.prompt({"prompt": row["messages"][:-1]}) for row in rows])
    found = Tally(s)
    for prompt, length in zip(prompts, whole, strict=True):
        found.add([length], too_long=False)
        over = max(0, length - s.length) if s.length else 0
        found.prompt = max(found.prompt, prompt - over)
    return found.counted(len(rows))


def asked(rows: list[Row], s: Settings, write: Writer) -> Counted:
    """Return prompts counted, with the longest answers that the model may write to them: at most so many tokens."""
    prompts = write.lengths([write.prompt(row) for row in rows])
    found = Tally(s, cuts=False)
    for prompt in prompts:
        found.add([prompt + s.written], too_long=False)
    found.prompt, found.tokens = max(prompts, default=0), found.tokens * s.answers
    return found.counted(len(rows))


class Tally:
    """Adds up sequences: their lengths, tokens, and how many rows were cut and dropped."""

    def __init__(self, s: Settings, cuts: bool = True) -> None:
        """Start with nothing; `cuts`: the trainer cuts a sequence at the limit."""
        self.limit = s.length if cuts else None
        # rl.py: _drop_long_sequences, unless rows are left as they are; a reward model's go by TRL's own rule.
        self.drops = s.length if s.prepares else None
        self.lengths: list[int] = []
        self.tokens = self.cut = self.dropped = self.prompt = self.left_out = 0

    def add(self, sides: list[int], too_long: bool, cut: bool = False) -> None:
        """Add a row's sequences, or count it as dropped where it is `too_long`."""
        before = self.drops is not None and max(sides) > self.drops
        if too_long or before:
            self.dropped += 1
            self.left_out += before
            return
        kept = [min(side, self.limit) if self.limit else side for side in sides]
        self.cut += cut or kept != sides
        self.lengths.append(max(kept))
        self.tokens += sum(kept)

    def counted(self, rows: int) -> Counted:
        """Return what was added, of so many rows."""
        return Counted(rows, self.cut, self.dropped, self.lengths, self.tokens, self.prompt, rows - self.left_out)


COUNTS: dict[str, Callable[[list[Row], Settings, Writer], Counted]] = {
    "dpo": pairs,
    "kto": verdicts,
    "reward": scored,
    "orpo": joined,
    "simpo": joined,
    "distill": taught,
    "grpo": asked,
    "rloo": asked,
    "ppo": asked,
}
