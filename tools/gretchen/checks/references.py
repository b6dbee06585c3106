"""What a resolved recipe points to: data files and model folders.

Files are looked up on this disk. A hub id is not asked for: the check says that it was not.
"""

from collections.abc import Sequence
from pathlib import Path

from gretchen import paths
from gretchen.checks.report import Check, checked, skipped
from gretchen.models.files import pickles
from gretchen.names import nearest
from gretchen.recipes.references import files_of
from gretchen.recipes.resolve import Resolved
from gretchen.recipes.schema import MODEL


def models_of(resolved: Resolved) -> Path | None:
    """Return the folder of the model that a recipe starts from, None for a hub id or a missing folder."""
    folder = paths.root() / str(resolved.values[MODEL[resolved.engine]])
    return folder if folder.is_dir() else None


def model_check(project: str, resolved: Sequence[Resolved]) -> Check:
    """Return the check that each recipe's model is on this disk, in safetensors."""
    faults, hub, there, earlier = [], [], [], []
    for one in resolved:
        name = str(one.values[MODEL[one.engine]])
        folder = models_of(one)
        if folder is not None:
            there.append(name)
            faults += folder_faults(project, name, folder)
        elif one.parent_stage and name.startswith(f"runs/{project}/"):  # the training merges it
            earlier.append(f"{one.name} from the newest run of {one.parent_stage}")
        elif name.startswith(("projects/", "runs/", "./", "/", "../")):
            faults.append(f"{name}: no such folder{mend(project, name)}")
        else:
            hub.append(name)
    asked = f"{', '.join(dict.fromkeys(hub))} on the hub: not looked up"
    later = list(dict.fromkeys(earlier))
    if faults or there:
        return checked("model", faults, ", ".join([*dict.fromkeys(there), *([asked] if hub else []), *later]))
    return skipped("model", ", ".join([*([asked] if hub else []), *later]))


def folder_faults(project: str, name: str, folder: Path) -> list[str]:
    """Return what is wrong with a model's folder: not in hub format, no weights, pickles."""
    if not (folder / "config.json").is_file():
        return [f"{name}: no config.json{mend(project, name)}"]
    missing = [] if any(folder.glob("*.safetensors")) else [f"{name}: no weights (*.safetensors){mend(project, name)}"]
    return missing + pickles(folder)


def mend(project: str, name: str) -> str:
    """Return how the embedded base is made, where it is what is missing."""
    return f" (make base PROJECT={project})" if name == f"projects/{project}/base" else ""


def data_check(project: str, resolved: Sequence[Resolved]) -> Check:
    """Return the check that the files named by recipes are there; built data may be made later."""
    faults, unbuilt, there = [], set(), set()
    for one in resolved:
        for name in files_of(one.values):
            if (paths.root() / name).exists():
                there.add(name)
            elif name.startswith(f"build/{project}/"):
                unbuilt.add(name.split("/")[2])
            else:
                faults.append(f"{name}: no such file{similar(name)} (named by {one.name})")
    if not faults and unbuilt:
        formats = ", ".join(sorted(unbuilt))
        return skipped("data", f"build/{project} has no {formats} yet: make data PROJECT={project}")
    return checked("data", faults, ", ".join(sorted(there)))


def similar(name: str) -> str:
    """Return ", did you mean 'x'?" for a file of a similar name in the same folder."""
    folder = (paths.root() / name).parent
    close = nearest(Path(name).name, [p.name for p in folder.iterdir()]) if folder.is_dir() else None
    return f", did you mean '{Path(name).with_name(close)}'?" if close else ""
