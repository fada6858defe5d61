"""A real Chromium on the report page of the demo night. Every page opened here must log no error and ask the network for nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from onefunnel.digest.pdf import find_browser
from onefunnel.report import write_report

OpenPage = Callable[..., Page]
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium here: install one or set ONEFUNNEL_CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def report(browser: Browser, demo_home: Path) -> Path:
    """The page that the demo night wrote. After `browser`, so that a machine without one does not run the night for nothing."""
    return demo_home / "published" / "report" / "index.html"


@pytest.fixture
def altered(browser: Browser, demo_home: Path, tmp_path: Path) -> Callable[..., Path]:
    """altered("update …", …) -> page of a copy of the demo version after these statements."""

    def alter(*statements: str) -> Path:
        copy = tmp_path / "altered.duckdb"
        shutil.copyfile(demo_home / "published" / "current.duckdb", copy)
        with duckdb.connect(str(copy)) as db:
            for statement in statements:
                db.execute(statement)
        return write_report(copy, tmp_path / "altered")

    return alter


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """open_page(file, "month=2026-02", width=360, theme="dark") -> the page, ready to use."""
    troubles: list[str] = []
    contexts = []

    def watch(page: Page) -> None:
        page.on("console", lambda message: troubles.append(f"console: {message.text}") if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on(
            "request", lambda request: None if request.url.startswith(("file:", "data:")) else troubles.append(f"request: {request.url}")
        )
        page.on("dialog", lambda dialog: (troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    def open_it(path: Path, address: str = "lang=en", width: int = 1440, height: int = 1000, theme: str = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, locale="en-GB")
        contexts.append(context)
        context.route("http*://**", lambda route: route.abort())
        page = context.new_page()
        watch(page)
        page.goto(f"{path.resolve().as_uri()}#{address}")
        page.wait_for_selector("html[data-ready=true]")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert troubles == []
