"""`onefunnel doctor`."""

from __future__ import annotations

import typer

from onefunnel.cli.common import HomeOption, JsonOption, SourcesOption, load_settings, print_json

MARKS = {"ok": "ok", "warning": "warning", "failed": "FAILED"}


def doctor(sources: SourcesOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Look at everything a night needs, change nothing, and say how to mend what is missing.

    Exit code 0: a night can run (there may be warnings). 1: it cannot.
    """
    from onefunnel.doctor import examine, is_fit, to_dict

    checks = examine(load_settings(home, sources))
    if as_json:
        print_json(to_dict(checks))
    else:
        for check in checks:
            print(f"{MARKS[check.status]:<8} {check.name:<16} {check.found}")
            if check.mend:
                print(f"{'':<25} -> {check.mend}")
        failed = sum(check.status == "failed" for check in checks)
        print(f"\n{'A night can run.' if not failed else f'A night cannot run: {failed} check(s) failed.'}")
    if not is_fit(checks):
        raise typer.Exit(1)
