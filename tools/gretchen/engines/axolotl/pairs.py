"""`type: gretchen.engines.axolotl.pairs`: `preferences()` for axolotl's reward trainer, which has no type for them.

axolotl's own `bradley_terry` types want the question and both answers as plain texts. This one takes TRL's standard
format, messages with a whole conversation before the answers, by the interface that axolotl has for strategies from
outside; so axolotl's own command finds it wherever Gretchen is installed. Answers end with the token that ends them, as
for the zephyr engine, since that is where PPO and `make eval` ask for the score.
"""

from typing import Any

from axolotl.prompt_tokenizers import PromptTokenizingStrategy

from gretchen.models.generate import Model
from gretchen.scoring.preferences import encode


class Pairs(PromptTokenizingStrategy):
    """Turns a row's two conversations into token ids; TRL's trainer leaves out pairs longer than `sequence_len`."""

    def tokenize_prompt(self, row: dict[str, Any]) -> dict[str, list[int]]:
        """Return `chosen_ids` and `rejected_ids`, rendered by the tokenizer's chat template."""
        asked = Model(self.tokenizer, None)
        return {f"{side}_ids": encode(asked, row, row[side])[0] for side in ("chosen", "rejected")}


def load(tokenizer: Any, cfg: Any) -> Pairs:
    """Return the strategy, as axolotl asks for it by its name in `type`."""
    return Pairs(None, tokenizer, sequence_len=cfg.sequence_len)
