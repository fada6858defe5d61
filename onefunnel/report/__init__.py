"""The page managers open: one published version as one self-contained file, with its tables as CSV beside it."""

from onefunnel.report.page import write_report

__all__ = ["write_report"]
