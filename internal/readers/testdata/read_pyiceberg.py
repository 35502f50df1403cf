"""Answers questions by pyiceberg."""

import pyarrow
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import AlwaysTrue, EqualTo, GreaterThan, IsNaN, IsNull, LessThan
from spell import Job, read

job = Job()
catalog = SqlCatalog("default", uri="sqlite:///" + job.warehouse + "/catalog.db")
table = catalog.load_table(("features", job.table))
OPS = {"eq": EqualTo, "lt": LessThan, "gt": GreaterThan}


def scan(question):
    at = question.get("at") or {}
    where = AlwaysTrue()
    if "op" in question:
        column = ".".join(question["column"])
        match question["op"]:
            case "null":
                where = IsNull(column)
            case "nan":
                where = IsNaN(column)
            case op:
                where = OPS[op](column, read(question["type"], question["value"]))
    snapshot = at.get("snapshot")
    if "time" in at:
        snapshot = table.snapshot_as_of_timestamp(at["time"]).snapshot_id
    scan = table.scan(row_filter=where, snapshot_id=snapshot, selected_fields=tuple(job.select(question)))
    return scan.use_ref(at["tag"]) if "tag" in at else scan


def each(question):
    if question["ask"] == "count":
        return pyarrow.table({"n": [scan(question).count()]})
    return scan(question).to_arrow()


job.answer(each)
