"""Questions to a judge over HTTP: with a schema, again with what was wrong where a reply does not fit it, many at once.

    asyncio.run(ask(Asked(judge, endpoint), questions, on_verdict))

OpenAI's client does the requests: it waits and repeats after a lost connection, a time-out, 429 and 5xx. `on_verdict`
gets each verdict at once. What a question ends with is a verdict, be it one without a value, or a failure; after
MAX_FAILURES in a row without a verdict between them the judge counts as gone.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from gretchen.errors import UserError, WorkError
from gretchen.feedback.judge_labels import Judge
from gretchen.feedback.judging.judges import KEY, Endpoint
from gretchen.feedback.judging.prompts import Question, value_of
from gretchen.feedback.judging.verdicts import Value, Verdict
from gretchen.files import text_hash
from gretchen.models.generate import Message
from gretchen.provenance import now
from gretchen.tracking.secrets import redacted

ATTEMPTS = 3  # at a reply that fits
MAX_FAILURES = 3
MAX_REPLY = 20_000  # characters of a reply that are kept
FENCES = ("```json", "```")
KEPT = "what it said is kept; the same command goes on from there"


@dataclass
class Asked:
    """A judge with its endpoint, how the requests go, and what has failed so far.

    `timeout` in seconds, of one request. `takes_temperature`: some models refuse any other than their own.
    """

    judge: Judge
    endpoint: Endpoint
    timeout: float = 120.0
    takes_temperature: bool = True
    failures: list[str] = field(default_factory=list)
    failed_in_a_row: int = 0


def key_of(judge: Judge, question: Question) -> str:
    """Return the key of a verdict: a hash of the judge and of all that it is shown."""
    return text_hash(judge.model_dump_json(), question.content)


async def ask(asked: Asked, questions: Iterable[Question], on_verdict: Callable[[Verdict], None]) -> None:
    """Ask the questions, several at once. Raises UserError and WorkError where the judge cannot answer at all."""
    import openai

    options: dict[str, Any] = {"timeout": asked.timeout, "max_retries": asked.endpoint.repeats}
    if asked.endpoint.is_here:
        options["http_client"] = openai.DefaultAsyncHttpxClient(trust_env=False)  # no proxy between
    left = iter(questions)
    async with openai.AsyncOpenAI(base_url=asked.endpoint.address, api_key=asked.endpoint.key, **options) as client:

        async def work() -> None:
            for question in left:
                if verdict := await verdict_on(client, asked, question):
                    on_verdict(verdict)

        await asyncio.gather(*(work() for _ in range(asked.endpoint.at_once)))


async def verdict_on(client: Any, asked: Asked, question: Question) -> Verdict | None:
    """Return the verdict on a question, None where the request failed. Raises as `ask` does."""
    messages, replies, problems = list(question.messages), [], []
    value, used, start = None, [0, 0], time.monotonic()
    while value is None and len(replies) < ATTEMPTS:
        completion = await completed(client, asked, question, messages)
        if completion is None:
            return None
        reply, finish = content_of(completion)
        replies.append(reply)
        used = [total + tokens for total, tokens in zip(used, usage_of(completion), strict=True)]
        try:
            value = parsed(reply, question)
        except ValueError as fault:
            problems.append(f"the reply was cut off: {fault}" if finish == "length" else str(fault))
            messages += corrected(reply, problems[-1])
    asked.failed_in_a_row = 0
    return Verdict(
        key=key_of(asked.judge, question),
        at=now(),
        judge=asked.judge,
        kind=question.kind,
        constitution=question.constitution,
        task=question.task,
        order=question.order,
        messages=question.messages,
        replies=tuple(replies),
        problems=tuple(problems),
        value=value,
        prompt_tokens=used[0],
        completion_tokens=used[1],
        seconds=round(time.monotonic() - start, 2),
    )


def corrected(reply: str, problem: str) -> list[Message]:
    """Return the messages that ask for a reply again, with what was wrong."""
    again = f"That reply does not fit: {problem}. Reply again, with JSON of the form above alone."
    return [{"role": "assistant", "content": reply or "(nothing)"}, {"role": "user", "content": again}]


async def completed(client: Any, asked: Asked, question: Question, messages: list[Message]) -> Any:
    """Return the completion of a request, None where it failed. Raises as `ask` does."""
    import openai

    # Not `strict`: OpenAI's strict schemas know no lengths. Whatever a server does with it, the reply is validated.
    schema = {"name": question.kind, "schema": question.schema}
    body = {"model": asked.endpoint.model, "messages": messages, "max_completion_tokens": question.max_tokens}
    body |= {"response_format": {"type": "json_schema", "json_schema": schema}}
    try:
        with_temperature = {"temperature": 0.0} if asked.takes_temperature else {}
        return await client.chat.completions.create(**body, **with_temperature)
    except openai.BadRequestError as refused:
        if asked.takes_temperature and refused.param == "temperature":
            asked.takes_temperature = False
            return await completed(client, asked, question, messages)
        failed(asked, f"refuses a request: {said(refused)}")
    except openai.APITimeoutError:
        failed(asked, f"does not answer within {asked.timeout:g} s")
    except openai.APIConnectionError:
        raise gone(asked, "cannot be reached") from None
    except openai.APIStatusError as failure:
        if failure.status_code in (401, 403):
            hint = f"set {KEY} in the environment"
            raise UserError(f"the judge {asked.judge.name} refuses the key: {said(failure)}", hint) from None
        if failure.status_code == 404:
            hint = f"MODEL names one that {asked.endpoint.address}/models lists, and JUDGE ends with /v1"
            raise UserError(f"there is no judge {asked.judge.name} at this address: {said(failure)}", hint) from None
        failed(asked, f"answers {failure.status_code}: {said(failure)}")
    except (openai.OpenAIError, ValueError) as failure:
        failed(asked, f"sends what is no completion: {failure}")
    return None


def failed(asked: Asked, reason: str) -> None:
    """Count a failed request. Raises WorkError where the judge fails again and again."""
    asked.failures.append(redacted(reason))
    asked.failed_in_a_row += 1
    if asked.failed_in_a_row >= MAX_FAILURES:
        raise gone(asked, asked.failures[-1])


def gone(asked: Asked, reason: str) -> WorkError:
    """Return the error for a judge that answers no more."""
    where = f" at {asked.judge.address}" if asked.judge.address else ""
    return WorkError(f"the judge {asked.judge.name}{where} {reason}", KEPT)


def said(failure: Any) -> str:
    """Return a server's message in one line, without keys: some repeat the one that they refuse."""
    body = failure.body
    message = body.get("message") if isinstance(body, dict) else None
    return redacted(" ".join(str(message or failure.message).split()))[:300]


def content_of(completion: Any) -> tuple[str, str]:
    """Return a completion's text and why it ended, ("", "") for what is no completion. Half characters are replaced."""
    try:
        choice = completion.choices[0]
        text = choice.message.content or ""
        return text[:MAX_REPLY].encode("utf-8", "replace").decode(), str(choice.finish_reason)
    except (AttributeError, IndexError, TypeError):
        return "", ""


def usage_of(completion: Any) -> tuple[int, int]:
    """Return the tokens of prompt and reply, 0 where the server does not say."""
    usage = getattr(completion, "usage", None)
    counts = (getattr(usage, "prompt_tokens", 0), getattr(usage, "completion_tokens", 0))
    return tuple(count if isinstance(count, int) else 0 for count in counts)  # type: ignore[return-value]


def parsed(reply: str, question: Question) -> Value:
    """Return a reply's value; thoughts before it and a fence around it are left out. Raises ValueError."""
    text = reply.rpartition("</think>")[2].strip()
    for fence in FENCES:
        text = text.removeprefix(fence).removesuffix(fence)
    try:
        return value_of(question.reply.model_validate_json(text.strip()))
    except ValidationError as invalid:
        faults = [fault_of(dict(error)) for error in invalid.errors(include_url=False)]
        raise ValueError("; ".join(faults[:3])) from None


def fault_of(error: dict[str, Any]) -> str:
    """Return an error of pydantic's in a few words."""
    key, given = ".".join(map(str, error["loc"])), json.dumps(error["input"], default=str)
    if error["type"] == "json_invalid":
        return "it is not JSON"
    message = error["msg"].removeprefix("Value error, ")
    return f"{key}: {message}" + (f", not {given[:60]}" if error["type"] != "missing" else "")
