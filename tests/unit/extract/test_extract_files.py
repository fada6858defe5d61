"""Which files are read, once each, from inside the source's folder, as one consistent copy; personal data hashed on the way."""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from pathlib import Path

import pytest
from conftest_landing import KEY, Landing

from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract import snapshot as snapshots
from onefunnel.extract.normalise import hash_value


def test_the_same_bytes_land_once_also_under_another_name(csv: Landing) -> None:
    csv.write("a.csv", "id\n1\n")
    csv.land("2024-06-01")
    csv.write("copy of a.csv", "id\n1\n")
    again = csv.land("2024-06-02")
    assert again.unchanged
    assert again.warnings == ("copy of a.csv: the same bytes as a.csv, landed before; they are not landed again",)
    assert csv.rows() == [("1",)]
    assert len(csv.loads) == 1


def test_the_same_bytes_twice_in_one_delivery_land_once(csv: Landing) -> None:
    csv.write("a.csv", "id\n1\n")
    csv.write("b.csv", "id\n1\n")
    assert csv.land().rows == 1


def test_a_retry_replaces_its_own_load(csv: Landing) -> None:
    csv.write("a.csv", "id\n1\n")
    first = csv.land()
    again = csv.land()
    assert (again.load_id, again.sha256, again.rows) == (first.load_id, first.sha256, 1)
    assert csv.rows() == [("1",)]


def test_new_bytes_under_an_old_name_replace_the_old(csv: Landing) -> None:
    csv.write("a.csv", "id\n1\n2\n")
    csv.write("b.csv", "id\n9\n")
    csv.land("2024-06-01")
    csv.write("a.csv", "id\n1\n2\n3\n")
    manifest = csv.land("2024-06-02")
    assert (manifest.rows, manifest.rows_current, manifest.previous_rows_current) == (3, 4, 3)
    assert sorted(csv.rows()) == [("1",), ("2",), ("3",), ("9",)]


def test_a_delta_adds_to_what_is_there(csv: Landing) -> None:
    csv.options["delivery"] = "delta"
    csv.write("a.csv", "id\n1\n")
    csv.land("2024-06-01")
    csv.write("a.csv", "id\n2\n")
    csv.land("2024-06-02")
    assert csv.rows() == [("1",), ("2",)]


def test_a_corrected_encoding_lands_the_same_bytes_again(csv: Landing) -> None:
    csv.write("a.csv", b"id,name\n1," + "Иван".encode("cp1251") + b"\n2,x\n")
    csv.land("2024-06-01")
    assert csv.rows() == [("2", "x")]
    csv.options["encoding"] = "cp1251"
    csv.land("2024-06-02")
    assert csv.rows() == [("1", "Иван"), ("2", "x")]


def test_a_renamed_required_column_is_refused_by_name(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.csv"}, system="template", entity="leads")
    landing.write("leads.csv", "lead_id,created,channel\n1,2024-06-01,seo\n")
    with pytest.raises(OnefunnelError) as error:
        landing.land()
    assert "'created_at' is absent" in error.value.message
    assert error.value.where.startswith("leads.csv")
    assert "renamed to 'created'" in error.value.hint
    assert landing.loads == []


def test_required_columns_are_matched_without_case(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.csv"}, system="template", entity="leads")
    landing.write("leads.csv", "LEAD_ID, Created_At ,Channel\n1,2024-06-01,seo\n")
    assert landing.land().columns == ("LEAD_ID", "Created_At", "Channel")


def test_added_and_removed_columns_are_noted(csv: Landing) -> None:
    csv.write("a.csv", "id,old\n1,2\n")
    assert csv.land("2024-06-01").new_columns == ()
    csv.write("a.csv", "id,new\n1,2\n")
    manifest = csv.land("2024-06-02")
    assert (manifest.new_columns, manifest.absent_columns, manifest.previous_columns) == (("new",), ("old",), ("id", "old"))


def test_personal_columns_are_hashed_under_the_key(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.csv"}, {"personal": ["Nickname"]}, system="template", entity="leads")
    landing.write(
        "leads.csv",
        "lead_id,created_at,channel,contact_email,contact_phone,nickname,company\n"
        "1,2024-06-01,seo, Eve@Example.COM ,+49 (170) 12-34,Évé,Acme\n2,2024-06-01,seo,,n/a,,\n",
    )
    landing.land()

    def mac(value: str) -> str:
        return hmac.new(KEY.encode(), value.encode(), hashlib.sha256).hexdigest()

    assert landing.rows("contact_email", "contact_phone", "nickname", "company") == [
        (mac("eve@example.com"), mac("491701234"), mac("évé"), "Acme"),
        (None, None, None, None),
    ]


@pytest.mark.parametrize(
    ("column", "nobody", "somebody"),
    [
        (
            "email",
            "none@none.com | No-Email@x.org | noreply@crm.io | test@test.ru | n/a@n/a",
            "nora@x.org | tester@x.org | nonell@none.com",
        ),
        (
            "phone",
            "+7 999 999-99-99 | 8(000)000-00-00 | 1234567890 | 0123456789 | 555-5555 | 1234567",
            "+7 999 999-99-98 | 491701234 | 1234567895",
        ),
    ],
)
def test_addresses_typed_to_get_past_a_form_are_nobodys(column: str, nobody: str, somebody: str) -> None:
    assert [hash_value(KEY, column, value) for value in nobody.split(" | ")] == [None] * (nobody.count("|") + 1)
    assert None not in [hash_value(KEY, column, value) for value in somebody.split(" | ")]


def test_of_several_addresses_in_a_cell_the_first_is_the_persons() -> None:
    same = "ann@x.io", " Ann@X.io ", "ann@x.io;bob@x.io", "ann@x.io, bob@x.io", "Ann <ann@x.io>", "mailto:ann@x.io", "ann@x.io bob@x.io"
    assert len({hash_value(KEY, "contact_email", value) for value in same}) == 1
    assert hash_value(KEY, "contact_email", "o'neil+1@x.io") != hash_value(KEY, "contact_email", "neil+1@x.io")
    assert hash_value(KEY, "contact_email", "none@none.com; -") is None


def test_neither_the_key_nor_personal_data_is_in_any_byte_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    landing = Landing(tmp_path, {"path": "*.csv"}, system="template", entity="leads")
    landing.write(
        "leads.csv", 'lead_id,created_at,channel,contact_email\n1,2024,seo,eve@secret.example\n2,"x,seo,adam@secret.example\n3,2024\n'
    )
    landing.land()
    assert len(landing.rejected()) == 2
    written = b"".join(path.read_bytes() for path in landing.home.rglob("*") if path.is_file())
    for secret in (KEY, "eve@secret", "adam@secret", KEY.encode().hex()):
        assert secret.encode() not in written
        assert secret not in caplog.text


def test_personal_data_without_a_key_is_refused(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.csv"}, system="template", entity="leads", key=None)
    landing.write("leads.csv", "lead_id,created_at,channel\n1,2024-06-01,seo\n")
    landing.land()
    landing.write("leads.csv", "lead_id,created_at,channel,Contact_Email\n1,2024-06-01,seo,a@b.c\n")
    with pytest.raises(ConfigError, match="ONEFUNNEL_HASH_KEY") as error:
        landing.land("2024-06-02")
    assert "Contact_Email" in error.value.where


def test_another_key_is_refused(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.csv"}, system="template", entity="leads")
    landing.write("leads.csv", "lead_id,created_at,channel,contact_email\n1,2024-06-01,seo,a@b.c\n")
    landing.land()
    landing.key = "another-key-that-is-long-enough"
    landing.write("leads.csv", "lead_id,created_at,channel,contact_email\n1,2024-06-01,seo,z@b.c\n")
    with pytest.raises(ConfigError, match="not the key") as error:
        landing.land("2024-06-02")
    assert landing.key not in str(error.value)


@pytest.mark.parametrize(
    "column", ["Email Opt Out", "Unsubscribed from all email", "Email Domain", "Email hard bounce reason", "Phone type", "has_phone"]
)
def test_what_is_said_of_an_address_is_not_personal(csv: Landing, column: str) -> None:
    csv.write("a.csv", f"a,{column}\n1,yes\n")
    assert not csv.land().warnings


def test_a_column_that_looks_personal_is_warned_of(csv: Landing) -> None:
    csv.write("a.csv", "id,E-Mail\n1,a@b.c\n")
    assert "E-Mail looks personal" in csv.land().warnings[0]


def test_a_misspelt_column_that_is_not_required_is_warned_of(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.csv"}, system="template", entity="leads")
    # contact_name is known: it is hashed, though staging does not read it
    head = "lead_id,created_at,channel,First contact,reason,campaign_name,note,contact_name"
    landing.write("leads.csv", f"{head}\n1,2024-06-01,seo,,,,,Ann\n")
    assert landing.land().warnings == ("leads.csv: column First contact is read by nobody; was first_contact_at meant?",)


@pytest.mark.parametrize("path", ["../outside.csv", "in/../../outside.csv", "..\\outside.csv"])
def test_a_path_out_of_the_folder_is_refused(csv: Landing, path: str) -> None:
    (csv.folder / "outside.csv").write_text("id\n1\n")
    csv.options["path"] = path
    with pytest.raises(ConfigError, match=r"`\.\.` in a path"):
        csv.land()


def test_a_link_out_of_the_folder_is_refused(csv: Landing, tmp_path: Path) -> None:
    outside = tmp_path / "secret.csv"
    outside.write_text("id\n1\n")
    csv.write("a.csv", "id\n1\n")
    (tmp_path / "in" / "b.csv").symlink_to(outside)
    with pytest.raises(ConfigError, match="link leads out"):
        csv.land()


def test_a_link_inside_the_folder_is_read(csv: Landing, tmp_path: Path) -> None:
    csv.write("store/a.txt", "id\n1\n")
    (tmp_path / "in" / "a.csv").symlink_to(tmp_path / "in" / "store" / "a.txt")
    csv.land()
    assert csv.rows("id", "_file") == [("1", "a.csv")]


def test_a_pipe_is_refused(csv: Landing, tmp_path: Path) -> None:
    csv.write("a.csv", "id\n1\n").unlink()
    os.mkfifo(tmp_path / "in" / "a.csv")
    with pytest.raises(ConfigError, match="not a regular file"):
        csv.land()


def test_no_file_is_refused_unless_declared_normal(csv: Landing) -> None:
    with pytest.raises(ConfigError, match=r"no file matches \*\.csv"):
        csv.land()
    csv.source["expected"] = "normal_empty"
    assert csv.land().rows == 0


def test_files_that_the_path_nearly_names_are_told(csv: Landing) -> None:
    csv.options["path"] = "leads*.csv"
    csv.write("leads_1.csv", "id\n1\n")
    for name in ("Leads_2.csv", "leads_3.CSV", "leads_4.csv.gz", "leads_5.csv.part", "other.csv"):
        csv.write(name, "id\n2\n")
    assert csv.land().warnings == (
        "Leads_2.csv: not read: its name is written otherwise than `leads*.csv`; rename it",
        "leads_3.CSV: not read: its name is written otherwise than `leads*.csv`; rename it",
        "leads_4.csv.gz: not read: it is packed; unpack it",
    )


def test_a_variable_in_a_path(csv: Landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONEFUNNEL_EXPORTS", raising=False)
    csv.options["path"] = "${ONEFUNNEL_EXPORTS}/*.csv"
    with pytest.raises(ConfigError, match="ONEFUNNEL_EXPORTS is not set") as error:
        csv.land()
    assert error.value.exit_code == 2
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "a.csv").write_text("id\n1\n")
    monkeypatch.setenv("ONEFUNNEL_EXPORTS", str(exports))
    csv.land()
    assert csv.rows("id", "_file") == [("1", "a.csv")]


def test_one_consistent_copy_is_read_while_the_file_is_replaced(csv: Landing) -> None:
    """A writer replaces the file by rename without pause; what lands is always one whole version."""
    versions = {n: "id,v\n" + f"{n},{n}\n" * 20_000 for n in range(2)}
    path = csv.write("a.csv", versions[0])
    stop = threading.Event()

    def replace() -> None:
        n = 0
        while not stop.is_set():
            n = 1 - n
            beside = path.with_suffix(".new")
            beside.write_text(versions[n])
            beside.replace(path)

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        for day in range(1, 6):
            csv.land(f"2024-06-{day:02d}")
            assert len(set(csv.rows())) == 1
    except OnefunnelError as error:
        assert "changed in each of" in error.message  # noqa: PT017 - refused is as good as whole
    finally:
        stop.set()
        writer.join()


def test_a_file_written_to_while_read_is_refused(csv: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    path = csv.write("a.csv", "id\n1\n")

    def copy_and_append(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes())
        with path.open("a") as stream:
            stream.write("2\n")

    monkeypatch.setattr(snapshots.shutil, "copyfile", copy_and_append)
    with pytest.raises(OnefunnelError, match="changed in each of 3 attempts"):
        csv.land()


def test_nothing_of_a_source_lands_when_one_entity_fails(tmp_path: Path) -> None:
    from datetime import date

    import yaml

    from onefunnel.config import load_config
    from onefunnel.extract import extract_source
    from onefunnel.interval import Interval
    from onefunnel.landing import all_loads

    landing = Landing(tmp_path)
    landing.write("good.csv", "id\n1\n")
    landing.write("bad.xlsx", "no workbook")
    entities = {"good": {"path": "good.csv"}, "bad": {"path": "bad.xlsx"}}
    content = {"version": 1, "sources": [{"name": "src", "system": "other", "connector": "files", "entities": entities}]}
    path = tmp_path / "in" / "sources.yml"
    path.write_text(yaml.safe_dump(content))
    config = load_config(path)
    with pytest.raises(OnefunnelError):
        extract_source(config, config.sources[0], Interval.for_as_of(date(2024, 6, 1)), landing.settings)
    assert all_loads(landing.settings.paths.landing) == []
    assert not list((tmp_path / "home").rglob(".tmp-*"))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_columns_called_like_the_folders_of_the_landing_keep_their_values(landing: Landing, name: str) -> None:
    """Folders are called source=… and load=…, which readers may take for partitions."""
    contents = {"a.csv": "Source,Load\nFacebook Ads,7\n", "a.jsonl": '{"Source": "Facebook Ads", "Load": 7}'}
    landing.options["path"] = name
    landing.write(name, contents.get(name, '[{"Source": "Facebook Ads", "Load": 7}]'))
    landing.land()
    assert landing.rows("Source", "Load") == [("Facebook Ads", "7")]
