"""The services of docker-compose.yml without Docker: their commands and environment as written, their mounts as folders of a test."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from nights import ROOT

VARIABLE = re.compile(r"\$\$|\$\{(?P<name>[A-Z_]+)(?:(?P<rule>:-|:\?)(?P<text>[^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """A service as it would start: the command, and the whole environment of its process."""

    command: list[str]
    environment: dict[str, str]


@dataclass(frozen=True)
class Compose:
    """docker-compose.yml, filled in from `dot_env`. moved: text of a container (a path, an address) -> what stands for it here."""

    dot_env: Mapping[str, str]
    moved: Mapping[str, str]

    def service(self, name: str, **instead: str) -> Service:
        """A service of the project's image; `instead` is what only a container of its own could have, such as a port."""
        written = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"][name]
        environment = _of_the_image() | {key: self._filled(value) for key, value in written["environment"].items()}
        mounted = {container: host for host, container in (self._filled(volume).split(":")[:2] for volume in written["volumes"])}
        here = {key: self._here(value, mounted) for key, value in environment.items()}
        home = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
        command = [self._here(self._filled(part), mounted) for part in written["command"]]
        return Service(command, home | here | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])} | instead)

    def _filled(self, value: Any) -> str:
        """The text with each variable filled in, as Compose does it; a secret that is missing is an error there, too."""

        def one(found: re.Match[str]) -> str:
            if found[0] == "$$":
                return "$"
            given = self.dot_env.get(found["name"], "")
            assert given or found["rule"] != ":?", found["text"]
            return given or (found["text"] if found["rule"] == ":-" else "")

        return VARIABLE.sub(one, str(value))

    def _here(self, text: str, mounted: Mapping[str, str]) -> str:
        """Paths of the container become those of this machine: a mounted folder of the host itself, a volume what stands for it."""
        bound = {container: host for container, host in mounted.items() if host.startswith("/")}
        for container, here in sorted({**self.moved, **bound}.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(container, here)
        return text


def _of_the_image() -> dict[str, str]:
    """ENV of the Dockerfile's last stage."""
    stage = (ROOT / "Dockerfile").read_text(encoding="utf-8").split("FROM ")[-1].replace("\\\n", " ")
    lines = [line.removeprefix("ENV ") for line in stage.splitlines() if line.startswith("ENV ")]
    return dict(pair.split("=", 1) for line in lines for pair in line.split())
