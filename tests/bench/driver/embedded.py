"""T12: the engine inside a program, with the null upstream."""
import json
import subprocess

from .bench import Failed, plain
from .report import Row, note


def engine_rate(bench):
    """Sends requests by value, answered in process, and reads them in order. Compares with CAF's
    own request and response."""
    rates, ratios, runs = [], [], []
    command = [str(w) for w in (bench.program("engine_rate"), "--requests", bench.size(500_000, 50_000),
                                "--rounds", 1)]
    for _ in range(bench.rounds):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{plain(command)}: exit {done.returncode}: {done.stderr[-300:]}")
        run = json.loads(done.stdout)
        runs.append(run)
        rates.append(run["rate"])
        ratios.append(run["rate"] / run["caf_rate"])
        note(f"T12: {run['rate']:,.0f} requests/s, {run['cpu_us']:.1f} us of CPU each; "
             f"CAF alone {run['caf_rate']:,.0f}/s")
    yield Row("T12", "requests/s through an embedded engine, null upstream", rates,
              first=(">=", 100_000), goal=(">=", 250_000), unit="/s", runs=runs,
              shown=f"CAF's own request and response: {1 / sorted(ratios)[len(ratios) // 2]:.1f} times as many")
