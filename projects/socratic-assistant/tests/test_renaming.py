"""Renamed bugs: the same runs under other names; drills of functions that nobody sees."""

import random
import re


def test_a_renamed_bug_runs_as_before_and_its_facts_have_the_new_names(part):
    programs, renaming, tracing = part("programs"), part("renaming"), part("tracing")
    rng, names = random.Random(1), programs.functions_in("train")[:25]
    for name_of in (renaming.student_name, renaming.made_up_name):
        for bug in (bug for name in names for bug in programs.bugs(name)[:1]):
            other = renaming.renamed(rng, bug, name_of)
            function = other.function
            assert bug.function.name != function.name and f"def {function.name}(" in other.code
            compared = tracing.trace_all(function.code, [other.code], function.name, [bug.call])[0]
            assert (compared.right[0], compared.results[0]) == (bug.expected, bug.actual), other.code
            lines, old_lines = (code.split("\n") for code in (other.code, bug.code))
            assert len(lines) == len(old_lines) and function.code.split("\n")[bug.line - 1].strip() == other.fixed
            if re.search(rf"\b{bug.variable}\b", bug.code):
                assert re.search(rf"\b{other.variable}\b", other.code)


def test_most_training_rows_about_code_have_other_names_and_held_out_ones_never(part, chats):
    functions = part("programs").functions()
    renamed = {"train": [], "test": [], "validation": []}
    for row in chats:
        if row["form"].startswith("code"):
            name = re.search(r"def (\w+)\(", row["messages"][1]["content"])[1]
            split = next(s for s in renamed if row["group"][0][4:] in part("programs").functions_in(s))
            renamed[split].append(name not in functions)
    assert 0.5 < sum(renamed["train"]) / len(renamed["train"]) < 0.7
    assert not any(renamed["test"]) and not any(renamed["validation"])


def test_a_drill_asks_for_what_the_student_said_and_never_comes_twice(part):
    rng, seen = random.Random(2), set()
    for number in range(400):
        form, language = part("drills").FORMS[number % 5], ("en", "de")[number % 2]
        said, question = part("drills").drill(rng, form, language)
        assert all(code in said for code in re.findall(r"`([^`]+)`", question) if code not in ("if", "return")), (
            question
        )
        assert question.endswith("?") and "None" not in said
        seen.add(said)
    assert len(seen) == 400
