"""`onefunnel build` as the one task of a DAG, for the Airflow of Cosmos's environment: what the peer is compared with under a scheduler."""

import os
from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(dag_id="build", schedule=None, start_date=datetime(2026, 1, 1), catchup=False, is_paused_upon_creation=False):
    BashOperator(task_id="build", bash_command=os.environ["PEER_BUILD"], cwd=os.environ["PEER_BUILD_FROM"])
