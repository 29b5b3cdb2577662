"""START: time from the submission of one request to its answer, with a head and a store."""
import json
import subprocess

from .bench import Failed, median, plain
from .report import Row

SCRIPT = """name = "start"
seed = {seed}
[[processes]]
role = "mock"
[[processes]]
role = "head"
options = ["--slots", "64"]
[mix]
submit = 1
[[tenants]]
name = "one"
requests = 1
[[phases]]
duration = "{seconds}s"
arrival = "poisson"
rate = 20
"""


def submission(bench):
    """Jobs of one request, 20 per second, on an idle cluster. The provider answers at once, so all
    of the time is ours. The time to the start lies between the two rows."""
    known, whole, runs = [], [], []
    for number in range(bench.rounds):
        script, report = bench.work / "start.toml", bench.work / "start.json"
        script.write_text(SCRIPT.format(seed=number + 1, seconds=bench.size(20, 4)), encoding="utf-8")
        command = [str(w) for w in (bench.penstock, "load", script, "--quiet", "--json", report)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise Failed(f"{plain(command)}: exit {done.returncode}: {(done.stderr + done.stdout)[-300:]}")
        said = json.loads(report.read_text(encoding="utf-8"))
        known.append(said["messages"]["submit"])
        whole.append(said["job"])
        runs.append(plain(command))

    def row(what, found):
        shown = f"p90 {median([f['p90_ms'] for f in found]):.1f} ms, p99 {median([f['p99_ms'] for f in found]):.1f} ms"
        return Row("START", what, [f["p50_ms"] for f in found], unit="ms", runs=runs, shown=shown)

    return [row("one request, submitted until it is safe, p50", known),
            row("one request, submitted until its answer is here, p50", whole)]
