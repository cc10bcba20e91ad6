"""Writing what was composed to files. Needs PyAV (``pip install av``)."""
