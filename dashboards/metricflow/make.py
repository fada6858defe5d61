"""The KPIs as dbt metrics, for MetricFlow and what reads it (docs/bi.md). Run with the Python of its environment.

Writes a dbt project that builds nothing: its models are names for tables that a night has published, and its metrics come from
facts.dim_kpi, an agency's own among them. Sums and ratios of sums are metrics; a median cannot be put together from months and channels.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import yaml

# models of the project, by the schema in which a night publishes them
PUBLISHED = {"mart_kpi_monthly": "marts", "dim_channel": "facts", "dim_date": "facts"}
PROJECT = {
    "name": "onefunnel_metrics",
    "profile": "onefunnel_metrics",
    "model-paths": ["models"],
    "macro-paths": ["macros"],
    "flags": {"send_anonymous_usage_stats": False},
}
# the schema as it is, not behind one of dbt's own
SCHEMA_MACRO = "{% macro generate_schema_name(name, node) -%} {{ name }} {%- endmacro %}\n"
CHANNELS = "{{ Entity('channel') }} <> 'all'"
MODEL = "{{{{ config(database='published', schema='{schema}', materialized='table') }}}}\n-- a night has published it\nselect 1\n"


def read_kpis(published: Path) -> list[dict[str, Any]]:
    """Key, labels, formula and statistic of each KPI that is a sum or a ratio of sums, in their order."""
    with duckdb.connect(str(published), read_only=True) as db:
        found = db.execute(
            "select kpi_key, label_en, label_ru, formula, statistic from facts.dim_kpi "
            "where statistic in ('sum', 'ratio') order by display_order"
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def metrics(kpis: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The metrics of MetricFlow: a sum is one, a ratio is one over two that are only parts. Of channels alone: `all` is their sum."""
    found: list[dict[str, Any]] = []
    for kpi in kpis:
        key, said = kpi["kpi_key"], {"label": kpi["label_en"], "description": f"{kpi['formula']} ({kpi['label_ru']})"}
        if kpi["statistic"] == "sum":
            found.append({"name": key, "type": "simple", **said, "filter": CHANNELS, "type_params": {"measure": f"{key}_numerator"}})
            continue
        parts = {part: f"{key}_{part}" for part in ("numerator", "denominator")}
        for part, name in parts.items():
            label = {"label": f"{kpi['label_en']}: {part}", "description": f"The {part} of {key}."}
            found.append({"name": name, "type": "simple", **label, "filter": CHANNELS, "type_params": {"measure": name}})
        found.append({"name": key, "type": "ratio", **said, "type_params": parts})
    return found


def measures(kpis: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is summed: the columns of a KPI."""
    return [
        {
            "name": f"{kpi['kpi_key']}_{part}",
            "agg": "sum",
            "expr": f"case when kpi = '{kpi['kpi_key']}' then {part} end",
        }
        for kpi in kpis
        for part in (("numerator",) if kpi["statistic"] == "sum" else ("numerator", "denominator"))
    ]


def semantic_layer(kpis: list[dict[str, Any]]) -> dict[str, Any]:
    """semantic_models, metrics and the days they lie on, as dbt reads them."""
    month = {"name": "kpi_month", "type": "time", "expr": "month", "type_params": {"time_granularity": "month"}}
    channel = [{"name": name, "type": "categorical"} for name in ("label_en", "label_ru", "channel_group")]
    return {
        "version": 2,
        "models": [
            {
                "name": "dim_date",
                "time_spine": {"standard_granularity_column": "date_day"},
                "columns": [{"name": "date_day", "granularity": "day"}],
            }
        ],
        "semantic_models": [
            {
                "name": "kpi_values",
                "description": "One row per month, KPI and channel.",
                "model": "ref('mart_kpi_monthly')",
                "defaults": {"agg_time_dimension": "kpi_month"},
                "entities": [
                    {"name": "kpi_value", "type": "primary", "expr": "month || kpi || channel_key"},
                    {"name": "channel", "type": "foreign", "expr": "channel_key"},
                ],
                "dimensions": [month],
                "measures": measures(kpis),
            },
            {
                "name": "channels",
                "description": "One row per channel.",
                "model": "ref('dim_channel')",
                "entities": [{"name": "channel", "type": "primary", "expr": "channel_key"}],
                "dimensions": channel,
            },
        ],
        "metrics": metrics(kpis),
    }


def write_project(published: Path, project: Path) -> int:
    """Write the dbt project for a published file. Returns how many KPIs are metrics."""
    kpis = read_kpis(published)
    for folder in ("models", "macros"):
        (project / folder).mkdir(parents=True, exist_ok=True)
    # attached under a name of its own: the file has another after each night
    attached = {"path": str(published), "alias": "published", "read_only": True}
    output = {"type": "duckdb", "path": ":memory:", "attach": [attached], "schema": "main"}
    files = {
        "dbt_project.yml": yaml.safe_dump(PROJECT, sort_keys=False),
        "profiles.yml": yaml.safe_dump({"onefunnel_metrics": {"target": "published", "outputs": {"published": output}}}, sort_keys=False),
        "macros/generate_schema_name.sql": SCHEMA_MACRO,
        "models/metrics.yml": yaml.safe_dump(semantic_layer(kpis), sort_keys=False, allow_unicode=True),
        **{f"models/{name}.sql": MODEL.format(schema=schema) for name, schema in PUBLISHED.items()},
    }
    for name, text in files.items():
        (project / name).write_text(text, encoding="utf-8")
    return len(kpis)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--published", type=Path, required=True, help="the published current.duckdb")
    parser.add_argument("--project", type=Path, required=True, help="where the dbt project is written")
    given = parser.parse_args()
    # not resolved: the link leads to the next version tomorrow
    published, project = given.published.absolute(), given.project.resolve()
    if not published.exists():
        sys.exit(f"error: nothing is published yet\n  where: {published}\n  what to do: run a night first (make demo)")
    count = write_project(published, project)
    programs = Path(sys.executable).parent
    environment = {**os.environ, "DBT_PROJECT_DIR": str(project), "DBT_PROFILES_DIR": str(project), "DO_NOT_TRACK": "1"}
    done = subprocess.run(
        [str(programs / "dbt"), "--quiet", "parse"], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"error: dbt does not read the metrics\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    print(f"{count} KPIs are metrics in {project}. Ask them there, for example:")
    print(f"  cd {project} && {programs / 'mf'} query --metrics cpl,leads --group-by metric_time__month,channel__label_en")


if __name__ == "__main__":
    main()
