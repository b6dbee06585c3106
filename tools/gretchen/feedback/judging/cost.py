"""What a judging will cost, before it starts: requests, tokens, and a price where one is given.

    cost(questions, counting_tokenizer(chosen, project))        -> Cost(requests=200, tokens_in=…, …)

A local judge's own tokenizer counts. That of an address is not known here: the project's counts, which has more tokens
for the same text than large models' have. What a judge really used is in its verdicts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gretchen.errors import UserError
from gretchen.feedback.judging.judges import ChosenJudge
from gretchen.feedback.judging.prompts import Question
from gretchen.models.locate import loadable
from gretchen.projects.summarize import tokenizer_folder

SAMPLE = 200  # questions that are counted; the others are taken for as long
PER_MESSAGE = 4  # tokens of a chat template
MILLION = 1_000_000
TOKENIZER = "tokenizer.json"


@dataclass(frozen=True)
class Cost:
    """The requests, the tokens of their prompts, and the most that the replies may have. Retries are not in it."""

    requests: int
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True)
class Price:
    """The price of a million tokens of prompts and of replies, in whatever currency."""

    tokens_in: float
    tokens_out: float

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """Return the price of so many tokens."""
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / MILLION


def price(text: str) -> Price | None:
    """Return the price of PRICE="0.15 0.60" (prompts, replies), or one number for both; None for "".

    Raises UserError for what is no price.
    """
    if not text.strip():
        return None
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2) or not all(0 <= number < MILLION for number in numbers):
        raise UserError(f"PRICE={text} is no price", 'PRICE="0.15 0.60": per million tokens of prompts, and of replies')
    return Price(numbers[0], numbers[-1])


def counting_tokenizer(chosen: ChosenJudge, project: str) -> Path:
    """Return the tokenizer.json that counts: a local judge's own where it is on this disk, else the project's."""
    own = Path(loadable(chosen.local.model)) / TOKENIZER if chosen.local else None
    return own if own and own.is_file() else tokenizer_folder(project) / TOKENIZER


def cost(questions: Sequence[Question], tokenizer: Path) -> Cost:
    """Return what the questions cost; of many the first SAMPLE are counted."""
    counted = questions[:SAMPLE]
    if not counted:
        return Cost(0, 0, 0)
    from tokenizers import Tokenizer

    texts = [message["content"] for question in counted for message in question.messages]
    loaded = Tokenizer.from_file(str(tokenizer))
    loaded.no_padding()
    loaded.no_truncation()
    tokens = sum(map(len, loaded.encode_batch_fast(texts))) + PER_MESSAGE * len(texts)
    total = round(tokens * len(questions) / len(counted))
    return Cost(len(questions), total, sum(question.max_tokens for question in questions))
