"""Personal data leaves the sources only as a keyed hash: HMAC-SHA256 (RFC 2104), computed in SQL, the key only ever a bound parameter."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from onefunnel.durable import write_whole
from onefunnel.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import SecretStr

BLOCK_BYTES = 64
MIN_KEY_CHARACTERS = 16
MAKE_A_KEY = (
    'make one with: python -c "import secrets; print(secrets.token_hex(32))" and set ONEFUNNEL_HASH_KEY to it; keep it, hashes depend on it'
)
_SPACE = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"
# What stands where there is nothing; macro placeholder_pattern of the models reads the same. Hashed, it would make all such people one.
PLACEHOLDER = (
    r"^[\s\p{Z}]*([-–—?.]*|n/a|n[.]a[.]|none|null|nan|nat|undefined|not set"
    r"|[(<\[](not set|none|null|na|empty|blank|not provided|пусто)[)>\]]"
    r"|\\n|#(n/a|ref!|value!|name[?]|num!|null!|div/0!)|н/д|н/а|нет данных|не указано)[\s\p{Z}]*$"
)
ONE_ADDRESS = r'[^\s<>;:,"()]+@[^\s<>;:,"()]+'
MIN_PHONE_DIGITS = 5
# Digits of a number that was typed to get past a form: one repeated (behind the code of a country, too), or counted up.
NO_PHONE = "(" + "|".join(f"[0-9]{{0,4}}{digit}{{7,}}|{digit}+" for digit in range(10)) + "|0?12345678?9?0?)"
# What a spreadsheet leaves of many phones or ids: 7.91612E+10; what a column of numbers with gaps makes of a phone: 491711234567.0.
CUT_NUMBER = r"[\s'+]*[0-9]([.,][0-9]+)?[eE][+]?[0-9]{1,2}\s*"
PHONE_AS_DECIMAL = r"\s*[+]?[0-9]{7,}[.,]00?\s*"
# The first of several phones: by a mark that stands in none, or a second plus; by a slash or a word only where it is longer than any phone.
MAX_PHONE_DIGITS = 15
FIRST_BY_MARK = r"^([^0-9,;|\r\n]*(?:[0-9][^0-9+,;|\r\n]*){7,})[+,;|\r\n](?:[^0-9]*[0-9]){7}"
FIRST_BY_SLASH = r"^((?:[^0-9]*?[0-9]){9,}?[^0-9]*?)(?:/|\\|\s(?:or|and|oder|und|или|и)\s)(?:[^0-9]*[0-9]){5}"
NO_ADDRESS = (
    r"^(n/?a|none|null|no|no[-_. ]?(e?[-_]?mail|name|reply|address)|do[-_.]?not[-_.]?reply|nomail"
    r"|unknown|test|dummy|fake|empty|нет)@"
)


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def rows_of(part: Path) -> str:
    """The rows of a landed Parquet part as an SQL relation; the names of its folders are no columns."""
    return f"read_parquet({literal(str(part))}, hive_partitioning = false)"


OF_A_CONTACT = (
    r"_(hash|id|at|time|count|type|status|state|domain|verified|valid|consent|opt_?(in|out)|bounced?|reason|sent|opened|clicked|delivered)$"
    r"|^(is|has|opt|unsubscribed|subscribed)_"
)


def kind_of(column: str) -> str:
    """How a personal column is normalised before hashing: email, phone or text, told by its name."""
    words = column.lower()
    if "mail" in words:
        return "email"
    return "phone" if re.search(r"phone|mobile|telefon|\btel\b|whatsapp", words) else "text"


def looks_personal(column: str) -> bool:
    """Whether a column's name suggests an e-mail address or a phone number, and not what is said of one."""
    words = re.sub(r"\W+", "_", column.lower()).strip("_")
    return kind_of(column) != "text" and not re.search(OF_A_CONTACT, words)


def normalised_sql(expression: str, kind: str) -> str:
    """The form in which equal people are equal: e-mails and names trimmed in lower case, phones as digits; null when nothing is left.

    Nothing is left of a placeholder (`none@none.com`, too), of an e-mail address without @, and of a phone number too short, cut or as
    NO_PHONE.
    """
    if kind == "phone":
        digits = _digits_of(one_phone_sql(expression))
        return f"case when length({digits}) >= {MIN_PHONE_DIGITS} and not regexp_full_match({digits}, '{NO_PHONE}') then {digits} end"
    text = f"nullif(lower(trim({expression}, {_SPACE})), '')"
    if kind == "email":
        # of several the first, and the address itself of `Ann <ann@x.io>`
        several = " or ".join(f"contains({text}, {literal(mark)})" for mark in ";, <:")
        text = f"case when {several} then coalesce(nullif(regexp_extract({text}, {literal(ONE_ADDRESS)}), ''), {text}) else {text} end"
        somebody = f"contains({text}, '@') and not regexp_matches({text}, {literal(NO_ADDRESS)})"
    else:
        somebody = f"not regexp_matches({text}, {literal(PLACEHOLDER)})"
    return f"case when {somebody} then {text} end"


def _digits_of(expression: str) -> str:
    return f"regexp_replace({expression}, '[^0-9]', '', 'g')"


def is_cut_sql(expression: str) -> str:
    """Whether a spreadsheet cut a number to its first digits."""
    return f"regexp_full_match({expression}, {literal(CUT_NUMBER)})"


def one_phone_sql(expression: str) -> str:
    """One phone as it is written: of several in a cell the first, without the decimals of a number; null when it was cut."""
    by_mark, by_slash = (f"regexp_extract({expression}, {literal(pattern)}, 1)" for pattern in (FIRST_BY_MARK, FIRST_BY_SLASH))
    is_longer = f"length({_digits_of(expression)}) > {MAX_PHONE_DIGITS}"
    return (
        f"case when {is_cut_sql(expression)} then null "
        f"when regexp_full_match({expression}, {literal(PHONE_AS_DECIMAL)}) then regexp_extract({expression}, '[0-9]+') "
        f"else coalesce(nullif({by_mark}, ''), case when {is_longer} then nullif({by_slash}, '') end, {expression}) end"
    )


def hashed_sql(column: str) -> str:
    """HMAC of a column; the statement is to be run with the parameters of `key_parameters`."""
    return f"sha256($outer_pad || unhex(sha256($inner_pad || encode({normalised_sql(quoted(column), kind_of(column))}))))"


def key_parameters(key: str) -> dict[str, bytes]:
    """Inner and outer pad of HMAC-SHA256 for this key."""
    block = key.encode()
    block = (hashlib.sha256(block).digest() if len(block) > BLOCK_BYTES else block).ljust(BLOCK_BYTES, b"\0")
    return {"inner_pad": bytes(byte ^ 0x36 for byte in block), "outer_pad": bytes(byte ^ 0x5C for byte in block)}


def hash_value(key: str, column: str, value: str) -> str | None:
    """The hash that landing holds for a value of a personal column: 64 hexadecimal digits, None where nothing is left to hash."""
    import duckdb

    with duckdb.connect() as db:
        normal = db.execute(f"select {normalised_sql('$value', kind_of(column))}", {"value": value}).fetchone()[0]
    return None if normal is None else hmac.new(key.encode(), normal.encode(), hashlib.sha256).hexdigest()


def personal_in(columns: Iterable[str], personal: Iterable[str]) -> list[str]:
    """Those of the delivered columns that are personal, whatever their case."""
    wanted = {name.strip().lower() for name in personal}
    return [name for name in columns if name.strip().lower() in wanted]


def require_key(hash_key: SecretStr | None, landing: Path, where: str) -> str:
    """The key, once it is proven to be the one that this landing was made with. Raises ConfigError otherwise."""
    key = hash_key.get_secret_value() if hash_key else ""
    if not key:
        raise ConfigError("personal data needs ONEFUNNEL_HASH_KEY, which is not set", where=where, hint=MAKE_A_KEY)
    if len(key) < MIN_KEY_CHARACTERS:
        raise ConfigError(f"ONEFUNNEL_HASH_KEY is shorter than {MIN_KEY_CHARACTERS} characters", where=where, hint=MAKE_A_KEY)
    check = hmac.new(key.encode(), b"onefunnel", hashlib.sha256).hexdigest()
    path = landing / "key.json"
    if not path.exists():
        write_whole(path, json.dumps({"check": check}) + "\n")
        return key
    try:
        known = json.loads(path.read_text(encoding="utf-8"))["check"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(
            "the check value of the hash key cannot be read", where=str(path), hint="restore it from a backup of the landing"
        ) from None
    if not hmac.compare_digest(known, check):
        raise ConfigError(
            "ONEFUNNEL_HASH_KEY is not the key this landing was made with: the same person would get two hashes",
            where=str(path),
            hint="set the former key, or start a new --home",
        )
    return key
