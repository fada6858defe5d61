"""One self-contained HTML file out of a published version: template, style, script, words and data inlined; nothing is ever fetched."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import duckdb

from onefunnel.durable import write_whole
from onefunnel.errors import OnefunnelError
from onefunnel.project import project_root
from onefunnel.report.payload import encode, fitted_payload, read_checks
from onefunnel.report.tables import write_csv_tables

# In this order: later files use what earlier ones define.
SCRIPTS = (
    *("data", "words", "dom", "state", "figure", "charts"),
    *("verdict", "signals", "scorecard", "funnel", "drivers", "channels", "cohorts", "speed", "rejections", "money", "records", "glossary"),
    "main",
)
MAXIMUM_BYTES = 3_000_000


def _hash_source(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _inline(script: str) -> str:
    """A script as it may stand inside <script>. Our own sources hold no closing tag; a vendor file might."""
    return script.replace("</script", "<\\/script")


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except OSError as error:
        raise OnefunnelError(
            "a part of the report page is missing", where=str(folder / name), hint="restore dashboards/ of the project"
        ) from error


def render(payload: str, dashboards: Path) -> str:
    """The page for an encoded payload. The content security policy allows exactly these scripts by hash, and no request at all."""
    vendor = _inline(_read(dashboards, "vendor/echarts.min.js"))
    parts = "\n".join(_read(dashboards / "js", f"{name}.js") for name in SCRIPTS)
    script = _inline(f'(() => {{\n"use strict";\n{parts}\n}})();')
    words = encode(json.loads(_read(dashboards, "i18n.json")))
    policy = (
        f"default-src 'none'; script-src {_hash_source(vendor)} {_hash_source(script)}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    values = {
        "policy": policy,
        "style": _read(dashboards, "style.css"),
        "vendor": vendor,
        "script": script,
        "words": words,
        "data": payload,
    }
    return re.sub(r"\{\{ (\w+) \}\}", lambda match: values[match.group(1)], _read(dashboards, "index.html"))


def write_report(version_path: Path, out_dir: Path) -> Path:
    """Write `index.html` and `csv/` for a published file, opened read-only, into `out_dir`; returns the page's path.

    The page is moved into place last and whole. Raises OnefunnelError when the file is missing or unreadable, the folder cannot be
    written, or the page would exceed 3 MB.
    """
    if not version_path.exists():
        raise OnefunnelError("there is no published version to report on", where=str(version_path), hint="publish one: onefunnel run")
    root = project_root()
    try:
        with duckdb.connect(str(version_path), read_only=True) as db:
            html = render(fitted_payload(db, root / "seeds", read_checks(version_path)), root / "dashboards")
            if len(html.encode()) > MAXIMUM_BYTES:
                raise OnefunnelError(
                    f"the report page would be {len(html.encode()) / 1e6:.1f} MB",
                    where=str(version_path),
                    hint="the limit is 3 MB; see payload.LIMITS",
                )
            write_csv_tables(db, out_dir / "csv")
        write_whole(out_dir / "index.html", html)
    except duckdb.Error as error:
        raise OnefunnelError(
            f"no report can be made of this version: {str(error).splitlines()[0]}", where=str(version_path), hint="onefunnel status"
        ) from error
    except OSError as error:
        raise OnefunnelError(
            f"the report cannot be made: {error.strerror or error}",
            where=str(error.filename or out_dir),
            hint="check the folder, its rights and free space",
        ) from error
    return out_dir / "index.html"
