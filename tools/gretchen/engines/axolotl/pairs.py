"""`type: gretchen.engines.axolotl.pairs`: rows of `preferences()` for axolotl's reward trainer.

axolotl's own `bradley_terry` types take question and answers as plain strings. This one takes TRL's standard format, a
prompt of messages and two completions, through axolotl's interface for external strategies; so axolotl's own command
uses it too, wherever Gretchen is installed. Answers end with their EOS token, as in the zephyr engine, since that is
where PPO and `make eval` read the score.
"""

from typing import Any

from axolotl.prompt_tokenizers import PromptTokenizingStrategy

from gretchen.models.generate import Model
from gretchen.scoring.preferences import encode


class Pairs(PromptTokenizingStrategy):
    """Turns a row's two conversations into token ids; TRL's trainer leaves out pairs longer than `sequence_len`."""

    def tokenize_prompt(self, row: dict[str, Any]) -> dict[str, list[int]]:
        """Return `chosen_ids` and `rejected_ids`, rendered by the tokenizer's chat template."""
        tokenizer = Model(self.tokenizer, None)
        return {f"{side}_ids": encode(tokenizer, row, row[side])[0] for side in ("chosen", "rejected")}


def load(tokenizer: Any, cfg: Any) -> Pairs:
    """Return the strategy. axolotl calls this function of the module that `type` names."""
    return Pairs(None, tokenizer, sequence_len=cfg.sequence_len)
