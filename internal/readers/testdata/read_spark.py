"""Answers questions by Spark, with Iceberg's runtime: from the catalog in SQLite, by SQL."""

import os
import sys

import pyarrow
from pyspark.sql import SparkSession
from spell import Job, quoted, read

job = Job()
jars = os.environ["TANDEM_SPARK_JARS"]
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.jars", ",".join(os.path.join(jars, name) for name in sorted(os.listdir(jars))))
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.memory", "1g")
    .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -Duser.timezone=UTC")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", "1")
    .config("spark.sql.codegen.wholeStage", "false")
    .config("spark.sql.catalog.default", "org.apache.iceberg.spark.SparkCatalog")
    .config("spark.sql.catalog.default.type", "jdbc")
    .config("spark.sql.catalog.default.uri", "jdbc:sqlite:" + job.warehouse + "/catalog.db")
    .config("spark.sql.catalog.default.warehouse", "file:" + job.warehouse)
    .config("spark.sql.catalog.default.cache-enabled", "false")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
TABLE = "`default`.features." + job.table


def literal(t, spelled):
    v = read(t, spelled)
    if t == "boolean":
        return str(v)
    if t in ("int", "long"):
        return "cast('%d' as %s)" % (v, {"int": "int", "long": "bigint"}[t])
    if t in ("float", "double"):
        return "cast('%r' as %s)" % (v, t)
    if t == "string":
        return "decode(X'%s', 'UTF-8')" % v.encode().hex()
    if t == "uuid":
        return "'%s'" % v
    if t == "date":
        return "date_from_unix_date(%d)" % v
    if t == "timestamp":
        return "cast(timestamp_micros(%d) as timestamp_ntz)" % v
    if t == "timestamptz":
        return "timestamp_micros(%d)" % v
    if t.startswith("decimal"):
        return "cast('%s' as %s)" % (format(v, "f"), t)
    return "X'%s'" % v.hex()


def where(question):
    if "op" not in question:
        return ""
    column = quoted(question["column"], "`")
    match question["op"]:
        case "null":
            return " where %s is null" % column
        case "nan":
            return " where isnan(%s)" % column
        case op:
            return " where %s %s %s" % (column, {"eq": "=", "lt": "<", "gt": ">"}[op], literal(question["type"], question["value"]))


def source(at):
    if "snapshot" in at:
        return TABLE + " version as of %d" % at["snapshot"]
    if "tag" in at:
        return TABLE + " version as of '%s'" % at["tag"]
    if "time" in at:
        return TABLE + " timestamp as of timestamp_millis(%d)" % at["time"]
    return TABLE


def sql(question):
    ask = question["ask"]
    if ask == "count":
        what = "count(*)"
    elif ask in ("min", "max"):
        what = "%s(%s)" % (ask, quoted(question["column"], "`"))
    else:
        what = ", ".join("`%s`" % name for name in job.select(question))
    return "select %s from %s%s" % (what, source(question.get("at") or {}), where(question))


def each(question):
    frame = spark.sql(sql(question))
    batches = frame._collect_as_arrow()
    if not batches:
        return pyarrow.table({name: [] for name in frame.columns})
    return pyarrow.Table.from_batches(batches)


job.answer(each)
