"""What is asked at an office's desk: which papers are missing, what is wrong in a form, which office is in charge.

    problem = FORMS["missing"](rng, case, hard=False)

Each question is rendered, read back and answered again from what was read (desk_check.py): a second route to the
answer. In the hard set lists are longer than in training, papers came that nobody asked for, a form has every kind of
fault, and a directory refers to another entry.

Not covered: what the law demands for a real application.
"""

import random
from collections.abc import Sequence

from gretchen.projects.splits import split_of

from .cases import Case, Procedure, in_split
from .desk_check import faults_again, missing_again, office_again
from .facts import facts_in
from .form_fields import FAULTS, draw_form
from .german import long_date, official_date
from .statements import ANYWHERE, Key, Statement, office_key
from .tasks import Mismatch, Problem

# Papers that an office may ask for beside a procedure's own, by its kind.
PAPERS = {
    "benefit": ("Kopie des Personalausweises", "Meldebescheinigung", "unterschriebene Vollmacht", "Rentenbescheid",
                "Angabe der Bankverbindung", "Mietvertrag", "Steuerbescheid des Vorjahres", "Geburtsurkunde",
                "Nachweis über die Krankenversicherung", "Heiratsurkunde", "Aufenthaltstitel"),
    "charge": ("Kopie des Personalausweises", "Meldebescheinigung", "unterschriebene Vollmacht", "Grundbuchauszug",
               "Einzugsermächtigung", "Steuerbescheid des Vorjahres", "ausgefüllter Vordruck", "Übergabeprotokoll",
               "Handelsregisterauszug", "Schwerbehindertenausweis"),
    "permit": ("Kopie des Personalausweises", "Meldebescheinigung", "unterschriebene Vollmacht", "Lichtbild",
               "Handelsregisterauszug", "Versicherungsnachweis", "ausgefüllter Vordruck", "Führungszeugnis",
               "Einverständniserklärung", "Nachweis über die gezahlte Gebühr"),
}  # fmt: skip
ALL_THERE = "Es ist alles da. Sie müssen nichts mehr schicken."
COMPLETE = "Das Formular ist vollständig. Sie müssen nichts mehr ändern."
UNKNOWN = "Das steht nicht im Verzeichnis. Bitte fragen Sie im Rathaus."


def missing(rng: random.Random, case: Case, hard: bool = False) -> Problem:
    """Which papers of an application are missing: a checklist, and what is to be done; raises Mismatch."""
    own = [document.official.text for document in case.procedure.documents]
    others = [paper for paper in PAPERS[case.procedure.kind] if paper not in own]
    count = rng.randint(5, 6) if hard else rng.randint(2, 4)
    papers = rng.sample([*own, *rng.sample(others, count)], count)
    gone = set(rng.sample(papers, rng.choice((0, 1, 1, 1, 2, 2)) if len(papers) > 2 else rng.randint(0, 1)))
    came = [paper for paper in papers if paper not in gone]
    extra = rng.sample([paper for paper in others if paper not in papers], 2) if hard else []
    source = _papers_text(rng, case, papers, rng.sample([*came, *extra], len(came) + len(extra)))
    lines = [f"- {paper}: {'fehlt' if paper in gone else 'da'}" for paper in papers]
    if missing_again(source) != [paper for paper in papers if paper in gone]:
        raise Mismatch("missing papers")
    if gone:
        facts: tuple[Key, ...] = (("date", f"{case.documents_until}"), ("office", office_key(case.office.text)))
        stated = Statement("submit", "must", ("schick", "nachreich", "einreich", "vorleg", "bring"), facts)
        lines.append(f"Bitte schicken Sie bis {long_date(case.documents_until)}, was fehlt, an: {case.office.text}.")
    else:
        stated = Statement("nothing", "not", ("müssen", "brauchen", "fehlt", "schicken"), ())
        lines.append(ALL_THERE)
    items = {"names": papers, "open": [paper for paper in papers if paper in gone]}
    optional = (("date", f"{case.documents_until}"), ("office", office_key(case.office.text)))
    return Problem(
        "missing", "missing", source, "\n".join(lines), "list", (stated,), case, optional=optional,
        meta={"items": items}, line="was fehlt",
    )  # fmt: skip


def _papers_text(rng: random.Random, case: Case, papers: list[str], came: list[str]) -> str:
    """Return the note on what is required and what came, in one of two layouts."""
    until, name = official_date(case.documents_until), case.procedure.name.text
    if rng.random() < 0.5:
        bullets = ["\n".join(f"- {paper}" for paper in group) or "- nichts" for group in (papers, came)]
        return (f"Verfahren: {name}\nErforderlich:\n{bullets[0]}\nEingegangen:\n{bullets[1]}\n"
                f"Nachreichen bis: {until}, {case.office.text}")  # fmt: skip
    return (f"Verfahren: {name}. Erforderlich: {'; '.join(papers)}. Eingegangen: {'; '.join(came) or 'nichts'}. "
            f"Nachreichen bis: {until}, {case.office.text}")  # fmt: skip


def check_form(rng: random.Random, case: Case, hard: bool = False) -> Problem:
    """What is missing or wrong in a filled-in form; raises Mismatch."""
    form = draw_form(rng, case, hard)
    faults = [(name, fault) for name, _, _, fault in form if fault]
    rows = [f"- {name}{'*' if required else ''}: {value}".rstrip() for name, required, value, _ in form]
    source = "\n".join([f"Antrag: {case.procedure.name.text} (* = Pflichtfeld)", *rows])
    if faults_again(source) != faults:
        raise Mismatch("faults of a form")
    if faults:
        lines = ["Bitte ergänzen oder ändern Sie:", *(f"- {name}: {FAULTS[fault]}" for name, fault in faults)]
        stated: tuple[Statement, ...] = ()
    else:
        lines, stated = [COMPLETE], (Statement("nothing", "not", ("müssen", "brauchen", "ändern", "fehlt"), ()),)
    items = {"names": [name for name, *_ in form], "open": [name for name, _ in faults]}
    return Problem(
        "check-form", "check-form", source, "\n".join(lines), "list", stated, case, meta={"items": items},
        optional=form_facts(source), line="Formular prüfen",
    )  # fmt: skip


def form_facts(source: str) -> tuple[Key, ...]:
    """Return the facts that stand in a form: an answer may repeat them."""
    return tuple(mention.key for mention in facts_in(source))


def which_office(
    rng: random.Random, case: Case, hard: bool = False, others: Sequence[Procedure] = ()
) -> Problem:  # fmt: skip
    """Which office is in charge of a matter, by an extract of a directory; raises Mismatch.

    The other entries are of `others`, or of procedures of the same split.
    """
    others = [p for p in others or _neighbours(case) if p.name.text != case.procedure.name.text]
    listed = rng.sample(others, min(len(others), rng.randint(2, 3)))
    is_known = hard or rng.random() < 0.85
    entries = {p.name.text: (p.office.text, rng.randint(1, 399), f"{rng.randint(20, 99)}-{rng.randint(100, 999)}")
               for p in ([*listed, case.procedure] if is_known else listed)}  # fmt: skip
    matter = case.procedure.name.text
    lines = [f"- {name}: {office}, Zimmer {room}, Telefon {phone}" for name, (office, room, phone) in entries.items()]
    if hard:
        unit = rng.choice(("Bürgerdienste", "Service am Markt", "Allgemeine Verwaltung", "Zentrale Dienste"))
        lines = [line.replace(f"- {matter}:", f"- {unit}:") for line in lines] + [f"- {matter}: siehe {unit}"]
    rng.shuffle(lines)
    source = "\n".join([f"Stadt {case.town.name}", *lines])
    expected = entries.get(matter)
    if office_again(source, matter) != expected:
        raise Mismatch("office in charge")
    if expected:
        office, room, phone = expected
        facts: tuple[Key, ...] = (
            ("office", office_key(office)), ("room", str(room)), ("phone", phone.replace("-", ""))
        )  # fmt: skip
        stated = Statement("office", "is", ANYWHERE, facts)
        answer = f"Zuständig ist diese Stelle: {office}, Zimmer {room}, Telefon {phone}."
    else:
        stated, answer = Statement("unknown", "not", ("steht", "verzeichnis", "angabe", "finde"), ()), UNKNOWN
    return Problem(
        "which-office", "which-office", source, answer, "short", (stated,), case, slots={"x": matter},
        language=rng.choice(("de", "en", "easy")), line=f"zuständig für {matter}",
    )  # fmt: skip


def _neighbours(case: Case) -> list[Procedure]:
    """Return the procedures of a case's split; fines have no name of their own."""
    chosen, _ = in_split(split_of(case.procedure.group), APPLIED_FOR)
    return chosen


APPLIED_FOR = ("benefit", "charge", "permit")  # nobody applies for a fine
KINDS = {"missing": APPLIED_FOR, "check-form": APPLIED_FOR}  # of procedures that a form is about; all where not named
FORMS = {"missing": missing, "check-form": check_form, "which-office": which_office}
