"""T5 and T6: the used share of a provider's limit, and the number of 429s. The mock counts
both, with its own rules and its own token counts."""
import json
import random
import subprocess
from dataclasses import dataclass

from .bench import WORDS, Failed, Mock, plain, write_requests
from .report import Row, note

RPM, TPM, ITPM, OTPM = 3_000, 300_000, 200_000, 100_000
SINCE = 20  # Seconds after the start that do not count: the burst that every bucket allows.


@dataclass
class Style:
    """The provider whose rules apply."""

    name: str
    mock: list
    client: list
    tokens_max: int


STYLES = [
    Style("openai", ["--limits", "openai", "--rpm", RPM, "--tpm", TPM],
          ["--rpm", RPM, "--tpm", TPM], 100),
    Style("anthropic", ["--limits", "anthropic", "--rpm", RPM, "--itpm", ITPM, "--otpm", OTPM],
          ["--rpm", RPM, "--itpm", ITPM, "--otpm", OTPM], 200),
]


def _requests(bench, style, seconds):
    """Writes more requests than can be sent. They have 300 to 1,100 characters, so that tokens
    are the limit."""
    words = random.Random(7)
    count = RPM // 60 * seconds + 2 * RPM

    def text(_):
        size = words.randint(300, 1100)
        return " ".join(words.choices(WORDS, k=size // 5))[:size]

    return write_requests(bench.work / f"limited-{style.name}.jsonl", count, text, style.tokens_max)


class _Run:
    """One provider with one client. Several pairs run at the same time."""

    def __init__(self, bench, style, source, seed, seconds):
        self.bench, self.style, self.seed, self.seconds = bench, style, seed, seconds
        self.mock = Mock(bench, *style.mock, "--token-error", 0.5, "--seed", seed, "--latency",
                         "lognormal:p50=1s,sigma=0.3", "--output-tokens", "lognormal:60,sigma=0.5")
        self.source = source

    def __enter__(self):
        self.mock.__enter__()
        output = self.bench.work / f"limited-{self.style.name}-{self.seed}.out.jsonl"
        self.command = self.bench.run_command(
            self.mock.url, self.source, output, *self.style.client, "--in-flight-max", 500,
            "--mode", "parallel", "--deadline", f"{self.seconds}s", "--grace-period", "5s")
        self.process = subprocess.Popen([str(w) for w in self.command], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.mock.__exit__()

    def result(self):
        """Counters of the provider after the client has ended."""
        try:
            out, err = self.process.communicate(timeout=self.seconds + 60)
        except subprocess.TimeoutExpired as e:
            raise Failed(f"{plain(self.command)}: did not end at its deadline") from e
        if not out.strip():
            raise Failed(f"{plain(self.command)}: no summary: {err[-300:]}")
        share = self.mock.stats(SINCE)["share"]
        whole = self.mock.stats()
        said = json.loads(out.splitlines()[-1])
        headroom = said["lanes"][-1]["headroom"]
        used = {k: v for k, v in share.items() if k in ("rpm", "tpm", "itpm", "otpm")}
        sent = share["accepted"] + share["rejected"]
        refused = 1000 * share["rejected"] / max(1, sent)
        note(f"T5: {self.style.name}, seed {self.seed}: shares {used}, {share['rejected']} 429s of "
             f"{sent} after {SINCE} s ({whole['rate_limited']} of {whole['requests']} in all), "
             f"headroom {headroom:.3f} at the end, {share['seconds']:.0f} s")
        if share["seconds"] < self.seconds - SINCE - 10:
            raise Failed(f"{plain(self.command)}: ended early: {said}")
        whole_refused = 1000 * whole["rate_limited"] / max(1, whole["requests"])
        return max(used.values()), used, refused, whole_refused


def limits(bench):
    """Runs every style with several seeds at the same time, because a limited client is mostly idle."""
    seconds = bench.size(180, 45)
    seeds = range(1, bench.size(3, 1) + 1)
    runs = []
    try:
        for style in STYLES:
            source = _requests(bench, style, seconds)
            runs += [_Run(bench, style, source, seed, seconds) for seed in seeds]
        started = []
        try:
            for run in runs:
                started.append(run.__enter__())
            results = [(run, run.result()) for run in started]
        finally:
            for run in started:
                run.__exit__()
    finally:
        for file in bench.work.glob("limited-*"):
            file.unlink()
    for style in STYLES:
        mine = [(run, r) for run, r in results if run.style is style]
        commands = [plain(mine[0][0].mock.command), plain(mine[0][0].command)]
        dimensions = ", ".join(f"{k} {v:.3f}" for k, v in mine[0][1][1].items())
        yield Row("T5", f"share of the limit in use, {style.name} rules, tokens off by up to 50 %",
                  [r[0] for _, r in mine], first=(">=", 0.95), goal=(">=", 0.99), unit="x",
                  runs=commands, shown=f"seed 1: {dimensions}")
        yield Row("T6", f"429 per 1,000 requests, {style.name} rules", [r[2] for _, r in mine],
                  first=("<=", 1), goal=("<=", 0), unit="", runs=commands,
                  shown="from the start: " + ", ".join(f"{r[3]:.2f}" for _, r in mine))
