"""Writes what Superset imports from spec.yml: a database, datasets with described columns and metrics, charts, dashboards.

Names decide the ids, so that importing again updates what is there.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import duckdb
import yaml

FOLDER = Path(__file__).resolve().parent
VIZ = {"line": "echarts_timeseries_line", "bar": "echarts_timeseries_bar", "stack": "echarts_timeseries_bar", "table": "table"}
GENERIC = {"DATE": ("DATE", 2), "TIMESTAMP": ("TIMESTAMP", 2), "BOOLEAN": ("BOOLEAN", 3), "VARCHAR": ("VARCHAR", 1)}
ROWS = 1000


def uid(kind: str, name: str) -> str:
    """The same for the same name, always."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://github.com/onefunnel/{kind}/{name}"))


def write_bundle(target: Path, published: Path, uri: str, spec: Path = FOLDER / "spec.yml") -> dict[str, Any]:
    """Fill a folder for load.py. published: the DuckDB file, whose columns and comments describe the datasets;
    uri: what Superset connects to. Returns the spec."""
    said: dict[str, Any] = yaml.safe_load(spec.read_text(encoding="utf-8"))
    _save(target / "metadata.yaml", {"version": "1.0.0", "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"})
    _save(
        target / "databases/onefunnel.yaml",
        {
            **{"version": "1.0.0", "database_name": "onefunnel", "uuid": uid("database", "onefunnel"), "sqlalchemy_uri": uri},
            **{
                "expose_in_sqllab": True,
                "allow_ctas": False,
                "allow_cvas": False,
                "allow_dml": False,
                "allow_file_upload": False,
                "extra": {},
            },
        },
    )
    with duckdb.connect(str(published), read_only=True) as db:
        for name, dataset in said["datasets"].items():
            _save(target / f"datasets/onefunnel/{name}.yaml", _dataset(db, name, dataset))
    for name, chart in said["charts"].items():
        _save(target / f"charts/{name}.yaml", _chart(name, chart, said["datasets"][chart["dataset"]]))
    for name, dashboard in said["dashboards"].items():
        _save(target / f"dashboards/{name}.yaml", _dashboard(name, dashboard, said["charts"]))
    return said


def _save(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _dataset(db: duckdb.DuckDBPyConnection, name: str, said: dict[str, Any]) -> dict[str, Any]:
    comments: dict[str, str] = {}
    for relation in reversed(said["reads"]):
        comments |= dict(
            db.execute(
                "select column_name, comment from duckdb_columns() where schema_name || '.' || table_name = ? and comment is not null",
                [relation],
            ).fetchall()
        )
    columns = []
    for column, kind, *_ in db.execute(f"describe ({said['sql']})").fetchall():
        generic, number = GENERIC.get(kind, ("NUMERIC", 0))
        columns.append(
            {
                **{"column_name": column, "description": comments.get(column) or _label(column), "is_dttm": number == 2, "is_active": True},
                **{"type": generic, "groupby": True, "filterable": True},
            }
        )
    metrics = []
    for metric, given in said["metrics"].items():
        metrics.append({"metric_name": metric, "expression": given["sql"], "description": given["description"]})
    return {
        **{"version": "1.0.0", "uuid": uid("dataset", name), "table_name": name, "database_uuid": uid("database", "onefunnel")},
        **{"main_dttm_col": said["time"], "description": said["description"], "sql": said["sql"], "schema": "marts"},
        **{"columns": columns, "metrics": metrics, "extra": None, "params": None},
    }


def _label(column: str) -> str:
    """Of a column that a dataset adds to those of the marts."""
    language = {"_en": "Label in English.", "_ru": "Label in Russian."}
    return language.get(column[-3:], "Whether it is the last whole month." if column == "is_last_month" else "")


def _filters(said: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [(column, "==", value) for column, value in said.get("where", {}).items()] + [
        (column, "!=", value) for column, value in said.get("except", {}).items()
    ]


def _chart(name: str, said: dict[str, Any], dataset: dict[str, Any]) -> dict[str, Any]:
    over_time = said["kind"] != "table"
    time = dataset["time"]
    axis = {"timeGrain": "P1M", "columnType": "BASE_AXIS", "sqlExpression": time, "label": time, "expressionType": "SQL"}
    filters = _filters(said)
    params: dict[str, Any] = {
        **{"viz_type": VIZ[said["kind"]], "metrics": said["metrics"], "groupby": said["by"], "row_limit": ROWS},
        "adhoc_filters": [
            {"clause": "WHERE", "expressionType": "SIMPLE", "subject": column, "operator": operator, "comparator": value}
            for column, operator, value in filters
        ],
    }
    order = said.get("ascending") or said.get("descending") or said["metrics"][0]
    if over_time:
        params |= {"x_axis": time, "time_grain_sqla": "P1M", "stack": "Stack" if said["kind"] == "stack" else None}
    else:
        params |= {"query_mode": "aggregate", "all_columns": [], "timeseries_limit_metric": order, "order_desc": "ascending" not in said}
    query = {
        **{
            "columns": [*([axis] if over_time else []), *said["by"]],
            "metrics": said["metrics"],
            "row_limit": ROWS,
            "orderby": [] if over_time else [[order, "ascending" in said]],
        },
        **{"filters": [{"col": column, "op": operator, "val": value} for column, operator, value in filters], "extras": {}},
    }
    context = {"datasource": {"id": 0, "type": "table"}, "force": False, "queries": [query], "form_data": params}
    return {
        **{"version": "1.0.0", "uuid": uid("chart", name), "slice_name": said["title"], "viz_type": params["viz_type"], "params": params},
        **{"query_context": json.dumps({**context, "result_format": "json", "result_type": "full"}), "cache_timeout": 0},
        "dataset_uuid": uid("dataset", said["dataset"]),
    }


def _dashboard(name: str, said: dict[str, Any], charts: dict[str, Any]) -> dict[str, Any]:
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": said["title"]}},
    }
    for number, row in enumerate(said["rows"]):
        line = f"ROW-{number}"
        position["GRID_ID"]["children"].append(line)
        cells = [f"CHART-{chart}" for chart in row]
        background = {"background": "BACKGROUND_TRANSPARENT"}
        position[line] = {"type": "ROW", "id": line, "children": cells, "parents": ["ROOT_ID", "GRID_ID"], "meta": background}
        for cell, chart in zip(cells, row, strict=True):
            meta = {"uuid": uid("chart", chart), "chartId": 0, "width": 12 // len(row), "height": 50, "sliceName": charts[chart]["title"]}
            position[cell] = {"type": "CHART", "id": cell, "children": [], "parents": ["ROOT_ID", "GRID_ID", line], "meta": meta}
    return {
        **{"version": "1.0.0", "uuid": uid("dashboard", name), "dashboard_title": said["title"], "slug": name.replace("_", "-")},
        **{"description": None, "css": "", "position": position, "metadata": {}, "published": True},
    }
