"""`make playground [PROJECT=…] [PROFILE=tiny] [MODEL=…] [PORT=…]`: a page that asks several models side by side.

    make playground PROJECT=genome-chatbot
    make playground MODEL=runs/genome-chatbot/sft.zephyr/…/adapter     any model's or adapter's folder, or a hub id

It prints the page's address, which holds a token, and serves until Ctrl-C, on 127.0.0.1 alone. Without PROJECT and
MODEL it asks SmolLM2, the model of PROFILE=laptop. Beside the page there is an API in OpenAI's format with the same
token (docs/playground.md). It serves one person: for many, use vLLM.
"""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import UserError
from gretchen.feedback.export import votes_file
from gretchen.hardware import machine
from gretchen.models.catalogue import LAPTOP_MODEL
from gretchen.models.locate import require_reachable
from gretchen.projects.profiles import PROFILE_HELP, chosen_profile
from gretchen.serving.backend import Backend
from gretchen.serving.chat_models import folder_model, offered_models
from gretchen.serving.local_server import address_of, listening, new_token, serve
from gretchen.serving.presets import presets_file
from gretchen.web.playground import Playground, playground_app


def playground(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")] = "",
    model: Annotated[str, typer.Option(help="without a project: a model's or adapter's folder, or a hub id")] = "",
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one")] = 0,
) -> None:
    """Serve the playground until Ctrl-C."""
    if project and model:
        raise UserError("playground takes a project or a model, not both", "leave one of them out")
    if profile and not project:
        raise UserError("PROFILE belongs to a project", "make playground PROJECT=… PROFILE=…")
    backend, title, presets = of_project(project, profile) if project else of_model(model)
    bound, token = listening(port), new_token()
    page = Playground(
        title=title,
        project=project,
        backend=backend,
        address=address_of(bound),
        token=token,
        presets=presets,
        votes=votes_file(project or "playground"),
    )
    app = playground_app(page)
    serve(app, bound, f"playground  {page.page_address}\napi         {page.address}/v1  token {token}")


def of_project(project: str, profile: str) -> tuple[Backend, str, Path]:
    """Return the backend, the title and the file of presets of a project; its base is fetched where needed."""
    profile = chosen_profile(project, profile, machine())
    models = offered_models(project, profile)
    require_reachable(models["base"]().model)
    return Backend(models), f"{project} · {profile}", presets_file(project)


def of_model(name: str) -> tuple[Backend, str, Path]:
    """Return the backend, the title and the file of presets of a model outside any project."""
    model = folder_model(name or LAPTOP_MODEL.hub_id)
    require_reachable(model.model)
    models = {model.name: partial(folder_model, name or LAPTOP_MODEL.hub_id)}
    return Backend(models), model.name, paths.runs("playground") / "presets.json"
