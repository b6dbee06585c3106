"""This project's modules and rows; a fork's tests find the fork."""

from pathlib import Path

from project_modules import module_fixtures, rows_fixture

dataset, part, evaluation = module_fixtures(Path(__file__))
chats = rows_fixture("chats", 330)
pairs = rows_fixture("preferences", 120)
documents = rows_fixture("texts", 400)
