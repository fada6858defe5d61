"""Run a command and tell its cost as the last line printed: a small process, because Linux counts the peak memory of whoever starts a
process as that process's own.

    python benchmarks/launch.py COMMAND...
"""

import json
import os
import subprocess
import sys
import time

started = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=sys.stderr)
_, status, usage = os.wait4(child.pid, 0)
child.returncode = os.waitstatus_to_exitcode(status)
wall = time.perf_counter() - started
cost = {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}
print(json.dumps({"code": child.returncode, **cost}))
