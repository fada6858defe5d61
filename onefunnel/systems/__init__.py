"""What onefunnel knows of the API of each system: one YAML file a system, in the words of dlt's rest_api, from the vendor's documentation.

`client` and `endpoint` are dlt's own. Beside them a resource says which columns land, by which key records are told apart, which columns
are personal, and how a second night reads only what changed. `${name}` stands for an account, a secret or a time.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

FOLDER = Path(__file__).parent


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Changes(_Strict):
    """How only what changed is read.

    cursor: the column that says when; find: an endpoint that lists changed records from ${since} on; limit: it lists no more than this in
    one search, so the search starts anew from the last cursor; read: where ${id} leads to the whole record, when the search does not tell
    all; overlap_minutes: what may have been written late.
    """

    cursor: str
    find: dict[str, Any]
    limit: int | None = Field(None, ge=1)
    read: dict[str, Any] | None = None
    overlap_minutes: int = Field(60, ge=0)


class Resource(_Strict):
    """One resource.

    columns: name and the JMESPath of its value (a list: names that are paths); nothing else lands. passes: parameters of each reading.
    merged: where a record names the ids that were merged into it, separated by semicolons; each lands as a record of its own, with
    merged_into. window_days: every night reads the last days again. states_days: what it says of a day replaces the day.
    """

    endpoint: dict[str, Any]
    columns: dict[str, str]
    key: tuple[str, ...] = Field(min_length=1)
    required: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    passes: tuple[dict[str, str], ...] = ({},)
    merged: str | None = None
    changes: Changes | None = None
    window_days: int | None = Field(None, ge=1)
    states_days: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether every reading is the whole resource."""
        return self.changes is None and self.window_days is None


class Description(_Strict):
    """One system. account: what the account is, when one is needed; secrets: their names and what each is; probe: the smallest request that
    proves the credentials; hosts: others that the secrets may be sent to, such as that of OAuth."""

    title: str
    account: str | None = None
    secrets: dict[str, str] = Field(min_length=1)
    hosts: tuple[str, ...] = ()
    client: dict[str, Any]
    probe: dict[str, Any]
    resources: dict[str, Resource] = Field(min_length=1)


def described_systems() -> list[str]:
    """The systems that a source can be read from with `connector: api`."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


@cache
def description_of(system: str) -> Description:
    """The description of a system. Raises ValueError listing those there are, or naming the key that is wrong."""
    path = FOLDER / f"{system}.yml"
    if system not in described_systems():
        raise ValueError(f"the API of {system} is not described; connector: api reads {', '.join(described_systems())}")
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  both are safe
    for resource in content["resources"].values():
        if isinstance(resource["columns"], list):
            resource["columns"] = {name: name for name in resource["columns"]}
    try:
        return Description.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{path.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def filled(value: Any, words: dict[str, str]) -> Any:
    """The value with each ${word} of its texts filled in. Raises KeyError for a word that nobody knows."""
    if isinstance(value, str):
        return Template(value).substitute(words)
    if isinstance(value, dict):
        return {name: filled(each, words) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, words) for each in value]
    return value
