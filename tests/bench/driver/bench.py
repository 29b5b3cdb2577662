"""Runs programs and measures them."""
import json
import shlex
import signal
import statistics
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path


class Failed(Exception):
    """A program failed. The row that needs it gets no number."""


@dataclass
class Cost:
    """The cost of one run of a program. `said`: its last line, if that is JSON."""

    wall: float
    cpu: float
    peak_mb: float
    said: dict
    command: str


def plain(command):
    """A command as one line, for people."""
    return shlex.join(str(word) for word in command)


def median(values):
    return statistics.median(values)


def spread(values):
    """Largest minus smallest value, as a share of the median: shows the noise."""
    return (max(values) - min(values)) / median(values) if median(values) else 0.0


@dataclass
class Bench:
    """One call of run.sh: paths of programs and files, and the size of the work."""

    source: Path
    build: Path
    work: Path
    quick: bool
    rounds: int

    @property
    def penstock(self):
        return self.build / "apps/penstock/penstock"

    def program(self, name):
        """A program of tests/bench."""
        return self.build / "tests/bench" / name

    def size(self, full, quick):
        """Scales a count to the size of this call."""
        return quick if self.quick else full

    def cost_of(self, command, timeout=600):
        """Runs `command` to its end under `timed`. @raises Failed if its exit code is not 0."""
        report = self.work / "cost.json"
        report.unlink(missing_ok=True)
        with open(self.work / "stdout", "w+") as out, open(self.work / "stderr", "w+") as err:
            words = [self.program("timed"), report, timeout, *command]
            subprocess.run([str(w) for w in words], stdout=out, stderr=err,
                           stdin=subprocess.DEVNULL, cwd=self.work, timeout=timeout + 30,
                           check=False)
            out.seek(0)
            err.seek(0)
            lines, complaint = out.read().splitlines(), err.read()
        if not report.exists():
            raise Failed(f"{plain(command)}: did not start: {complaint[-300:]}")
        cost = json.loads(report.read_text())
        if cost["exit"] != 0:
            why = f"stopped after {timeout} s" if cost["stopped"] else f"exit {cost['exit']}"
            raise Failed(f"{plain(command)}: {why}: {complaint[-300:]}")
        try:
            said = json.loads(lines[-1]) if lines else {}
        except ValueError:
            said = {}
        return Cost(cost["wall"], cost["user"] + cost["sys"], cost["peak_kb"] / 1024, said,
                    plain(command))

    def run_command(self, url, source, output, *options):
        """The command line of one `penstock run` from the start, with a summary as JSON."""
        return [self.penstock, "run", source, "-o", output, "--base-url", url, "--restart",
                "--quiet", "--json", *options]

    def penstock_run(self, url, source, *options, timeout=600):
        """Runs it. @raises Failed unless every request completes."""
        cost = self.cost_of(self.run_command(url, source, self.work / "run.out.jsonl", *options),
                            timeout)
        if cost.said.get("completed") != cost.said.get("requests"):
            raise Failed(f"{cost.command}: not all completed: {cost.said}")
        return cost


class Mock:
    """A `penstock mock` on a free port. It stops at the end of the `with` block."""

    def __init__(self, bench, *options):
        self.command = [bench.penstock, "mock", *options]
        self.bench = bench

    def __enter__(self):
        self.process = subprocess.Popen([str(w) for w in self.command], stdout=subprocess.PIPE,
                                        text=True, stdin=subprocess.DEVNULL)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            self.__exit__()
            raise Failed(f"{plain(self.command)}: {line or 'said nothing'}")
        self.origin = line.split()[-1]
        self.url = self.origin + "/v1"
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def stats(self, since=0, series=0):
        """Its counters from second `since` of its clock on; for each second if `series`."""
        with urllib.request.urlopen(f"{self.origin}/stats?since={since}&series={series}",
                                    timeout=10) as r:
            return json.load(r)


WORDS = ("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
         "sigma tau upsilon phi chi psi omega").split()


def write_requests(path, count, text, tokens_max=64):
    """Writes `count` chat requests in the batch form; `text(i)` makes the prompt of each."""
    with open(path, "w", encoding="ascii") as file:
        for i in range(count):
            body = {"model": "gpt-4o-mini", "max_tokens": tokens_max,
                    "messages": [{"role": "user", "content": f"{i:08d} {text(i)}"}]}
            file.write(json.dumps({"custom_id": f"r-{i}", "method": "POST",
                                   "url": "/v1/chat/completions", "body": body},
                                  separators=(",", ":")) + "\n")
    return path


def kilobyte_requests(bench, count):
    """The input of the rows about speed and memory: bodies of 1 KB, as in floor.cpp."""
    path = bench.work / f"requests-{count}.jsonl"
    if not path.exists():
        write_requests(path, count, lambda i: "x" * 900)
    return path
