"""What onefunnel knows of the API of each system: one YAML file each, in the words of dlt's rest_api, from the vendor's documentation.

`client` and `endpoint` are dlt's own. Beside them a resource says which columns land, by which key records are told apart, which columns
are personal, and how a second night reads only what changed. `${name}` stands for an account, a secret, a setting or a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from onefunnel.yaml_text import load_yaml

FOLDER = Path(__file__).parent
# What a reader fills in by itself: where a span begins and ends, the last key that was read, the moment of reading.
TIMES = frozenset({"since", "since_ms", "since_unix", "since_date", "until_date", "now_unix", "after"})
SPAN = frozenset({"after", "last"})
WORD = re.compile(r"\$\{(\w+)\}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Changes(_Strict):
    """How only what changed is read. cursor: the path that says when; find: an endpoint that lists changed records from ${since} on.

    limit: it lists no more than this, by key, so it is asked again for what follows ${after}. read: where ${id} leads to the whole record,
    when the search does not tell all. overlap_minutes: what may have been written late.
    """

    cursor: str
    find: dict[str, Any]
    limit: int | None = Field(None, ge=1)
    read: dict[str, Any] | None = None
    overlap_minutes: int = Field(60, ge=0)


class Resource(_Strict):
    """One resource: its endpoint and what lands of it.

    columns: name and the JMESPath of its value (a list: names that are paths); nothing else lands. limit: as that of Changes.
    passes: parameters of each reading; a night of changes repeats all but the first. merged: path of the ids that a record has absorbed,
    separated by semicolons; each that is listed no more lands as a copy with `merged_into`. window_days: every night reads the last days
    again, and what it says of a day replaces the day; slice_days: so many of them at a time; history_days: the API knows no older ones.
    counts: an endpoint that tells the `total` and the first keys after ${after} up to ${last}, where deletions are told by nobody: what is
    listed no more lands as its last row with `is_deleted`.
    """

    endpoint: dict[str, Any]
    columns: dict[str, str]
    key: tuple[str, ...] = Field(min_length=1)
    required: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    passes: tuple[dict[str, str], ...] = ({},)
    limit: int | None = Field(None, ge=1)
    merged: str | None = None
    changes: Changes | None = None
    window_days: int | None = Field(None, ge=1)
    slice_days: int | None = Field(None, ge=1)
    history_days: int | None = Field(None, ge=1)
    counts: dict[str, Any] | None = None

    @model_validator(mode="before")
    @classmethod
    def _names_are_paths(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("columns"), list):
            return value | {"columns": {name: name for name in value["columns"]}}
        return value

    @model_validator(mode="after")
    def _lands_what_it_names(self) -> Resource:
        if unknown := {*self.required, *self.personal} - set(self.columns):
            raise ValueError(f"{min(unknown)} is no column of it")
        if self.changes and self.window_days:
            raise ValueError("either changes or window_days says what a second night reads")
        if self.counts and (self.personal or "is_deleted" not in self.columns or any(name != path for name, path in self.columns.items())):
            raise ValueError("what is counted lands as it is, with is_deleted and nothing personal")
        return self

    @property
    def is_whole(self) -> bool:
        """Whether every reading is the whole resource."""
        return self.changes is None and self.window_days is None


class Listing(_Strict):
    """Where an account lists its stages or channels, for `onefunnel connect`: groups (pipelines) and the items in each, by JMESPath.

    value: how staging writes one, of ${group} and ${item}; plain: groups whose items stand alone; alone: items that do so in every group.
    """

    field: Literal["stage", "channel"]
    endpoint: dict[str, Any]
    groups: str = ""
    group: str = ""
    items: str
    item: str
    label: str
    value: str = "${item}"
    plain: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()


class Description(_Strict):
    """One system. account: what the account is, when one is needed; secrets and settings (these may be left out): what each is.

    hosts: others that the secrets may be sent to, such as that of OAuth. probe: the smallest request that proves the credentials.
    busy, denied: codes in the body of an error that say "later" and "not with these rights", where the HTTP status does not.
    names_currency: whether its money says in which currency it is; else the source has to. answers: json, or tsv under one line of
    column names. lists: where its stages and channels can be looked up.
    """

    title: str
    account: str | None = None
    secrets: dict[str, str] = Field(min_length=1)
    settings: dict[str, str] = Field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    client: dict[str, Any]
    probe: dict[str, Any]
    answers: Literal["json", "tsv"] = "json"
    names_currency: bool = True
    busy: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    lists: tuple[Listing, ...] = ()
    resources: dict[str, Resource] = Field(min_length=1)

    @model_validator(mode="after")
    def _knows_its_words(self) -> Description:
        known = {"account", *self.secrets, *self.settings}
        for name, resource in self.resources.items():
            changes = resource.changes
            asked = [
                (resource.endpoint, TIMES),
                (changes and changes.find, TIMES),
                (changes and changes.read, {"id"}),
                (resource.counts, SPAN),
            ]
            for endpoint, further in asked:
                _check_words(endpoint, known | further, f"resources.{name}")
        for key in ("client", "probe"):
            _check_words(getattr(self, key), known, key)
        for listing in self.lists:
            _check_words(listing.endpoint, known, "lists")
            _check_words(listing.value, {"group", "item"}, "lists")
        return self


def described_systems() -> list[str]:
    """The systems that a source can be read from with `connector: api`."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


@cache
def description_of(system: str) -> Description:
    """The description of a system. Raises ValueError listing those there are, or naming file and key of what is wrong."""
    if system not in described_systems():
        raise ValueError(f"the API of {system} is not described; connector: api reads {', '.join(described_systems())}")
    return read_description(FOLDER / f"{system}.yml")


def read_description(path: Path) -> Description:
    """A description from its file. Raises ValueError naming file and key."""
    try:
        return Description.model_validate(load_yaml(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name}: not YAML: {getattr(error, 'problem', None) or error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{path.name}: {'.'.join(map(str, first['loc'])) or 'words'}: {first['msg']}") from None


def filled(value: Any, words: dict[str, str]) -> Any:
    """The value with each ${word} of its texts filled in; any other $ stays. Raises KeyError for a word that nobody knows."""
    if isinstance(value, str):
        return WORD.sub(lambda found: words[found[1]], value)
    if isinstance(value, dict):
        return {name: filled(each, words) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, words) for each in value]
    return value


def _check_words(value: Any, known: set[str] | frozenset[str], key: str) -> None:
    unknown = {word for text in _texts(value) for word in WORD.findall(text)} - known
    if unknown:
        raise ValueError(f"{key}: nobody fills in ${{{min(unknown)}}}")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
