"""What ``import langcache`` costs, beside ``import langchain_core.caches`` and an empty interpreter.

python benchmarks/import_time.py [--rounds N] [--json]
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

STATEMENTS = {
    "an empty interpreter": "pass",
    "import langcache": "import langcache",
    "from langcache import Cache, Profile": "from langcache import Cache, Profile",
    "import langchain_core.caches": "import langchain_core.caches",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(asked.rounds):
        for name, statement in STATEMENTS.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            times[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    floor = medians["an empty interpreter"]
    if asked.json:
        print(json.dumps({"median_s": medians}))
        return
    for name, median in medians.items():
        print(f"{name:40} {median * 1e3:8.1f} ms   {(median - floor) * 1e3:+8.1f} ms over the empty interpreter")


if __name__ == "__main__":
    main()
