"""The project's models as one Airflow task each: a DAG that Cosmos makes of the dbt manifest, for the Airflow of its own environment."""

import os
from datetime import datetime
from pathlib import Path

from cosmos import DbtDag, ExecutionConfig, ExecutionMode, LoadMode, ProfileConfig, ProjectConfig, RenderConfig, TestBehavior

PROJECT = Path(os.environ["PEER_PROJECT"])

peer = DbtDag(
    dag_id="peer",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    is_paused_upon_creation=False,
    # DuckDB has one writer: a second process that opens the warehouse is refused
    max_active_tasks=1,
    project_config=ProjectConfig(PROJECT, manifest_path=os.environ["PEER_MANIFEST"]),
    profile_config=ProfileConfig(profile_name="onefunnel", target_name="prod", profiles_yml_filepath=PROJECT / "profiles.yml"),
    execution_config=ExecutionConfig(execution_mode=ExecutionMode.LOCAL),
    render_config=RenderConfig(
        load_method=LoadMode.DBT_MANIFEST,
        test_behavior=TestBehavior.AFTER_EACH,
        # a test of two models would otherwise run after the first of them, and fail because the second is not there yet
        should_detach_multiple_parents_tests=True,
    ),
)
