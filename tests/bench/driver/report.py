"""The rows of targets, and their text."""
import operator
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field


def note(text):
    """Prints progress."""
    print(f"  {text}", file=sys.stderr, flush=True)


@dataclass
class Row:
    """One measured target. `values`: one per round; the median counts. `first` and `goal` are
    ("<=", limit) pairs: the limit that must hold now, and the later one."""

    target: str
    what: str
    values: list
    first: tuple = None
    goal: tuple = None
    unit: str = ""
    runs: list = field(default_factory=list)
    shown: str = ""  # The numbers behind a ratio.
    skipped: str = ""  # Why there are no values.

    @property
    def median(self):
        return statistics.median(self.values) if self.values else None

    def reaches(self, limit):
        """Whether the median keeps to `limit`; None without a limit or a value."""
        if limit is None or not self.values:
            return None
        word, bound = limit
        compare = {"<=": operator.le, "<": operator.lt, ">=": operator.ge}[word]
        return compare(self.median, bound)

    def command(self):
        """The command that measures this row again."""
        return f"tests/bench/run.sh --only {self.target}"

    def as_json(self):
        return {"target": self.target, "what": self.what, "median": self.median, "unit": self.unit,
                "values": self.values, "rounds": len(self.values), "detail": self.shown,
                "first": self.first and " ".join(map(str, self.first)),
                "goal": self.goal and " ".join(map(str, self.goal)),
                "first_reached": self.reaches(self.first), "goal_reached": self.reaches(self.goal),
                "skipped": self.skipped or None, "command": self.command(), "runs": self.runs}


def _number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _limit(limit):
    return f"{limit[0]} {_number(limit[1])}" if limit else "-"


def _verdict(row):
    if row.skipped:
        return "skipped"
    if row.first is None:
        return "-"
    if not row.reaches(row.first):
        return "BELOW"
    return "goal" if row.reaches(row.goal) else "ok"


def _table(head, lines):
    widths = [max(len(str(line[i])) for line in [head, *lines]) for i in range(len(head))]
    for line in [head, ["-" * w for w in widths], *lines]:
        print("  ".join(str(cell).ljust(w) for cell, w in zip(line, widths)).rstrip())


def print_clients(clients):
    """The comparison of clients, for people."""
    print("\nClients against the same mock, in turns (medians; ratios to the bare libcurl loop of"
          "\nthe same round; start and imports of the others not counted, those of penstock are)\n")
    lines = []
    for name, c in clients.items():
        if "skipped" in c:
            lines.append([name, "skipped: " + c["skipped"][:60], *[""] * 8])
            continue
        lines.append([name, f"{c['requests_per_second']:,.0f}", f"{c['rate_to_floor']:.2f}",
                      f"{c['cpu_seconds_per_10000']:.2f}", f"{c['cpu_to_floor']:.2f}",
                      f"{c['p50_ms']:.1f}", f"{c['p99_ms']:.1f}", f"{c['peak_mb']:.0f}",
                      c["rounds"], f"{100 * c['rate_spread']:.0f} / {100 * c['cpu_spread']:.0f} %"])
    _table(["client", "requests/s", "x floor", "CPU s per 10,000", "x floor", "p50 ms", "p99 ms",
            "peak MB", "rounds", "spread rate / CPU"], lines)


def print_rows(rows):
    """The targets, for people."""
    print("\nTargets (median of the rounds, lowest and highest)\n")
    lines = []
    for r in rows:
        value = "-" if r.skipped else f"{_number(r.median)} {r.unit}".strip()
        between = "" if r.skipped else " .. ".join(_number(f(r.values)) for f in (min, max))
        lines.append([r.target, r.what, value, between, len(r.values), _limit(r.first),
                      _limit(r.goal), _verdict(r), r.skipped[:60] or r.shown, r.command()])
    _table(["#", "what", "measured", "between", "n", "first", "going to", "", "detail",
            "again with"], lines)


def about(bench):
    """The machine, the build and the time of the numbers."""
    try:
        commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=bench.source,
                                capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        commit = ""
    cache = bench.build / "CMakeCache.txt"
    kinds = [line.partition("=")[2] for line in cache.read_text().splitlines()
             if line.startswith("CMAKE_BUILD_TYPE:")] if cache.exists() else []
    return {"date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "commit": commit,
            "build_type": kinds[0] if kinds else "unknown", "cores": os.cpu_count(),
            "machine": platform.platform(), "quick": bench.quick, "rounds": bench.rounds,
            "load_before": os.getloadavg()[0]}
