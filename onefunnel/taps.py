"""Singer taps of a home: each a package in an environment of its own under `<home>/taps`, installed by its user and started as a process.

None is shipped, imported or vendored: their licences and their dependencies stay theirs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from onefunnel.durable import write_whole
from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.settings import Settings, secret_variables

NOTE = "tap.json"
REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[\w,.-]+\])?\s*([=<>!~].*|@\s*\S+)?$")
INSTALL_SECONDS = 900
# Asks the environment itself which commands a distribution brings, and in which version it is.
ASK = (
    "import importlib.metadata as m, json, sys; d = m.distribution(sys.argv[1]); "
    "print(json.dumps([d.version, [e.name for e in d.entry_points if e.group == 'console_scripts']]))"
)


@dataclass(frozen=True)
class Tap:
    """An installed tap. name: what sources.yml calls it; requirement: what was asked for; version: what came; command: its executable."""

    name: str
    requirement: str
    version: str
    command: str

    def executable(self, settings: Settings) -> Path:
        """The program to start."""
        return folder_of(settings, self.name) / "bin" / self.command


def folder_of(settings: Settings, name: str) -> Path:
    """Where the environment of a tap is."""
    return settings.paths.home / "taps" / name


def add_tap(settings: Settings, requirement: str, command: str | None = None) -> Tap:
    """Install a tap, replacing one of its name once the new one stands. command: its executable, where the package brings several.

    Raises ConfigError (no such requirement or command) or OnefunnelError (pip failed).
    """
    found = REQUIREMENT.match(requirement.strip())
    if not found:
        raise ConfigError(f"not a package: {requirement}", where="tap add", hint='write it as "tap-pipedrive==1.2.0"')
    name = re.sub(r"[-_.]+", "-", found["name"]).lower()
    target = folder_of(settings, name)
    new = target.with_name(f".new-{name}")
    shutil.rmtree(new, ignore_errors=True)
    try:
        # its scripts name their interpreter by its place, so that it is made there
        shutil.move(target, new) if target.exists() else None
        tap = _install(settings, name, requirement.strip(), command)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(new, target) if new.exists() else None
        raise
    shutil.rmtree(new, ignore_errors=True)
    return tap


def list_taps(settings: Settings) -> list[Tap]:
    """Those that are installed, by name."""
    return [_read(path) for path in sorted((settings.paths.home / "taps").glob(f"[!.]*/{NOTE}"))]


def find_tap(settings: Settings, name: str, where: str) -> Tap:
    """The tap of that name. Raises ConfigError saying how to install it."""
    path = folder_of(settings, name) / NOTE
    if not path.exists():
        known = ", ".join(tap.name for tap in list_taps(settings)) or "none"
        hint = f'onefunnel tap add "{name}==<version>" --home {settings.paths.home}; installed: {known}'
        raise ConfigError(f"the tap {name} is not installed", where=where, hint=hint)
    return _read(path)


def remove_tap(settings: Settings, name: str) -> None:
    """Remove the environment of a tap; what it landed stays. Raises ConfigError when there is none."""
    find_tap(settings, name, "tap remove")
    shutil.rmtree(folder_of(settings, name))


def child_environment(secret_names: set[str] | frozenset[str] = frozenset()) -> dict[str, str]:
    """The environment of a tap or its installation: without any secret of ours, nor what would change its Python."""
    hidden = secret_variables(secret_names) | {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTHONSTARTUP"}
    return {name: value for name, value in os.environ.items() if name not in hidden} | {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


def _install(settings: Settings, name: str, requirement: str, command: str | None) -> Tap:
    target = folder_of(settings, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    # isolated: a pip.py in the folder where somebody stands is not pip
    python = [str(target / "bin" / "python"), "-I"]
    _run([sys.executable, "-I", "-m", "venv", str(target)], name)
    _run([*python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement], name)
    version, commands = json.loads(_run([*python, "-c", ASK, name], name))
    chosen = command or (name if name in commands else commands[0] if len(commands) == 1 else None)
    if chosen is None or chosen not in commands:
        which = f"it brings {', '.join(commands)}" if commands else "it brings no command"
        raise ConfigError(f"no command of {name} is called {chosen or name}", where="tap add", hint=f"{which}; name it with --command")
    tap = Tap(name, requirement, version, chosen)
    write_whole(target / NOTE, json.dumps(asdict(tap), indent=1) + "\n")
    return tap


def _run(command: list[str], name: str) -> str:
    try:
        done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise OnefunnelError("the installation did not end", where=f"tap {name}", hint="is the package index within reach?") from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        # an address of an index may hold a password
        said = re.sub(r"://[^/\s@]+@", "://***@", said)[:300]
        raise OnefunnelError(f"cannot be installed: {said}", where=f"tap {name}", hint="try another version; the tap before it stays")
    return done.stdout


def _read(path: Path) -> Tap:
    try:
        return Tap(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise ConfigError("the note of a tap is damaged", where=str(path), hint="onefunnel tap add it again") from None
