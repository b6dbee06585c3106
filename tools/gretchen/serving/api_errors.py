"""OpenAI's error objects: {"error": {"message", "type", "param", "code"}}, each with its HTTP status.

raise ApiError("unknown model 'x'", status=404, param="model", code="model_not_found")
"""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from gretchen.errors import GretchenError, UserError
from gretchen.names import nearest
from gretchen.safe_text import visible


class ApiError(Exception):
    """A request that is answered with an error."""

    def __init__(self, message: str, status: int = 400, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message, self.status, self.param, self.code = message, status, param, code

    # OpenAI's own JSON object.
    def body(self) -> dict[str, Any]:
        """Return the error as OpenAI's JSON object."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        error = {"message": visible(self.message), "type": kind, "param": self.param, "code": self.code}
        return {"error": error}


def of_failure(failure: GretchenError) -> ApiError:
    """Return the error for a failure of our own: 400 where the input is wrong, 500 where the work failed."""
    code = "context_length_exceeded" if "the model's context" in failure.problem else None
    message = failure.problem + (f" ({failure.hint})" if failure.hint else "")
    return ApiError(message, 400 if isinstance(failure, UserError) else 500, code=code)


def of_validation(invalid: ValidationError, request: type[BaseModel]) -> ApiError:
    """Return the error for a body that does not fit a request: its first problem, with the key."""
    first = invalid.errors(include_url=False)[0]
    keys = [str(part) for part in first["loc"] if isinstance(part, int) or is_key(str(part))]
    param = ".".join(keys) or None
    if first["type"] == "extra_forbidden":
        close = nearest(keys[-1], names(request)) if len(keys) == 1 else None
        hint = f", did you mean '{close}'?" if close else "; this server does not know it, and ignores nothing"
        return ApiError(f"Unknown parameter: '{param}'{hint}", param=param, code="unknown_parameter")
    reason = first["msg"].removeprefix("Value error, ")
    return ApiError(f"'{param}': {reason}" if param else reason, param=param)


def is_key(part: str) -> bool:
    """Return whether a part of pydantic's location is a key; the others name the variant of a union."""
    return part.isidentifier() and not part.endswith("Part") and part not in ("str", "list", "constrained")


def names(request: type[BaseModel]) -> Iterable[str]:
    """Return the keys of a request."""
    return list(request.model_fields)
