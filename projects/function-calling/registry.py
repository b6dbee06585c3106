"""Functions that a model may call: plain Python callables, each with its JSON schema.

    @function("units", value=NUMBER, unit=enum("length"), to=enum("length"))
    def convert_length(state, value, unit, to):
        "Convert a length."

A function takes the state that calls change (a dict), then its arguments, and returns what the tool says. It raises
ToolError where a real tool would answer with an error. `call(function, arguments, state)` validates the arguments
against the schema first, by jsonschema.
"""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator

from .kinds import Kind

State = dict[str, Any]


class ToolError(ValueError):
    """A tool's own error, in words."""


@dataclass(frozen=True)
class Parameter:
    """A parameter; one with a default may be left out."""

    kind: Kind
    default: Any = ...

    @property
    def required(self) -> bool:
        """Return whether a call must have it."""
        return self.default is ...

    @property
    def has_default(self) -> bool:
        """Return whether the schema names a default: None means no limit, no filter."""
        return self.default is not ... and self.default is not None


@dataclass(frozen=True)
class Function:
    """A callable with its description and parameters."""

    name: str
    domain: str
    description: str
    parameters: dict[str, Parameter]
    run: Callable[..., Any]

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The tool as chat templates take it."""
        properties = {
            name: parameter.kind.schema | ({"default": parameter.default} if parameter.has_default else {})
            for name, parameter in self.parameters.items()
        }
        required = [name for name, parameter in self.parameters.items() if parameter.required]
        parameters = {"type": "object", "properties": properties, "required": required}
        function = {"name": self.name, "description": self.description, "parameters": parameters}
        return {"type": "function", "function": function}

    @cached_property
    def validator(self) -> Draft202012Validator:
        """The validator of a call's arguments; unknown ones are errors."""
        return Draft202012Validator(self.schema["function"]["parameters"] | {"additionalProperties": False})


FUNCTIONS: dict[str, Function] = {}


def function(domain: str, **parameters: Kind | tuple[Kind, Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a callable; a parameter is a kind, or a kind and the default of one that may be left out."""

    def register(run: Callable[..., Any]) -> Callable[..., Any]:
        described = {
            name: Parameter(*kind) if isinstance(kind, tuple) else Parameter(kind) for name, kind in parameters.items()
        }
        assert run.__name__ not in FUNCTIONS, f"{run.__name__} is defined twice"
        FUNCTIONS[run.__name__] = Function(run.__name__, domain, str(run.__doc__), described, run)
        return run

    return register


def call(name: str, arguments: dict[str, Any], state: State) -> Any:
    """Return what a call gives, and change `state`. Raises ToolError for an unknown function or bad arguments."""
    if name not in FUNCTIONS:
        raise ToolError(f"unknown function {name}")
    called = FUNCTIONS[name]
    problem = next(called.validator.iter_errors(arguments), None)
    if problem is not None:
        raise ToolError(f"{'.'.join(map(str, problem.path)) or name}: {problem.message}")
    defaults = {key: parameter.default for key, parameter in called.parameters.items() if not parameter.required}
    try:
        result = called.run(state, **{**defaults, **arguments})
        return int(result) if isinstance(result, float) and result.is_integer() else result
    except (ValueError, ArithmeticError, LookupError, TypeError) as failure:
        raise ToolError(str(failure)) from failure


def noted(state: State, name: str, entry: Any) -> str:
    """Add an entry to a list of the state, and return what a tool says then."""
    state.setdefault(name, []).append(entry)
    return "saved"


def invented(*parts: object) -> int:
    """Return a number that the same parts always give: the functions' invented facts."""
    return zlib.crc32(" ".join(map(str, parts)).encode())


def executed(calls: list[tuple[str, dict[str, Any]]], now: str = "2026-03-12T09:00") -> tuple[list[str], State]:
    """Return the results of calls (as JSON) and the state after them, from one that knows `now`. Raises ToolError."""
    state: State = {"now": now}
    results = [json.dumps(call(name, arguments, state), ensure_ascii=False) for name, arguments in calls]
    return results, {key: _comparable(value) for key, value in state.items()}


def _comparable(value: Any) -> Any:
    """Return a list of entries in an order of its own: parallel calls may come in any."""
    return sorted(json.dumps(v, sort_keys=True) for v in value) if isinstance(value, list) else value
