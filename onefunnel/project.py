"""Where the dbt project, the expectations and the page template are."""

from __future__ import annotations

import os
from pathlib import Path

from onefunnel.errors import ConfigError


def project_root() -> Path:
    """The folder with dbt_project.yml: ONEFUNNEL_PROJECT_DIR, else the folder above this package. Raises ConfigError when it holds none."""
    root = Path(os.environ.get("ONEFUNNEL_PROJECT_DIR") or Path(__file__).resolve().parent.parent).resolve()
    if not (root / "dbt_project.yml").is_file():
        raise ConfigError(
            "no dbt_project.yml here", where=str(root), hint="set ONEFUNNEL_PROJECT_DIR to the folder of the onefunnel project"
        )
    return root
