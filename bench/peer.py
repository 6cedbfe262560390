"""Times CREATE TABLE … AS through DuckDB's own postgres extension."""

import sys
import time

import duckdb
from duckdb_extensions import import_extension

file, target = sys.argv[1:]
connection = duckdb.connect()
connection.execute(f"ATTACH '{file}' AS source (READ_ONLY)")
import_extension("postgres_scanner", con=connection)
connection.execute("LOAD postgres_scanner")
connection.execute(f"ATTACH '{target}' AS pg (TYPE postgres)")
began = time.monotonic()
connection.execute("CREATE TABLE pg.public.lineitem AS FROM source.lineitem")
seconds = time.monotonic() - began
print(f"duckdb-postgres|{seconds:.2f}|{6_000_000 / seconds:.0f}")
