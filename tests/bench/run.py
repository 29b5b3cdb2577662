"""Measures the targets. run.sh builds the programs and calls it."""
import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from driver import cluster, embedded, latency, limits, memory, speed, start, submits, unknown, \
    width
from driver.bench import Bench, Failed
from driver.report import Row, about, note, print_clients, print_rows

# The function that measures each target. A function for several targets runs once.
MEASURES = {
    "T1": speed.throughput, "T2": speed.throughput, "T3": speed.throughput,
    "T4": latency.speedup, "T5": limits.limits, "T6": limits.limits, "T7": memory.files,
    "T8": memory.in_flight, "T9": speed.growth, "T10": speed.width, "T11": latency.first_byte,
    "T12": embedded.engine_rate,
    "T13": submits.durable,
    "T14": cluster.width, "T15": cluster.limits, "T16": cluster.recovery, "T17": cluster.fairness,
    "T28": unknown.first_minute, "T29": unknown.first_minute,
    "ADAPTIVE": width.adaptive, "START": start.submission,
}


def arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh", description=(
        "Measures Penstock against bare libcurl and other clients, all against `penstock mock` "
        "on loopback, in turns. Prints a table and writes a JSON file."))
    parser.add_argument("--quick", action="store_true",
                        help="small counts, few rounds: does it run?")
    parser.add_argument("--only", default="", metavar="T1,T5", help="these targets only")
    parser.add_argument("--json", default="", metavar="FILE",
                        help="where the numbers go (default: bench.json in the build directory)")
    parser.add_argument("--rounds", type=int, default=0, metavar="N", help="rounds (default 5)")
    args = parser.parse_args()
    args.only = [word.strip().upper() for word in args.only.split(",") if word.strip()]
    unknown = [word for word in args.only if word not in MEASURES]
    if unknown:
        parser.error(f"no such target: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    return args


def release(source):
    """The build to measure: the named one, or build/release, which is built first."""
    named = os.environ.get("PENSTOCK_BENCH_BUILD")
    if named:
        return Path(named).resolve()
    script = ('source config/packages.sh && '
              'penstock_install "${penstock_packages[@]}" python3-venv curl && '
              'penstock_build release penstock penstock_bench_floor penstock_bench_submits penstock_bench_timed '
              'penstock_bench_engine_rate')
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=source, check=False,
                          stdout=sys.stderr)
    if done.returncode != 0:
        sys.exit("tests/bench/run.sh: the build failed")
    return source / "build/release"


def measure_all(bench, wanted):
    """@returns the rows of the wanted targets, the comparison of clients, whether all worked."""
    rows, clients, worked = [], {}, True
    for measure in dict.fromkeys(MEASURES[t] for t in wanted):
        targets = [t for t, m in MEASURES.items() if m is measure and t in wanted]
        note(f"measuring {', '.join(targets)}")
        try:
            for found in measure(bench):
                if not isinstance(found, Row):
                    clients = found
                elif found.target in targets:
                    rows.append(found)
        except Failed as e:
            worked = False
            rows += [Row(t, "failed", [], skipped=str(e)) for t in targets]
            note(f"failed: {e}")
    return rows, clients, worked


def main():
    args = arguments()
    source = Path(__file__).resolve().parents[2]
    build = release(source)
    # The mock inherits this limit: 10,000 connections need as many files.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for name in [n for n in os.environ if n.startswith("PENSTOCK_")]:
        del os.environ[name]  # The settings of who calls must not change what is measured.
    os.environ["OPENAI_API_KEY"] = "sk-benchmark"  # Nor may a real key go anywhere.
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=build))
    bench = Bench(source, build, work, args.quick, args.rounds or (2 if args.quick else 5))
    where = about(bench)
    try:
        rows, clients, worked = measure_all(bench, args.only or list(MEASURES))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    target = Path(args.json or build / "bench.json")
    result = {"about": where, "clients": clients, "rows": [row.as_json() for row in rows]}
    target.write_text(json.dumps(result, indent=1) + "\n")
    if clients:
        print_clients(clients)
    print_rows(rows)
    print(f"\n{where['cores']} cores, commit {where['commit']}, {where['build_type']} build; "
          f"compare ratios, not bare numbers: the spread is this machine's noise.\n"
          f"Numbers and inner commands: {target}")
    return 0 if worked else 1


if __name__ == "__main__":
    sys.exit(main())
