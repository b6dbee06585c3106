"""The laws that procedures share: on which section a statement rests, by the kind of case.

Simplified for teaching: a real notice may cite others, and Länder have their own.
"""

from .cases import Case
from .german import Ref


def basis_of(kind: str, case: Case) -> Ref:
    """Return the law reference of a statement; raises KeyError for a kind that cites only the procedure's own."""
    fine, social = case.procedure.kind == "fine", case.procedure.is_social
    if kind == "remedy":
        return _remedy(case)
    return {
        "instalment": Ref("18", "", "OWiG") if fine else Ref("222", "", "AO"),
        "late": Ref("240", "1", "AO"),
        "no_delay": Ref("80", "2", "VwGO"),
        "hearing": Ref("55", "1", "OWiG") if fine else Ref("24", "1", "SGB X") if social else Ref("28", "1", "VwVfG"),
        "costs": Ref("107", "1", "OWiG"),
        "repay": Ref("50", "1", "SGB X") if social else Ref("49a", "1", "VwVfG"),
    }[kind]


def _remedy(case: Case) -> Ref:
    """Return the section on the remedy's deadline."""
    if case.remedy == "Einspruch":
        return Ref("67", "1", "OWiG")
    if case.remedy == "Klage":
        return Ref("74", "1", "VwGO")
    return Ref("84", "1", "SGG") if case.procedure.ref.law.startswith("SGB") else Ref("70", "1", "VwGO")


def post_rule(case: Case) -> Ref:
    """Return the section that says when a letter counts as notified."""
    if case.procedure.is_tax:
        return Ref("122", "2", "AO")
    return Ref("37", "2", "SGB X") if case.procedure.is_social else Ref("41", "2", "VwVfG")
