"""`onefunnel connect`: what is missing is asked for, credentials are proven, and only names of variables are written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fake_amocrm import FakeAmoCrm
from fake_bitrix24 import FakeBitrix24
from fake_google_ads import FakeGoogleAds
from fake_hubspot import FakeHubSpot
from fake_meta_ads import FakeMetaAds
from fake_server import Answer
from fake_stripe import FakeStripe
from fake_yandex_direct import FakeYandexDirect

from onefunnel.cli.connect import connect
from onefunnel.config import load_config
from onefunnel.connect import Wish, add_block, complete, prove
from onefunnel.errors import ConfigError
from onefunnel.extract.transport import Refused

SECRET = "canary-of-connect"  # noqa: S105
GOOGLE = {name: f"{SECRET}-{name}" for name in ("developer_token", "client_id", "client_secret", "refresh_token")}
DAY = date(2026, 3, 1)
CASES: dict[str, tuple[Callable[[], Any], dict[str, str], str | None]] = {
    "hubspot": (lambda: FakeHubSpot(1, token=SECRET), {"token": SECRET}, None),
    "stripe": (lambda: FakeStripe(1, key=SECRET), {"key": SECRET}, None),
    "google_ads": (lambda: FakeGoogleAds(DAY, 1, **GOOGLE), GOOGLE, "1234567890"),
    "meta_ads": (lambda: FakeMetaAds(DAY, 1, token=SECRET), {"token": SECRET}, "77"),
    "amocrm": (lambda: FakeAmoCrm(1, token=SECRET), {"token": SECRET}, "example.amocrm.ru"),
    "bitrix24": (lambda: FakeBitrix24(1, secret=SECRET), {"webhook": "{url}/rest/1/" + SECRET + "/"}, None),
    "yandex_direct": (lambda: FakeYandexDirect(DAY, 1, token=SECRET, queued=0), {"token": SECRET}, None),
}
LIST = """\
version: 1
# ours
sources:
  - name: files   # first
    system: template
    connector: files
    entities:
      leads: {path: "leads.csv"}

# behind the list
quality:
  max_age_hours: 50
"""


def nobody(what: str, is_secret: bool) -> str:
    raise AssertionError(f"asked for {what}")


@pytest.mark.parametrize("system", CASES)
def test_every_system_is_proven_with_one_small_request(system: str, serve: Callable[..., Any]) -> None:
    make, secrets, account = CASES[system]
    api = make()
    serve(api, system, secrets)
    answers = {f"{system}_{name}".upper(): value.replace("{url}", api.url) for name, value in secrets.items()}
    wish = Wish(system, account=account, base_url=None if system == "bitrix24" else api.url)
    block, values = complete(wish, lambda what, is_secret: answers[what.partition(" ")[0]] if is_secret else nobody(what, is_secret))
    assert values == answers
    prove(block, values)
    assert len([asked for asked in api.asked if asked.path != "/token"]) == 1
    assert SECRET not in str(block)


def test_a_wrong_secret_is_refused_and_nothing_is_written(serve: Callable[..., Any], tmp_path: Path, monkeypatch: Any) -> None:
    api = FakeStripe(1, key=SECRET)
    serve(api, "stripe", {"key": SECRET})
    monkeypatch.setenv("STRIPE_KEY", "another-secret")
    path = tmp_path / "sources.yml"
    with pytest.raises(Refused, match="refuses the credentials") as error:
        connect("stripe", base_url=api.url, sources=path)
    assert "another-secret" not in str(error.value)
    assert not path.exists()


def test_a_block_is_written_without_its_secrets(serve: Callable[..., Any], tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    api = FakeStripe(1, key=SECRET)
    serve(api, "stripe", {"key": SECRET})
    monkeypatch.setenv("MONEY", SECRET)
    path = tmp_path / "sources.yml"
    connect("stripe", name="pay", secret=["key=MONEY"], base_url=api.url, sources=path)
    shown = capsys.readouterr().out + path.read_text()
    assert SECRET not in shown
    assert load_config(path).source("pay").secrets == {"key": "MONEY"}


def test_the_rest_of_the_list_stays_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "sources.yml"
    path.write_text(LIST)
    path.chmod(0o640)
    block, _ = complete(Wish("hubspot"), lambda what, is_secret: "x")
    written = add_block(path, block)
    assert path.read_text().replace(written + "\n", "") == LIST
    assert path.stat().st_mode & 0o777 == 0o640
    assert [source.name for source in load_config(path).sources] == ["files", "hubspot"]
    assert [each.name for each in tmp_path.iterdir()] == ["sources.yml"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LIST.replace("files   #", "hubspot   #"), "two sources are called hubspot"),
        ("version: 1\nsources: [{name: a, system: template, connector: files, entities: {leads: {path: a}}}]\n", "in one line"),
        ("version: 1\n", "no `sources:`"),
        ("a: [", "not YAML"),
    ],
)
def test_a_list_that_cannot_take_it_stays_untouched(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "sources.yml"
    path.write_text(text)
    block, _ = complete(Wish("hubspot"), lambda what, is_secret: "x")
    with pytest.raises(ConfigError, match=says):
        add_block(path, block)
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"system": "nothing"}, "nothing is not described"),
        ({"system": "google_ads"}, "missing: account"),
        ({"system": "stripe"}, "missing: STRIPE_KEY"),
        ({"system": "stripe", "setting": ["manager"]}, "not NAME="),
        ({"system": "stripe", "setting": ["manager=1"]}, "stripe has no settings manager"),
        ({"system": "amocrm", "account": "https://example.amocrm.ru/"}, "account"),
    ],
)
def test_what_is_missing_or_wrong_is_named_where_nobody_can_be_asked(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        connect(**options, sources=tmp_path / "sources.yml")


def test_stages_and_channels_that_need_mapping_are_shown(serve: Callable[..., Any], tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    """As lines of the file of words; those that the project, or the agency's own words, map already are counted only."""
    path, words = tmp_path / "sources.yml", tmp_path / "words"
    words.mkdir()
    (words / "stage_mapping.csv").write_text("source_system,source_field,source_value,stage_key\namocrm,status,7/101,sql\n")
    path.write_text("version: 1\nwords: words\n" + LIST.partition("\n")[2])
    amo = FakeAmoCrm(1, token=SECRET)
    serve(amo, "amocrm", {})
    monkeypatch.setenv("AMOCRM_TOKEN", SECRET)
    connect("amocrm", account="example.amocrm.ru", base_url=amo.url, sources=path)
    said = capsys.readouterr().out
    assert "stages: 5 listed, 2 to be mapped:" in said
    assert "  stage_mapping.csv: amocrm,status,7/102,…   (102)" in said
    assert len(amo.asked) == 2

    bitrix = FakeBitrix24(1, secret=SECRET)
    serve(bitrix, "bitrix24", {})
    monkeypatch.setenv("BITRIX24_WEBHOOK", f"{bitrix.url}/rest/1/{SECRET}/")
    connect("bitrix24", sources=path)
    said = capsys.readouterr().out
    assert "stages: 3 listed, 1 to be mapped:" in said
    assert "  stage_mapping.csv: bitrix24,status,c2:uc_abc,…   (Waits for the board)" in said
    assert "  channel_mapping.csv: bitrix24,uc_fair,…   (Fair in May)" in said
    assert len(bitrix.asked) == 2


def test_a_right_that_does_not_go_so_far_does_not_stop_it(serve: Callable[..., Any], tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    api = FakeHubSpot(1, token=SECRET)
    serve(api, "hubspot", {})
    api.before = lambda asked: Answer({"category": "MISSING_SCOPES"}, 403) if "pipelines" in asked.path else None
    monkeypatch.setenv("HUBSPOT_TOKEN", SECRET)
    connect("hubspot", base_url=api.url, sources=tmp_path / "sources.yml")
    said = capsys.readouterr().out
    assert "Its stages cannot be listed" in said
    assert load_config(tmp_path / "sources.yml").source("hubspot")
    api.before = None
    connect("hubspot", name="other", secret=["token=HUBSPOT_TOKEN"], base_url=api.url, sources=tmp_path / "sources.yml")
    assert "stages: 7 listed, 0 to be mapped" in capsys.readouterr().out
