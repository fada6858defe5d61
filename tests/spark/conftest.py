"""Spark for tests: an environment that holds it, or a reason why there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from nights import ROOT

from onefunnel.spark.environment import has_java


@pytest.fixture(scope="session")
def spark_python() -> Path:
    """The Python of an environment with dbt-spark and pyspark; without it or Java the test is skipped."""
    python = Path(os.environ.get("ONEFUNNEL_SPARK_PYTHON") or ROOT / ".venv-spark" / "bin" / "python")
    if not python.exists():
        pytest.skip("no environment of Spark here: docs/scale.md sets one up (650 MB), ONEFUNNEL_SPARK_PYTHON names another")
    if not has_java():
        pytest.skip("no Java here: Spark needs 17 or 21")
    return python
