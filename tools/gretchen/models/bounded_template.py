"""Bounds for Jinja's sandbox: on the steps of a template, and on the texts and numbers that it works with.

    bound(environment, max_size=10_000).from_string(template).render(messages=messages)

A template is a program: loops in loops, macros that call themselves twice, `"a" * 10 ** 9`. Steps are the turns of its
loops and its calls; they are counted, so that the bound does not depend on how busy the machine is. ValueError is
raised beyond a bound.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

MAX_STEPS = 50_000  # of one rendering; a conversation of a few turns takes some hundred
MAX_TEXTS = 100  # times the largest text, over all texts of a rendering
MAX_POWER = 64
COUNTED, SMALL = "_counted", "_small"
FORMATTING, LONG_NUMBER = ("format", "format_map"), re.compile(r"\d{5,}")


@dataclass
class Bounds:
    """What a rendering has taken so far, steps and characters, and the largest value that it may work with.

    `max_size`: characters of a text, items of a list, a number in a product or as a width.
    """

    max_size: int
    steps: int = 0
    characters: int = 0

    def step(self) -> None:
        """Count a step. Raises ValueError for one too many."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise ValueError(f"it takes more than {MAX_STEPS:,} steps")

    def counted(self, items: Iterable[Any]) -> Iterator[Any]:
        """Yield items, each of them a step."""
        for item in items:
            self.step()
            yield item

    def small(self, value: Any) -> Any:
        """Return a value of a template. Raises ValueError for a text, a list or a number that is too large."""
        if isinstance(value, int | float) and abs(value) > self.max_size:
            raise ValueError(f"it computes with numbers beyond {self.max_size:,}")
        if isinstance(value, str | list | tuple | dict | range) and len(value) > self.max_size:
            raise ValueError(f"it makes a text or a list longer than {self.max_size:,}")
        self.characters += len(value) if isinstance(value, str) else 0
        if self.characters > MAX_TEXTS * self.max_size:
            raise ValueError(f"it makes texts of more than {MAX_TEXTS * self.max_size:,} characters")
        return value

    def operator(self, sign: str, function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
        """Return the result of an operator. Raises ValueError for values that are too large."""
        if sign == "%":
            require_narrow(left)
        if sign == "*" and isinstance(right, int) and isinstance(left, str | list | tuple):
            self.small(len(left) * right)
        if sign == "**" and isinstance(right, int | float) and abs(right) > MAX_POWER:
            raise ValueError(f"it computes a power of {right}")
        return function(self.small(left), self.small(right))

    def filter(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a filter of Jinja's that takes small values alone."""

        def call(*arguments: Any, **options: Any) -> Any:
            if name in FORMATTING:
                require_narrow(*arguments)
            for value in (*arguments, *options.values()):
                self.small(value)
            return function(*arguments, **options)

        # By these attributes Jinja knows which of its own objects a filter takes first.
        call.__dict__.update(getattr(function, "__dict__", {}))
        return call


def bound(environment: Any, max_size: int) -> Any:
    """Return a sandbox of Jinja's whose loops, calls, operators and filters are bounded."""
    from jinja2 import Template

    bounds, call, generate = Bounds(max_size), environment.call, environment._generate

    class BoundedTemplate(Template):
        def render(self, *arguments: Any, **variables: Any) -> str:
            bounds.steps = bounds.characters = 0
            return super().render(*arguments, **variables)

    def bounded_call(context: Any, obj: Any, *arguments: Any, **options: Any) -> Any:
        if obj not in (bounds.counted, bounds.small):
            bounds.step()
            owner = getattr(getattr(obj, "__wrapped__", obj), "__self__", None)
            if getattr(obj, "__name__", "") in FORMATTING:
                require_narrow(owner)
            for value in (owner, *arguments, *options.values()):
                bounds.small(value)
        return call(context, obj, *arguments, **options)

    environment.template_class = BoundedTemplate
    environment.globals |= {COUNTED: bounds.counted, SMALL: bounds.small}
    environment.filters = {name: bounds.filter(name, function) for name, function in environment.filters.items()}
    environment.intercepted_binops = frozenset(["+", "*", "**", "%"])
    operators = environment.binop_table.items()
    environment.binop_table = {sign: partial(bounds.operator, sign, function) for sign, function in operators}
    environment.call = bounded_call
    environment._generate = lambda source, *rest, **options: generate(instrumented(source), *rest, **options)
    return environment


def instrumented(template: Any) -> Any:
    """Return a parsed template with counted loops, and with small texts wherever it joins texts."""
    from jinja2 import nodes

    def call(name: str, argument: nodes.Expr) -> nodes.Expr:
        function = nodes.Name(name, "load")
        return nodes.Call(function, [argument], [], None, None, lineno=argument.lineno)

    for loop in list(template.find_all(nodes.For)):
        loop.iter = call(COUNTED, loop.iter)
    for joined in list(template.find_all((nodes.Output, nodes.Concat))):
        joined.nodes = [part if isinstance(part, nodes.TemplateData) else call(SMALL, part) for part in joined.nodes]
    return template.set_environment(template.environment)


def require_narrow(*values: Any) -> None:
    """Raise ValueError for a text with a long number, as a format it may pad to that width: "%1000000000d"."""
    if any(isinstance(value, str) and LONG_NUMBER.search(value) for value in values):
        raise ValueError("it formats a text with a long number in it")
