"""Spells values so that they can be compared, and answers questions about a table.

A question is a JSON object: id; ask: rows, ids, count, min or max; at: which snapshot; column, type, op and value of a
filter. An answer is a line of JSON on standard output: id, and answer or error.
"""

import datetime
import decimal
import json
import struct
import sys
import time
import uuid

EPOCH = datetime.datetime(1970, 1, 1)
MICRO = datetime.timedelta(microseconds=1)
EXACT = decimal.Context(prec=60)


def scale(t):
    """The scale of decimal(p, s)."""
    return int(t[t.index(",") + 1 : -1])


def spell(t, v):
    """The value v of the Iceberg type t; a type within others is a dictionary."""
    if v is None:
        return None
    if isinstance(t, dict):
        return spell_nested(t, v)
    if t == "boolean":
        return bool(v)
    if t in ("int", "long"):
        return str(int(v))
    if t == "float":
        return "NaN" if v != v else "%08x" % struct.unpack(">I", struct.pack(">f", v))
    if t == "double":
        return "NaN" if v != v else "%016x" % struct.unpack(">Q", struct.pack(">d", v))
    if t == "string":
        return v
    if t == "uuid":
        return (uuid.UUID(v) if isinstance(v, str) else uuid.UUID(bytes=v) if isinstance(v, bytes) else v).hex
    if t == "date":
        return str((v - EPOCH.date()).days)
    if t == "time":
        return str(((v.hour * 60 + v.minute) * 60 + v.second) * 1_000_000 + v.microsecond)
    if t in ("timestamp", "timestamptz"):
        return str((v.replace(tzinfo=None) - EPOCH) // MICRO)
    if t.startswith("decimal"):
        return str(int(EXACT.scaleb(v, scale(t))))
    return bytes(v).hex()  # binary, fixed


def spell_nested(t, v):
    if "list" in t:
        return [spell(t["list"], e) for e in v]
    if "map" in t:
        entries = [(e["key"], e["value"]) if isinstance(e, dict) else e for e in (v.items() if isinstance(v, dict) else v)]
        return {k: spell(t["map"], e) for k, e in entries}
    return {name: spell(child, v[name]) for name, child in t["struct"]}


def read(t, v):
    """The value that spell made v of, for a literal; timestamps, times and dates stay numbers."""
    if t == "boolean" or t == "string":
        return v
    if t == "float":
        return float("nan") if v == "NaN" else struct.unpack(">f", bytes.fromhex(v))[0]
    if t == "double":
        return float("nan") if v == "NaN" else struct.unpack(">d", bytes.fromhex(v))[0]
    if t == "uuid":
        return uuid.UUID(hex=v)
    if t.startswith("decimal"):
        return decimal.Decimal(int(v)).scaleb(-scale(t), EXACT)
    if t == "binary" or t.startswith("fixed"):
        return bytes.fromhex(v)
    return int(v)


def quoted(path, quote):
    """A column's path in SQL."""
    return ".".join(quote + name + quote for name in path)


class Job:
    """What the reader is told: the table, its columns and the questions."""

    def __init__(self):
        with open(sys.argv[1]) as f:
            self.__dict__ = json.load(f)
        self.types = dict(self.columns)

    def select(self, question):
        """The columns that the answer is made of."""
        if question["ask"] == "rows":
            return [name for name, _ in self.columns]
        return self.place

    def spelled(self, question, table):
        """What an Arrow table says."""
        ask = question["ask"]
        if ask == "ids":
            return sorted("%s/%s" % at for at in zip(*(table.column(c).to_pylist() for c in self.place)))
        if ask == "count":
            return str(table.column(0)[0].as_py())
        if ask in ("min", "max"):
            return spell(question["type"], table.column(0)[0].as_py())
        columns = [[spell(t, v) for v in table.column(name).to_pylist()] for name, t in self.columns]
        return [dict(zip(self.types, row)) for row in zip(*columns)]

    def answer(self, each):
        """Has each question answered by each(question), an Arrow table."""
        for question in self.questions:
            self.tell(question, lambda: self.spelled(question, each(question)))

    def tell(self, question, answer):
        said, began = {"id": question["id"]}, time.monotonic()
        try:
            said["answer"] = answer()
        except Exception as e:
            cause = str(e).rpartition("Caused by: ")[2].partition("\n")[0]  # of Java's
            said["error"] = "%s: %s" % (type(e).__name__, cause or e)
        except BaseException as e:  # a panic of polars is none of Exception's
            if type(e).__name__ != "PanicException":
                raise
            said["error"] = "%s: %s" % (type(e).__name__, e)
        said["seconds"] = time.monotonic() - began
        print(json.dumps(said), flush=True)
