"""A workbook shows a currency beside a number that its cell does not hold: it is delivered as a CSV would say it, and staging compares."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest_landing import Landing
from workbooks import HEAD, MAIN, number, row, text, workbook

from onefunnel.extract.number_formats import SIGNS, Money, sign_in, signs_of_styles, unit_in, units_of_styles

ROOT = Path(__file__).resolve().parents[3]
FORMATS = ["General", '"$"#,##0.00', "[$€-407] #,##0.00", '0.00 "net"', "[$R-1C09] #,##0"]


def styles(formats: list[str]) -> str:
    written = "".join(f'<numFmt numFmtId="{164 + n}" formatCode="{code.replace(chr(34), "&quot;")}"/>' for n, code in enumerate(formats))
    cells = "".join(f'<xf numFmtId="{164 + n}"/>' for n in range(len(formats)))
    return f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts>{written}</numFmts><cellXfs>{cells}</cellXfs></styleSheet>'


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ('"$"#,##0.00', "$"),
        ("$#,##0.00", "$"),
        ("\\$#,##0.00_);\\(\\$#,##0.00\\)", "$"),
        ('_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)', "$"),
        ('_-* #,##0.00\\ "€"_-;-* #,##0.00\\ "€"_-', "€"),
        ("[$€-407] #,##0.00", "€"),
        ("#,##0.00 [$EUR]", "EUR"),
        ("[$US$-409]#,##0", "US$"),
        ("[Red][$£-809]#,##0", "£"),
        ('#,##0.00\\ "₽"', "₽"),
        ('#,##0.00 "руб."', "руб"),
        ("#,##0\\ \\U\\S\\D", "USD"),
        ("#,##0.00\\ [$zł-415]", "zł"),
        ("[$R-1C09] #,##0", "R"),
        ("General", None),
        ("#,##0.00", None),
        ("[$-F800]dddd", None),
        ("[>100]0.00", None),
        ('0 "net"', None),
        ('0.0"%"', None),
        ('#,##0;"$"#,##0', None),
        ("yyyy-mm-dd", None),
    ],
)
def test_the_currency_of_a_format(code: str, sign: str | None) -> None:
    assert sign_in(code) == sign


@pytest.mark.parametrize(
    ("value", "separator", "written"),
    [
        (100.0, ".", "$100"),
        (-100.5, ".", "-$100.5"),
        (1234.5, ",", "$1234,5"),
        (1.234, ".", "$1.2340"),
        (1.234, ",", "$1,2340"),
        (0.0, ".", "$0"),
        (1e-7, ".", "$0.0000001"),
    ],
)
def test_money_is_written_as_a_csv_would(value: float, separator: str, written: str) -> None:
    assert Money(value, "$").text(separator) == written


def test_styles_without_currencies_or_whole_xml_have_none() -> None:
    assert signs_of_styles(styles(FORMATS).encode()) == {1: "$", 2: "€", 4: "R"}
    assert [signs_of_styles(each) for each in (b"", b"<styleSheet>", styles(["General"]).encode())] == [{}, {}, {}]


def test_the_signs_are_those_that_staging_knows() -> None:
    macro = (ROOT / "dbt_project" / "macros" / "parse.sql").read_text(encoding="utf-8")
    body = macro[macro.index("macro currency_signs") : macro.index("macro currency_meanings")]
    lists = re.findall(r"\(\[([^]]*)\], \[", body)
    assert {one or other for each in lists for one, other in re.findall(r"'([^']*)'|\"([^\"]*)\"", each)} == SIGNS


def land(folder: Path, separator: str = ".") -> Landing:
    landing = Landing(folder, {"path": "*.xlsx"}, {"decimal_separator": separator, "currency": "EUR"})
    rows = [row(1, text("A1", "payment_id"), text("B1", "amount"), text("C1", "note_amount"))]
    for style in range(len(FORMATS)):
        line = style + 2
        cells = (text(f"A{line}", f"p{style}"), number(f"B{line}", "100.5", style), number(f"C{line}", "7", 1))
        rows.append(row(line, *cells))
    landing.write("a.xlsx", workbook(("S", "".join(rows)), extra={"xl/styles.xml": styles(FORMATS)}))
    return landing


@pytest.mark.parametrize(("separator", "dollars", "euros"), [(".", "$100.5", "€100.5"), (",", "$100,5", "€100,5")])
def test_amounts_say_the_currency_that_their_cells_show(tmp_path: Path, separator: str, dollars: str, euros: str) -> None:
    landing = land(tmp_path, separator)
    manifest = landing.land()
    typed = "|amount|note_amount|"
    assert landing.rows("amount", "note_amount", "_typed") == [
        ("100.5", "7", typed),
        (dollars, "7", "|note_amount|"),
        (euros, "7", "|note_amount|"),
        ("100.5", "7", typed),
        ("100.5", "7", typed),
    ]
    assert ["shown in R, which is not known as a currency" in warning for warning in manifest.warnings] == [True]


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        ('#,##0.0" тыс. руб."', ("тыс. руб", 0)),
        ('0.0"k"', ("k", 0)),
        ('0.0"M"', ("M", 0)),
        ('0.0" млн"', ("млн", 0)),
        ('"тыс. "0.0', ("тыс", 0)),
        ("[$€-407] #,##0.0\\k", ("k", 0)),
        ('#,##0" T€"', ("T€", 0)),
        ("#,##0\\ \\т\\ы\\с", ("тыс", 0)),
        ('0.00" Mio. €"', ("Mio. €", 0)),
        ("0%", ("%", 2)),
        ("0.00%", ("%", 2)),
        ('0.0"%"', ("%", 0)),
        ('0" x1000"', ("x1000", 0)),
        ('0.0" × 1000"', ("× 1000", 0)),
        ('0"\'000"', ("'000", 0)),
        ('"-"0', ("minus", 0)),
        ("\\-#,##0.00", ("minus", 0)),
        ('"$"\\-0.00', ("minus", 0)),
        ("(#,##0.00)", ("minus", 0)),
        # a minus below zero, a blank of its width, a mark behind
        ('_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)', ("", 0)),
        ('_-* #,##0.00\\ "€"_-;-* #,##0.00\\ "€"_-', ("", 0)),
        ("#,##0.00_-;#,##0.00-", ("", 0)),
        ('#,##0",-"', ("", 0)),
        ("[$-407]#,##0.00", ("", 0)),
        ('0" No. 1000"', ("", 0)),
        # the cell holds 12500 and shows 12.5k
        ('#,##0.0,"k"', ("", 0)),
        ('0.0,,"M"', ("", 0)),
        ('[>=1000000]0.0,,"M";[>=1000]0.0,"K";0', ("", 0)),
        ("#,##0", ("", 0)),
        ('#,##0" kr"', ("", 0)),
        ('"$"#,##0.00', ("", 0)),
        ('0 "net"', ("", 0)),
        ('#,##0.00 "Kč"', ("", 0)),
        ("[$KM-141A] #,##0", ("", 0)),
        ("General", ("", 0)),
    ],
)
def test_the_unit_of_a_format(code: str, unit: tuple[str, int]) -> None:
    assert unit_in(code) == unit


def test_percents_that_are_built_in_are_units() -> None:
    built_in = f'{HEAD}<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="9"/><xf numFmtId="10"/></cellXfs></styleSheet>'
    assert units_of_styles(built_in.encode()) == {1: ("%", 2), 2: ("%", 2)}


@pytest.mark.parametrize("separator", [".", ","])
def test_amounts_say_the_thousands_and_percents_that_their_cells_show(tmp_path: Path, separator: str) -> None:
    codes = ['#,##0.0" тыс. руб."', '[$€-407] 0.0"k"', '0.0,"k"', "0%"]
    landing = Landing(tmp_path, {"path": "*.xlsx"}, {"decimal_separator": separator, "currency": "EUR"})
    rows = [row(1, text("A1", "payment_id"), text("B1", "amount"), text("C1", "value"))]
    for style in range(len(codes)):
        line = style + 2
        rows.append(row(line, text(f"A{line}", "p"), number(f"B{line}", "0.29", style), number(f"C{line}", "0.29", style)))
    landing.write("a.xlsx", workbook(("S", "".join(rows)), extra={"xl/styles.xml": styles(codes)}))
    landing.land()
    mark, typed = separator, "|amount|value|"
    assert landing.rows("amount", "value", "_typed") == [
        (f"0{mark}29 тыс. руб", "0.29", "|value|"),
        (f"€0{mark}29 k", "0.29", "|value|"),
        ("0.29", "0.29", typed),
        ("29 %", "0.29", "|value|"),
    ]
