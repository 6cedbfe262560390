-- Foreign tables need their columns: a planner cannot ask a file for them.
CREATE EVENT TRIGGER migrator_foreign_tables ON ddl_command_end WHEN TAG IN ('CREATE FOREIGN TABLE')
    EXECUTE FUNCTION migrator.check_foreign_table();
COMMENT ON EVENT TRIGGER migrator_foreign_tables IS 'Refuses foreign tables of migrator without columns, and tells which ones they need.';
COMMENT ON FUNCTION migrator.check_foreign_table() IS 'Refuses a foreign table of migrator without columns: a part of migrator_foreign_tables.';
COMMENT ON FUNCTION read_table(text, text, text[], text) IS 'Reads a table or view of a source without loading it, under a column definition list.';
COMMENT ON FUNCTION read_query(text, text) IS 'Reads the rows of a query in DuckDB''s SQL, under a column definition list.';
COMMENT ON FUNCTION read_describe(text, text) IS 'Prints the column definition list that fits a table or a query.';
