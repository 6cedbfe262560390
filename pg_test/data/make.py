"""Makes passages.duckdb, a part of the sample file pgdocs.duckdb, and zoned.duckdb, whose views need
DuckDB's ICU extension, which the reader has not. Wants DuckDB 2.0.0 from PyPI:

    pip install duckdb==2.0.0 && python make.py PATH/pgdocs.duckdb

Makes hnsw.duckdb, whose indexes are those of DuckDB's extension vss:

    pip install duckdb==1.5.5 duckdb-extension-vss==1.5.5 && python make.py hnsw
"""

import glob
import os
import sys

import duckdb

SMALL = "(BLOCK_SIZE 16384)"


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def passages(source):
    db = duckdb.connect()
    db.execute(f"ATTACH '{source}' AS whole (READ_ONLY)")
    db.execute(f"ATTACH 'passages.duckdb' AS part {SMALL}")
    db.execute("USE part")
    tables = "SELECT table_name, sql, comment FROM duckdb_tables() WHERE database_name = 'whole' ORDER BY table_oid"
    for name, sql, comment in db.execute(tables).fetchall():
        db.execute(sql)
        rows = {"pages": "page_id <= 40", "passages": "page_id <= 40", "queries": "query_id <= 20"}
        db.execute(f"INSERT INTO {name} SELECT * FROM whole.{name} WHERE {rows[name]}")
        if comment:
            db.execute(f"COMMENT ON TABLE {name} IS {literal(comment)}")
    columns = "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE database_name = 'whole' AND comment IS NOT NULL"
    for table, column, comment in db.execute(columns).fetchall():
        if table != "passages_per_page":
            db.execute(f"COMMENT ON COLUMN {table}.{column} IS {literal(comment)}")
    for (sql,) in db.execute("SELECT sql FROM duckdb_indexes() WHERE database_name = 'whole'").fetchall():
        db.execute(sql)
    views = "SELECT view_name, sql, comment FROM duckdb_views() WHERE database_name = 'whole' AND NOT internal"
    for name, sql, comment in db.execute(views).fetchall():
        db.execute(sql)
        if comment:
            db.execute(f"COMMENT ON VIEW {name} IS {literal(comment)}")
    db.execute("DETACH whole; CHECKPOINT part")


def zoned():
    db = duckdb.connect()
    db.execute(f"ATTACH 'zoned.duckdb' AS z {SMALL}")
    db.execute("USE z")
    db.execute("CREATE TABLE t (id INTEGER, ts TIMESTAMP, tz TIMESTAMPTZ)")
    db.execute("INSERT INTO t VALUES (1, '2020-02-29 12:00:00', '2020-02-29 12:00:00+00')")
    db.execute("CREATE VIEW today AS SELECT id, current_date AS d, tz FROM t")
    db.execute("CREATE VIEW in_utc AS SELECT id, ts AT TIME ZONE 'UTC' AS at, tz AT TIME ZONE 'UTC' AS plain FROM t")
    db.execute("CREATE VIEW of_them AS SELECT t.id, today.d IS NOT NULL AS has FROM t JOIN today USING (id)")
    db.execute("CREATE VIEW elsewhere AS SELECT ts AT TIME ZONE 'Europe/Berlin' AS at FROM t")
    db.execute("CHECKPOINT z")


def hnsw():
    db = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    package = glob.glob(f"{sys.prefix}/lib/python3*/site-packages/duckdb_extension_vss/**/*.duckdb_extension", recursive=True)
    db.execute(f"LOAD {literal(package[0])}")
    db.execute("SET hnsw_enable_experimental_persistence = true")
    db.execute("ATTACH 'hnsw.duckdb' AS h")
    db.execute("USE h")
    db.execute("CREATE TABLE passages (id INTEGER PRIMARY KEY, embedding FLOAT[8], other FLOAT[8])")
    wave = "list_transform(range(8), lambda k: {}(i * (k + 1) * 0.37)::FLOAT)::FLOAT[8]"
    db.execute(f"INSERT INTO passages SELECT i, {wave.format('sin')}, {wave.format('cos')} FROM range(300) t(i)")
    db.execute("CREATE INDEX passages_embedding_hnsw ON passages USING HNSW (embedding) WITH (metric = 'cosine', M = 12)")
    db.execute("CHECKPOINT h")


def fresh(name):
    if os.path.exists(name):
        os.remove(name)


if sys.argv[1] == "hnsw":
    fresh("hnsw.duckdb")
    hnsw()
else:
    fresh("passages.duckdb")
    fresh("zoned.duckdb")
    passages(sys.argv[1])
    zoned()
