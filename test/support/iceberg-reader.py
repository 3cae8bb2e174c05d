"""iceberg-reader.py PROPERTIES read NAME... | append NAME ROW: what iceberg-reader.ts asks of PyIceberg, as JSON."""
import datetime, json, os, sys, tempfile, warnings

warnings.simplefilter("ignore")
import duckdb, pyarrow as pa, pyarrow.parquet as pq
from pyiceberg.catalog import load_catalog
from pyiceberg.io.pyarrow import schema_to_pyarrow

def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value)

def exact(value):
    """A number that readers of JSON may round is a text."""
    return str(value) if isinstance(value, int) and abs(value) >= 2**53 else value

def rows_of_duckdb(data):
    """DuckDB's own reader of Parquet: its extension for Iceberg would have to be downloaded."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data.parquet")
        with open(path, "wb") as file:
            file.write(data)
        return duckdb.read_parquet(path).to_arrow_table().to_pylist()

def read(catalog, name):
    table = catalog.load_table(name)
    tasks = sorted(table.scan().plan_files(), key=lambda task: task.file.file_path)
    # PyIceberg reads all files into one table; each alone shows the order of its rows.
    whole = table.scan().to_arrow()
    files = []
    for task in tasks:
        with table.io.new_input(task.file.file_path).open() as source:
            data = source.read()
        rows = pq.read_table(pa.BufferReader(data)).to_pylist()
        assert len(rows) == task.file.record_count, task.file.file_path
        others = rows_of_duckdb(data)
        assert json.dumps(others, default=plain) == json.dumps(rows, default=plain), (others, rows)
        files.append([{name: exact(value) for name, value in row.items()} for row in rows])
    assert sum(len(rows) for rows in files) == len(whole)
    return {
        "columns": ["%s: %s%s" % (f.name, "" if f.optional else "required ", f.field_type) for f in table.schema().fields],
        "partitions": ["%s: %s" % (f.name, f.transform) for f in table.spec().fields],
        "files": files,
        "snapshots": [dict(s.summary.additional_properties) for s in table.snapshots()],
    }

properties, command, *names = sys.argv[1:]
duckdb.sql("SET TimeZone = 'UTC'")
catalog = load_catalog("tests", **json.loads(properties))
if command == "append":
    table = catalog.load_table(names[0])
    row = json.loads(names[1])
    row["at"] = datetime.datetime.fromisoformat(row["at"])
    table.append(pa.Table.from_pylist([row], schema=schema_to_pyarrow(table.schema())))
    print("null")
else:
    print(json.dumps([read(catalog, name) for name in names], default=plain))
