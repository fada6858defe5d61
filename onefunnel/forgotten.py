"""People who asked to be erased: a list of salted hashes that extraction consults, and how a row loses its identity.

An erased person's rows stay, so that no count, cohort or revenue changes: the columns that link rows of one person (contact and client ids)
get a random token instead, every other identifying column becomes null. Nothing leads from the token back to the person.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from onefunnel.durable import fsync_file, remove_quietly, write_whole
from onefunnel.extract.normalise import literal, quoted, rows_of

FILE = "forgotten.json"
# Entities whose id is a contact's.
CONTACT_LISTS = ("contacts", "persons")
# Columns, in lower case, that hold who a row is about. The first group links the rows of one person across entities.
LINKS = ("contact_id", "client_id", "contact name")
DETAILS = (
    *("contact_email", "contact_phone", "contact_name", "company", "email", "secondary email", "phone", "mobile"),
    *("first name", "last name", "full name"),
)


@dataclass(frozen=True)
class Forgotten:
    """The list of one landing: salt, and per erased value its salted hash and the token that took its place."""

    salt: str
    tokens: dict[str, str]
    unfinished: bool = False

    def name_of(self, value: str) -> str:
        """How a value is kept on the list."""
        return hashlib.sha256(f"{self.salt}|{value}".encode()).hexdigest()

    def save(self, landing: Path) -> None:
        """Write whole or not at all."""
        content = {"salt": self.salt, "unfinished": self.unfinished, "tokens": self.tokens}
        write_whole(landing / FILE, json.dumps(content, indent=1) + "\n")


def read_forgotten(landing: Path) -> Forgotten:
    """The list, empty when nobody was erased yet. A damaged list raises ValueError: extraction must not go on without it."""
    path = landing / FILE
    if not path.exists():
        return Forgotten(secrets.token_hex(16), {})
    content = json.loads(path.read_text(encoding="utf-8"))
    return Forgotten(content["salt"], content["tokens"], content["unfinished"])


def new_token() -> str:
    """What stands for an erased person."""
    return f"erased-{secrets.token_hex(8)}"


def identity_columns(columns: Iterable[str], personal: Iterable[str] = (), *, is_contact_list: bool = False) -> tuple[list[str], list[str]]:
    """The linking and the other identifying columns among those delivered. A list of contacts has the contact's id as its Id."""
    links = {*LINKS, *(("id",) if is_contact_list else ())}
    details = {*DETAILS, *(name.strip().lower() for name in personal)} - links
    names = list(columns)
    return [name for name in names if name.strip().lower() in links], [name for name in names if name.strip().lower() in details]


def erase_known(part: Path, landing: Path, personal: Iterable[str] = (), *, is_contact_list: bool = False) -> int:
    """Take the identity from rows of people on the list, in a part just written. Returns the rows changed."""
    forgotten = read_forgotten(landing)
    if not forgotten.tokens:
        return 0
    with duckdb.connect() as db:
        columns = [row[0] for row in db.execute(f"describe from {rows_of(part)}").fetchall()]
        links, details = identity_columns(columns, personal, is_contact_list=is_contact_list)
        if not links and not details:
            return 0
        db.execute("create temp table listed (name varchar primary key, token varchar)")
        db.executemany("insert into listed values (?, ?)", list(forgotten.tokens.items()))
        union = " union ".join(
            f"select distinct cast({quoted(name)} as varchar) as value from {rows_of(part)}" for name in (*links, *details)
        )
        salted = f"sha256({literal(forgotten.salt + '|')} || value)"
        known = db.execute(f"select value, token from ({union}) as seen inner join listed on listed.name = {salted}").fetchall()
        return erase_rows(db, part, dict(known), links, details) if known else 0


def erase_rows(db: duckdb.DuckDBPyConnection, part: Path, tokens: dict[str, str], links: list[str], details: list[str]) -> int:
    """Rewrite a Parquet part without the identity of the rows in which one of these values stands. Returns how many rows that were.

    Order, other columns and row count stay. The part is replaced in one step.
    """
    source = rows_of(part)
    if not links and not details:
        return 0
    values = ", ".join(literal(value) for value in tokens)
    who = " or ".join(f"{quoted(name)} in ({values})" for name in (*links, *details))
    rows = db.execute(f"select count(*) from {source} where {who}").fetchone()[0]
    if not rows:
        return 0
    identity = [*links, *details]
    token = f"coalesce({', '.join(_token_of(name, tokens) for name in identity)})"
    changed = []
    for position, name in enumerate(identity):
        # The first column that holds anything is what the person's rows are told apart by: it gets the token, as every linking id does.
        is_first = " and ".join([f"{quoted(name)} is not null", *(f"{quoted(earlier)} is null" for earlier in identity[:position])])
        keeps = f"{quoted(name)} is not null" if name in links else is_first
        changed.append(f"case when {who} then case when {keeps} then {token} end else {quoted(name)} end as {quoted(name)}")
    beside = part.with_name(f".{part.name}.tmp")
    try:
        db.execute(
            f"copy (select * replace ({', '.join(changed)}) from {source}) to {literal(str(beside))} (format parquet, compression snappy)"
        )
        fsync_file(beside)
        beside.replace(part)
    finally:
        remove_quietly(beside)
    return int(rows)


def _token_of(name: str, tokens: dict[str, str]) -> str:
    branches = " ".join(f"when {literal(value)} then {literal(token)}" for value, token in tokens.items())
    return f"case {quoted(name)} {branches} end"
