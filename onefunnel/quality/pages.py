"""Great Expectations' own Data Docs pages of one gate, under quality/<run_id>/pages/: counts only, and nothing loaded from the network."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from great_expectations.render.renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView

from onefunnel.durable import write_whole
from onefunnel.quality.suites import Suite

STYLE = """<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;padding:.35rem .5rem;text-align:left;vertical-align:top}
.fail{color:#b3261e}.pass{color:#1b6e3c}.modal,.navbar,.sticky-top,script,form{display:none}</style>"""
# The pages must open without a network and tell nobody that they were opened.
EXTERNAL = re.compile(
    r"url\(['\"]?https?://[^)]*\)|<script\b[^>]*>.*?</script>|<link\b[^>]*>|<img\b[^>]*>|<a\b[^>]*href=\"https?://[^\"]*\"[^>]*>.*?</a>|<iframe\b.*?</iframe>",
    re.DOTALL,
)


def write_pages(folder: Path, gate: str, reports: list[tuple[Suite, Any]]) -> Path:
    """One page per relation and an index of the gate. Returns the index."""
    # one view for all: it keeps the templates it has compiled
    renderer, view, lines = ValidationResultsPageRenderer(run_info_at_end=True), DefaultJinjaPageView(), []
    for suite, report in reports:
        name = f"{gate}-{re.sub(r'[^A-Za-z0-9_.-]', '_', suite.relation)}.html"
        report.meta.setdefault("run_id", None)
        write_whole(folder / name, offline(view.render(renderer.render(report))))
        met = sum(1 for answer in report.results if answer.success)
        outcome = "pass" if report.success else "fail"
        lines.append(
            f'<tr><td><a href="{html.escape(name)}">{html.escape(suite.relation)}</a></td>'
            f'<td class="{outcome}">{met} of {len(report.results)}</td></tr>'
        )
    index = folder / f"{gate}.html"
    title = f"Gate on {html.escape(gate)}"
    table = f"<table><tr><th>Relation</th><th>Expectations met</th></tr>{''.join(lines)}</table>"
    write_whole(
        index, f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>{STYLE}<h1>{title}</h1>{table}</html>\n'
    )
    return index


def offline(page: str) -> str:
    """A rendered page without scripts, remote styles, images and outgoing links, in a plain style of its own."""
    return EXTERNAL.sub("", page).replace("</head>", f"{STYLE}</head>", 1)
