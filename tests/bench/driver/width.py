"""ADAPTIVE: the width found by a lane without published limits, compared with fixed widths."""
import json
import subprocess

from .bench import Failed, Mock, kilobyte_requests, plain
from .report import Row, note

WIDTHS = [5, 10, 20, 30, 40, 60, 100]
# Behaviour of the provider under load: options of the mock, and a description.
SHAPES = [
    (["--slow-above", 40], "everything takes 1 + (n/40)^4 as long"),
    (["--servers", 40], "40 at a time, the others wait"),
    (["--refuse-above", 60], "503 above 60"),
]


def _per_second(bench, shape, source, seconds, *options):
    """Requests completed per second of a run until its deadline, and its commands."""
    latency = ["--no-ids", "--latency", "lognormal:p50=500ms,sigma=0.3"]
    with Mock(bench, *latency, *shape) as mock:
        command = bench.run_command(mock.url, source, bench.work / "width.out.jsonl", *options,
                                    "--mode", "parallel", "--deadline", f"{seconds}s",
                                    "--grace-period", "1s")
        run = subprocess.run([str(w) for w in command], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                             timeout=seconds + 60, check=False)
        if not run.stdout.strip():
            raise Failed(f"{plain(command)}: no summary: {run.stderr[-300:]}")
        said = json.loads(run.stdout.splitlines()[-1])
        return said["completed"] / said["wall_seconds"], said, [plain(mock.command), plain(command)]


def adaptive(bench):
    """Runs 60 s with every fixed width and with the adaptive one, including the start."""
    seconds = bench.size(60, 10)
    for shape, what in SHAPES:
        source = kilobyte_requests(bench, 200 * seconds)
        fixed = {}
        for width in bench.size(WIDTHS, WIDTHS[2:5]):
            fixed[width], _, _ = _per_second(bench, shape, source, seconds, "--in-flight-max", width)
            note(f"ADAPTIVE: {what}: {width} in flight, {fixed[width]:.1f}/s")
        best = max(fixed, key=fixed.get)
        rate, said, runs = _per_second(bench, shape, source, seconds)
        found = said["lanes"][-1]["in_flight_limit"]
        note(f"ADAPTIVE: {what}: adaptive, {rate:.1f}/s, {found} in flight at last")
        yield Row("ADAPTIVE", f"throughput of the adaptive width in {seconds} s, {what}",
                  [rate / fixed[best]], first=(">=", 0.8), goal=(">=", 0.9), unit="x", runs=runs,
                  shown=f"{rate:.1f}/s to {fixed[best]:.1f}/s with {best} in flight; found {found}")
