"""object-reader.py FILE...: what readObjects() asks of programs that read objects with records {"number": …, "text": …}.

Prints JSON: [[file, program, [number, ...], SHA-256 of "number text" of all, each with a zero byte behind it], ...].
"""
import hashlib, json, subprocess, sys
import duckdb, pyarrow as pa, pyarrow.csv, pyarrow.json, zstandard

# A character that no record has: each line is one value.
SEPARATOR = "\x1f"

def decompressed(path):
    """By the program of each compression."""
    if path.endswith(".gz"):
        return "gzip", subprocess.run(["gzip", "-dc", path], check=True, capture_output=True).stdout
    with open(path, "rb") as file:
        if path.endswith(".zst"):
            return "zstandard", zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
        return "read", file.read()

def json_lines(path):
    tool, data = decompressed(path)
    yield tool, [json.loads(line) for line in data.split(b"\n")[:-1]]
    columns = {"number": "BIGINT", "text": "VARCHAR"}
    rows = duckdb.read_json(path, format="newline_delimited", columns=columns).fetchall()
    yield "DuckDB", [dict(zip(columns, row)) for row in rows]
    with pa.input_stream(path, compression="detect") as source:
        yield "pyarrow", pa.json.read_json(source).to_pylist()

def text_lines(path):
    tool, data = decompressed(path)
    yield tool, [json.loads(line) for line in data.decode().split("\n")[:-1]]
    options = "header=False, auto_detect=False, quote='', escape='', columns={'line': 'VARCHAR'}, delim=%r" % SEPARATOR
    lines = duckdb.sql("SELECT line FROM read_csv(%r, %s)" % (path, options)).fetchall()
    yield "DuckDB", [json.loads(line) for line, in lines]
    with pa.input_stream(path, compression="detect") as source:
        parse = pa.csv.ParseOptions(delimiter=SEPARATOR, quote_char=False)
        table = pa.csv.read_csv(source, read_options=pa.csv.ReadOptions(column_names=["line"]), parse_options=parse)
        yield "pyarrow", [json.loads(line) for line in table["line"].to_pylist()]

def joined(data):
    """Nothing stands between records, and none of them contains another."""
    return [json.loads(record) for record in data.replace(b"}{", b"}\n{").split(b"\n")]

def all_bytes(path):
    tool, data = decompressed(path)
    yield tool, joined(data)
    with pa.input_stream(path, compression="detect") as source:
        yield "pyarrow", joined(source.read())
    if path.endswith(".bin"):
        yield "DuckDB", joined(duckdb.sql("SELECT content FROM read_blob(%r)" % path).fetchall()[0][0])

def digest(records):
    sha256 = hashlib.sha256()
    for record in records:
        assert record.keys() == {"number", "text"}, record
        sha256.update(b"%d %s\0" % (record["number"], record["text"].encode()))
    return sha256.hexdigest()

READERS = {".json": json_lines, ".txt": text_lines, ".bin": all_bytes}
READ = []
for path in sys.argv[1:]:
    reader = next(read for extension, read in READERS.items() if extension in path)
    READ += [[path, tool, [each["number"] for each in records], digest(records)] for tool, records in reader(path)]
print(json.dumps(READ))
