"""### The nightly funnel

1. **extract_&lt;source&gt;**: one task per enabled source of `sources.yml`, side by side; lands files, never opens the warehouse.
2. **check_landing**: gate 1 on what landed. Runs also when a source failed: its last good load is used and marked stale.
3. **build_marts**: one `dbt build` of staging, facts and marts in the private warehouse.
4. **check_marts**: gate 2 on the candidate file, read-only, in a fresh process.
5. **publish_marts**: the atomic flip of `published/current.duckdb`; updates the asset `onefunnel_marts`.
6. **write_report**: the page beside the publication.
7. **send_alerts**: always, whatever happened; being a teardown, it never decides whether the night succeeded.

The day it reports (`as_of`) is the last whole day before the end of the data interval. To repeat or backfill a day, trigger with
`as_of`; add `full_refresh` to rebuild the warehouse from landing and `force` to publish an older day over a newer one.
What to do when a task is red: docs/runbook.md.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import Asset, CronDataIntervalTimetable, Param, dag, task

from onefunnel import orchestration

PLAN = orchestration.read_plan()
MARTS = Asset("onefunnel_marts")


@dag(
    schedule=CronDataIntervalTimetable(PLAN.schedule, timezone=PLAN.time_zone),  # by default 04:00, reporting time zone
    start_date=pendulum.datetime(2020, 1, 1, tz=PLAN.time_zone),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    default_args={"owner": "data-team", "retries": 2, "retry_delay": timedelta(minutes=1), "retry_exponential_backoff": 2.0,
                  "max_retry_delay": timedelta(minutes=15), "execution_timeout": timedelta(hours=1)},
    params={
        "as_of": Param(None, type=["null", "string"], format="date", description="Day to report, YYYY-MM-DD; empty: the last whole day"),
        "full_refresh": Param(False, type="boolean", description="Rebuild the warehouse from landing instead of incrementally"),
        "force": Param(False, type="boolean", description="Publish even over a newer day"),
    },
    doc_md=__doc__,
    tags=["onefunnel"],
)  # fmt: skip
def nightly_funnel():
    @task
    def extract(source: str):
        return orchestration.run_step("extract", source_name=source)

    @task(trigger_rule="all_done")
    def check_landing():
        return orchestration.run_step("check_landing")

    @task(execution_timeout=timedelta(hours=3))
    def build_marts():
        return orchestration.run_step("build")

    @task
    def check_marts():
        return orchestration.run_step("check_marts")

    @task(outlets=[MARTS])
    def publish_marts():
        return orchestration.run_step("publish")

    @task
    def write_report():
        return orchestration.run_step("report")

    @task(retries=0, execution_timeout=timedelta(minutes=10))
    def send_alerts():
        return orchestration.run_step("alerts")

    extract_all = [extract.override(task_id=f"extract_{source}")(source) for source in PLAN.sources]
    alerts = send_alerts().as_teardown()
    extract_all >> check_landing() >> build_marts() >> check_marts() >> publish_marts() >> write_report() >> alerts


nightly_funnel()
