"""`onefunnel connect`: a block of sources.yml for a system whose API is described, its credentials proven first. No secret is written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from onefunnel.config import load_config
from onefunnel.errors import ConfigError
from onefunnel.extract.api import Connection
from onefunnel.sources import ApiSource
from onefunnel.systems import Description, described_systems, description_of, filled
from onefunnel.vocabulary import Word, read_vocabulary
from onefunnel.yaml_text import LOADER

# ask(what, is_secret): the answer of a person; it raises where nobody can be asked.
Ask = Callable[[str, bool], str]
TEST_SECONDS = 60.0


@dataclass(frozen=True)
class Wish:
    """What the command line says. secrets: variables by the name of the secret; what is missing is asked for."""

    system: str
    name: str | None = None
    account: str | None = None
    base_url: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


def described(system: str) -> Description:
    """The description of a system. Raises ConfigError listing those there are."""
    if system not in described_systems():
        raise ConfigError(f"the API of {system} is not described", where="connect", hint=f"one of: {', '.join(described_systems())}")
    return description_of(system)


def complete(wish: Wish, ask: Ask) -> tuple[dict[str, Any], dict[str, str]]:
    """(the block of sources.yml, values of variables that are not set yet). Raises ConfigError for what is wrong or cannot be asked."""
    description = described(wish.system)
    name = wish.name or wish.system
    block: dict[str, Any] = {"name": name, "system": wish.system, "connector": "api"}
    if description.account:
        block["account"] = wish.account or ask(f"account ({description.account})", False)
    optional = {"settings": dict(wish.settings), "base_url": wish.base_url}
    block |= {key: value for key, value in optional.items() if value}
    block["secrets"] = {each: f"{name}_{each}".upper() for each in description.secrets} | dict(wish.secrets)
    try:
        ApiSource.model_validate(block)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{key}: {first['msg']}".lstrip(": "), where="connect", hint=f"see docs/systems/{wish.system}.md") from None
    unset = {each: variable for each, variable in block["secrets"].items() if not os.environ.get(variable)}
    return block, {variable: ask(f"{variable} ({description.secrets[each]})", True) for each, variable in unset.items()}


def prove(block: dict[str, Any], values: Mapping[str, str]) -> None:
    """One small request with these credentials. Raises what the connector raises."""
    with _connected(block, values) as connection:
        connection.ask(filled(connection.description.probe, connection.words))


def look_up(block: dict[str, Any], values: Mapping[str, str], sources: Path) -> list[Word]:
    """The stages and channels of the account, by one small request, compared with the seeds and the words of this list of sources.

    Empty where the system lists none. Raises what the connector raises.
    """
    own = load_config(sources).own_words if sources.exists() else {}
    with _connected(block, values) as connection:
        return read_vocabulary(block["system"], connection.description.lists, connection.ask, connection.words, own)


@contextmanager
def _connected(block: dict[str, Any], values: Mapping[str, str]) -> Iterator[Connection]:
    source = ApiSource.model_validate(block | {"deadline_seconds": TEST_SECONDS, "attempts": 2})
    with _set(values):
        yield Connection(source, "connect", f"source {source.name}")


def add_block(path: Path, block: dict[str, Any]) -> str:
    """Write the block behind the last source of the file, and nothing else anew; returns its text.

    Raises ConfigError when the file is wrong, holds a source of that name, or writes its sources in one line.
    """
    path = path.resolve()
    text = path.read_text(encoding="utf-8-sig") if path.exists() else "version: 1\nsources:\n"
    written, whole = _insert(text, block, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    trial = path.with_name(f".{path.name}.new")
    try:
        trial.write_text(whole, encoding="utf-8")
        load_config(trial)
        if path.exists():
            shutil.copymode(path, trial)
        trial.replace(path)
    except ConfigError as error:
        raise ConfigError(error.message, where=error.where.replace(str(trial), str(path)), hint=error.hint) from None
    finally:
        trial.unlink(missing_ok=True)
    return written


def _insert(text: str, block: dict[str, Any], path: Path) -> tuple[str, str]:
    """(the text of the block, the whole text with it), indented as the sources before it are."""
    listed = _sources_node(text, path)
    indent = listed.start_mark.column if listed else 2
    dumped = yaml.safe_dump(block, sort_keys=False, allow_unicode=True, width=1000)
    lines = [f"{' ' * indent}{'- ' if number == 0 else '  '}{line}" for number, line in enumerate(dumped.splitlines())]
    before = text.splitlines()
    last = _last_line(listed) if listed else next(number for number, line in enumerate(before, 1) if line.startswith("sources:"))
    return "\n".join(lines), "\n".join([*before[:last], *lines, *before[last:]]) + "\n"


def _sources_node(text: str, path: Path) -> yaml.SequenceNode | None:
    """The list of sources; None where it is empty."""
    try:
        root = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError:
        raise ConfigError("the list of sources is not YAML", where=str(path), hint="mend it first: onefunnel doctor") from None
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    found = next((value for key, value in pairs if key.value == "sources"), None)
    if found is None or (isinstance(found, yaml.SequenceNode) and found.flow_style):
        what = "the sources are written in one line" if found is not None else "the file has no `sources:`"
        raise ConfigError(what, where=str(path), hint="write `sources:` as a list of lines that begin with a dash")
    return found if isinstance(found, yaml.SequenceNode) else None


def _last_line(node: yaml.Node) -> int:
    """The number of the last line on which something of the node stands; the end mark of a block is behind blank lines and comments."""
    if isinstance(node, yaml.ScalarNode) or getattr(node, "flow_style", False) or not node.value:
        return node.end_mark.line + (0 if node.end_mark.column == 0 else 1)
    last = node.value[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last)


@contextmanager
def _set(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
