"""object-reader.py FILE...: what readObjects() asks of programs that read objects, as JSON [[file, program, [record, ...]], ...]."""
import gzip, json, subprocess, sys
import duckdb, pyarrow as pa, pyarrow.csv, pyarrow.json, zstandard

# A character that no record has: each line is one value.
SEPARATOR = "\x1f"

def decompressed(path):
    """By the program of each compression."""
    if path.endswith(".gz"):
        return [("gzip", subprocess.run(["gzip", "-dc", path], check=True, capture_output=True).stdout)]
    with open(path, "rb") as file:
        if path.endswith(".zst"):
            return [("zstandard", zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read())]
        return [("read", file.read())]

def json_lines(path):
    for tool, data in decompressed(path):
        yield tool, [json.loads(line) for line in data.split(b"\n")[:-1]]
    columns = {"number": "BIGINT", "text": "VARCHAR"}
    relation = duckdb.read_json(path, format="newline_delimited", columns=columns)
    yield "DuckDB", [dict(zip(columns, row)) for row in relation.fetchall()]
    with pa.input_stream(path, compression="detect") as source:
        yield "pyarrow", pa.json.read_json(source).to_pylist()

def text_lines(path):
    for tool, data in decompressed(path):
        yield tool, data.decode().split("\n")[:-1]
    options = {"header": False, "auto_detect": False, "delim": SEPARATOR, "quote": "", "escape": ""}
    options |= {"columns": {"line": "VARCHAR"}, "null_padding": False}
    names = ", ".join("%s=%s" % (name, value if isinstance(value, dict) else repr(value)) for name, value in options.items())
    yield "DuckDB", [line for line, in duckdb.sql("SELECT line FROM read_csv(%r, %s)" % (path, names)).fetchall()]
    with pa.input_stream(path, compression="detect") as source:
        parse = pa.csv.ParseOptions(delimiter=SEPARATOR, quote_char=False)
        table = pa.csv.read_csv(source, read_options=pa.csv.ReadOptions(column_names=["line"]), parse_options=parse)
        yield "pyarrow", table["line"].to_pylist()

def all_bytes(path):
    for tool, data in decompressed(path):
        yield tool, [data.hex()]
    with pa.input_stream(path, compression="detect") as source:
        yield "pyarrow", [source.read().hex()]
    if path.endswith(".bin"):
        yield "DuckDB", [content.hex() for content, in duckdb.sql("SELECT content FROM read_blob(%r)" % path).fetchall()]

READERS = {".json": json_lines, ".txt": text_lines, ".bin": all_bytes}
READ = []
for path in sys.argv[1:]:
    reader = next(read for extension, read in READERS.items() if extension in path)
    READ += [[path, tool, records] for tool, records in reader(path)]
print(json.dumps(READ))
