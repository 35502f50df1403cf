"""Answers questions by DuckDB, with its extension for Iceberg, from the table's directory: it has no catalog."""

import glob
import os

import duckdb
import duckdb_extension_avro
import duckdb_extension_iceberg
from spell import Job, quoted, read

job = Job()
db = duckdb.connect()
for extension in (duckdb_extension_avro, duckdb_extension_iceberg):
    found = glob.glob(os.path.dirname(extension.__file__) + "/**/*.duckdb_extension", recursive=True)
    db.execute("load '%s'" % found[0])
db.execute("set timezone = 'UTC'")


def literal(t, spelled):
    v = read(t, spelled)
    if t == "boolean":
        return str(v)
    if t in ("int", "long"):
        return "%d::%s" % (v, {"int": "INTEGER", "long": "BIGINT"}[t]) if v >= 0 else "'%d'::%s" % (v, {"int": "INTEGER", "long": "BIGINT"}[t])
    if t in ("float", "double"):
        return "'%r'::%s" % (v, t.upper())
    if t == "string":
        return "decode(unhex('%s'))" % v.encode().hex()
    if t == "uuid":
        return "'%s'::UUID" % v
    if t == "date":
        return "(DATE '1970-01-01' + (%d))" % v
    if t == "time":
        return "make_time(%d, %d, %d)" % (v // 3_600_000_000, v // 60_000_000 % 60, v % 60_000_000 / 1e6) if v % 1_000_000 == 0 else "(TIME '00:00:00' + to_microseconds(%d))" % v
    if t == "timestamp":
        return "make_timestamp(%d)" % v
    if t == "timestamptz":
        return "make_timestamptz(%d)" % v
    if t.startswith("decimal"):
        return "'%s'::%s" % (format(v, "f"), t.upper())
    return "unhex('%s')" % v.hex()


def where(question):
    if "op" not in question:
        return ""
    column = quoted(question["column"], '"')
    match question["op"]:
        case "null":
            return " where %s is null" % column
        case "nan":
            return " where isnan(%s)" % column
        case op:
            return " where %s %s %s" % (column, {"eq": "=", "lt": "<", "gt": ">"}[op], literal(question["type"], question["value"]))


def source(at):
    option = ""
    if "snapshot" in at:
        option = ", snapshot_from_id = %d" % at["snapshot"]
    elif "time" in at:
        option = ", snapshot_from_timestamp = make_timestamp(%d)" % (at["time"] * 1000)
    elif "tag" in at:
        option = ", snapshot_from_ref = '%s'" % at["tag"]
    return "iceberg_scan('%s/features/%s'%s)" % (job.warehouse, job.table, option)


def each(question):
    ask = question["ask"]
    if ask == "count":
        what = "count(*)"
    elif ask in ("min", "max"):
        what = "%s(%s)" % (ask, quoted(question["column"], '"'))
    else:
        what = ", ".join('"%s"' % name for name in job.select(question))
    sql = "select %s from %s%s" % (what, source(question.get("at") or {}), where(question))
    return db.execute(sql).fetch_arrow_table()


job.answer(each)
