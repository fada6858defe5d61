"""The command line: one module per group of commands, plain functions that main.py registers."""
