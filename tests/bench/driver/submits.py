"""T13: durable submits, in bulk and single, compared with bare SQLite."""
from .bench import median
from .report import Row


def durable(bench):
    """One program does three things in turns: bare SQLite, bulk alone, bulk with single submits."""
    requests = bench.size(200_000, 20_000)
    costs = [bench.cost_of([bench.program("submits"), "--requests", requests, "--dir", bench.work])
             for _ in range(bench.rounds)]
    said = [cost.said for cost in costs]
    runs = [cost.command for cost in costs]

    def of(key):
        return [s[key] for s in said]

    bulk = (f"{median(of('bulk_rps')):,.0f} requests/s of 1 KB, bare SQLite "
            f"{median(of('bare_rps')):,.0f}")
    beside = (f"p50 {median(of('single_p50_ms')):.1f} ms, max {median(of('single_max_ms')):.1f} ms "
              f"beside {median(of('beside_rps')):,.0f} requests/s")
    return [
        Row("T13", "durable submits in bulk / bare SQLite", of("ratio"), (">=", 0.6), (">=", 0.9),
            "x", runs, shown=bulk),
        Row("T13", "durable submits in bulk", of("bulk_rps"), (">=", 20_000), None, "requests/s",
            runs, shown=bulk),
        Row("T13", "p99 of a single submit beside it", of("single_p99_ms"), ("<=", 15), ("<=", 5),
            "ms", runs, shown=beside),
    ]
