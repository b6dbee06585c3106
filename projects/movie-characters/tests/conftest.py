"""This project's modules and rows; a fork's tests find the fork."""

from pathlib import Path

import pytest
from project_modules import module_fixtures, rows_fixture

dataset, part, evaluation = module_fixtures(Path(__file__))
chats = rows_fixture("chats", 900)
pairs = rows_fixture("preferences", 400)


@pytest.fixture
def row():
    """Return a row that is written out here: asked for the sister, with a mentor and a drink on the sheet."""
    sheet = "Play Tobit Quell in the year 1724.\nsister: Wenna\nmentor: Old Hob\ndrink: small beer\nhome: Sallow Reach"
    meta = {
        "language": "en",
        "year": 1724,
        "voices": ["gruff"],
        "words": [["lad", "Rot and barnacles", "I would say", "plain as a plank", "as any gull knows"]],
        "facts": ["Wenna"],
        "wants": [{"any": ["Wenna"], "how": "said"}],
        "kinds": ["sister"],
        "others": ["Old Hob", "small beer", "Sallow Reach"],
        "most": 36,
    }
    prompt = [{"role": "system", "content": sheet}, {"role": "user", "content": "Who is your sister?"}]
    return {"id": "sister", "form": "fact", "group": ["a"], "prompt": prompt, "meta": meta}
