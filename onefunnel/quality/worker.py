"""Body of the gate process: reads requests as JSON lines, answers with check results as JSON lines, then writes the pages.

Request: gate, path (a DuckDB file, opened read-only), suites (whole), parameters, pages (folder).
Answer: checks, sha256, seconds; or error.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from onefunnel.durable import sha256_of
from onefunnel.quality import engine  # the slow import, paid before the first request arrives
from onefunnel.quality.suites import Expectation, Suite


def suite_from(raw: dict[str, Any]) -> Suite:
    """A suite as it travels between the processes."""
    expectations = tuple(Expectation(**entry) for entry in raw["expectations"])
    parameters = tuple((name, value) for name, value in raw["parameters"])
    return Suite(**{**raw, "expectations": expectations, "parameters": parameters, "of": tuple(raw["of"])})


def answer(request: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """Evaluate one request. An exception here is an answer too: the parent turns it into a failed gate."""
    started = time.perf_counter()
    path = Path(request["path"])
    digest = sha256_of(path)
    checks, reports = engine.evaluate(path, request["gate"], [suite_from(raw) for raw in request["suites"]], request["parameters"])
    return {"checks": [asdict(check) for check in checks], "sha256": digest, "seconds": round(time.perf_counter() - started, 2)}, reports


def main() -> None:
    """Serve until standard input closes. Whatever a library prints goes to standard error, never between the answers."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        reports: list[Any] = []
        try:
            reply, reports = answer(request)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {engine.without_values(str(error))}"}
        answers.write(json.dumps(reply, default=str) + "\n")
        answers.flush()
        if reports and request.get("pages"):
            from onefunnel.quality.pages import write_pages

            write_pages(Path(request["pages"]), request["gate"], reports)


if __name__ == "__main__":
    main()
    # what it imported is not taken apart piece by piece: that takes half a second, in which nothing is left to do
    os._exit(0)
