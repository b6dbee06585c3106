"""Writes recipes/schemas/files/*.json: the JSON Schemas of the files that Gretchen writes for others to read.

    python -m gretchen.checks.file_schemas

run.json and evaluation.json in runs/, results.json in a project, data-card.json in build/. Each schema is generated
from the pydantic model that writes the file; `schema_version` in a file says which version of the schema it follows.
"""

from pydantic import BaseModel

from gretchen.files import write_json
from gretchen.projects.datacard import DataCard
from gretchen.recipes.schema import FOLDER
from gretchen.runs.record import RunRecord
from gretchen.scoring.evaluation import ModelEvaluation
from gretchen.scoring.results import Results

FILES = FOLDER / "files"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
MODELS: dict[str, type[BaseModel]] = {
    "run": RunRecord,
    "evaluation": ModelEvaluation,
    "results": Results,
    "data-card": DataCard,
}


def main() -> None:
    """Write every schema."""
    for name in MODELS:
        write_json(FILES / f"{name}.json", file_schema(name))


def file_schema(name: str) -> dict[str, object]:
    """Return the JSON Schema of a file, named without its ending."""
    return {"$schema": DRAFT} | MODELS[name].model_json_schema()


if __name__ == "__main__":
    main()
