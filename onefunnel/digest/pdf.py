"""The page as PDF, printed by the browser of this machine where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT_SECONDS = 60


def find_browser() -> str | None:
    """A browser that prints without a screen: by ONEFUNNEL_CHROMIUM, else by its usual names."""
    return os.environ.get("ONEFUNNEL_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def print_page(page: Path, language: str, folder: Path) -> Path | None:
    """The page printed into `folder`; None without a browser or page, or when it does not print in time."""
    browser = find_browser()
    if browser is None or not page.exists():
        return None
    target = folder / "onefunnel.pdf"
    arguments = ["--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--no-pdf-header-footer"]
    # a container's root has no sandbox; the page is our own and asks nothing of the network
    arguments += ["--no-sandbox"] if os.geteuid() == 0 else []
    arguments += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=10000", f"--print-to-pdf={target}"]
    try:
        subprocess.run(
            [browser, *arguments, f"{page.resolve().as_uri()}#lang={language}"], capture_output=True, timeout=TIMEOUT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return target if target.exists() else None
