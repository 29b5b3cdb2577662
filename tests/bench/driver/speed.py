"""T1, T2, T3, T9, T10: requests per second and CPU time per request."""
from dataclasses import dataclass

from .bench import Failed, Mock, kilobyte_requests, median, plain, spread
from .clients import prepare
from .report import Row, note

IN_FLIGHT = 256


@dataclass
class Sample:
    """One run of one client. CPU time is that of the whole process tree."""

    rate: float
    cpu_us: float  # Per request.
    p50_ms: float
    p99_ms: float
    peak_mb: float


def floor(bench, mock, requests, in_flight=IN_FLIGHT):
    """The bare libcurl loop."""
    cost = bench.cost_of([bench.program("floor"), "--url", mock.url + "/chat/completions",
                          "--requests", requests, "--in-flight", in_flight])
    said = cost.said
    return cost, Sample(said["rps"], said["cpu_seconds"] / requests * 1e6, said["p50_ms"],
                        said["p99_ms"], cost.peak_mb)


def penstock(bench, mock, requests, in_flight=IN_FLIGHT):
    """`penstock run` from start to end of the process. Its time and CPU time include the scan of
    the input, the journal, the output and the summary."""
    cost = bench.penstock_run(mock.url, kilobyte_requests(bench, requests), "--in-flight-max",
                              in_flight)
    said = cost.said
    return cost, Sample(requests / cost.wall, cost.cpu / requests * 1e6,
                        said["attempt_p50_seconds"] * 1e3, said["attempt_p99_seconds"] * 1e3,
                        cost.peak_mb)


def other(bench, mock, client):
    """A client of clients/. Its start and its imports are not measured."""
    cost = bench.cost_of([*client.command, "--url", mock.url, "--input",
                          kilobyte_requests(bench, client.requests), "--output",
                          bench.work / "client.out.jsonl", "--in-flight", IN_FLIGHT], timeout=180)
    said = cost.said
    if said.get("ok") != client.requests:
        raise Failed(f"{cost.command}: not all answered well: {said}")
    return cost, Sample(client.requests / said["seconds"],
                        (cost.cpu - said["cpu_before"]) / client.requests * 1e6, said["p50_ms"],
                        said["p99_ms"], cost.peak_mb)


def compare(bench):
    """Runs all clients in turns with one mock. @returns samples and commands by client, and the
    reasons of missing clients."""
    ours = bench.size(100_000, 20_000)
    turns = {"floor": lambda m: floor(bench, m, ours),
             "penstock": lambda m: penstock(bench, m, ours)}
    missing = {}
    for client in prepare(bench):
        if client.missing:
            missing[client.name] = client.missing
        else:
            turns[client.name] = lambda m, c=client: other(bench, m, c)
    samples, commands = {name: [] for name in turns}, {}
    with Mock(bench, "--no-ids") as mock:
        floor(bench, mock, 5000)  # Once for the caches.
        for number in range(bench.rounds):
            for name in list(turns):
                try:
                    cost, sample = turns[name](mock)
                except Failed as e:
                    if name in ("floor", "penstock"):
                        raise
                    missing[name] = str(e)
                    del turns[name], samples[name]
                    continue
                note(f"round {number + 1}: {name}: {sample.rate:,.0f}/s, {sample.cpu_us:.1f} us")
                samples[name].append(sample)
                commands[name] = cost.command
        commands["mock"] = plain(mock.command)
    return samples, commands, missing


def clients_table(samples, commands, missing):
    """The comparison as a dictionary by client: medians, ratios to the floor of the same round."""
    base = samples["floor"]
    out = {}
    for name, runs in samples.items():
        out[name] = {
            "requests_per_second": median([s.rate for s in runs]),
            "rate_to_floor": median([s.rate / b.rate for s, b in zip(runs, base)]),
            "cpu_seconds_per_10000": median([s.cpu_us for s in runs]) / 100,
            "cpu_to_floor": median([s.cpu_us / b.cpu_us for s, b in zip(runs, base)]),
            "p50_ms": median([s.p50_ms for s in runs]),
            "p99_ms": median([s.p99_ms for s in runs]),
            "peak_mb": max(s.peak_mb for s in runs),
            "rounds": len(runs),
            "rate_spread": spread([s.rate for s in runs]),
            "cpu_spread": spread([s.cpu_us for s in runs]),
            "command": commands[name],
        }
    for name, why in missing.items():
        out[name] = {"skipped": why}
    return out


def cpu_ratios(samples, name):
    """CPU per request of penstock, divided by that of `name` in the same round."""
    return [p.cpu_us / o.cpu_us for p, o in zip(samples["penstock"], samples[name])]


def throughput(bench):
    """T1, T2 and T3."""
    samples, commands, missing = compare(bench)
    ours, base = samples["penstock"], samples["floor"]
    both = [commands["mock"], commands["floor"], commands["penstock"]]
    rates = [p.rate / b.rate for p, b in zip(ours, base)]
    yield Row("T1", "requests/s, 256 in flight, latency 0, to the bare libcurl loop", rates,
              first=(">=", 0.5), goal=(">=", 0.8), unit="x", runs=both,
              shown=f"{median([s.rate for s in ours]):,.0f}/s to "
                    f"{median([s.rate for s in base]):,.0f}/s")
    yield Row("T2", "CPU per request of the same, to the bare libcurl loop",
              cpu_ratios(samples, "floor"), first=("<=", 2.6), goal=("<=", 1.6), unit="x",
              runs=both,
              shown=f"{median([s.cpu_us for s in ours]):.1f} us to "
                    f"{median([s.cpu_us for s in base]):.1f} us")
    for name in ("undici", "aiohttp", "openai-sdk", "litellm"):
        # No target for the other clients: they are far slower.
        first, goal = (("<", 0.65), ("<", 0.4)) if name == "undici" else (None, None)
        title = f"CPU per request, to {name}"
        if name in missing:
            yield Row("T3", title, [], first=first, goal=goal, skipped=missing[name])
        else:
            yield Row("T3", title, cpu_ratios(samples, name), first=first, goal=goal, unit="x",
                      runs=[commands["mock"], commands["penstock"], commands[name]],
                      shown=f"{median([s.cpu_us for s in ours]):.1f} us to "
                            f"{median([s.cpu_us for s in samples[name]]):.1f} us")
    yield clients_table(samples, commands, missing)


def growth(bench):
    """T9: CPU per request of a large file, compared with a small one."""
    small, large = 10_000, bench.size(1_000_000, 100_000)
    # A large run takes as long as all small ones together, so a few are enough.
    ratios, runs = [], []
    with Mock(bench, "--no-ids") as mock:
        for _ in range(bench.size(2, 1)):
            before = [penstock(bench, mock, small) for _ in range(bench.size(3, 2))]
            cost, big = penstock(bench, mock, large)
            after = [penstock(bench, mock, small) for _ in range(bench.size(3, 2))]
            base = median([s.cpu_us for _, s in before + after])
            ratios.append(big.cpu_us / base)
            note(f"T9: {base:.1f} us at {small:,}, {big.cpu_us:.1f} us at {large:,}")
        runs = [plain(mock.command), before[0][0].command, cost.command]
    yield Row("T9", f"CPU per request at {large:,} lines, to {small:,} lines", ratios,
              first=("<=", 1.1), goal=("<=", 1.02), unit="x", runs=runs,
              shown=f"{big.cpu_us:.1f} us to {base:.1f} us (last round)")


def width(bench):
    """T10: CPU per request with thousands in flight. It is compared with 256 in flight, and with
    256 in flight at a latency that gives the same requests/s. The second one shows the cost
    of the width alone."""
    wide = bench.size(5_000, 2_000)
    requests = wide * 6
    latency_ms = 1000 * IN_FLIGHT / wide
    busy, same_rate = [], []
    with Mock(bench, "--no-ids") as m0, Mock(bench, "--no-ids", "--latency", "1s") as m1, \
            Mock(bench, "--no-ids", "--latency", f"{latency_ms:.0f}ms") as m2:
        for _ in range(bench.rounds):
            cost, x = penstock(bench, m1, requests, wide)
            plain_cost, y = penstock(bench, m0, requests)
            slow_cost, z = penstock(bench, m2, requests)
            busy.append(x.cpu_us / y.cpu_us)
            same_rate.append(x.cpu_us / z.cpu_us)
            note(f"T10: {x.cpu_us:.1f} us at {wide:,}; at 256: {y.cpu_us:.1f} us at latency 0, "
                 f"{z.cpu_us:.1f} us at the same rate")
        commands = [plain(m.command) for m in (m0, m1, m2)]
    yield Row("T10", f"CPU per request, {wide:,} in flight at 1 s, to 256 at latency 0", busy,
              first=("<=", 3), goal=("<=", 1.3), unit="x",
              runs=[commands[1], cost.command, commands[0], plain_cost.command],
              shown=f"{x.cpu_us:.1f} us to {y.cpu_us:.1f} us (last round)")
    yield Row("T10", f"the same, to 256 at {latency_ms:.0f} ms (the same requests/s)", same_rate,
              unit="x", runs=[commands[1], cost.command, commands[2], slow_cost.command],
              shown=f"{x.cpu_us:.1f} us to {z.cpu_us:.1f} us (last round)")
