"""The one chat template by which all models of a table are prompted.

Where two templates differ, a tokenizer is loaded to compare the prompts that they write.
"""

import json
from pathlib import Path

from gretchen.errors import UserError
from gretchen.models.locate import require_reachable
from gretchen.scoring.systems import Selection, System

PROBE = [
    {"role": "user", "content": "One?"},
    {"role": "assistant", "content": "Two."},
    {"role": "user", "content": "Three?"},
]


def template_text(folder: Path | None) -> str | None:
    """Return the chat template in a model or adapter folder, None where there is none."""
    if folder is None:
        return None
    if (folder / "chat_template.jinja").is_file():
        return (folder / "chat_template.jinja").read_text(encoding="utf-8")
    file = folder / "tokenizer_config.json"
    template = json.loads(file.read_text(encoding="utf-8")).get("chat_template") if file.is_file() else None
    return template if isinstance(template, str) else None


def shared_template(selection: Selection) -> str:
    """Return the chat template by which every model of the table is prompted.

    It is the base's, unless the runs were trained by another: with a template that it never saw, a model would be
    scored for the template. Raises UserError where the runs disagree, or there is no template.
    """
    base, runs = selection.base, [run for run in selection.runs if template_text(run.folder)]
    own = template_text(base.folder) if base.folder else _hub_template(base.model)
    others = [run for run in runs if not _same_prompt(base, own, template_text(run.folder))]
    if not others:
        if own is None:
            raise UserError(f"{base.model} has no chat template", "train a recipe that sets one, then evaluate")
        return own
    first = template_text(others[0].folder)
    different = [run for run in runs if not _same_prompt(base, first, template_text(run.folder))]
    if different:
        raise UserError(
            f"{others[0].name} and {different[0].name} were trained with different chat templates",
            f"compare one at a time: RUNS={others[0].run_id}",
        )
    return str(first)


def _hub_template(model: str) -> str | None:
    """Return the chat template of a hub model."""
    require_reachable(model)
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(model).chat_template


def _same_prompt(base: System, first: str | None, second: str | None) -> bool:
    """Return whether two templates write the same prompt: trainers add markers to a template that change no prompt."""
    if first is None or second is None or first == second:
        return first == second
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(base.folder or base.model))
    prompts = [
        tokenizer.apply_chat_template(PROBE, chat_template=template, tokenize=False, add_generation_prompt=True)
        for template in (first, second)
    ]
    return prompts[0] == prompts[1]
