"""The forms that are exercises: gaps, forms, prepositions, word order, rephrasing, vocabulary.

Each takes a Draw and the language of the request, and returns a Problem. It raises Mismatch where the draw gives none.
"""

from itertools import pairwise

from .draws import Draw, Mismatch
from .english import article, third
from .english import participle as english_participle
from .english import past as english_past
from .errors import Plant
from .german import AUXILIARIES, DEFINITE, MIXED, conjugated, declined, ein, gender_of
from .german import participle as german_participle
from .grammars import REPHRASED, by_label, sentence
from .lexicon import Noun, Verb, all_nouns, rules
from .tasks import Form, Problem
from .tokens import Sentence, Token, capital, natural

GAP = "___"
TASKS = {"endings": "inflect"}  # forms that are asked for like another one
GAPPED = {"en": ("TENSE", "FORM", "SVA", "NUM", "DET"), "de": ("CASE", "ADJ", "AUX", "VERB", "NUM")}
PRONOUNS_DE = ("ich", "du", "er", "wir")
INFLECTED = ("thing", "food", "clothes", "room", "text", "machine", "media")
TERMS = {
    "en": {"past": "simple past", "present": "present", "perfect": "present perfect", "plural": "plural",
           "Präsens": "present", "Perfekt": "perfect", "negative": "negative", "question": "question",
           "continuous": "present continuous"},
    "de": {"past": "Simple Past", "present": "Present", "perfect": "Present Perfect", "plural": "Plural",
           "Präsens": "Präsens", "Perfekt": "Perfekt", "negative": "Verneinung", "question": "Frage",
           "continuous": "Verlaufsform"},
}  # fmt: skip
HOW = {
    "en": {"A1": "two short sentences, the reason first", "en2": "one sentence with \"because\"",
           "en3": "one sentence with \"so\", the reason first", "de2": "one sentence with \"weil\"",
           "de3": "one sentence with \"deshalb\", the reason first"},
    "de": {"A1": "zwei kurze Sätze, zuerst der Grund", "en2": "ein Satz mit \"because\"",
           "en3": "ein Satz mit \"so\", zuerst der Grund", "de2": "ein Satz mit \"weil\"",
           "de3": "ein Satz mit \"deshalb\", zuerst der Grund"},
}  # fmt: skip
HOW_IN_ORDER = {
    "en": {"A1": "two short sentences", "en2": "one sentence with \"and then\"",
           "en3": "one sentence that begins with \"before\"", "de2": "one sentence with \"und dann\"",
           "de3": "one sentence that begins with \"bevor\""},
    "de": {"A1": "zwei kurze Sätze", "en2": "ein Satz mit \"and then\"",
           "en3": "ein Satz, der mit \"before\" beginnt", "de2": "ein Satz mit \"und dann\"",
           "de3": "ein Satz, der mit \"bevor\" beginnt"},
}  # fmt: skip


def short(form: str, answer: str, slots: dict[str, str], wrong: list[str], level: str = "A1") -> Problem:
    """Return a problem whose answer is one short text."""
    others = tuple(dict.fromkeys(text for text in wrong if text and text != answer))
    meta = {"kind": "short", "accepted": [answer], "level": level}
    return Problem(form, TASKS.get(form, form), answer, slots, meta, wrong=others)


def _cloze(draw: Draw, asked: str) -> Problem:
    """Ask for the word in a gap, given its base form."""
    correct = sentence(draw)
    found = [
        item for label, items in by_label(correct, draw.language).items() if label in GAPPED[draw.language]
        for item in items if _is_one_word(item)
    ]  # fmt: skip
    if not found:
        raise Mismatch("no word for a gap")
    item = draw.rng.choice(found)
    start = item.parts[0].start
    token = correct.tokens[start]
    hint = _hint(item, token, asked)
    right = correct.words[start]
    text = natural([*correct.words[:start], GAP, *correct.words[start + 1 :]])
    wrong = [capital(w) if start == 0 else w for w in item.parts[0].wrong]
    return short("cloze", right, {"text": f"{text} ({hint})"}, wrong, draw.level)


def _is_one_word(item: Plant) -> bool:
    """Return whether an error replaces one word by one other."""
    return len(item.parts) == 1 and item.parts[0].end - item.parts[0].start == 1 == len(item.parts[0].wrong)


def _hint(item: Plant, token: Token, asked: str) -> str:
    """Return what stands in brackets after a gapped sentence: what the word is made from."""
    if item.label in ("AUX", "DET"):
        return "haben / sein" if item.label == "AUX" else "a / an"
    if item.label == "CASE" and token.pos == "DET":
        return {"the": "der/die/das", "a": "ein"}.get(token.lemma, _stem(token.text))
    if item.label in ("SVA", "VERB"):
        is_past = token.text in ("was", "were", "war", "warst", "waren")
        return f"{token.lemma}, {TERMS[asked]['past' if is_past else 'present' if item.label == 'SVA' else 'Präsens']}"
    return token.lemma


def _stem(word: str) -> str:
    """Return mein, dein … of one of their forms; der/die/das of any other article."""
    return next(
        (stem for stem in ("mein", "dein", "sein", "ihr", "unser", "ein") if word.startswith(stem)), "der/die/das"
    )


def _preposition(draw: Draw, asked: str) -> Problem:
    """Ask for a preposition; in German with the article that follows."""
    correct = sentence(draw)
    found = [item for item in by_label(correct, draw.language).get("PREP", ()) if item.parts[0].start]
    if not found:
        raise Mismatch("no preposition")
    start = draw.rng.choice(found).parts[0].start
    words, tokens = correct.words, correct.tokens
    wrong = [text for item in found if item.parts[0].start == start for text in item.parts[0].wrong]
    if draw.language == "en" or tokens[start + 1].pos != "DET":
        text = natural([*words[:start], GAP, *words[start + 1 :]])
        wanted = {"en": "that word", "de": "dieses Wort"}[asked]
        return short("preposition", words[start], {"text": text, "wanted": wanted}, [*wrong, "with", "mit"], draw.level)
    text = natural([*words[:start], GAP, GAP, *words[start + 2 :]])
    wanted = {"en": "preposition and article", "de": "Präposition und Artikel"}[asked]
    word = tokens[start + 1].text
    others = [f"{w} {word}" for w in wrong]
    return short(
        "preposition",
        f"{words[start]} {word}",
        {"text": f"{text} ({_stem(word)})", "wanted": wanted},
        others,
        draw.level,
    )


def _inflect(draw: Draw, asked: str) -> Problem:
    """Ask for a form of a verb, or for a plural or a case."""
    if draw.rng.random() < 0.3:
        return _noun_form(draw, asked)
    verb = draw.verb(lambda verb: not verb.is_reflexive)
    return (_english_form if draw.language == "en" else _german_form)(draw, verb, asked)


def _english_form(draw: Draw, verb: Verb, asked: str) -> Problem:
    """Ask for a form of an English verb."""
    pronoun = draw.rng.choice(("I", "you", "he", "she", "we", "they"))
    tense = draw.rng.choice(("present", "past", "perfect"))
    is_third = pronoun in ("he", "she")
    forms = {
        "present": third(verb.lemma) if is_third else verb.lemma,
        "past": english_past(verb),
        "perfect": f"{'has' if is_third else 'have'} {english_participle(verb)}",
    }
    wrong = [*forms.values(), verb.lemma + "ed", third(verb.lemma), verb.lemma]
    term = TERMS[asked][tense]
    return short(
        "inflect",
        f"{pronoun} {forms[tense]}",
        {"text": f"{verb.lemma}, {pronoun}, {term}."},
        [f"{pronoun} {w}" for w in wrong],
        draw.level,
    )


def _german_form(draw: Draw, verb: Verb, asked: str) -> Problem:
    """Ask for a form of a German verb."""
    number = draw.rng.randrange(4)
    pronoun, tense = PRONOUNS_DE[number], draw.rng.choice(("Präsens", "Perfekt"))
    tail = f" {verb.prefix}" if verb.prefix else ""
    forms = [form + tail for form in conjugated(verb)]
    aux, other = ("sein", "haben") if verb.takes_sein else ("haben", "sein")
    perfects = [f"{AUXILIARIES[name][number]} {german_participle(verb)}" for name in (aux, other)]
    right = forms[number] if tense == "Präsens" else perfects[0]
    wrong = [
        f"{pronoun} {w}"
        for w in ([*forms, verb.prefix + conjugated(verb)[number]] if tense == "Präsens" else perfects[1:])
    ]
    text = f"{verb.prefix}{verb.lemma}, {pronoun}, {TERMS[asked][tense]}."
    return short("inflect", f"{pronoun} {right}", {"text": text}, wrong, draw.level)


def _noun_form(draw: Draw, asked: str) -> Problem:
    """Ask for an English plural, or for a German noun phrase in a case."""
    if draw.language == "de":
        return noun_in_case(draw, asked, "inflect", (*INFLECTED, "official"))
    noun = draw.noun(draw.rng.choice(INFLECTED))
    if not noun.plural:
        raise Mismatch("no plural")
    wrong = [noun.lemma, noun.lemma + "s", noun.lemma + "es"]
    return short("inflect", noun.plural, {"text": f"{noun.lemma}, {TERMS[asked]['plural']}."}, wrong, draw.level)


def noun_in_case(draw: Draw, asked: str, form: str, kinds: tuple[str, ...] = INFLECTED) -> Problem:
    """Ask for a German noun phrase in a case, given its nominative."""
    kind = draw.rng.choice(kinds)
    noun = draw.noun(kind)
    column, case = gender_of(noun), draw.rng.choice(("acc", "dat"))
    word = draw.adjective("object") if kind == "thing" else ""
    phrases = {name: _phrase(noun, word, column, name) for name in ("nom", "acc", "dat")}
    answer = phrases.pop(case)
    text = f"{_phrase(noun, word, column, 'nom')}, {rules()['terms'][asked][case]}."
    return short(form, answer, {"text": text}, list(phrases.values()), draw.level)


def _phrase(noun: Noun, word: str, column: str, case: str) -> str:
    """Return ein Hund, einen neuen Hund, or with der without an adjective."""
    if word:
        return f"{ein('ein', column, case)} {word}{MIXED[column][case]} {declined(noun, case, 'sg')}"
    return f"{DEFINITE[column][case]} {declined(noun, case, 'sg')}"


def _order(draw: Draw, asked: str) -> Problem:
    """Ask for the order of a sentence's parts, the first of them given."""
    correct = sentence(draw)
    chunks = _chunks(correct)
    if not 4 <= len(chunks) <= 7 or any(token.text == "," for token in correct.tokens):
        raise Mismatch("too few parts, or too many")
    shuffled = draw.rng.sample(chunks, len(chunks))
    mark = correct.tokens[-1].text
    wrong = [
        natural([*chunks[:i], chunks[i + 1], chunks[i], *chunks[i + 2 :], mark]) for i in range(1, len(chunks) - 1)
    ]
    slots = {"text": f"{' / '.join(shuffled)} ({mark})", "first": chunks[0]}
    return short("word-order", correct.text, slots, [capital(text) for text in wrong], draw.level)


def _chunks(correct: Sentence) -> list[str]:
    """Return a sentence's parts: what stands together (subject, complement, time) is one; the mark is left out."""
    parts: list[list[str]] = []
    before = ""
    for token, following in pairwise(correct.tokens):
        verbal = token.pos in ("VERB", "AUX") or token.role in ("frequency", "prefix", "to-marker", "already")
        kind = (
            f"verb {len(parts)}"
            if verbal
            else token.role
            if token.role in ("subject", "time", "front", "question-word")
            else "subject"
            if token.pos == "DET" and following.role == "subject"
            else token.pos
            if token.pos in ("SCONJ", "CCONJ")
            else "rest"
        )
        if token.text == "n't":
            parts[-1][-1] += "n't"
            continue
        if parts and kind == before:
            parts[-1].append(token.text)
        else:
            parts.append([token.text])
        before = kind
    return [" ".join(words) for words in parts]


def _rephrase(draw: Draw, asked: str) -> Problem:
    """Ask for the same thing at another level."""
    kind = draw.rng.choice(list(REPHRASED[draw.language]))
    versions = REPHRASED[draw.language][kind](draw)
    source, target = draw.rng.sample(["A1", "A2", "B1"], 2)
    words = (HOW if kind == "reason" else HOW_IN_ORDER)[asked]
    how = words["A1" if target == "A1" else draw.language + {"A2": "2", "B1": "3"}[target]]
    wrong = [text for level, text in versions.items() if level != target]
    problem = short("rephrase", versions[target], {"text": versions[source], "to": target, "how": how}, wrong, target)
    return problem


def _vocabulary(draw: Draw, asked: str) -> Problem:
    """Ask for a noun by its translation, with article and plural."""
    kinds = sorted({noun.kind for noun in all_nouns(draw.language)} - {"subject", "sport", "instrument", "official"})
    noun = draw.noun(draw.rng.choice(kinds))
    if not noun.gloss or not noun.plural or "_" in noun.gloss:
        raise Mismatch("no translation")
    if draw.language == "en":
        answer = f"{article(noun.lemma)} {noun.lemma}, {noun.plural}"
        other = {"a": "an", "an": "a"}[article(noun.lemma)]
        wrong = [f"{other} {noun.lemma}, {noun.plural}", f"{article(noun.lemma)} {noun.lemma}, {noun.lemma}"]
        return short("vocabulary", answer, {"text": noun.gloss, "example": "a house, houses"}, wrong, draw.level)
    own = DEFINITE[gender_of(noun)]["nom"]
    wrong = [f"{other} {noun.lemma}, die {noun.plural}" for other in ("der", "die", "das") if other != own]
    answer = f"{own} {noun.lemma}, die {noun.plural}"
    return short("vocabulary", answer, {"text": noun.gloss, "example": "das Haus, die Häuser"}, wrong, draw.level)


FORMS: dict[str, Form] = {
    "cloze": _cloze, "preposition": _preposition, "inflect": _inflect, "word-order": _order, "rephrase": _rephrase,
    "vocabulary": _vocabulary,
}  # fmt: skip
