"""This project's modules and rows; a fork's tests find the fork."""

from pathlib import Path

from project_modules import module_fixtures, rows_fixture

dataset, part, evaluation = module_fixtures(Path(__file__))
chats = rows_fixture("chats", 6000)  # about 240 of each form: the rarest has a dozen in validation
pairs = rows_fixture("preferences", 2000)
