"""XLSX cells land as a person sees them, with every digit; a bomb is refused before it is unpacked."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from conftest_landing import Landing
from workbooks import error, number, row, text, workbook

from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.xlsx import cell_text


@pytest.fixture
def xlsx(tmp_path: Path) -> Landing:
    return Landing(tmp_path, {"path": "*.xlsx"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", None),
        (None, None),
        (" padded ", " padded "),
        (3500.0, "3500"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (-2.5, "-2.5"),
        (True, "TRUE"),
        (date(2023, 7, 3), "2023-07-03"),
        (datetime(2023, 7, 3, 11, 28), "2023-07-03 11:28:00"),
        (datetime(2023, 7, 3, 11, 27, 59, 999_997), "2023-07-03 11:28:00"),
        (time(0, 4, 42), "00:04:42"),
        (time(16, 57, 59, 999_999), "16:58:00"),
        (timedelta(days=1, hours=19, minutes=9, seconds=48), "1 day, 19:09:48"),
        (timedelta(days=2, seconds=1046), "2 days, 0:17:26"),
        ("€ 3.500,00", "€ 3.500,00"),
    ],
)
def test_cell_text(value: object, expected: str | None) -> None:
    assert cell_text(value) == expected


def test_digits_errors_and_dates_survive(xlsx: Landing) -> None:
    rows = [
        row(1, text("A1", "Id"), text("B1", "Amount"), text("C1", "When"), text("D1", "SLA")),
        row(2, number("A2", "5805028000056864695"), error("B2", "#REF!"), number("C2", "45110", 1), number("D2", "0.00326388888888889", 3)),
        row(
            3,
            number("A3", "5.8050280000439E+18"),
            error("B3", "#DIV/0!"),
            number("C3", "45110.4780092593", 2),
            number("D3", "1.79847222222222", 4),
        ),
        row(4, text("A4", "5805028000056864695"), text("B4", "€ 3.500,00"), text("C4", "03.07.2023")),
    ]
    xlsx.write("a.xlsx", workbook(("Deals", "".join(rows))))
    xlsx.land()
    assert xlsx.rows("Id", "Amount", "When", "SLA") == [
        ("5805028000056864695", "#REF!", "2023-07-03", "00:04:42"),
        ("5805028000043900000", "#DIV/0!", "2023-07-03 11:28:20", "1 day, 19:09:48"),
        ("5805028000056864695", "€ 3.500,00", "03.07.2023", None),
    ]


def test_empty_rows_inside_are_rows_and_those_at_the_end_are_not(xlsx: Landing) -> None:
    rows = [row(1, text("A1", "a"), text("B1", "b")), row(2, text("A2", "1")), row(4, text("B4", "2")), row(9, '<c r="A9" s="1"/>')]
    xlsx.write("a.xlsx", workbook(("S", "".join(rows))))
    xlsx.land()
    assert xlsx.rows("a", "b", "_row") == [("1", None, 1), (None, None, 2), (None, "2", 3)]


def test_a_sheet_is_chosen_by_name(xlsx: Landing) -> None:
    first, second = row(1, text("A1", "x")), row(1, text("A1", "id")) + row(2, text("A2", "7"))
    xlsx.write("a.xlsx", workbook(("Notes", first), ("Data", second)))
    xlsx.options["sheet"] = "Data"
    xlsx.land()
    assert xlsx.rows() == [("7",)]
    xlsx.options["sheet"] = "Nope"
    with pytest.raises(ConfigError, match="no sheet 'Nope'") as failure:
        xlsx.land()
    assert "Notes, Data" in failure.value.hint


def test_a_month_per_sheet_is_not_read_as_the_first_month(tmp_path: Path) -> None:
    xlsx = Landing(tmp_path, {"path": "*.xlsx"}, system="template", entity="holidays")
    head = row(1, text("A1", "date"))
    months = [(name, head + row(2, text("A2", day))) for name, day in (("Jan", "2026-01-01"), ("Feb", "2026-02-23"))]
    xlsx.write("a.xlsx", workbook(*months, ("Notes", row(1, text("A1", "by hand")))))
    with pytest.raises(ConfigError, match=r"several sheets hold the columns: Jan, Feb[\s\S]*`sheet`"):
        xlsx.land()
    xlsx.options["sheet"] = "Feb"
    xlsx.land()
    assert xlsx.rows("date") == [("2026-02-23",)]


def test_the_one_sheet_that_holds_the_columns_is_read(tmp_path: Path) -> None:
    xlsx = Landing(tmp_path, {"path": "*.xlsx"}, system="template", entity="holidays")
    xlsx.write(
        "a.xlsx",
        workbook(("Notes", row(1, text("A1", "by hand"))), ("Days", row(1, text("A1", "date")) + row(2, text("A2", "2026-01-01")))),
    )
    assert "sheet Days is read" in xlsx.land().warnings[0]
    assert xlsx.rows("date") == [("2026-01-01",)]


def test_a_formula_that_was_never_computed_is_refused(xlsx: Landing) -> None:
    head = row(1, text("A1", "a"), text("B1", "b"))
    computed = '<c r="B2"><f>1+1</f><v>2</v></c>', '<c r="B3" t="str"><f>IF(1,"")</f><v></v></c>'
    xlsx.write(
        "a.xlsx", workbook(("S", head + "".join(row(line, text(f"A{line}", "x"), cell) for line, cell in enumerate(computed, start=2))))
    )
    xlsx.land()
    assert xlsx.rows() == [("x", "2"), ("x", None)]
    xlsx.write("a.xlsx", workbook(("S", head + row(2, text("A2", "x"), '<c r="B2"><f>SUM(A1:A2)</f></c>'))))
    with pytest.raises(ConfigError, match=r"column b: 1 formula\(s\) without a value"):
        xlsx.land()


def test_a_merged_cell_speaks_of_each_of_its_rows_but_is_counted_once(xlsx: Landing) -> None:
    lines = [row(1, *(text(f"{letter}1", name) for letter, name in zip("ABCD", ("day", "currency", "cost", "lead_id"), strict=True)))]
    lines += [
        row(2, text("A2", "d1"), text("B2", "USD"), number("C2", "5"), number("D2", "7")),
        row(3, text("A3", "d2")),
        row(5, text("A5", "d3")),
    ]
    content = workbook(("S", "".join(lines)))
    merged = "".join(f'<mergeCell ref="{letter}2:{letter}5"/>' for letter in "BCD")
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    extra = {"xl/worksheets/sheet1.xml": sheet.replace("</sheetData>", f"</sheetData><mergeCells>{merged}</mergeCells>")}
    xlsx.write("a.xlsx", workbook(("S", ""), extra=extra))
    assert "4 cell(s) merged" in xlsx.land().warnings[0]
    assert xlsx.rows() == [("d1", "USD", "5", "7"), ("d2", "USD", None, "7"), (None,) * 4, ("d3", "USD", None, "7")]


def test_an_empty_sheet_is_refused(xlsx: Landing) -> None:
    xlsx.write("a.xlsx", workbook(("S", "")))
    with pytest.raises(ConfigError, match="empty"):
        xlsx.land()


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut off", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600])
def test_what_is_no_workbook_is_refused(xlsx: Landing, content: bytes) -> None:
    xlsx.write("a.xlsx", content)
    with pytest.raises(OnefunnelError, match="not a whole XLSX"):
        xlsx.land()


def test_a_cut_off_workbook_is_refused(xlsx: Landing) -> None:
    whole = workbook(("S", row(1, text("A1", "a"))))
    xlsx.write("a.xlsx", whole[: len(whole) // 2])
    with pytest.raises(OnefunnelError, match="not a whole XLSX"):
        xlsx.land()


def test_a_damaged_part_is_refused(xlsx: Landing) -> None:
    whole = bytearray(workbook(("S", "".join(row(n, text(f"A{n}", f"value {n * n}")) for n in range(1, 400)))))
    start = whole.index(b"xl/worksheets/sheet1.xml") + 400
    whole[start : start + 8] = b"\0" * 8
    xlsx.write("a.xlsx", bytes(whole))
    with pytest.raises(OnefunnelError, match="not a whole XLSX"):
        xlsx.land()


def test_a_zip_bomb_is_refused(xlsx: Landing) -> None:
    xlsx.write("a.xlsx", workbook(("S", row(1, text("A1", "a"))), extra={"xl/media/zeros.bin": "0" * 80_000_000}))
    with pytest.raises(OnefunnelError, match=r"refused: .* unpack to"):
        xlsx.land()


def test_a_lying_archive_is_refused(xlsx: Landing) -> None:
    """The directory declares a part of ten bytes that inflates to eighty million."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "0" * 80_000_000)
    lying = target.getvalue().replace((80_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    xlsx.write("a.xlsx", lying)
    with pytest.raises(OnefunnelError, match="not a whole XLSX"):
        xlsx.land()


def test_one_far_cell_is_refused(xlsx: Landing) -> None:
    xlsx.write("a.xlsx", workbook(("S", row(1, text("A1", "a")) + row(1_048_576, text("XFD1048576", "far")))))
    with pytest.raises(OnefunnelError, match="refused: a grid of"):
        xlsx.land()


def test_a_text_repeated_without_end_is_refused(xlsx: Landing) -> None:
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 80_000))
    xlsx.write("a.xlsx", workbook(("S", cells), shared=f"<si><t>{'x' * 32_000}</t></si>"))
    with pytest.raises(OnefunnelError, match=r"refused: .* repeated text"):
        xlsx.land()


def test_declared_entities_are_refused(xlsx: Landing) -> None:
    laughs = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><workbook>&b;</workbook>'
    xlsx.write("a.xlsx", workbook(("S", row(1, text("A1", "a"))), extra={"xl/workbook.xml": laughs}))
    with pytest.raises(OnefunnelError, match="refused: an XML part declares entities"):
        xlsx.land()


def test_hostile_text_stays_text(xlsx: Landing) -> None:
    hostile = ["'); drop table leads; --", "{{ 7*7 }}", "=cmd|'/C calc'!A0", "<script>alert(1)</script>"]
    cells = [row(1, text("A1", "note"))] + [row(n, text(f"A{n}", value)) for n, value in enumerate(hostile, 2)]
    xlsx.write("a.xlsx", workbook(("S", "".join(cells))))
    xlsx.land()
    assert [note for (note,) in xlsx.rows()] == hostile


@pytest.mark.slow
def test_the_real_export_lands_whole(real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEFUNNEL_REAL_DATA", str(real_data))
    rows = {}
    for entity in ("deals", "contacts", "spend"):
        landing = Landing(tmp_path / entity, {"path": f"${{ONEFUNNEL_REAL_DATA}}/{entity}.xlsx"}, system="zoho", entity=entity)
        rows[entity] = landing.land().rows
        if entity == "deals":
            deals = landing.rows("Id", "Education Type", "SLA", "_row")
    assert rows == {"deals": 21_595, "contacts": 18_548, "spend": 20_779}
    without_id = [item for item in deals if item[0] is None]
    assert [(kind, place) for _, kind, _, place in without_id] == [(None, 21_594), ("#REF!", 21_595)]
    assert all(len(item[0]) == 19 and item[0].isdigit() for item in deals if item[0])
    assert ("5805028000000922001", None, "4 days, 22:47:14", 21_593) in deals


def test_days_that_a_program_took_for_months_are_refused(xlsx: Landing) -> None:
    def sheet(serials: list[str], texts: list[str]) -> bytes:
        cells = [number("A{0}", serial, 1) for serial in serials] + [text("A{0}", day) for day in texts]
        rows = [row(1, text("A1", "When"))] + [row(place, cell.format(place)) for place, cell in enumerate(cells, start=2)]
        return workbook(("S", "".join(rows)))

    # the first days of five months, and the days of January that are no months
    firsts, rest = ["46023", "46054", "46082", "46113", "46143"], [f"{day}/01/2026" for day in range(13, 18)]
    xlsx.write("a.xlsx", sheet(firsts, rest))
    with pytest.raises(ConfigError, match="column When: 5 dates all of the days 1 to 12, and 5 texts"):
        xlsx.land()
    for dates, texts in ((firsts, [*rest, "05/01/2026"]), ([*firsts, "46050"], rest), (firsts, rest[:4])):
        xlsx.write("a.xlsx", sheet(dates, texts))
        xlsx.land()


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_hidden_sheet_that_is_read_is_told(tmp_path: Path, state: str, place: int) -> None:
    target = Landing(tmp_path, {"path": "*.xlsx"}, system="template", entity="holidays")
    table = row(1, text("A1", "date"), text("B1", "name")) + row(2, text("A2", "2026-01-01"), text("B2", "New Year"))
    sheets = [("Notes", row(1, text("A1", "hello")))]
    sheets.insert(place, ("Old", table))

    def hide(name: str) -> str:
        with zipfile.ZipFile(io.BytesIO(workbook(*sheets))) as archive:
            return archive.read("xl/workbook.xml").decode().replace(f'name="{name}"', f'name="{name}" state="{state}"')

    target.write("a.xlsx", workbook(*sheets, extra={"xl/workbook.xml": hide("Old")}))
    assert [each for each in target.land().warnings if "sheet Old is read, and it is hidden: say which counts with `sheet`" in each]
    target.options["sheet"] = "Old"
    assert not target.land("2024-06-02").warnings
    del target.options["sheet"]
    target.write("a.xlsx", workbook(*sheets, extra={"xl/workbook.xml": hide("Notes")}))
    assert not [each for each in target.land("2024-06-03").warnings if "hidden" in each]


def test_of_several_sheets_the_hidden_one_is_named(tmp_path: Path) -> None:
    target = Landing(tmp_path, {"path": "*.xlsx"}, system="template", entity="holidays")
    sheets = [(name, row(1, text("A1", "date"), text("B1", "name"))) for name in ("Old", "New")]
    with zipfile.ZipFile(io.BytesIO(workbook(*sheets))) as archive:
        book = archive.read("xl/workbook.xml").decode().replace('name="Old"', 'name="Old" state="hidden"')
    target.write("a.xlsx", workbook(*sheets, extra={"xl/workbook.xml": book}))
    with pytest.raises(ConfigError, match=r"several sheets hold the columns: Old \(hidden\), New"):
        target.land()


@pytest.mark.parametrize(
    ("attribute", "told"), [('hidden="1"', True), ("hidden='true'", True), ('hidden="0"', False), ('outlineLevel="1"', False)]
)
@pytest.mark.parametrize("is_numbered", [True, False])
def test_rows_hidden_by_a_filter_count_and_are_told(tmp_path: Path, attribute: str, told: bool, is_numbered: bool) -> None:
    target = Landing(tmp_path, {"path": "*.xlsx"}, system="template", entity="holidays")
    days = [row(n, text(f"A{n}", f"2026-01-0{n - 3}"), text(f"B{n}", "a day")) for n in (4, 5, 6)]
    rows = [row(n, text(f"A{n}", "Holidays")) if n == 1 else row(n) for n in (1, 2)]
    rows += [row(3, text("A3", "date"), text("B3", "name")), *days]
    # the title and the empty row above are hidden as well, and are no rows of the table
    for at in (0, 1, 4):
        rows[at] = rows[at].replace("<row ", f"<row {attribute} ")
    if not is_numbered:
        rows = [re.sub(r'(<row [^>]*?)r="\d+"', r"\1", each) for each in rows]
    target.write("a.xlsx", workbook(("Days", "".join(rows))))
    staged = target.land()
    assert len(target.rows()) == 3
    said = [each for each in staged.warnings if "hidden" in each]
    assert bool(said) is told
    assert not told or said[0].startswith("a.xlsx: 1 row(s) of sheet Days are hidden by a filter or a group, and count like all others")


@pytest.mark.parametrize(("said", "epoch"), [("", 0), (' date1904="0"', 0), (' date1904="1"', 1462), (" date1904='true'", 1462)])
def test_a_workbook_of_1904_counts_its_days_from_there(tmp_path: Path, said: str, epoch: int) -> None:
    target = Landing(tmp_path, {"path": "*.xlsx"})
    head = row(1, *(text(f"{letter}1", name) for letter, name in zip("ABCD", ("paid_at", "Close Date", "amount", "rate_id"), strict=True)))
    # 1 March 2026: shown as a date, shown as a number; what is no day stays
    day = str(46082 - epoch)
    sheets = [("Paid", head + row(2, number("A2", day, 1), number("B2", f"{day}.5"), number("C2", day), number("D2", day)))]
    with zipfile.ZipFile(io.BytesIO(workbook(*sheets))) as archive:
        book = archive.read("xl/workbook.xml").decode().replace("<sheets>", f"<workbookPr{said}/><sheets>")
    target.write("a.xlsx", workbook(*sheets, extra={"xl/workbook.xml": book}))
    target.land()
    assert target.rows() == [("2026-03-01", "46082.5", day, day)]


HEADER = ("payment_id", "paid_at", "amount", "currency", "lead_id")


def _table(*rows: tuple[str, ...]) -> str:
    """Rows of a sheet; what is a number is one."""
    written = []
    for place, cells in enumerate(rows, start=1):
        each = [(f"{letter}{place}", cell) for letter, cell in zip("ABCDEFG", cells, strict=False)]
        written.append(row(place, *(number(at, cell) if cell.replace(".", "").isdigit() else text(at, cell) for at, cell in each)))
    return "".join(written)


def test_a_sheet_of_days_and_money_under_other_names_is_told(tmp_path: Path) -> None:
    """One sheet for each platform, as its report has them."""
    target = Landing(tmp_path, {"path": "*.xlsx"}, system="template", entity="payments")
    paid = _table(HEADER, ("p1", "2026-02-02", "7", "EUR", "L1"))
    rows = [(f"2026-03-0{day}", "5.5", "Meta") for day in range(1, 5)]
    target.write("a.xlsx", workbook(("Feb", paid), ("Meta", _table(("Datum", "Kosten", "Kanal"), *rows)), ("Legend", _table(*rows[:2]))))
    (warning,) = [each for each in target.land().warnings if "is not read" in each]
    assert "sheet Meta has days and numbers under other column names" in warning


@pytest.mark.parametrize(
    ("other", "outcome"),
    [
        ([("payment_id", "paid_at", "amount, EUR", "currency", "lead_id"), ("p2", "2026-03-02", "5", "EUR", "L2")], "refused"),
        ([("Payments of March",), ("Payment ID", "paid_at", "amount", "curency", "lead_id")], "refused"),
        ([("p2", "2026-03-02", "5.5", "EUR", "L2"), ("p3", "2026-03-03", "5", "EUR", "L3")], "told"),
        ([("channel", "label"), ("seo", "Search")], ""),
        ([("amount", "5")], ""),
        ([("Notes",), ("paid late", "as agreed", "in March", "by", "bank")], ""),
    ],
)
def test_another_sheet_that_may_be_more_of_the_same_is_told(tmp_path: Path, other: list[tuple[str, ...]], outcome: str) -> None:
    target = Landing(tmp_path, {"path": "*.xlsx"}, system="template", entity="payments")
    paid = _table(HEADER, ("p1", "2026-02-02", "7", "EUR", "L1"))
    target.write("a.xlsx", workbook(("Feb", paid), ("Mar", _table(*other))))
    if outcome == "refused":
        with pytest.raises(ConfigError, match=r"sheet Feb would be read alone, and sheet Mar has [34] of its 5 column names"):
            target.land()
    else:
        assert any("sheet Mar begins with" in each for each in target.land().warnings) is (outcome == "told")
    target.options["sheet"] = "Feb"
    assert not [each for each in target.land().warnings if "Mar" in each]
