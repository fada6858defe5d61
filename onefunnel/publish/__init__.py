"""Publication: build a candidate, prove it, and flip BI to it in one atomic step."""
