"""T7 and T8: peak memory."""
from .bench import Mock, median, plain
from .report import Row, note
from .speed import floor, penstock


def files(bench):
    """T7: peak memory with large files, and whether it grows with the file."""
    sizes = bench.size([10_000, 100_000, 1_000_000], [10_000, 100_000])
    peaks = {size: [] for size in sizes}
    commands = []
    with Mock(bench, "--no-ids") as mock:
        for _ in range(bench.size(3, 1)):
            for size in sizes:
                cost, _sample = penstock(bench, mock, size)
                peaks[size].append(cost.peak_mb)
                commands.append(cost.command)
                note(f"T7: {size:,} lines: {cost.peak_mb:.1f} MB")
        runs = [plain(mock.command), *commands[:len(sizes)]]
    for size in sizes[1:]:
        yield Row("T7", f"peak memory, {size:,} lines of 1 KB", peaks[size], first=("<=", 150),
                  goal=("<=", 80), unit="MB", runs=runs)
        yield Row("T7", f"the same, to {sizes[0]:,} lines",
                  [a / b for a, b in zip(peaks[size], peaks[sizes[0]])], first=("<=", 1.15),
                  goal=("<=", 1.05), unit="x", runs=runs,
                  shown=f"{median(peaks[size]):.1f} MB to {median(peaks[sizes[0]]):.1f} MB")


def in_flight(bench):
    """T8: memory per request in flight: the slope between a few and ten thousand."""
    few, many = 100, bench.size(10_000, 4_000)
    requests = 2 * many
    slopes = {"penstock": [], "floor": []}
    with Mock(bench, "--no-ids", "--latency", "3s") as slow, Mock(bench, "--no-ids") as fast:
        for _ in range(bench.size(3, 1)):
            for name, run in (("floor", floor), ("penstock", penstock)):
                small, _sample = run(bench, fast, requests, few)
                large, _sample = run(bench, slow, requests, many)
                slope = (large.peak_mb - small.peak_mb) * 1024 / (many - few)
                slopes[name].append(slope)
                note(f"T8: {name}: {small.peak_mb:.1f} MB at {few}, {large.peak_mb:.1f} MB at "
                     f"{many:,}: {slope:.1f} KB each")
        runs = [plain(fast.command), small.command, plain(slow.command), large.command]
    yield Row("T8", f"memory per request in flight, {many:,} in flight", slopes["penstock"],
              first=("<=", 40), goal=("<=", 22), unit="KB", runs=runs,
              shown=f"bare loop {median(slopes['floor']):.1f} KB")
