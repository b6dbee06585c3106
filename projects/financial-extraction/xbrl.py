"""Facts as an XBRL 2.1 instance with a taxonomy of this project's concepts, for an XBRL processor to validate.

    write_xbrl(folder, tagged_facts(row))      -> folder/report.xbrl, concepts.xsd, sums.xml

The identities are summation items, each in a link role of its own, so a processor with Calculations 1.1 (Arelle:
`--calc c11r`) says which totals contradict their parts beyond rounding. `decimals` is the last printed digit.

Not covered: the real IFRS taxonomy, presentation and label linkbases, inline XBRL.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from gretchen.files import write_text
from gretchen.projects.rows import meta_of

from .concepts import BALANCE, CONCEPTS, IDENTITIES

NAMESPACE = "http://example.org/financial-extraction"
XBRL_SCHEMA = "http://www.xbrl.org/2003/xbrl-instance-2003-12-31.xsd"
SUMMATION = "http://www.xbrl.org/2003/arcrole/summation-item"
PER_SHARE = "EarningsPerShare"
PREFIXES = (
    f'xmlns:fin="{NAMESPACE}" xmlns:xbrli="http://www.xbrl.org/2003/instance" xmlns:link="http://www.xbrl.org/2003/linkbase"'
    ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:iso4217="http://www.xbrl.org/2003/iso4217"'
)


@dataclass(frozen=True)
class TaggedFact:
    """A fact of an entity; `half_digit` is half of its last printed digit, in full units."""

    entity: str
    period: str
    concept: str
    unit: str
    value: Decimal | None
    half_digit: Decimal

    @property
    def decimals(self) -> int:
        """XBRL's decimals: 2 for cents, -3 for thousands."""
        return -self.half_digit.adjusted() - 1


def tagged_facts(row: dict[str, Any]) -> list[TaggedFact]:
    """Return the reference facts of a row of the builder, the row's id as entity."""
    return [
        TaggedFact(row["id"], fact["period"], fact["concept"], fact["unit"],
                   None if fact["value"] is None else Decimal(fact["value"]), Decimal(fact["half_digit"]))
        for fact in meta_of(row)["facts"]
    ]  # fmt: skip


def write_xbrl(folder: Path, facts: list[TaggedFact]) -> Path:
    """Write instance, schema and calculation linkbase into a folder, and return the instance."""
    write_text(folder / "concepts.xsd", schema())
    write_text(folder / "sums.xml", calculations())
    write_text(folder / "report.xbrl", instance(facts))
    return folder / "report.xbrl"


def schema() -> str:
    """Return the taxonomy: an element for each concept, a role for each identity."""
    elements = [_element(name, "instant" if of.statement == BALANCE else "duration") for name, of in CONCEPTS.items()]
    elements.append(_element(PER_SHARE, "duration", "decimalItemType"))
    roles = [
        f'<link:roleType roleURI="{_role(i)}" id="sum{i}"><link:usedOn>link:calculationLink</link:usedOn>'
        "</link:roleType>"
        for i in range(len(IDENTITIES))
    ]
    linkbase = (
        '<link:linkbaseRef xlink:type="simple" xlink:href="sums.xml" xlink:arcrole="http://www.w3.org/1999/xlink/properties/linkbase"'
        ' xlink:role="http://www.xbrl.org/2003/role/calculationLinkbaseRef"/>'
    )
    return (
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" {PREFIXES} targetNamespace="{NAMESPACE}">'
        f"<xs:annotation><xs:appinfo>{linkbase}{''.join(roles)}</xs:appinfo></xs:annotation>"
        f'<xs:import namespace="http://www.xbrl.org/2003/instance" schemaLocation="{XBRL_SCHEMA}"/>'
        f"{''.join(elements)}</xs:schema>"
    )


def _element(name: str, period: str, kind: str = "monetaryItemType") -> str:
    """Return a concept's declaration."""
    return (
        f'<xs:element name="{name}" id="{name}" type="xbrli:{kind}" substitutionGroup="xbrli:item"'
        f' xbrli:periodType="{period}" nillable="true"/>'
    )


def _role(identity: int) -> str:
    """Return the link role of an identity."""
    return f"{NAMESPACE}/sum/{identity}"


def calculations() -> str:
    """Return the calculation linkbase: the identities as summation items with weights 1 and -1."""
    refs = [
        f'<link:roleRef roleURI="{_role(i)}" xlink:type="simple" xlink:href="concepts.xsd#sum{i}"/>'
        for i in range(len(IDENTITIES))
    ]
    links = []
    for i, (total, parts) in enumerate(IDENTITIES):
        locators = [
            f'<link:loc xlink:type="locator" xlink:href="concepts.xsd#{name}" xlink:label="{name}"/>'
            for name in (total, *parts)
        ]
        arcs = [
            f'<link:calculationArc xlink:type="arc" xlink:arcrole="{SUMMATION}" xlink:from="{total}" xlink:to="{part}"'
            f' weight="{sign}" order="{order}"/>'
            for order, (part, sign) in enumerate(parts.items(), start=1)
        ]
        links.append(
            f'<link:calculationLink xlink:type="extended" xlink:role="{_role(i)}">{"".join(locators + arcs)}'
            "</link:calculationLink>"
        )
    return f"<link:linkbase {PREFIXES}>{''.join(refs + links)}</link:linkbase>"


def instance(facts: list[TaggedFact]) -> str:
    """Return the instance; an absent value is a nil fact."""
    contexts = sorted({(fact.entity, fact.period, _is_instant(fact)) for fact in facts})
    units = sorted({fact.unit for fact in facts})
    body = [
        '<link:schemaRef xlink:type="simple" xlink:href="concepts.xsd"/>',
        *(_context(*context) for context in contexts),
        *(_unit(unit) for unit in units),
        *(_item(fact) for fact in facts),
    ]
    return f"<xbrli:xbrl {PREFIXES}>{''.join(body)}</xbrli:xbrl>"


def _is_instant(fact: TaggedFact) -> bool:
    """Return whether a fact holds at the end of its year: a balance sheet's."""
    return fact.concept in CONCEPTS and CONCEPTS[fact.concept].statement == BALANCE


def _context_id(entity: str, year: str, is_instant: bool) -> str:
    """Return a context's XML id, which the processor's messages name."""
    return f"{re.sub(r'[^A-Za-z0-9.-]', '_', f'c-{entity}')}_{year}_{'end' if is_instant else 'year'}"


def _context(entity: str, year: str, is_instant: bool) -> str:
    """Return an entity's year, or its last day."""
    start = f"<xbrli:startDate>{year}-01-01</xbrli:startDate><xbrli:endDate>{year}-12-31</xbrli:endDate>"
    period = f"<xbrli:instant>{year}-12-31</xbrli:instant>" if is_instant else start
    return (
        f'<xbrli:context id="{_context_id(entity, year, is_instant)}"><xbrli:entity><xbrli:identifier'
        f' scheme="{NAMESPACE}">{escape(entity)}</xbrli:identifier></xbrli:entity><xbrli:period>{period}'
        "</xbrli:period></xbrli:context>"
    )


def _unit(unit: str) -> str:
    """Return a currency, or a currency per share."""
    currency = f"<xbrli:measure>iso4217:{unit[:3]}</xbrli:measure>"
    shares = "<xbrli:unitDenominator><xbrli:measure>xbrli:shares</xbrli:measure></xbrli:unitDenominator>"
    divided = f"<xbrli:divide><xbrli:unitNumerator>{currency}</xbrli:unitNumerator>{shares}</xbrli:divide>"
    return f'<xbrli:unit id="{_unit_id(unit)}">{divided if unit.endswith("/share") else currency}</xbrli:unit>'


def _unit_id(unit: str) -> str:
    """Return a unit's XML id."""
    return unit.replace("/", "-per-")


def _item(fact: TaggedFact) -> str:
    """Return a fact's element."""
    context = _context_id(fact.entity, fact.period, _is_instant(fact))
    start = f'fin:{fact.concept} contextRef="{context}" unitRef="{_unit_id(fact.unit)}"'
    if fact.value is None:
        return f'<{start} xsi:nil="true"/>'
    return f'<{start} decimals="{fact.decimals}">{fact.value:f}</fin:{fact.concept}>'
