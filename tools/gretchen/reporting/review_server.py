"""The review on 127.0.0.1, with notes that are edited in the page.

    app = review_app(review(entries(checkouts(""))), token="…")      pages at /<token>/

Pages are made when they are asked for, with the notes as they are then; results and runs are those of the start. A
request changes notes and nothing else. serving/guard.py refuses other sites and rebound names.
"""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.projects.rows import SURROGATE
from gretchen.reporting.checklist import Point, checklist
from gretchen.reporting.notes import Notes, NotesChanged, notes_file, read_notes, write_notes
from gretchen.reporting.review import Reviewed, index_page, team_page

MAX_BYTES = 1_000_000  # of a request


class Edit(BaseModel):
    """Notes that a page sends, and the version that its reviewer began with."""

    model_config = ConfigDict(extra="forbid")

    notes: str
    version: str

    @field_validator("notes")
    @classmethod
    def can_be_stored(cls, notes: str) -> str:
        """Refuse half characters, which no file can hold; line ends are those of a text file."""
        if SURROGATE.search(notes):
            raise ValueError("half of a character")
        return notes.replace("\r\n", "\n")


def review_app(reviewed: Sequence[Reviewed], token: str) -> Starlette:
    """Return the app of a review's pages."""
    items = {item.entry.page: replace(item, is_served=True) for item in reviewed}

    def present(request: Request) -> Reviewed:
        """Return the project of a request's page with its present notes; 404 where there is none."""
        item = items.get(request.path_params["page"])
        if item is None:
            raise HTTPException(404)
        return with_notes(item)

    def index(request: Request) -> Response:
        return HTMLResponse(index_page([with_notes(item) for item in items.values()]))

    def team(request: Request) -> Response:
        return HTMLResponse(team_page(present(request)))

    def report(request: Request) -> Response:
        file = present(request).entry.report
        if file is None or not file.is_file():
            raise HTTPException(404)
        return HTMLResponse(file.read_text(encoding="utf-8"))

    def notes(request: Request) -> Response:
        return answer(present(request))

    async def edit(request: Request) -> Response:
        body = await body_of(request)
        return await run_in_threadpool(save, present(request), body)

    routes = [
        Route("/", index),
        Route("/index.html", index),
        Route("/reports/{page}", report),
        Route("/notes/{page}", notes),
        Route("/notes/{page}", edit, methods=["PUT"]),
        Route("/{page}", team),
    ]
    return Starlette(routes=[Mount(f"/{token}", routes=routes)])


def with_notes(item: Reviewed) -> Reviewed:
    """Return a project with its notes as they are now, and the checklist that goes with them."""
    entry = replace(item.entry, notes=read_notes(notes_file(item.entry.checkout, item.entry.slug)).text)
    return replace(item, entry=entry, points=tuple(checklist(entry)))


async def body_of(request: Request) -> bytes:
    """Return a request's body; 413 where it is larger than notes are."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            raise HTTPException(413, "notes have at most 1 MB")
    return body


def save(item: Reviewed, body: bytes) -> Response:
    """Write the notes of a request: 409 with the present ones where somebody else has changed them."""
    try:
        edit = Edit.model_validate_json(body)
    except ValidationError:
        raise HTTPException(400, 'expected {"notes": "…", "version": "…"}') from None
    file = notes_file(item.entry.checkout, item.entry.slug)
    try:
        write_notes(file, edit.notes, edit.version)
    except NotesChanged as changed:
        return JSONResponse({"notes": changed.notes.text, "version": changed.notes.version}, 409)
    except (WorkError, OSError) as failure:
        problem = failure.problem if isinstance(failure, WorkError) else f"{paths.shown(file)}: {failure.strerror}"
        raise HTTPException(507, problem) from None
    return answer(with_notes(item))


def answer(item: Reviewed) -> Response:
    """Return a project's notes and checklist for the page's script."""
    notes = Notes(item.entry.notes)
    return JSONResponse({"notes": notes.text, "version": notes.version, "points": list(map(point_values, item.points))})


def point_values(point: Point) -> dict[str, str | bool]:
    """Return a point of the checklist as JSON values."""
    return {"name": point.name, "status": point.status, "reason": point.reason, "byHand": point.by_hand}
