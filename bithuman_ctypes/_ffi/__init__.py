"""The binding to the C library: its tables (generated), finding it, loading it, checking it."""
