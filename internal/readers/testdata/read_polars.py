"""Answers questions by polars, with its own reader or the one that it takes by default."""

import datetime
import functools
import sys

import polars
from spell import EPOCH, Job, read, scale

job = Job()
override = {"native": "native", "default": None}[sys.argv[2]]


def literal(t, spelled):
    v = read(t, spelled)
    if t == "date":
        return polars.lit(EPOCH.date() + datetime.timedelta(days=v), polars.Date)
    if t == "time":
        return polars.lit((EPOCH + datetime.timedelta(microseconds=v)).time(), polars.Time)
    if t == "timestamp":
        return polars.lit(EPOCH + datetime.timedelta(microseconds=v), polars.Datetime("us"))
    if t == "timestamptz":
        at = (EPOCH + datetime.timedelta(microseconds=v)).replace(tzinfo=datetime.timezone.utc)
        return polars.lit(at, polars.Datetime("us", "UTC"))
    if t == "uuid":
        return polars.lit(v.bytes, polars.Binary)
    if t.startswith("decimal"):
        return polars.lit(v, polars.Decimal(int(t[8 : t.index(",")]), scale(t)))
    kinds = {"boolean": polars.Boolean, "int": polars.Int32, "long": polars.Int64, "float": polars.Float32, "double": polars.Float64, "string": polars.String}
    return polars.lit(v, kinds.get(t, polars.Binary))


def expression(question):
    name, *path = question["column"]
    return functools.reduce(lambda column, child: column.struct.field(child), path, polars.col(name))


def where(frame, question):
    if "op" not in question:
        return frame
    column = expression(question)
    match question["op"]:
        case "null":
            return frame.filter(column.is_null())
        case "nan":
            return frame.filter(column.is_nan())
        case "eq":
            return frame.filter(column == literal(question["type"], question["value"]))
        case "lt":
            return frame.filter(column < literal(question["type"], question["value"]))
        case "gt":
            return frame.filter(column > literal(question["type"], question["value"]))


def each(question):
    at = question.get("at") or {}
    if at.keys() - {"snapshot"}:
        raise NotImplementedError("polars goes back by the id of a snapshot only")
    frame = where(polars.scan_iceberg(job.metadata, snapshot_id=at.get("snapshot"), reader_override=override), question)
    match question["ask"]:
        case "count":
            frame = frame.select(polars.len())
        case "min":
            frame = frame.select(expression(question).min())
        case "max":
            frame = frame.select(expression(question).max())
        case _:
            frame = frame.select(job.select(question))
    return frame.collect().to_arrow()


job.answer(each)
