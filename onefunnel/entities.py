"""What each system can deliver: the columns staging reads, those it cannot do without, and those that hold personal data.

The folder of a system says so itself: models/staging/<system>/<system>.yml in `meta` of its landed tables, or onefunnel/systems of one
that is read by its API. Names are matched without regard to case; columns beyond these are kept in landing and ignored downstream.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from onefunnel.errors import ConfigError
from onefunnel.project import project_root
from onefunnel.systems import described_systems, description_of
from onefunnel.yaml_text import load_yaml


class Entity(BaseModel):
    """columns: the contract, in order; required: absence refuses the load; personal: hashed on the way in, wherever they occur.

    picked: columns that a tap tells nested, each by the JMESPath of its value in the record.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: tuple[str, ...] = Field(min_length=1)
    required: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    picked: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_what_it_requires(self) -> Entity:
        if unknown := set(self.required) - set(self.columns):
            raise ValueError(f"{min(unknown)} is required and no column")
        if unknown := set(self.picked) - set(self.columns):
            raise ValueError(f"{min(unknown)} is picked and no column")
        return self


# What `overlap` in sources.yml may say of rows that overlap; elsewhere only replace: leads of one id are versions of one lead, and two
# rates of a day cannot both be true.
_OVERLAPS = {
    "ad_spend": ("replace", "add", "days"),
    "spend": ("replace", "add", "days"),
    "channel_costs": ("replace", "add"),
    "payments": ("replace", "add"),
    "payment_plan": ("replace", "add"),
    "stage_events": ("replace", "add"),
}


def overlaps_of(system: str, name: str) -> tuple[str, ...]:
    """The values of `overlap` that the staging model of an entity understands; a new system's own models may read any."""
    if system in described_systems():
        return ("days",) if description_of(system).resources[name].window_days else ("replace",)
    return _OVERLAPS.get(name, ("replace",)) if system in known_systems() else ("replace", "add", "days")


def entity_of(system: str, name: str) -> Entity | None:
    """The contract of an entity, None for one that has none yet (a new system: everything is landed, nothing is required)."""
    return known_systems().get(system, {}).get(name)


def template() -> dict[str, Entity]:
    """The contract's own entities."""
    return known_systems()["template"]


def known_systems() -> dict[str, dict[str, Entity]]:
    """The entities of every system, by name. Raises ConfigError naming file and table of a description that is wrong."""
    return _known_systems(project_root())


@cache
def _known_systems(root: Path) -> dict[str, dict[str, Entity]]:
    systems = {}
    for path in sorted((root / "models" / "staging").glob("*/*.yml")):
        if path.stem == path.parent.name and (delivered := read_entities(path)):
            systems[path.stem] = delivered
    for system in described_systems():
        resources = description_of(system).resources
        systems[system] = {
            name: Entity(columns=tuple(each.columns), required=each.required, personal=each.personal) for name, each in resources.items()
        }
    return systems


def read_entities(path: Path) -> dict[str, Entity]:
    """The entities that <system>.yml describes: the keys of Entity in `meta` of the landed table <system>__<entity>."""
    entities = {}
    try:
        content = load_yaml(path.read_text(encoding="utf-8"))
        for table in [table for source in content.get("sources") or [] for table in source["tables"]]:
            if meta := (table.get("config") or {}).get("meta"):
                where = f"{path}, table {table['name']}"
                entities[table["name"].removeprefix(f"{path.stem}__")] = Entity.model_validate(meta)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{place + ': ' if place else ''}{first['msg']}", where=where, hint="see models/staging/zoho/zoho.yml") from None
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        raise ConfigError(f"not a description of a system: {error}", where=str(path), hint="see models/staging/zoho/zoho.yml") from None
    return entities


def forget_systems() -> None:
    """Read the descriptions anew: one was written."""
    _known_systems.cache_clear()
    _contract_names.cache_clear()


@cache
def _contract_names(root: Path) -> dict[str, dict[str, str]]:
    """For each system, what its staging models stand for (`systems` in dbt_project.yml)."""
    content = load_yaml((root / "dbt_project.yml").read_text(encoding="utf-8"))
    return content["vars"]["systems"]


def contract_entities(system: str, name: str) -> set[str]:
    """What the contract calls an entity of a system.

    One that no model bears the name of is read into others: then it is all that the system stands for.
    """
    names = _contract_names(project_root()).get(system, {})
    own = {contract for contract, delivered in names.items() if delivered == name}
    return own or ({name} if system == "template" else set(names))


def check_known(system: str, name: str, where: str) -> None:
    """Raise ConfigError when a known system is asked for an entity that it does not have; a new system may name its own."""
    if system in known_systems() and name not in known_systems()[system]:
        raise ConfigError(
            f"system {system} has no entity {name}",
            where=where,
            hint=f"one of: {', '.join(known_systems()[system])}; a new one goes into models/staging/{system}/{system}.yml",
        )
