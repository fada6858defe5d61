"""Airflow on one machine: its environment, kept under the home, so that no file of the user's is read or written."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from onefunnel.project import project_root

# Nothing of a run calls home: neither Airflow, nor dbt, nor Great Expectations.
QUIET = {
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
}


def airflow_environment(home: Path, sources: Path, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables for an Airflow whose metadata is a SQLite file in `<home>/airflow` and whose DAGs are this project's.

    base: the environment to start from (default: this process's). Settings of another Airflow in it are
    left out; its connections (AIRFLOW_CONN_…) stay, as sources may name them.
    """
    base = os.environ if base is None else base
    inherited = {name: value for name, value in base.items() if not name.startswith(("AIRFLOW__", "AIRFLOW_HOME"))}
    folder = home.resolve() / "airflow"
    return {
        **inherited,
        **QUIET,
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}",
        "AIRFLOW__CORE__DAGS_FOLDER": str(project_root() / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
        "ONEFUNNEL_HOME": str(home.resolve()),
        "ONEFUNNEL_SOURCES": str(sources.resolve()),
        # Airflow starts its parts by name, so this environment's programs come first.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)]),
    }
