"""Readers of public logs: small files of our own in the formats' published form, and every kind of fault."""

import gzip
import json

import pytest

from gretchen.errors import UserError
from gretchen.projects.rows import Fault, row_fault
from gretchen.projects.splits import split_of

XES = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- a log in the form of the 4TU repository's -->
<log xes.version="1.0" xes.features="nested-attributes" openxes.version="1.0RC7" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <global scope="trace"><string key="concept:name" value="UNKNOWN"/></global>
  <global scope="event">
    <string key="concept:name" value="UNKNOWN"/>
    <date key="time:timestamp" value="1970-01-01T00:00:00.000+01:00"/>
  </global>
  <classifier name="Activity classifier" keys="concept:name lifecycle:transition"/>
  <string key="concept:name" value="some log"/>
  <trace>
    <string key="concept:name" value="A1"/>
    <date key="REG_DATE" value="2011-10-01T00:38:44.546+02:00"/>
    <float key="AMOUNT_REQ" value="20000.5"/>
    <event>
      <string key="org:resource" value="112"/>
      <string key="concept:name" value="A_SUBMITTED"/>
      <date key="time:timestamp" value="2011-10-01T00:38:44.546+02:00"/>
      <boolean key="urgent" value="false"/>
    </event>
    <event>
      <string key="concept:name" value="A &amp; B"><string key="nested" value="x"/></string>
      <date key="time:timestamp" value="2011-10-01T00:38:44.880+02:00"/>
    </event>
  </trace>
  <trace>
    <string key="concept:name" value="A2"/>
    <event><string key="concept:name" value="A_SUBMITTED"/><date key="time:timestamp" value="2011-02-31T00:00:00+02:00"/></event>
  </trace>
  <trace>
    <string key="concept:name" value="A3"/>
    <event><string key="lifecycle:transition" value="COMPLETE"/></event>
  </trace>
  <trace>
    <string key="concept:name" value="A4"/>
  </trace>
  <trace>
    <string key="concept:name" value="A5"/>
    <event><string key="concept:name" value="A_SUBMITTED"/><int key="n" value="many"/></event>
  </trace>
  <trace>
    <string key="concept:name" value="A6"/>
    <event><string key="concept:name" value="A_SUBMITTED"/></event>
  </trace>
</log>
"""  # noqa: E501


def split_up(items):
    return [x for x in items if not isinstance(x, Fault)], [x for x in items if isinstance(x, Fault)]


def read(dataset, path):
    return split_up(list(dataset.read(path)))


def check(rows, evaluation):
    for row in rows:
        assert row_fault(row, "chats") is None and split_of(row["group"]) is not None
        assert evaluation.score(row["messages"][-1]["content"], row)["quality"] == 1


def test_xes_with_its_quirks_plain_and_packed(dataset, evaluation, tmp_path):
    (tmp_path / "log.xes").write_text(XES, encoding="utf-8")
    rows, faults = read(dataset, tmp_path / "log.xes")
    lines = XES.split("\n")
    assert [(lines[fault.line - 1].strip()[:23], fault.reason) for fault in faults] == [
        ('<event><string key="con', "time:timestamp is '2011-02-31T00:00:00+02:00', which is no date"),
        ('<event><string key="lif', "an event without concept:name"),
        ("<trace>", "case A4 has 0 events; rows hold 1 to 48"),
        ('<event><string key="con', "n is 'many', which is no int"),
    ]
    (row,) = rows
    assert "1;A_SUBMITTED\n1;A & B\n2;A_SUBMITTED" in row["messages"][1]["content"]
    assert row["messages"][2]["content"] == "A_SUBMITTED>A & B: 1\nA_SUBMITTED: 1"
    check(rows, evaluation)
    (tmp_path / "log.xes.gz").write_bytes(gzip.compress(XES.encode()))
    packed, packed_faults = read(dataset, tmp_path / "log.xes.gz")
    assert [r["messages"][1:] for r in packed][0][1] == row["messages"][2]
    assert [fault.line for fault in packed_faults] == [fault.line for fault in faults]


def test_a_log_that_breaks_off_keeps_what_came_before(dataset, tmp_path):
    cut = XES[: XES.index('value="A2"')]
    (tmp_path / "log.xes").write_text(cut, encoding="utf-8")
    rows, faults = read(dataset, tmp_path / "log.xes")
    assert len(rows) == 1 and "no well-formed XML" in faults[-1].reason
    (tmp_path / "log.xes.gz").write_bytes(gzip.compress(XES.encode())[:-40])
    rows, faults = read(dataset, tmp_path / "log.xes.gz")
    assert faults and faults[-1].line > 1
    bomb = '<!DOCTYPE log [<!ENTITY a "aaaa">]><log><trace/></log>'
    (tmp_path / "log.xes").write_text(bomb, encoding="utf-8")
    rows, faults = read(dataset, tmp_path / "log.xes")
    assert not rows and "document type" in faults[0].reason


CSV = """case_id;activity;timestamp;costs;org:resource
3;register request;2010-12-30 14:32:00+01:00;50;Pete
3;examine casually;2010-12-30 15:06:00+01:00;400;Mike
2;register request;2010-12-30 11:32:00+01:00;50;Mike
3;check ticket;2010-12-30 16:34:00+01:00;100;Ellen
2;check ticket;2010-12-30 12:12:00+01:00;100;Mike
2;decide;2010-12-30 11:50:00+01:00;200;Sara
1;register request;2010-02-31 11:02:00+01:00;50;Pete
1;;2010-12-31 11:06:00+01:00;50;Pete
1;decide;2011-01-06 15:18:00+01:00
1;decide;06-01-2011:15.18;200;Sara
"""


def test_csv_in_the_form_of_the_running_example(dataset, evaluation, tmp_path):
    (tmp_path / "running-example.csv").write_text(CSV, encoding="utf-8-sig")
    rows, faults = read(dataset, tmp_path)
    assert [(fault.line, fault.reason) for fault in faults] == [
        (8, "timestamp is '2010-02-31 11:02:00+01:00', which is no time"),
        (9, "activity is empty"),
        (10, "3 cells, the header has 5"),
    ]
    (row,) = rows
    assert row["messages"][2]["content"].split("\n") == [
        "register request>examine casually>check ticket: 1",
        "register request>decide>check ticket: 1",  # by time, not by line
        "decide: 1",
    ]
    check(rows, evaluation)
    other = 'case:concept:name,concept:name,time:timestamp\n1,a,31.12.2025 10:00\n1,"b, c",31.12.2025 11:00\n'
    (tmp_path / "running-example.csv").write_text(other, encoding="utf-8")
    rows, faults = read(dataset, tmp_path / "running-example.csv")
    assert not faults and rows[0]["messages"][2]["content"] == "a>b, c: 1"
    (tmp_path / "running-example.csv").write_text("id;what\n1;a\n", encoding="utf-8")
    rows, faults = read(dataset, tmp_path / "running-example.csv")
    assert not rows and faults[0].reason.startswith("no column case_id")


OCEL_1 = {
    "ocel:global-log": {"ocel:version": "1.0", "ocel:ordering": "timestamp", "ocel:attribute-names": [],
                        "ocel:object-types": ["order", "item"]},
    "ocel:global-event": {"ocel:activity": "__INVALID__"},
    "ocel:global-object": {"ocel:type": "__INVALID__"},
    "ocel:events": {
        "e2": {"ocel:activity": "pick item", "ocel:timestamp": "2019-05-20 10:36:26", "ocel:omap": ["i1", "o1"],
               "ocel:vmap": {"weight": 0.5}},
        "e1": {"ocel:activity": "place order", "ocel:timestamp": "2019-05-20 09:07:47", "ocel:omap": ["o1", "i1", "i2"],
               "ocel:vmap": {}},
        "e3": {"ocel:activity": "pick item", "ocel:timestamp": "2019-02-30 10:36:26", "ocel:omap": ["i2"]},
        "e4": {"ocel:activity": "pay order", "ocel:timestamp": "2019-05-21 10:36:26", "ocel:omap": ["o9"]},
    },
    "ocel:objects": {"o1": {"ocel:type": "order", "ocel:ovmap": {}}, "i1": {"ocel:type": "item", "ocel:ovmap": {}},
                     "i2": {"ocel:type": "item"}, "x": {}},
}  # fmt: skip
OCEL_2 = {
    "objectTypes": [{"name": "Invoice", "attributes": [{"name": "is_blocked", "type": "string"}]}],
    "eventTypes": [{"name": "Create", "attributes": []}, {"name": "Pay", "attributes": []}],
    "objects": [
        {"id": "R1", "type": "Invoice",
         "attributes": [{"name": "is_blocked", "time": "1970-01-01T00:00:00Z", "value": "No"}],
         "relationships": [{"objectId": "R2", "qualifier": "copy of"}]},
        {"id": "R2", "type": "Invoice"}, {"id": "R2", "type": "Invoice"},
    ],
    "events": [
        {"id": "e1", "type": "Create", "time": "2022-02-03T07:30:00Z", "attributes": [],
         "relationships": [{"objectId": "R1", "qualifier": "created"}]},
        {"id": "e2", "type": "Pay", "time": "2022-02-04T07:30:00Z",
         "relationships": [{"objectId": "R1", "qualifier": "paid"}]},
        {"id": "e3", "type": "Ship", "time": "2022-02-04T07:30:00Z",
         "relationships": [{"objectId": "R2", "qualifier": ""}]},
        {"id": "e4", "type": "Pay", "time": "2022-02-04T07:30:00Z", "relationships": []},
        {"type": "Pay", "time": "2022-02-04T07:30:00Z", "relationships": [{"objectId": "R2"}]},
    ],
}  # fmt: skip


def test_ocel_1_flattened_by_object_type(dataset, evaluation, tmp_path):
    (tmp_path / "log.jsonocel").write_text(json.dumps(OCEL_1, indent=1), encoding="utf-8")
    rows, faults = read(dataset, tmp_path)
    assert [fault.reason for fault in faults] == [
        "object 'x' has no id or no type",
        "event 'e3': '2019-02-30 10:36:26' is no time",
        "event 'e4' names object 'o9', which is not there",
    ]
    lines = (tmp_path / "log.jsonocel").read_text(encoding="utf-8").split("\n")
    assert [name in lines[fault.line - 1] for name, fault in zip(('"x"', '"e3"', '"e4"'), faults, strict=True)] == [
        True
    ] * 3
    assert [row["messages"][1]["content"].count("place order") for row in rows] == [1, 2], "an order; two items"
    check(rows, evaluation)


def test_ocel_2(dataset, evaluation, tmp_path):
    (tmp_path / "log.json").write_text(json.dumps(OCEL_2), encoding="utf-8")
    rows, faults = read(dataset, tmp_path / "log.json")
    assert [fault.reason for fault in faults] == [
        "object 'R2' is there twice",
        "event 'e3' is of type 'Ship', which eventTypes does not declare",
        "event 'e4' names no object",
        "event None has no id or no activity",
    ]
    (row,) = rows
    assert row["messages"][2]["content"] == "Create>Pay: 1"
    check(rows, evaluation)


def test_what_cannot_be_read(dataset, tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        list(dataset.read(tmp_path / "none.xes"))
    with pytest.raises(UserError, match="holds no log"):
        list(dataset.read(tmp_path))
    (tmp_path / "log.xml").touch()
    with pytest.raises(UserError, match="is no log that can be read"):
        list(dataset.read(tmp_path / "log.xml"))
    for text, reason in (("{", "not JSON"), ("[]", "no OCEL"), ('{"events": 1}', "no OCEL")):
        (tmp_path / "log.json").write_text(text, encoding="utf-8")
        (fault,) = dataset.read(tmp_path / "log.json")
        assert fault.reason.startswith(reason)
