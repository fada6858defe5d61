"""Tables that a benchmark writes into a document, between two marks, so that what is said is what was measured."""

from __future__ import annotations

from pathlib import Path

VERDICT = Path(__file__).resolve().parent.parent / "docs" / "verdict.md"


def put_between(name: str, text: str, document: Path = VERDICT) -> None:
    """Replace what stands between `<!-- name:start -->` and `<!-- name:end -->`. Raises ValueError where the marks are not there."""
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    before, rest = document.read_text(encoding="utf-8").split(start)
    _, after = rest.split(end)
    document.write_text(f"{before}{start}\n{text}\n{end}{after}", encoding="utf-8")
