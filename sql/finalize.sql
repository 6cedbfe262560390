COMMENT ON FUNCTION source_tables(text) IS 'Lists the tables and views of a DuckDB file.';
COMMENT ON FUNCTION source_columns(text, text) IS 'Lists the columns of a DuckDB file''s table, or of all, and what each becomes in PostgreSQL.';
COMMENT ON FUNCTION source_info(text) IS 'Describes a DuckDB file without reading its tables, and the reader''s sandbox on this machine.';
COMMENT ON FUNCTION migrate_table(text, text, text, text, text[], text, jsonb, text, text, bigint, boolean, boolean, jsonb) IS 'Carries a table or view of a DuckDB file into PostgreSQL.';
COMMENT ON FUNCTION migrate_database(text, jsonb, text[], text[], boolean, text, text, bigint, jsonb) IS 'Carries everything that a DuckDB file holds into PostgreSQL.';
COMMENT ON FUNCTION migrate_preview(text, jsonb, text[], text[], boolean, text, text, bigint, jsonb) IS 'Shows what migrate_database() would do, and makes nothing.';
COMMENT ON FUNCTION migrator.scan_rows(anyelement) IS 'Rows of the load that is running in this session: a part of migrate_table().';
