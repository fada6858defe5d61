"""Where Spark is: the Python of the environment that holds dbt-spark and pyspark, and Java."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import onefunnel
from onefunnel.errors import ConfigError
from onefunnel.project import project_root

if TYPE_CHECKING:
    from onefunnel.settings import Settings

HOW = "python3 -m venv .venv-spark && .venv-spark/bin/pip install --requirement onefunnel/spark/requirements.txt (docs/scale.md)"
PROGRAM = ("-m", "onefunnel.spark.process")


def spark_environment(settings: Settings) -> dict[str, str]:
    """What a child needs beside dbt's own environment to build on Spark. Raises ConfigError when Python or Java of it is missing."""
    # not resolved: the link's own folder is what makes it the environment's Python
    python = (settings.spark_python or project_root() / ".venv-spark" / "bin" / "python").expanduser().absolute()
    if not os.access(python, os.X_OK):
        raise ConfigError("ONEFUNNEL_ENGINE is spark, and there is no environment for it", where=str(python), hint=HOW)
    if not has_java():
        raise ConfigError("ONEFUNNEL_ENGINE is spark, and there is no java", hint="install Java 17 or 21, or set JAVA_HOME")
    package = str(Path(onefunnel.__file__).resolve().parent.parent)
    return {
        "ONEFUNNEL_ENGINE": "spark",
        "ONEFUNNEL_SPARK_PYTHON": str(python),
        "DBT_TARGET": "spark",
        "PYSPARK_PYTHON": str(python),
        "PYTHONPATH": os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH")))),
    }


def has_java() -> bool:
    """Whether Spark will find a Java as it looks for one."""
    home = os.environ.get("JAVA_HOME")
    return (Path(home) / "bin" / "java").exists() if home else shutil.which("java") is not None
