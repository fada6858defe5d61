"""An environment of a peer's own, and what it finds there: a copy of the dbt project and a warehouse that shows the landing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from onefunnel.config import load_config
from onefunnel.landing.register import register_landing
from onefunnel.project import project_root
from onefunnel.publish.warehouse import before_build
from onefunnel.settings import load_settings

DBT_PROJECT = ("models", "seeds", "dbt_project", "dbt_project.yml", "profiles.yml")


@dataclass(frozen=True)
class Environment:
    """A virtual environment with exactly what the requirements pin."""

    folder: Path
    requirements: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    def make(self) -> None:
        """Install from the package index that pip is configured for. Raises RuntimeError with what pip said."""
        subprocess.run([sys.executable, "-m", "venv", str(self.folder)], check=True)
        pip = [str(self.bin / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*pip, "--requirement", str(self.requirements)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"pip install --requirement {self.requirements.name} failed:\n{done.stderr[-3000:]}")

    def version(self, package: str) -> str:
        """As the requirements pin it."""
        return re.search(rf"^{package}==(\S+)$", self.requirements.read_text(encoding="utf-8"), re.MULTILINE)[1]


@dataclass(frozen=True)
class Workplace:
    """What a peer works on, in a folder of its own. manifest: that of the build it is compared with."""

    folder: Path
    manifest: Path

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    def prepare(self, sources: Path, home: Path, as_of: date) -> None:
        """Show the landing of `home` in a new warehouse, as `onefunnel build` does before it starts dbt: it could do so in this folder."""
        self.folder.mkdir(parents=True)
        (self.folder / "landing").symlink_to(home / "landing")
        shutil.copy(sources, self.folder / "sources.yml")
        register_landing(self.warehouse, load_config(sources), load_settings(home=home), as_of)
        before_build(load_settings(home=self.folder), as_of)
        for name in DBT_PROJECT:
            source, copied = project_root() / name, self.project / name
            copied.parent.mkdir(exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, copied)
            else:
                shutil.copyfile(source, copied)

    def variables(self) -> dict[str, str]:
        """What profiles.yml asks for, with the threads and memory of the build; nothing calls home."""
        settings = load_settings(home=self.folder)
        return {
            "ONEFUNNEL_HOME": str(self.folder),
            "ONEFUNNEL_THREADS": str(settings.threads),
            "ONEFUNNEL_MEMORY_LIMIT": settings.memory_limit,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DO_NOT_TRACK": "1",
            "PYTHONUTF8": "1",
        }
