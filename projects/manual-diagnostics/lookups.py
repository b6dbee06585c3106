"""Forms with one answer: codes, limits, spare parts, work in its order, sections, safety, and what the manual is silent
about.
"""

from .catalogue import repairs
from .devices import Device, Test
from .manual import Manual, remedy, spec, steps
from .problems import Draw, Mismatch, Problem, cited, meta_for
from .quantities import near_value, reading, unit_in

CODE = {"en": "{code}: {symptom}.", "de": "{code}: {symptom}."}
RANGE = {"en": "{test}: {range}.", "de": "{test}: {range}."}
JUDGED = {
    True: {
        "en": "{test}: {range}. {value} is within tolerance.",
        "de": "{test}: {range}. {value} liegt in der Toleranz.",
    },
    False: {
        "en": "{test}: {range}. {value} is outside tolerance.",
        "de": "{test}: {range}. {value} liegt außerhalb der Toleranz.",
    },
}
PART = {"en": "{remedy} {id}: {spec}.", "de": "{id} {remedy}: {spec}."}
SAFETY = {"en": "First: {measure}. Then {remedy} {id}.", "de": "Zuerst: {measure}. Dann {id} {remedy}."}
ABSENT = {"en": "The manual does not say.", "de": "Das steht nicht im Handbuch."}
WORK = {"en": "{remedy} {id}", "de": "{id} {remedy}"}
TOPICS = {
    "codes": {"en": "what {code} means", "de": "was {code} bedeutet"},
    "causes": {"en": "how often {id} is the cause", "de": "wie oft {id} die Ursache ist"},
    "points": {"en": "what {point} must read", "de": "was {point} anzeigen muss"},
    "components": {"en": "which resistance {tested} must have", "de": "welchen Widerstand {tested} haben muss"},
    "parts": {"en": "which data {id} has as a spare part", "de": "welche Ersatzteildaten {id} hat"},
    "safety": {"en": "what comes before work on {id}", "de": "was vor Arbeiten an {id} zu tun ist"},
    "wiring": {"en": "what feeds {id}", "de": "was {id} versorgt"},
}
LIMITS = ("points", "components")


def _single(
    draw: Draw, device: Device, manual: Manual, form: str, question: str, answer: str, slots: dict, **more
) -> Problem:
    """Return a problem with one answer."""
    meta = meta_for(draw, manual, "single", **more)
    return Problem(form, question, device, manual, answer, meta, slots)


def lookup(draw: Draw) -> Problem:
    """A code and what it means on this device, or a part and its data."""
    return (_code if draw.rng.random() < 0.6 else _part)(draw)


def _code(draw: Draw) -> Problem:
    """A code of the table, and what it means on this device."""
    device, language = draw.device(), draw.language
    manual = draw.manual(device, ("codes", draw.rng.choice(("points", "safety"))))
    name, meaning = draw.rng.choice(device.codes)
    answer = cited(CODE[language].format(code=name, symptom=meaning[language]), manual.number("codes"))
    others = [other[language] for _, other in device.codes if other is not meaning]
    return _single(
        draw, device, manual, "lookup", "code", answer, {"code": name},
        check="meaning", phrase=meaning[language], others=others, cites=[manual.number("codes")],
        span=f"{name}: {meaning[language]}",
    )  # fmt: skip


def tolerance(draw: Draw) -> Problem:
    """The range that a test must read; in half of the rows whether a reading is within it."""
    device, language = draw.device(), draw.language
    manual = draw.manual(device, (*LIMITS, "parts"))
    test = draw.rng.choice(list(device.tests.values()))
    section = manual.number("points" if test.at_point else "components")
    limit, slots = test.limit, {"test": test.name, "range": test.limit.range(language)}
    expected = {"low": str(limit.low), "high": str(limit.high), "unit": unit_in(limit.unit, language)}
    if draw.rng.random() < 0.5:
        value = near_value(draw.rng, limit)
        within = limit.holds(value)
        slots["value"] = reading(value, limit.unit, language)
        expected |= {"reading": str(value), "within": within}
        answer, question = JUDGED[within][language].format(**slots), "within"
    else:
        answer, question = RANGE[language].format(**slots), "tolerance"
    return _single(
        draw, device, manual, "tolerance", question, cited(answer, section), slots,
        check="tolerance", cites=[section], **expected,
    )  # fmt: skip


def _part(draw: Draw) -> Problem:
    """A part's remedy and spare part's data."""
    device, language = draw.device(), draw.language
    manual = draw.manual(device, ("parts", draw.rng.choice(("causes", "points"))))
    chosen = draw.rng.choice(list(device.parts.values()))
    phrase = spec(chosen, language)
    others = sorted({spec(other, language) for other in device.parts.values()} - {phrase})
    if any(phrase in other or other in phrase for other in others):
        raise Mismatch
    verb = remedy(chosen, language)
    answer = PART[language].format(
        id=chosen.id, remedy=verb.capitalize() if language == "en" else verb, spec=phrase
    )  # fmt: skip
    section = manual.number("parts")
    return _single(
        draw, device, manual, "lookup", "part", cited(answer, section), {"id": chosen.id},
        check="meaning", phrase=phrase, others=others, cites=[section],
    )  # fmt: skip


def repair(draw: Draw) -> Problem:
    """Work on a part, whose steps the excerpt lists in any order: what makes safe, then each step in its order."""
    device, language = draw.device(), draw.language
    chosen = draw.rng.choice(list(device.parts.values()))
    manual = draw.manual(device, ("repair", "safety"), chosen)
    work, measure = steps(chosen, language), device.safety(chosen, language)
    lines = [f"{number}. {step}." for number, step in enumerate((measure, *work), start=1)]
    sections = [manual.number("safety"), manual.number("repair")]
    return _single(
        draw, device, manual, "repair", "repair", cited("\n".join(lines), *sections), {"id": chosen.id},
        check="order", measure=measure, steps=work, works=work, cites=sections,
    )  # fmt: skip


def safety(draw: Draw) -> Problem:
    """What comes before work on a part, on a device that is still on."""
    device, language = draw.device(), draw.language
    chosen = draw.rng.choice(list(device.parts.values()))
    manual = draw.manual(device, ("safety", draw.rng.choice(("parts", "causes"))))
    measure, verb = device.safety(chosen, language), remedy(chosen, language)
    others = sorted({device.safety(other, language) for other in device.parts.values()} - {measure})
    work, section = WORK[language].format(id=chosen.id, remedy=verb), manual.number("safety")
    answer = SAFETY[language].format(measure=measure, id=chosen.id, remedy=verb)
    return _single(
        draw, device, manual, "safety", "safety", cited(answer, section), {"work": work},
        check="safety", measure=measure, others=others, works=[work], cites=[section],
    )  # fmt: skip


def cite(draw: Draw) -> Problem:
    """Where something stands: the section's number alone."""
    device, language = draw.device(), draw.language
    sections = tuple(draw.rng.sample([name for name in TOPICS if name != "components"], 3))
    manual = draw.manual(device, sections if draw.rng.random() < 0.5 else (*sections, "components"))
    section = draw.rng.choice(list(manual.numbers))
    tests = list(device.tests.values())
    topic = TOPICS[section][language].format(
        code=draw.rng.choice(device.codes)[0],
        id=_fed(draw, device) if section == "wiring" else draw.rng.choice(list(device.parts)),
        point=_named(draw, [test for test in tests if test.at_point]),
        tested=_named(draw, [test for test in tests if not test.at_point]),
    )
    where = manual.number(section)
    return _single(
        draw, device, manual, "cite", "cite", f"[§{where}]", {"topic": topic},
        check="sections", numbers=[where], cites=[where],
    )  # fmt: skip


def _fed(draw: Draw, device: Device) -> str:
    """Return a part that something feeds."""
    return draw.rng.choice([name for chain in device.chains for name in chain[1:] if not name.startswith("MP")])


def _named(draw: Draw, tests: list[Test]) -> str:
    """Return the name of one of some tests, "" where there is none."""
    return draw.rng.choice(tests).name if tests else ""


def absent(draw: Draw) -> Problem:
    """A code, limit or part that the excerpt does not hold, asked for in the words of those that it does."""
    device, rng = draw.device(), draw.rng
    question = rng.choice(("code", "tolerance", "part", "safety"))
    if question == "code":
        manual = draw.manual(device, ("codes", rng.choice(("points", "safety"))))
        prefix, digits = device.code.split("-")
        known = [name for name, _ in device.codes]
        free = [
            f"{prefix}-{n}" for n in range(10 ** (len(digits) - 1), 10 ** len(digits)) if f"{prefix}-{n}" not in known
        ]
        slots = {"code": rng.choice(free)}
    elif question == "tolerance":
        manual = draw.manual(device, (*LIMITS, "parts"))
        names = [name for name in device.parts if name not in device.tests]
        slots = {"test": rng.choice([*names, _free(draw, device, "MP", 19)])}
    else:
        manual = draw.manual(device, ("parts" if question == "part" else "safety", "points"))
        id_ = _free(draw, device, rng.choice(sorted({part.kind.letter for part in device.parts.values()})), 9)
        slots = {
            "id": id_,
            "work": WORK[draw.language].format(id=id_, remedy=repairs()["remedies"]["replace"][draw.language]),
        }
    return _single(draw, device, manual, "absent", question, ABSENT[draw.language], slots, check="absent", cites=[])


def _free(draw: Draw, device: Device, letters: str, most: int) -> str:
    """Return a designation that the device does not have."""
    taken = {*device.parts, *device.points}
    return draw.rng.choice([f"{letters}{n}" for n in range(1, most + 1) if f"{letters}{n}" not in taken])


FORMS = {
    "lookup": lookup,
    "tolerance": tolerance,
    "repair": repair,
    "safety": safety,
    "cite": cite,
    "absent": absent,
}
