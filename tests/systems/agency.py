"""An agency on HubSpot, Stripe, two ad platforms, amoCRM, Bitrix24, Salesforce, Yandex Direct and a bank: one server plays all of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import salesforce_tap
import yaml
from fake_amocrm import FakeAmoCrm
from fake_bitrix24 import FakeBitrix24
from fake_google_ads import FakeGoogleAds
from fake_hubspot import FakeHubSpot
from fake_meta_ads import FakeMetaAds
from fake_salesforce import FakeSalesforce, made_id
from fake_server import Answer, Asked, FakeApi, serving
from fake_stripe import FakeStripe
from fake_yandex_direct import FakeYandexDirect

from onefunnel.project import project_root

CANARY = "canary-4f1d9c7e55"
SECRETS = {
    "HUBSPOT_TOKEN": f"{CANARY}-h",
    "STRIPE_KEY": f"{CANARY}-s",
    "META_TOKEN": f"{CANARY}-m",
    "AMOCRM_TOKEN": f"{CANARY}-a",
    "BITRIX24_HOOK": f"{CANARY}-b",
    "YANDEX_TOKEN": f"{CANARY}-y",
    "GOOGLE_DEVELOPER_TOKEN": f"{CANARY}-d",
    "GOOGLE_CLIENT_ID": "1234",
    "GOOGLE_CLIENT_SECRET": f"{CANARY}-c",
    "GOOGLE_REFRESH_TOKEN": f"{CANARY}-g",
    "SALESFORCE_CLIENT_ID": f"{CANARY}-i",
    "SALESFORCE_CLIENT_SECRET": f"{CANARY}-e",
    "SALESFORCE_REFRESH_TOKEN": f"{CANARY}-f",
}
GOOGLE = ("developer_token", "client_id", "client_secret", "refresh_token")
SOURCES = """\
version: 1
reporting: {{base_currency: EUR, time_zone: Europe/Berlin}}
sources:
- {{name: crm, system: hubspot, connector: api, base_url: "{url}", secrets: {{token: HUBSPOT_TOKEN}}}}
- {{name: stripe, system: stripe, connector: api, ids_of: crm, match_by: [email], base_url: "{url}", secrets: {{key: STRIPE_KEY}}}}
- name: google
  system: google_ads
  connector: api
  account: "1234567890"
  base_url: "{url}"
  secrets:
    developer_token: GOOGLE_DEVELOPER_TOKEN
    client_id: GOOGLE_CLIENT_ID
    client_secret: GOOGLE_CLIENT_SECRET
    refresh_token: GOOGLE_REFRESH_TOKEN
  settings: {{manager: "999"}}
- {{name: meta, system: meta_ads, connector: api, account: "77", base_url: "{url}", secrets: {{token: META_TOKEN}}}}
- {{name: amo, system: amocrm, connector: api, account: example.amocrm.ru, base_url: "{url}", secrets: {{token: AMOCRM_TOKEN}}}}
- {{name: bitrix, system: bitrix24, connector: api, secrets: {{webhook: BITRIX24_WEBHOOK}}}}
- name: direct
  system: yandex_direct
  connector: api
  currency: EUR
  since: "2026-01-01"
  base_url: "{url}"
  secrets: {{token: YANDEX_TOKEN}}
- name: bank
  system: template
  connector: files
  time_zone: Europe/Moscow
  date_order: dmy
  decimal_separator: ","
  currency: EUR
  ids_of: amo
  match_by: [email]
  entities:
    payments: {{path: bank/*.csv, encoding: windows-1251, delivery: delta}}
- name: invoices
  system: template
  connector: files
  currency: EUR
  ids_of: sf
  match_by: [email, phone]
  phone_country: DE
  entities: {{payments: {{path: invoices.csv}}}}
"""
# Ids of an opportunity and of an account in 15 characters, as reports of Salesforce show them; addresses of a contact and of a lead; and
# a phone as it is dialled at home.
INVOICES = (
    "payment_id,paid_at,amount,currency,lead_id,client_id,contact_email,contact_phone",
    f"i1,2026-03-01,100,,{made_id('Opportunity', 0)[:15]},,,",
    f"i2,2026-03-02,200,,,{made_id('Account', 3)[:15]},,",
    "i3,2026-03-03,300,,,,Office6@client.test,",
    "i4,2026-03-04,400,,,,sf8@client.test,",
    f"i5,2026-03-05,500,,{made_id('Opportunity', 9)},,,",
    "i6,2026-03-06,600,,,,,030/55 0010",
)
FIRST_DAY, SECOND_DAY = date(2026, 3, 30), date(2026, 3, 31)


class Agency(FakeApi):
    """All systems behind one address, told apart by their paths."""

    def __init__(self, deals: int = 120) -> None:
        super().__init__()
        google = {name: SECRETS[f"GOOGLE_{name.upper()}"] for name in GOOGLE}
        self.hubspot = FakeHubSpot(deals, token=SECRETS["HUBSPOT_TOKEN"])
        self.stripe = FakeStripe(key=SECRETS["STRIPE_KEY"])
        self.google = FakeGoogleAds(date(2026, 1, 1), 89, **google)
        self.meta = FakeMetaAds(date(2026, 1, 1), 89, token=SECRETS["META_TOKEN"])
        self.amo = FakeAmoCrm(45, token=SECRETS["AMOCRM_TOKEN"], first=unix(datetime(2026, 1, 15, tzinfo=UTC)))
        self.yandex = FakeYandexDirect(date(2026, 1, 1), 89, token=SECRETS["YANDEX_TOKEN"])
        self.bitrix = FakeBitrix24(30, secret=SECRETS["BITRIX24_HOOK"])
        known = {name: SECRETS[f"SALESFORCE_{name.upper()}"] for name in ("client_id", "client_secret", "refresh_token")}
        self.salesforce = FakeSalesforce(24, **known)
        self.meta.currency = "EUR"
        self.hubspot.merge("1005", "1006", datetime(2026, 3, 29, 9, tzinfo=UTC))
        for deal in self.hubspot.deals.values():
            if deal["properties"]["dealstage"] == "closedwon":
                self.pay(deal, datetime.fromisoformat(deal["updatedAt"]))
        january = datetime(2026, 1, 15, 12, tzinfo=UTC)
        self.money(january, -2500, "refund", customer="cus_x")
        self.money(january, -90_000, "payout")
        self.money(january, 7700, livemode=False, customer="cus_test")
        # a customer whose charge names no deal: the e-mail is a contact's
        bill = {"billing_details": {"email": " Person1004@Client.test", "phone": None}}
        charge = self.money(datetime(2026, 3, 25, 12, tzinfo=UTC), 3300, customer="cus_y", **bill)
        self.money(datetime(2026, 3, 26, 12, tzinfo=UTC), -300, "refund", charge={"id": charge["source"]["id"], "customer": "cus_y"})
        email_of(self.amo.contacts[50_004], email_of(self.amo.contacts[50_003]))
        self.bank = [self.transfer(lead) for lead in self.amo.leads.values() if lead["status_id"] == 142]
        late = datetime(2026, 3, 20, tzinfo=UTC)
        self.bank += [transfer("nobody", late, email="nobody@else.test"), transfer("late", late, email="late@client.test")]
        self.bank += [transfer("several", late, email=email_of(self.amo.contacts[50_003]))]
        self.bank += [transfer("early", datetime(2026, 1, 2, tzinfo=UTC), email=email_of(self.amo.contacts[50_005]))]

    def pay(self, deal: dict[str, Any], at: datetime) -> None:
        """A charge that carries the id of its deal."""
        self.money(at, round(float(deal["properties"]["amount"]) * 100), fee=150, metadata={"lead_id": deal["id"]})

    def money(self, at: datetime, amount: int, category: str = "charge", fee: int = 0, **source: Any) -> dict[str, Any]:
        """A balance transaction in cents of euro; returns it."""
        row = self.stripe.add(unix(at))
        told = {"id": f"src_{row['id']}", "livemode": True, **source}
        row |= {"amount": amount, "fee": fee, "net": amount - fee, "currency": "eur", "reporting_category": category, "source": told}
        return row

    def transfer(self, lead: dict[str, Any]) -> dict[str, str]:
        """A line of the bank that pays for a lead: every other one names it, the others leave the payer's address."""
        at = datetime.fromtimestamp(lead["created_at"], UTC) + timedelta(days=2)
        if lead["id"] % 2:
            return transfer(str(lead["id"]), at, lead_id=str(lead["id"]))
        return transfer(str(lead["id"]), at, email=email_of(self.amo.contacts[50_000 + lead["id"]]).upper())

    def route(self, asked: Asked) -> Answer:
        starts = {"/crm/": self.hubspot, "/v1/": self.stripe, "/v21/": self.google, "/token": self.google, "/v23.0/": self.meta}
        starts |= {"/api/v4/": self.amo, "/json/v5/": self.yandex, "/rest/1/": self.bitrix}
        starts |= {"/services/": self.salesforce}
        for start, api in starts.items():
            if asked.path.startswith(start):
                api.url = self.url
                return api.route(asked)
        return Answer({"error": "no such path"}, 404)

    def next_day(self) -> None:
        """What a second night finds: new, moved, archived and deleted records, a renamed campaign, restated days, a dispute."""
        now = datetime(2026, 3, 31, 9, tzinfo=UTC)
        new = self.hubspot.add("9001", createdate=now.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
        self.hubspot.move("9001", "closedwon", now)
        self.hubspot.archive("1003", now)
        self.pay(new, now)
        self.money(now, -5000, "dispute", customer="cus_x")
        self.money(now, 5000, "dispute_reversal", customer="cus_x")
        self.google.names["1"] = "Renamed"
        self.google.spend(date(2026, 3, 29))
        self.meta.run(date(2026, 3, 20))
        self.yandex.spend(date(2026, 3, 28))
        self.amo.add(900, unix(now))
        self.amo.move(2, 142, unix(now))
        self.amo.delete(3, unix(now))
        # who had paid before anybody knew the address, and one whose address was another's
        changed = self.amo.contacts[50_002]
        email_of(changed, "late@client.test")
        changed["updated_at"] = unix(now)
        self.bitrix.add(900, now)
        self.bitrix.move(7, "WON", now)
        # a deal whose lead stays, and a lead whose deal stays
        del self.bitrix.deals[3], self.bitrix.leads[5]
        self.salesforce.next_day(now)
        self.bank.append(transfer("new", now, lead_id="2"))


def unix(moment: datetime) -> int:
    """Seconds of Unix."""
    return int(moment.timestamp())


def email_of(contact: dict[str, Any], new: str = "") -> str:
    """The e-mail of a contact of amoCRM, after it was changed to `new`."""
    value = next(field for field in contact["custom_fields_values"] if field["field_code"] == "EMAIL")["values"][0]
    value["value"] = new or value["value"]
    return value["value"]


def transfer(name: str, at: datetime, lead_id: str = "", email: str = "") -> dict[str, str]:
    """A line of the bank's statement, as banks write it."""
    line = {"payment_id": f"Б-{name}", "paid_at": at.strftime("%d.%m.%Y"), "amount": "1 234,50", "currency": "", "lead_id": lead_id}
    return line | {"contact_email": email, "payer": "ООО «Ромашка»"}


def write_statement(path: Path, lines: list[dict[str, str]]) -> None:
    """A file of the bank, in windows-1251."""
    path.parent.mkdir(exist_ok=True)
    rows = [";".join(lines[0]), *(";".join(line.values()) for line in lines)]
    path.write_bytes("\r\n".join(rows).encode("windows-1251"))


def write_example(example: str, folder: Path, url: str) -> Path:
    """The sources.yml of an example with its words, its APIs being at this address."""
    shutil.copytree(project_root() / "examples" / example, folder, dirs_exist_ok=True)
    path = folder / "sources.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for source in content["sources"]:
        source |= {"base_url": url} if source["connector"] == "api" else {}
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


@contextmanager
def serving_agency(folder: Path) -> Iterator[tuple[Agency, Path]]:
    """(the agency, its sources.yml) while its server runs. Secrets are to be those of `secrets`."""
    agency = Agency()
    with serving(agency) as url:
        agency.url = url
        sources = folder / "sources.yml"
        known = yaml.safe_load(SOURCES.format(url=url))
        known["sources"].append(salesforce_tap.source(url, name="sf"))
        sources.write_text(yaml.safe_dump(known, allow_unicode=True), encoding="utf-8")
        write_statement(folder / "bank" / "1.csv", agency.bank)
        (folder / "invoices.csv").write_text("\n".join(INVOICES), encoding="utf-8")
        yield agency, sources


def secrets(agency: Agency) -> dict[str, str]:
    """The environment of a night."""
    return SECRETS | {"BITRIX24_WEBHOOK": f"{agency.url}/rest/1/{SECRETS['BITRIX24_HOOK']}/"}
