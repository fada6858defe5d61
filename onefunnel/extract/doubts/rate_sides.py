"""Rates of two currencies whose worth is alike, told the other way round: a euro in dollars where a dollar in euros is read.

Of currencies that are worth tens or thousands of one another the models see it (`rate_fault` of `stg_template__fx_rates`). Of these no
number is unlikely by itself, but on one side of the pair it has not been seen for a generation.
"""

from __future__ import annotations

from onefunnel.entities import contract_entities
from onefunnel.extract.doubts.unread_words import number_sql
from onefunnel.extract.normalise import literal, quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import TabularSource

# What one unit of the first has been worth in the second, lowest and highest day since 2003 (reference rates of the ECB).
WORTH = {("EUR", "USD"): (0.95, 1.61), ("GBP", "EUR"): (1.01, 1.56), ("GBP", "USD"): (1.05, 2.12)}


def check_sides(writer: PartWriter, part: LandedFile, source: TabularSource, base: str) -> None:
    """Warn where all rates of a currency lie where only their inverse has been."""
    names = {name.strip().lower(): name for name in part.columns}
    if "fx_rates" not in contract_entities(source.system, writer.staged.entity) or not {"currency", "rate_to_base"} <= set(names):
        return
    likely = {first: worth for (first, second), worth in WORTH.items() if second == base}
    likely |= {second: (1 / highest, 1 / lowest) for (first, second), (lowest, highest) in WORTH.items() if first == base}
    rate = number_sql(names["rate_to_base"], source.decimal_separator)
    code = f"upper(trim({quoted(names['currency'])}))"
    query = (
        f"select {code} as currency, count(*), min({rate}), max({rate}) "
        f"from {rows_of(writer.staged.folder / part.part)} where {code} in ({', '.join(map(literal, likely)) or 'null'}) and {rate} > 0 "
        "group by all order by all"
    )
    for currency, rows, least, greatest in writer.run(query, part.path).fetchall():
        lowest, highest = likely[currency]
        is_likely = greatest >= lowest and least <= highest
        if not is_likely and lowest <= 1 / greatest and 1 / least <= highest:
            what = (
                f"all {rows} rates of {currency}, {least:g} to {greatest:g}, lie where {currency} has not been since 2003: "
                f"`rate_to_base` says what one {currency} is worth in {base}"
            )
            writer.doubt(part, what, f"if they are of one {base}, deliver 1 / rate", is_refused=False)
