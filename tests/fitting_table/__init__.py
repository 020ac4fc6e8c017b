"""Show which clips each built-in model takes: `python -m tests.fitting_table`."""
