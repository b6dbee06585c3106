"""Functions of the domain files. Nothing is read or written: what they did is noted in the state."""

from .kinds import FILE, NAME, PERSON, WORD, Kind, enum, several
from .registry import State, function, invented, noted

NEW_NAME, FOLDER = Kind(NAME.schema, NAME.draw, "new_name"), Kind(NAME.schema, NAME.draw, "folder")


@function("files", name=NAME)
def create_folder(state: State, name: str) -> str:
    """Create a folder."""
    return noted(state, "folders", name)


@function("files", file=FILE, new_name=NEW_NAME)
def rename_file(state: State, file: str, new_name: str) -> str:
    """Rename a file."""
    return noted(state, "renamed", {"file": file, "new_name": new_name})


@function("files", file=FILE)
def delete_file(state: State, file: str) -> str:
    """Delete a file."""
    return noted(state, "deleted", file)


@function("files", file=FILE, folder=FOLDER)
def move_file(state: State, file: str, folder: str) -> str:
    """Move a file to a folder."""
    return noted(state, "moved files", {"file": file, "folder": folder})


@function("files", query=WORD, type=(enum("file_type"), None))
def search_files(state: State, query: str, type: str | None) -> str:
    """Search files, of one type if asked."""
    return f"{invented(query, type) % 50} files"


@function("files", files=several(FILE, 2, 3))
def compress_files(state: State, files: list[str]) -> str:
    """Pack files into an archive."""
    return noted(state, "archives", sorted(files))


@function("files", file=FILE, person=PERSON, permission=(enum("permission"), "read"))
def share_file(state: State, file: str, person: str, permission: str) -> str:
    """Share a file with somebody."""
    return noted(state, "shared", {"file": file, "person": person, "permission": permission})


@function("files", file=FILE, format=enum("file_format"))
def convert_file(state: State, file: str, format: str) -> str:
    """Save a file in another format."""
    return noted(state, "converted", {"file": file, "format": format})
