"""Times migrator against COPY, DuckDB's postgres extension and the disk; see bench/run."""
