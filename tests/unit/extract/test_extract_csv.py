"""CSV as people really export it: every row lands as delivered, or is set aside with file, row and rule."""

from __future__ import annotations

import csv as python_csv
import io
import string
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from conftest_landing import Landing
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from onefunnel.errors import ConfigError, MissingColumn, OnefunnelError
from onefunnel.extract.table_edges import NOTHING
from onefunnel.project import project_root


def test_text_lands_as_delivered(csv: Landing) -> None:
    csv.write("a.csv", 'id,amount,when,note\n5805028000056864695,"1.234,56",03.07.2023, padded \n007,"€ 3.500,00",7/3/2023,#REF!\n')
    manifest = csv.land()
    assert csv.rows() == [
        ("5805028000056864695", "1.234,56", "03.07.2023", " padded "),
        ("007", "€ 3.500,00", "7/3/2023", "#REF!"),
    ]
    assert (manifest.rows, manifest.rejected_rows, manifest.columns) == (2, 0, ("id", "amount", "when", "note"))


def test_every_row_says_where_it_came_from(csv: Landing) -> None:
    csv.write("a.csv", "id\nx\ny\n")
    manifest = csv.land()
    assert csv.rows("_file", "_row", "_source", "_load_id") == [
        ("a.csv", 1, "src", manifest.load_id),
        ("a.csv", 2, "src", manifest.load_id),
    ]


def test_a_file_without_personal_data_does_not_cost_the_import_of_pandas(csv: Landing) -> None:
    csv.write("a's.csv", "id\nx\n")
    csv.config  # noqa: B018 - writes sources.yml
    command = [sys.executable, "-X", "importtime", "-m", "onefunnel.cli.main", "extract", "--as-of", "2024-06-01"]
    command += ["--sources", str(csv.folder / "in" / "sources.yml"), "--home", str(csv.home)]
    done = subprocess.run(command, cwd=project_root(), check=True, capture_output=True, text=True)
    assert "onefunnel.extract.files" in done.stderr
    assert "pandas" not in done.stderr
    assert csv.rows("_file", "id") == [("a's.csv", "x")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_quoted_newlines(csv: Landing, end: str) -> None:
    csv.write("a.csv", f'a,b{end}"two{end}lines",2{end}"say ""hi""",4{end}')
    csv.land()
    assert csv.rows() == [(f"two{end}lines", "2"), ('say "hi"', "4")]


def test_mixed_line_ends_lose_nothing(csv: Landing) -> None:
    csv.write("a.csv", 'a,b\r\n1,2\n3,4\r\n"x\r\ny",6\n7,8')
    csv.land()
    assert csv.rows() == [("1", "2"), ("3", "4"), ("x\r\ny", "6"), ("7", "8")]
    assert csv.rejected() == []


def test_wrong_number_of_columns_is_rejected_with_its_row(csv: Landing) -> None:
    csv.write("a.csv", 'a,b,c\n1,2,3\n4,5\n6,7,8,9\n"x\ny",2,3\n10,11\n12,13,14\n')
    manifest = csv.land()
    assert csv.rows() == [("1", "2", "3"), ("x\ny", "2", "3"), ("12", "13", "14")]
    assert csv.rejected() == [("a.csv", 2, "missing_columns"), ("a.csv", 3, "too_many_columns"), ("a.csv", 5, "missing_columns")]
    assert csv.rows("_row") == [(1,), (4,), (6,)]
    assert manifest.rejected_rows == 3


@pytest.mark.parametrize("broken", ['4,"5,6', '4,"5"x,6', '"4,5,6'])
def test_an_unclosed_quote_costs_only_its_own_line(csv: Landing, broken: str) -> None:
    csv.write("a.csv", f'a,b,c\n1,2,3\n{broken}\n7,8,9\n10,"11",12\n13,14\n')
    csv.land()
    assert csv.rows() == [("1", "2", "3"), ("7", "8", "9"), ("10", "11", "12")]
    assert csv.rejected() == [("a.csv", 2, "unterminated_quote"), ("a.csv", 5, "missing_columns")]
    assert csv.rows("_row") == [(1,), (3,), (4,)]


@pytest.mark.parametrize("columns", [("id", "amount", "note"), ("id", "amount", "contact_name")])
@pytest.mark.parametrize(("delimiter", "end"), [(",", "\n"), (";", "\r\n"), ("|", "\r"), ("\t", "\n")])
def test_a_quote_that_another_row_closes_swallows_no_rows(tmp_path: Path, columns: tuple[str, ...], delimiter: str, end: str) -> None:
    csv = Landing(tmp_path, {"path": "*.csv"}, {"personal": ["contact_name"]})
    rows = [columns, ("1", "10", '"Acme'), ("2", "20", "x"), ("3", "30", 'Acme"'), ("4", "40", '"two\nlines"'), ("5", "50", "y")]
    csv.write("a.csv", end.join(delimiter.join(row) for row in rows))
    csv.land()
    assert csv.rows("id", "amount") == [("2", "20"), ("3", "30"), ("4", "40"), ("5", "50")]
    assert csv.rejected() == [("a.csv", 1, "unterminated_quote")]


def test_a_quote_that_the_last_row_closes_swallows_no_rows(csv: Landing) -> None:
    csv.write("a.csv", 'id,amount,note\n1,10,"Acme\n2,20,Acme"')
    csv.land()
    assert csv.rows("id", "amount") == [("2", "20")]
    assert csv.rejected() == [("a.csv", 1, "unterminated_quote")]


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_quote_in_any_column_swallows_no_rows(csv: Landing, place: int) -> None:
    """The end of one row and the beginning of the next are one cell: their neighbours would make one row, with the amount of the other."""
    rows = [["1", "a", "10", "x"], ["2", "b", "20", "y"], ["3", "c", "30", "z"], ["4", "d", '"two\nlines; of\na; note"', "y"]]
    rows[0][place], rows[1][place] = f'"{rows[0][place]}', f'{rows[1][place]}"'
    csv.write("a.csv", "\n".join(";".join(row) for row in [["id", "note", "amount", "city"], *rows]))
    csv.land()
    assert csv.rows() == [tuple(cell.strip('"') if row is rows[3] else cell for cell in row) for row in rows[1:]]
    assert csv.rejected() == [("a.csv", 1, "unterminated_quote")]


def test_a_rejected_row_swallows_no_rows(csv: Landing) -> None:
    """The quote is closed by that of another row's cell, and what follows makes the whole a row of too many cells."""
    csv.write("a.csv", 'id,amount,note\n1,10,"Acme\n2,20,x\n3,30,","\n4,40,y\n5,50,Acme"\n6,60,z\n')
    csv.land()
    assert csv.rows("id", "amount") == [("2", "20"), ("3", "30"), ("4", "40"), ("5", "50"), ("6", "60")]
    assert csv.rejected() == [("a.csv", 1, "unterminated_quote")]


def test_a_quote_inside_a_bare_value_is_a_value(csv: Landing) -> None:
    csv.write("a.csv", 'a,b\n24" screen,1\nx,2\n')
    csv.land()
    assert csv.rows() == [('24" screen', "1"), ("x", "2")]


def test_a_giant_field_is_rejected_and_the_rest_lands(csv: Landing) -> None:
    csv.write("a.csv", "a,b\n1,2\n3," + "x" * 3_000_000 + "\n5,6\n")
    csv.land()
    assert csv.rows() == [("1", "2"), ("5", "6")]
    assert [(row, rule) for _, row, rule in csv.rejected()] == [(2, "unterminated_quote")]


def test_a_giant_quoted_field_does_not_take_the_process_with_it(csv: Landing) -> None:
    csv.write("a.csv", 'a,b\n1,2\n3,"' + ("x" * 60 + "\n") * 20_000 + '"\n5,6\n')
    csv.land()
    assert (csv.rows()[0], csv.rows()[-1]) == (("1", "2"), ("5", "6"))


def test_a_file_that_is_no_csv_is_refused(csv: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onefunnel.extract.csv_text.MAX_REPAIRED", 10)
    csv.write("a.csv", "a,b\n" + '1,"2"x\n' * 20)
    with pytest.raises(OnefunnelError, match="lines are no CSV"):
        csv.land()


def test_a_file_of_rejects_is_refused(csv: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onefunnel.extract.csv_text.MAX_REJECTED", 10)
    csv.write("a.csv", "a,b\n" + "1\n" * 20)
    with pytest.raises(OnefunnelError, match="more than 10 rows"):
        csv.land()


def test_blank_lines_are_no_rows(csv: Landing) -> None:
    csv.write("a.csv", "\r\n\na,b\n1,2\n\n3,4\n\n")
    csv.land()
    assert csv.rows() == [("1", "2"), ("3", "4")]


def test_undecodable_bytes_reject_the_row_and_only_it(csv: Landing) -> None:
    csv.write("a.csv", "name,n\nИван,1\n".encode() + "Пётр".encode("cp1251") + b",2\nEve,3\n")
    csv.land()
    assert csv.rows() == [("Иван", "1"), ("Eve", "3")]
    assert csv.rejected() == [("a.csv", 2, "undecodable_bytes")]


def test_a_nul_byte_rejects_the_row(csv: Landing) -> None:
    csv.write("a.csv", b"a,b\n1,2\n3,4\0\n5,6\n")
    csv.land()
    assert csv.rows() == [("1", "2"), ("5", "6")]
    assert csv.rejected() == [("a.csv", 2, "nul_byte")]


@pytest.mark.parametrize("encoding", ["windows-1251", "utf-16-le", "iso-8859-1", "koi8-r"])
def test_a_declared_encoding_is_read(csv: Landing, encoding: str) -> None:
    name = "Müller" if encoding == "iso-8859-1" else "Иван"
    csv.options["encoding"] = encoding
    csv.write("a.csv", f"name;n\n{name};1\n".encode(encoding))
    csv.land()
    assert csv.rows() == [(name, "1")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_declares_itself(csv: Landing, encoding: str) -> None:
    csv.write("a.csv", "id,name\n1,Иван\n".encode(encoding))
    manifest = csv.land()
    assert manifest.columns == ("id", "name")
    assert csv.rows() == [("1", "Иван")]


def test_undeclared_utf16_is_refused_with_advice(csv: Landing) -> None:
    csv.write("a.csv", "id,name\n1,Eve\n".encode("utf-16-le"))
    with pytest.raises(ConfigError, match="UTF-16") as error:
        csv.land()
    assert "encoding:" in error.value.hint


def test_an_unreadable_header_is_refused(csv: Landing) -> None:
    csv.write("a.csv", "имя,n\n".encode("cp1251") + b"x,1\n")
    with pytest.raises(ConfigError, match="header"):
        csv.land()


def test_header_only_lands_no_rows_but_its_columns(csv: Landing) -> None:
    csv.write("a.csv", "id,name")
    manifest = csv.land()
    assert (manifest.rows, manifest.columns) == (0, ("id", "name"))


def test_an_empty_file_is_refused_unless_declared_normal(csv: Landing) -> None:
    csv.write("a.csv", b"")
    with pytest.raises(ConfigError, match="empty"):
        csv.land()
    csv.source["expected"] = "normal_empty"
    assert csv.land().rows == 0


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_an_undeclared_delimiter_is_told_by_the_header(csv: Landing, delimiter: str) -> None:
    csv.write("a.csv", f'"a, b"{delimiter}c{delimiter}d\n1{delimiter}"2{delimiter}x"{delimiter}3\n')
    csv.land()
    assert csv.rows() == [("1", f"2{delimiter}x", "3")]


def test_odd_header_names_become_columns(csv: Landing) -> None:
    csv.write("a.csv", 'a,,A,_row,"q""uo\'te"\n1,2,3,4,5\n')
    manifest = csv.land()
    assert manifest.columns == ("a", "column_2", "A_2", "_row_2", "q\"uo'te")
    assert csv.rows() == [("1", "2", "3", "4", "5")]


def test_hostile_text_stays_text(csv: Landing) -> None:
    hostile = ["'); drop table leads; --", "{{ 7*7 }}", "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "$1 $file ?"]
    csv.write("a.csv", "note,n\n" + "".join(f'"{text}",1\n' for text in hostile))
    csv.land()
    assert [note for note, _ in csv.rows()] == hostile


def test_hostile_names_of_files_and_columns_stay_names(csv: Landing) -> None:
    csv.write("it's; drop.csv", '"x\'); drop table t; --",b\n1,2\n')
    csv.land()
    assert csv.rows("_file", "b") == [("it's; drop.csv", "2")]


TEXT = st.text(alphabet=string.printable.replace("\x0b", "").replace("\x0c", "") + "äЖ€😀", max_size=12)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=8), delimiter=st.sampled_from(",;\t|"))
@example(rows=[("", "", "-")], delimiter=",")
@example(rows=[("a", "", "-"), ("", "—", ""), ("", "", "")], delimiter=";")
def test_whatever_python_writes_lands_unchanged(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], delimiter: str
) -> None:
    landing = Landing(tmp_path_factory.mktemp("csv"), {"path": "*.csv", "delimiter": delimiter})
    text = io.StringIO(newline="")
    writer = python_csv.writer(text, delimiter=delimiter, quoting=python_csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([("a", "b", "c"), *rows])
    landing.write("a.csv", text.getvalue())
    landing.land()
    # a line of dashes below the table is none of its rows, and nor is what is empty beside it
    below = next((count for count, row in enumerate(reversed(rows)) if any(cell.strip() not in NOTHING for cell in row)), len(rows))
    if any(cell.strip() for row in rows[len(rows) - below :] for cell in row):
        del rows[len(rows) - below :]
    while len(rows) > 1 and not any(rows[-1]) and any(map(any, rows)):
        rows.pop()
    assert landing.rows() == [tuple(cell or None for cell in row) for row in rows]
    assert landing.rejected() == []


def test_lines_of_delimiters_below_the_table_are_no_rows(csv: Landing) -> None:
    csv.write("a.csv", "a,b\n1,2\n,\n3,\n" + ",\n" * 500)
    assert csv.land().rows == 3
    assert csv.rows("a", "b", "_row") == [("1", "2", 1), (None, None, 2), ("3", None, 3)]


def test_a_text_as_a_formula_is_that_text(csv: Landing) -> None:
    csv.write("a.csv", 'id,amount,link\n="007",="1.50",x\n"=""008""",2,<a href=""x"">\n')
    csv.land()
    assert csv.rows() == [("007", "1.50", "x"), ("008", "2", '<a href=""x"">')]


def test_cells_behind_the_last_column_name_are_told(csv: Landing) -> None:
    csv.write("a.csv", "a,b,\n1,2,\n12,50,3\n")
    (warning,) = csv.land().warnings
    assert "1 row(s), the first of them row 2, hold something behind the last column name" in warning
    csv.write("b.csv", ",a,b\n1,2,3\n")  # the numbers of rows, as some programs write them first
    assert not [warning for warning in csv.land().warnings if "b.csv" in warning]


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"PK\x03\x04", "workbook"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"PAR1", "format: parquet"),
        (b"7z\xbc\xaf\x27\x1c", "unpack"),
        (b"Rar!\x1a\x07", "unpack"),
        (b"SQLite format 3\0", "connector: database"),
    ],
)
def test_what_is_no_text_is_called_by_its_name(csv: Landing, start: bytes, what: str) -> None:
    csv.write("a.csv", start + bytes(range(200)))
    with pytest.raises(ConfigError, match=f"no text[\\s\\S]*{what}"):
        csv.land()


@pytest.mark.parametrize("start", ["<html>", " \n<!DOCTYPE html>", "\ufeff<table>", "<HTML lang='en'>"])
def test_a_page_under_the_name_of_a_table_is_told(csv: Landing, start: str) -> None:
    csv.write("a.csv", f"{start}<tr><td>id</td></tr>")
    with pytest.raises(ConfigError, match=r"it is a web page[\s\S]*save it as .xlsx or .csv"):
        csv.land()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_lines_that_are_quoted_whole_are_told(tmp_path: Path, delimiter: str) -> None:
    payments = Landing(tmp_path, {"path": "*.csv"}, system="template", entity="payments")
    lines = ["payment_id,paid_at,amount,currency", "1,2026-01-01,100,EUR"]
    quoted = [delimiter.join([line.split(",")[0], *(f'""{cell}""' for cell in line.split(",")[1:])]) for line in lines]
    payments.write("a.csv", "".join(f'"{line}"\n' for line in quoted))
    with pytest.raises(MissingColumn, match=r"each line is in quotes as a whole[\s\S]*deliver it as it was before"):
        payments.land()


def test_the_delimiter_is_the_one_under_which_the_required_columns_are(tmp_path: Path) -> None:
    holidays = Landing(tmp_path, {"path": "*.csv"}, system="template", entity="holidays")
    holidays.write("a.csv", "date;name, town, or land\n2026-01-01;New Year, 1,5\n")
    holidays.land()
    assert holidays.rows() == [("2026-01-01", "New Year, 1,5")]


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(junk=st.binary(max_size=400))
def test_any_bytes_land_or_are_refused_never_crash(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    landing = Landing(tmp_path_factory.mktemp("junk"), {"path": "*.csv"})
    landing.write("a.csv", b"a,b\n1,2\n" + junk)
    try:
        manifest = landing.land()
    except OnefunnelError:
        return
    assert landing.rows()[:1] in ([("1", "2")], [])
    assert manifest.rows == len(landing.rows())


def test_dates_and_folders_are_no_part_of_the_file_name(csv: Landing, tmp_path: Path) -> None:
    csv.options["path"] = "exports/**/*.csv"
    csv.write("exports/2024/a.csv", "id\n1\n")
    csv.land(date(2024, 6, 1).isoformat())
    assert csv.rows("_file") == [("exports/2024/a.csv",)]
