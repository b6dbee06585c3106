"""Answers that keep a JSON schema: xgrammar masks the tokens that the grammar does not allow next.

    grammar = compile_schema(model, {"type": "object", …})      once per model and schema
    model.generate(…, logits_processor=[grammar.processor(num_prompt_tokens)])

JSON is written compactly, since a small model that may write white space writes nothing else. A schema constrains the
form of an answer, not its truth; an answer that runs into the token limit is cut off in the middle. Keywords that
xgrammar passes over are refused; a `format` that it does not know counts as a remark, as in JSON Schema itself.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gretchen.errors import UserError
from gretchen.models.generate import Model, end_ids
from gretchen.models.penalties import LogitsProcessor

# Found by compiling each keyword with xgrammar 0.2.8 and feeding the matcher a value that breaks it.
UNENFORCED = {"uniqueItems", "not", "contains", "minContains", "maxContains", "oneOf", "dependentRequired"}
UNENFORCED |= {"dependentSchemas", "if", "then", "else"}
BY_NAME = {"properties", "patternProperties", "$defs", "definitions"}  # keywords that hold schemas by name
LOCATION = re.compile(r"^\[[\d:]+\] \S+: ")  # of xgrammar's messages: time and line of its source


@dataclass(frozen=True)
class Grammar:
    """A JSON schema, compiled for one model's tokenizer."""

    compiled: Any

    def processor(self, num_prompt_tokens: int) -> LogitsProcessor:
        """Return a processor of logits for one call of `generate`."""
        return Masks(self.compiled, num_prompt_tokens).mask


def compile_schema(model: Model, schema: Mapping[str, Any] | None) -> Grammar:
    """Return the grammar of a JSON schema; None is any JSON object.

    Raises UserError for an invalid schema, and for a keyword that xgrammar does not enforce.
    """
    # The logits may be wider than the tokenizer: the embedding is padded.
    width = model.model.get_output_embeddings().weight.shape[0]
    compiler = compiler_of(model.tokenizer, width, tuple(end_ids(model)))
    if schema is None:
        return Grammar(compiler.compile_json_schema('{"type": "object"}', any_whitespace=False, strict_mode=False))
    for keyword in unenforced(schema):
        hint = "say anyOf" if keyword == "oneOf" else "leave it out, and check the answers instead"
        raise UserError(f"the JSON schema uses '{keyword}', which cannot be enforced while a model writes", hint)
    try:
        return Grammar(compiler.compile_json_schema(json.dumps(schema), any_whitespace=False))
    except (RuntimeError, ValueError) as fault:
        reason = LOCATION.sub("", str(fault).strip().splitlines()[-1])
        raise UserError(f"the JSON schema is invalid: {reason}", "") from None


@lru_cache(maxsize=8)
def compiler_of(tokenizer: Any, width: int, ends: tuple[int, ...]) -> Any:
    """Return xgrammar's compiler for a tokenizer, made once: that takes a second. It keeps what it has compiled."""
    import xgrammar

    info = xgrammar.TokenizerInfo.from_huggingface(tokenizer, vocab_size=width, stop_token_ids=list(ends))
    return xgrammar.GrammarCompiler(info, max_threads=1)


def unenforced(schema: Any) -> Iterator[str]:
    """Yield the keywords of a schema, and of those in it, that xgrammar passes over."""
    if not isinstance(schema, Mapping):
        return
    for keyword, value in schema.items():
        if keyword in UNENFORCED or (keyword == "allOf" and isinstance(value, list) and len(value) > 1):
            yield keyword
        elif keyword in BY_NAME and isinstance(value, Mapping):
            for inner in value.values():
                yield from unenforced(inner)
        elif keyword not in ("enum", "const", "default", "examples"):
            for inner in value if isinstance(value, list) else [value]:
                yield from unenforced(inner)


class Masks:
    """The grammar's state for each answer of a batch."""

    def __init__(self, compiled: Any, num_prompt_tokens: int) -> None:
        self.compiled, self.num_prompt_tokens = compiled, num_prompt_tokens
        self.matchers: list[Any] = []

    def mask(self, ids: Any, logits: Any) -> Any:
        """Return the logits, minus infinity for each token that the grammar does not allow next."""
        import xgrammar

        if not self.matchers:
            self.matchers = [xgrammar.GrammarMatcher(self.compiled) for _ in range(len(ids))]
        elif ids.shape[1] > self.num_prompt_tokens:
            for matcher, token in zip(self.matchers, ids[:, -1].tolist(), strict=True):
                # An answer that is over, by EOS or a stop string, is padded: its matcher refuses the padding.
                if not matcher.is_terminated():
                    matcher.accept_token(token)
        bits = xgrammar.allocate_token_bitmask(len(ids), logits.shape[-1])
        for row, matcher in enumerate(self.matchers):
            if not matcher.is_terminated():
                matcher.fill_next_token_bitmask(bits, row)
        masked = logits.float().clone()
        xgrammar.apply_token_bitmask_inplace(masked, bits.to(masked.device))
        return masked
