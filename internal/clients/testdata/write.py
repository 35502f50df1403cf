"""Writes random rows with clients from PyPI, and tells on standard output what it wrote.

Its one argument is a JSON object: format, topic, brokers, registry, schema, seed, rows. Each line of the output is a
record as the broker has it, and its values in a spelling that keeps every bit.
"""

import copy
import decimal
import io
import json
import random
import struct
import sys
import uuid

import fastavro
from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

DAY = 86_400_000
COMPLEX = {"array", "map", "record"}
TEXTS = ["", " ", "a", "null", "NaN", "-0", "nul\0inside", "grüße", "日本語", "\U0010ffff", "e\u0301", "long " * 500]
BLOBS = [b"", b"\0", b"\xff", b"\xc3\x28", b"text", bytes(700)]
RANGES = {
    "date": (-719_162, 2_932_896),
    "time-millis": (0, DAY - 1),
    "time-micros": (0, DAY * 1000 - 1),
    "timestamp-millis": (-62_135_596_800_000, 253_402_300_799_999),
    "timestamp-micros": (-62_135_596_800_000_000, 253_402_300_799_999_999),
    "local-timestamp-micros": (-62_135_596_800_000_000, 253_402_300_799_999_999),
    "timestamp-nanos": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1),
}


class Types:
    """Random values of a schema's types, and their spelling."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.named = {}

    def learn(self, schema):
        """Has names stand for the types that they name."""
        if isinstance(schema, list):
            return [self.learn(s) for s in schema]
        if isinstance(schema, str):
            return self.named.get(schema, schema)
        schema = dict(schema)
        for part in ("items", "values"):
            if part in schema:
                schema[part] = self.learn(schema[part])
        if "fields" in schema:
            schema["fields"] = [dict(f, type=self.learn(f["type"])) for f in schema["fields"]]
        if "name" in schema:
            self.named[schema["name"]] = schema
        return schema

    def value(self, schema):
        if isinstance(schema, list):
            return self.value(self.rng.choice(schema))
        kind = schema if isinstance(schema, str) else schema["type"]
        rule = schema.get("logicalType", kind) if isinstance(schema, dict) else kind
        if rule in RANGES:
            low, high = RANGES[rule]
            return self.rng.choice([low, high, 0 if low <= 0 else low, self.rng.randint(low, high)])
        if rule in ("decimal", "uuid"):
            return getattr(self, "a_" + rule)(schema)
        return getattr(self, "a_" + kind)(schema)

    def a_null(self, _):
        return None

    def a_boolean(self, _):
        return self.rng.random() < 0.5

    def a_float(self, _):
        bits = self.rng.choice([0, 0x80000000, 0x7F800000, 0xFF800000, 0x7FC00000, 1, 0x7F7FFFFF, self.rng.getrandbits(32) & 0xFF7FFFFF])
        return struct.unpack("<f", struct.pack("<I", bits))[0]

    def a_double(self, _):
        most = 0xFFEFFFFFFFFFFFFF
        bits = self.rng.choice([0, 1 << 63, 0x7FF << 52, 0xFFF << 52, 0x7FF8 << 48, 1, self.rng.getrandbits(64) & most])
        return struct.unpack("<d", struct.pack("<Q", bits))[0]

    def a_string(self, _):
        return self.rng.choice(TEXTS)

    def a_bytes(self, _):
        return self.rng.choice(BLOBS)

    def a_enum(self, schema):
        return self.rng.choice(schema["symbols"])

    def a_fixed(self, schema):
        return self.rng.randbytes(schema["size"])

    def a_array(self, schema):
        return [self.value(schema["items"]) for _ in range(self.rng.choice([0, 0, 1, 2, 7, 40]))]

    def a_map(self, schema):
        return {self.a_string(None) + str(n): self.value(schema["values"]) for n in range(self.rng.choice([0, 1, 2, 5]))}

    def a_record(self, schema):
        return {f["name"]: self.value(f["type"]) for f in schema["fields"]}

    def a_decimal(self, schema):
        most = 10 ** schema["precision"] - 1
        unscaled = self.rng.choice([0, most, -most, 1, -1, self.rng.randint(-most, most)])
        return decimal.Decimal((int(unscaled < 0), tuple(map(int, str(abs(unscaled)))), -schema["scale"]))

    def a_uuid(self, _):
        return uuid.UUID(bytes=self.rng.randbytes(16))

    def spell(self, schema, v):
        if v is None:
            return "null"
        if isinstance(schema, list):
            schema = next(s for s in schema if s != "null")
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind == "float":
            return "f32:" + struct.pack(">f", v).hex()
        if kind == "double":
            return "f64:" + struct.pack(">d", v).hex()
        if isinstance(v, decimal.Decimal):
            sign, digits, _ = v.as_tuple()
            return "d:" + str(int("".join(map(str, digits))) * (-1 if sign else 1))
        if isinstance(v, uuid.UUID):
            return "b:" + v.bytes.hex()
        if kind in ("string", "enum"):
            return "s:" + v.encode().hex()
        if kind in ("bytes", "fixed"):
            return "b:" + v.hex()
        if kind == "array":
            return "[" + ",".join(self.spell(schema["items"], x) for x in v) + "]"
        if kind == "map":
            entries = ["s:" + k.encode().hex() + "=" + self.spell(schema["values"], x) for k, x in v.items()]
            return "{" + ",".join(sorted(entries)) + "}"
        if kind == "record":
            return "(" + ",".join(self.spell(f["type"], v[f["name"]]) for f in schema["fields"]) + ")"
        if kind == "boolean":
            return "true" if v else "false"
        return str(v)


def body(schema, v):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, v)
    return out.getvalue()


def is_complex(schema):
    branches = schema if isinstance(schema, list) else [schema]
    return any(isinstance(s, dict) and s["type"] in COMPLEX for s in branches)


class Bare:
    """A body, and a header that says delete."""

    def __init__(self, _, schema):
        self.schema = fastavro.parse_schema(copy.deepcopy(schema))

    def upsert(self, row):
        return body(self.schema, row), []

    def delete(self, row):
        return self.upsert(row)[0], [("operation", b"delete")]


class SingleObject(Bare):
    """The fingerprint before it. A null is a delete."""

    def __init__(self, config, schema):
        super().__init__(config, schema)
        canonical = fastavro.schema.to_parsing_canonical_form(schema)
        self.head = b"\xc3\x01" + bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))

    def upsert(self, row):
        return self.head + body(self.schema, row), []

    def delete(self, _):
        return None, []


class Confluent:
    """Confluent's serializer, with two schemas in turns. A null is a delete."""

    def __init__(self, config, schema):
        client = SchemaRegistryClient({"url": config["registry"]})
        older = dict(schema, fields=[{"name": "retired", "type": "string"}] + schema["fields"])
        self.context = SerializationContext(config["topic"], MessageField.VALUE)
        self.writers = [AvroSerializer(client, json.dumps(s)) for s in (older, schema)]

    def upsert(self, row):
        self.writers.reverse()
        return self.writers[0](dict(row, retired="x"), self.context), []

    def delete(self, _):
        return None, []


class Hopsworks:
    """What Hopsworks' own client does: complex features are bytes, and headers say the rest."""

    def __init__(self, config, schema):
        self.rng = random.Random(config["seed"] + 1)
        types = Types(0).learn(schema)["fields"]
        self.inner = {
            f["name"]: fastavro.parse_schema(copy.deepcopy(f["type"])) for f in types if is_complex(f["type"])
        }
        wire = dict(schema, fields=[dict(f, type=["null", "bytes"]) if f["name"] in self.inner else f for f in schema["fields"]])
        self.wire = fastavro.parse_schema(copy.deepcopy(wire))
        self.keys = {"k"}

    def headers(self, *more):
        return [("projectId", b"119"), ("featureGroupId", b"14"), ("subjectId", b"7"), *more]

    def upsert(self, row):
        row = dict(row)
        for name, inner in self.inner.items():
            if row[name] is not None or self.rng.random() < 0.5:
                row[name] = body(inner, row[name])
        value = body(self.wire, row)
        more = self.rng.choice([[], [], [("storage", b"online")], [("storage", b"offline")], [("upsertIfNewer", b"1")], [("featureGroupId", b"15")]])
        return value, self.headers(*more)

    def delete(self, row):
        nulls = {name: v if name in self.keys else None for name, v in row.items()}
        return body(self.wire, nulls), self.headers(("operation", b"delete"), ("storage", b"online"))


FORMATS = {"avro": Bare, "single-object": SingleObject, "confluent": Confluent, "hopsworks": Hopsworks}


def told(types, fields, row, headers, deleted):
    """A line of output, but for what only the broker knows."""
    last = dict(headers)
    line = {"delete": deleted, "values": {f["name"]: types.spell(f["type"], row[f["name"]]) for f in fields}}
    if last.get("featureGroupId") == b"15":
        line["stores"] = []
    elif "storage" in last:
        line["stores"] = [last["storage"].decode()]
    else:
        line["stores"] = ["online", "offline"]
    line["timed"] = not deleted or last.get("operation") == b"delete" and "featureGroupId" not in last
    return line


def main():
    config = json.loads(sys.argv[1])
    with open(config["schema"], encoding="utf8") as f:
        schema = json.load(f)
    types = Types(config["seed"])
    fields = types.learn(schema)["fields"]
    writer = FORMATS[config["format"]](config, schema)
    producer = Producer({"bootstrap.servers": config["brokers"], "acks": "all"})
    failures = []

    def delivered(line):
        def report(err, m):
            if err is not None:
                failures.append(err)
                return
            line.update(partition=m.partition(), offset=m.offset(), timestamp=m.timestamp()[1])
            print(json.dumps(line))

        return report

    for n in range(config["rows"]):
        row = {f["name"]: types.value(f["type"]) for f in fields}
        row["k"] = "key é %d" % types.rng.randrange(30)
        row["ts"] = types.rng.choice([1_700_000_000_000_000 + types.rng.randrange(9), types.rng.randrange(-(2**50), 2**50)])
        deleted = types.rng.random() < 0.1
        value, headers = writer.delete(row) if deleted else writer.upsert(row)
        line = told(types, fields, row, headers, deleted)
        producer.produce(config["topic"], key=row["k"].encode(), value=value, headers=headers,
                         timestamp=1_700_000_000_000 + n, on_delivery=delivered(line))
        producer.poll(0)
    producer.flush()
    if failures:
        sys.exit("not delivered: %s" % failures[0])


main()
