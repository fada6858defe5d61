"""What stands inside the JSON cells of a column, as columns of their own: `status.code`, `metadata.test`, `tags.0`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from onefunnel.extract.doubts.unread_vocabulary import OF_MONEY
from onefunnel.extract.normalise import literal, quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile

# A longer cell is a document of its own, and an object of more names is one whose names are values.
LONGEST_CELL, MOST_NAMES = 500, 50
# Objects that hold what is said of the row itself. What another holds (`customer.deleted`) is said of something else.
OF_THE_ROW = rf"(meta_?data|attributes?|properties|props|data|fields|custom_?fields|details|extra|info|{OF_MONEY})"


def with_nested(writer: PartWriter, part: LandedFile, names: Sequence[str]) -> tuple[str, dict[str, list[str]]]:
    """SQL of the rows with the values inside the cells of these columns beside them, and the names that lead to each of those."""
    rows, nested, chosen = rows_of(writer.staged.folder / part.part), {}, ["*"]
    taken = {name.lower() for name in part.columns}
    for name in _of_json(writer, part, names, rows):
        cell = f"case when length({quoted(name)}) <= {LONGEST_CELL} and json_valid({quoted(name)}) then cast({quoted(name)} as json) end"
        tree = f"(select {cell} as cell from {rows}) as cells, json_tree(cells.cell) as tree"
        query = f"select distinct tree.fullkey from {tree} where tree.atom is not null order by all limit {MOST_NAMES + 1}"
        paths = [re.findall(r"[^.\[\]]+", path.removeprefix("$")) for (path,) in writer.run(query, part.path).fetchall()]
        for path in paths if len(paths) <= MOST_NAMES else ():
            inner = ".".join((name, *path))
            if inner.lower() in taken:
                continue
            taken.add(inner.lower())
            value = f"json_extract_string({cell}, {literal('/' + '/'.join(path))})"
            nested[inner] = [name, *(each for each in path if not each.isdigit())]
            chosen.append(f"{value} as {quoted(inner)}")
    return f"(select {', '.join(chosen)} from {rows})", nested


def said_of_row(path: list[str]) -> list[str]:
    """The names without those of objects that are the row itself under another name."""
    while len(path) > 1 and re.fullmatch(OF_THE_ROW, path[0].strip().lower()):
        path = path[1:]
    return path


def _of_json(writer: PartWriter, part: LandedFile, names: Sequence[str], rows: str) -> list[str]:
    if not names:
        return []
    holds = ", ".join(f"coalesce(bool_or(starts_with({quoted(name)}, '{{') or starts_with({quoted(name)}, '[')), false)" for name in names)
    found = writer.run(f"select {holds} from {rows}", part.path).fetchall()[0]
    return [name for name, is_json in zip(names, found, strict=True) if is_json]
