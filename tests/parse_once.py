"""One parse of the dbt project for all homes of a test run: a new home would parse for 5 s what the first has parsed already.

dbt takes the state of another home only under the same connection, and the connection names the home; so its digest is exchanged.
"""

from __future__ import annotations

import hashlib
import json
import os
import pprint
import shutil
import subprocess
from pathlib import Path

import yaml
from jinja2 import Environment
from nights import ROOT

from onefunnel.dbt import PROGRAM, child_environment
from onefunnel.settings import HomePaths, Settings

STATE, TEMPLATES = "partial_parse.msgpack", "templates.marshal"


def parse_project(home: Path) -> None:
    """Let dbt parse the project for a home and leave its state there."""
    settings = Settings(home=home)
    for folder in (settings.paths.target, settings.paths.logs):
        folder.mkdir(parents=True, exist_ok=True)
    environment = child_environment(settings)
    done = subprocess.run(PROGRAM, input=json.dumps(["parse"]), cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def hand_on_parse(parsed: Path, home: Path) -> None:
    """Give a home that was never built the state of the one that was parsed."""
    state = HomePaths(home.resolve()).target / STATE
    if state.exists():
        return
    before, after = (_connection_digest(one).encode() for one in (parsed, home))
    content = (HomePaths(parsed.resolve()).target / STATE).read_bytes()
    assert before in content, "dbt digests a connection in another way than this file: every night of the tests would parse anew"
    state.parent.mkdir(parents=True, exist_ok=True)
    state.write_bytes(content.replace(before, after))
    hand_on_templates(home, parsed)


def hand_on_templates(to: Path, of: Path) -> None:
    """What Jinja compiled in a night is there for the nights of other homes."""
    kept, new = (HomePaths(one.resolve()).target / TEMPLATES for one in (to, of))
    if new.exists() and (not kept.exists() or new.stat().st_size > kept.stat().st_size):
        copy = kept.with_suffix(f".{os.getpid()}")
        shutil.copyfile(new, copy)
        copy.replace(kept)


def _connection_digest(home: Path) -> str:
    """What dbt's state check holds of the connection (ManifestLoader.build_manifest_state_check)."""
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

    variables = child_environment(Settings(home=home))
    jinja = Environment(autoescape=False)  # noqa: S701  a file of ours, not a page
    jinja.filters["as_number"] = int
    text = jinja.from_string((ROOT / "profiles.yml").read_text(encoding="utf-8")).render(env_var=variables.get)
    profile = yaml.safe_load(text)["onefunnel"]["outputs"]["prod"]
    credentials = DuckDBCredentials.from_dict({name: value for name, value in profile.items() if name != "threads"})
    return hashlib.sha256(pprint.pformat(sorted(credentials.connection_info())).encode()).hexdigest()
