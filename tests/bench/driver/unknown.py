"""T28 and T29: the first minute with a provider of which only the limits of a minute are known, and
two processes on one account. The mock counts, by its own buckets."""
import json
import random
import subprocess
from dataclasses import dataclass, field

from .bench import WORDS, Failed, Mock, plain, write_requests
from .report import Row, note

SINCE = 15  # Seconds after the start that do not count for the share.
AT_ONCE = 8  # Rows that are measured at the same time: they mostly wait.


@dataclass
class Case:
    """One provider, and what the rates of a good client are with it."""

    name: str
    rpm: int = 3_000
    tpm: int = 300_000
    bucket: str = "5s"
    headers: str = "full"
    latency: str = "lognormal:p50=1s,sigma=0.3"
    mock: list = field(default_factory=list)
    refused_max: float = 1
    share_min: float = 0.95
    clients: int = 1
    target: str = "T28"
    style: str = "openai"

    def limits(self):
        """The limits, as the mock and the client are told."""
        if self.style == "anthropic":
            return ["--rpm", self.rpm, "--itpm", self.tpm, "--otpm", self.tpm]
        return ["--rpm", self.rpm, "--tpm", self.tpm]


def _cases(quick):
    cases = [Case(f"bucket of {b}, headers {h}", bucket=b, headers=h)
             for b in ("1s", "5s", "20s", "60s") for h in ("full", "partial", "none")]
    few = {"refused_max": 20}
    cases += [
        Case("bucket of 5s, headers stale", headers="stale"),
        Case("bucket of 5s, empty at the start", mock=["--start-level", 0]),
        Case("bucket of 5s, empty at the start, no headers", headers="none",
             mock=["--start-level", 0]),
        Case("headers say that nothing remains", headers="empty", share_min=0.9),
        Case("random headers", headers="lying", share_min=0.5),
        Case("Anthropic rules, headers full", style="anthropic"),
        Case("Anthropic rules, headers none", style="anthropic", headers="none"),
        Case("60 rpm, bucket of 1s, headers full", rpm=60, bucket="1s", **few),
        Case("60 rpm, bucket of 1s, headers none", rpm=60, bucket="1s", headers="none", **few),
        Case("300 rpm, bucket of 1s, answers of 3 s", rpm=300, bucket="1s", latency="3s", **few),
        Case("600 rpm, bucket of 1s, answers of 3 s", rpm=600, bucket="1s", latency="3s"),
        Case("3000 rpm, bucket of 1s, answers of 3 s", bucket="1s", latency="3s"),
        Case("token sizes off by 2.4", mock=["--token-error", 0.58, "--token-error-kind",
                                             "constant"]),
        Case("two processes, headers full", clients=2, target="T29", refused_max=3),
        Case("two processes, headers none", headers="none", clients=2, target="T29",
             refused_max=3),
    ]
    return cases[1:4] + cases[-1:] if quick else cases


def _requests(bench, count):
    words = random.Random(7)

    def text(_):
        size = words.randint(300, 700)
        return " ".join(words.choices(WORDS, k=size // 5))[:size]

    return write_requests(bench.work / f"unknown-{count}.jsonl", count, text, 20)


class _Run:
    """One provider with its clients, for `seconds`."""

    def __init__(self, bench, case, source, number, seconds):
        self.bench, self.case, self.seconds = bench, case, seconds
        self.mock = Mock(bench, "--limits", case.style, *case.limits(), "--bucket", case.bucket,
                         "--headers", case.headers, "--latency", case.latency, "--output-tokens",
                         15, "--seed", number, *case.mock)
        self.source, self.number = source, number
        self.processes = []

    def start(self):
        self.mock.__enter__()
        for i in range(self.case.clients):
            output = self.bench.work / f"unknown-{self.number}-{i}.out.jsonl"
            self.command = self.bench.run_command(
                self.mock.url, self.source, output, *self.case.limits(), "--mode", "parallel",
                "--deadline", f"{self.seconds}s", "--grace-period", "5s")
            self.processes.append(subprocess.Popen(
                [str(w) for w in self.command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL, text=True))

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.mock.__exit__()

    def result(self):
        """429s per 1,000 of all requests, the share after 15 s, and the share of each client."""
        completed = []
        for process in self.processes:
            try:
                out, err = process.communicate(timeout=self.seconds + 60)
            except subprocess.TimeoutExpired as e:
                raise Failed(f"{plain(self.command)}: did not end at its deadline") from e
            if not out.strip():
                raise Failed(f"{plain(self.command)}: no summary: {err[-300:]}")
            completed.append(json.loads(out.splitlines()[-1])["completed"])
        share = self.mock.stats(SINCE)["share"]
        whole = self.mock.stats()
        used = max(v for k, v in share.items() if k in ("rpm", "tpm", "itpm", "otpm"))
        refused = 1000 * whole["rate_limited"] / max(1, whole["requests"])
        least = min(completed) / max(1, sum(completed))
        note(f"{self.case.target}: {self.case.name}: {whole['rate_limited']} 429s of "
             f"{whole['requests']}, share {used:.3f} after {SINCE} s"
             + (f", the smaller client has {least:.2f}" if len(completed) > 1 else ""))
        return refused, used, least


def first_minute(bench):
    """Measures all cases, some at the same time."""
    seconds = 60 if not bench.quick else 30
    cases = _cases(bench.quick)
    results = []
    source = _requests(bench, 3_000 // 60 * seconds + 6_000)
    try:
        for at in range(0, len(cases), AT_ONCE):
            runs = [_Run(bench, case, source, at + i + 1, seconds)
                    for i, case in enumerate(cases[at:at + AT_ONCE])]
            started = []
            try:
                for run in runs:
                    started.append(run)
                    run.start()
                results += [(run, run.result()) for run in started]
            finally:
                for run in started:
                    run.stop()
    finally:
        for file in bench.work.glob("unknown-*"):
            file.unlink()
    for run, (refused, used, least) in results:
        case = run.case
        commands = [plain(run.mock.command), plain(run.command)]
        yield Row(case.target, f"429 per 1,000, {case.name}", [refused],
                  first=("<=", case.refused_max), goal=("<=", 0), unit="", runs=commands)
        yield Row(case.target, f"share of the limit, {case.name}", [used],
                  first=(">=", case.share_min), goal=(">=", 0.98), unit="x", runs=commands,
                  shown=f"the smaller client has {least:.2f}" if case.clients > 1 else "")
