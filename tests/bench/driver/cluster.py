"""T14 to T17: a head, nodes and clients as separate processes, with one mock. The mock counts
which requests arrive, and when."""
import json
import os
import signal
import subprocess
import threading
import time

from .bench import Failed, Mock, plain, write_requests
from .report import Row, note

POLL = 0.02  # Seconds between two looks at the mock while something recovers.


class Cluster:
    """A head without slots and nodes with 250 each, on free loopback ports."""

    def __init__(self, bench, url, nodes, slots=250, limits=()):
        self.bench, self.url, self.slots, self.limits = bench, url, slots, [str(w) for w in limits]
        self.store = bench.work / f"head-{time.monotonic_ns()}.db"
        self.count = nodes
        self.nodes = []
        self.head = None
        self.port = 0

    def command(self, *words):
        """A command of the program with this cluster's provider."""
        return [str(w) for w in (self.bench.penstock, *words, "--base-url", self.url, *self.limits)]

    def start_head(self):
        """Starts the head: first on a free port, later on the same port."""
        words = self.command("serve", "--listen", f"127.0.0.1:{self.port}", "--store", self.store,
                             "--slots", 0)
        self.head = subprocess.Popen(words, stdout=subprocess.PIPE, text=True,
                                     stderr=open(self.bench.work / "head.log", "a"),
                                     stdin=subprocess.DEVNULL)
        line = self.head.stdout.readline()
        if not line.startswith("listening on "):
            raise Failed(f"{plain(words)}: {line or 'said nothing'}")
        self.port = int(line.split()[2].rsplit(":", 1)[1])

    def start_node(self):
        words = self.command("node", "--head", f"127.0.0.1:{self.port}", "--slots", self.slots)
        log = open(self.bench.work / f"node-{len(self.nodes)}.log", "w")
        self.nodes.append(subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    def ask(self, *words, timeout=60):
        """Runs a client and reads its JSON."""
        command = [str(w) for w in (self.bench.penstock, *words, "--head", f"127.0.0.1:{self.port}",
                                    "--json")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode not in (0, 1) or not done.stdout.strip():
            raise Failed(f"{plain(command)}: exit {done.returncode}: {done.stderr[-300:]}")
        return json.loads(done.stdout)

    def submit(self, source, *options):
        """Starts a client that submits `source`. It waits for the end unless detached."""
        output = f"{source}.{time.monotonic_ns()}.out.jsonl"
        target = () if "--detach" in options else ("-o", output)
        command = [str(w) for w in (self.bench.penstock, "submit", source, *target, "--head",
                                    f"127.0.0.1:{self.port}", "--quiet", "--json", "--mode",
                                    "parallel", *options)]
        client = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  stdin=subprocess.DEVNULL, text=True)
        client.shown, client.output = plain(command), output
        return client

    def __enter__(self):
        self.start_head()
        for _ in range(self.count):
            self.start_node()
        wait_until(lambda: len(self.ask("nodes")["nodes"]) == self.count, f"{self.count} nodes")
        return self

    def __exit__(self, *_):
        for process in [*self.nodes, self.head]:
            if process and process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()


def wait_until(holds, what, seconds=60):
    """Waits for a condition. @raises Failed if it does not come true."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise Failed(f"no {what} within {seconds} s")
        time.sleep(POLL)


def summary_of(client, timeout=600):
    """Reads the summary of a client. @raises Failed unless all requests completed."""
    out, err = client.communicate(timeout=timeout)
    if client.returncode != 0 or not out.strip():
        raise Failed(f"{client.shown}: exit {client.returncode}: {err[-300:]}")
    said = json.loads(out.splitlines()[-1])
    if said["completed"] != said["requests"]:
        raise Failed(f"{client.shown}: not all completed: {said}")
    return said


def check_order(client, count):
    """Checks that each request is there once, in the order of the input."""
    with open(client.output, encoding="utf-8") as lines:
        ids = [json.loads(line)["custom_id"] for line in lines]
    os.unlink(client.output)
    if ids != [f"r-{i}" for i in range(count)]:
        raise Failed(f"{client.shown}: {len(ids)} results, or not in the order of the input")


def busiest_rate(mock, seconds):
    """Most answers per second over `seconds` in a row. This leaves out starts and ends of jobs."""
    series = mock.stats(0, 1)["series"]["accepted"]
    sums = [sum(series[i:i + seconds]) for i in range(max(1, len(series) - seconds + 1))]
    return max(sums) / seconds


def width(bench):
    """T14: 1, 2 and 4 nodes of 250 slots. The provider takes 1 s per answer."""
    seconds = bench.size(15, 6)
    rates, commands = {1: [], 2: [], 4: []}, []
    for _ in range(bench.size(3, 1)):
        for nodes in rates:
            count = 250 * nodes * (seconds + 3)
            source = write_requests(bench.work / f"wide-{nodes}.jsonl", count, lambda i: "w" * 200)
            with Mock(bench, "--latency", "1s") as mock, Cluster(bench, mock.url, nodes) as cluster:
                client = cluster.submit(source)
                summary_of(client)
                check_order(client, count)
                rates[nodes].append(busiest_rate(mock, seconds))
                commands = [plain(mock.command), client.shown]
            note(f"T14: {nodes} nodes: {rates[nodes][-1]:.0f} requests/s")
    for nodes, first, goal in ((1, 240, 248), (2, 480, 496), (4, 950, 990)):
        yield Row("T14", f"requests/s of {nodes} nodes with 250 slots, 1 s each", rates[nodes],
                  first=(">=", first), goal=(">=", goal), unit="/s", runs=commands)
    ratios = [four / one for four, one in zip(rates[4], rates[1])]
    yield Row("T14", "4 nodes against 1", ratios, first=(">=", 3.8), goal=(">=", 3.95), unit="x",
              runs=commands)


def limits(bench):
    """T15: 4 nodes, then 1 node. The provider allows 6,000 requests per minute."""
    seconds, since = bench.size(120, 40), 20
    source = write_requests(bench.work / "limited.jsonl", 100 * seconds + 12_000, lambda i: "w" * 200)
    shares, refused, commands = {1: [], 4: []}, {1: [], 4: []}, []
    mock_options = ["--limits", "openai", "--rpm", 6000, "--latency", "lognormal:p50=1s,sigma=0.3"]
    for _ in range(bench.size(2, 1)):
        for nodes in shares:
            with Mock(bench, *mock_options) as mock, \
                    Cluster(bench, mock.url, nodes, 500 // nodes, ("--rpm", 6000)) as cluster:
                client = cluster.submit(source, "--deadline", f"{seconds}s")
                try:
                    client.communicate(timeout=seconds + 60)
                except subprocess.TimeoutExpired as e:
                    client.kill()
                    raise Failed(f"{client.shown}: did not end at its deadline") from e
                share = mock.stats(since)["share"]
                sent = share["accepted"] + share["rejected"]
                shares[nodes].append(share["rpm"])
                refused[nodes].append(1000 * share["rejected"] / max(1, sent))
                commands = [plain(mock.command), client.shown]
            note(f"T15: {nodes} nodes: share {shares[nodes][-1]:.3f}, "
                 f"{refused[nodes][-1]:.2f} of 1,000 refused")
    for nodes in shares:
        yield Row("T15", f"share of 6,000 requests/min in use by {nodes} nodes", shares[nodes],
                  first=(">=", 0.95), goal=(">=", 0.99), unit="x", runs=commands)
        yield Row("T15", f"429 per 1,000 requests, {nodes} nodes", refused[nodes], first=("<=", 1),
                  goal=("<=", 0), runs=commands)
    yield Row("T15", "share of 4 nodes against 1", [a / b for a, b in zip(shares[4], shares[1])],
              first=(">=", 0.98), goal=(">=", 1), unit="x", runs=commands)


class Watch:
    """Polls the mock and records how many requests were repeated, and when."""

    def __init__(self, mock):
        self.mock, self.seen, self.ended = mock, [], False
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.ended:
            stats = self.mock.stats()
            self.seen.append((time.monotonic(), stats["ids"]["duplicates"], stats["requests"]))
            time.sleep(POLL)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()

    def repeated_by(self, since, until):
        """Seconds from `since` until 90 % of the repeated requests arrived."""
        seen = [s for s in self.seen if since <= s[0] <= until]
        first, last = seen[0][1], seen[-1][1]
        if last == first:
            raise Failed("nothing was sent again")
        return next(at for at, n, _ in seen if n >= first + 0.9 * (last - first)) - since

    def sent_again(self, since):
        """Seconds from `since` until the next request reached the provider."""
        before = [n for at, _, n in self.seen if at <= since][-1]
        return next(at for at, _, n in self.seen if at > since and n > before) - since


def recovery(bench):
    """T16: four nodes, 20,000 requests; one node killed, one suspended, the head killed."""
    count = bench.size(20_000, 8_000)
    source = write_requests(bench.work / "recover.jsonl", count, lambda i: "w" * 200)
    times, commands = {"kill": [], "suspend": [], "head": []}, []
    for _ in range(bench.size(3, 1)):
        with Mock(bench, "--latency", "lognormal:p50=1s,sigma=0.2") as mock, \
                Cluster(bench, mock.url, 4) as cluster, Watch(mock) as watch:
            # The other nodes have free slots, so lost requests do not wait for one.
            client = cluster.submit(source, "--in-flight-max", 600)
            wait_until(lambda: mock.stats()["requests"] >= 1500, "1,500 requests at the provider")
            at = time.monotonic()
            cluster.nodes[0].kill()
            time.sleep(3)
            times["kill"].append(watch.repeated_by(at, at + 3))
            at = time.monotonic()
            cluster.nodes[1].send_signal(signal.SIGSTOP)
            time.sleep(6)
            times["suspend"].append(watch.repeated_by(at, at + 6))
            time.sleep(4)
            cluster.nodes[1].send_signal(signal.SIGCONT)
            cluster.head.kill()
            cluster.head.wait()
            time.sleep(1)
            at = time.monotonic()
            cluster.start_head()
            summary_of(client)
            times["head"].append(watch.sent_again(at))
            check_order(client, count)
            commands = [plain(mock.command), client.shown]
        note("T16: " + ", ".join(f"{k} {v[-1]:.2f} s" for k, v in times.items()))
    for name, what, first, goal in (("kill", "a node killed: its requests run elsewhere", 1, 0.3),
                                    ("suspend", "a node suspended: the same", 4, 3.2),
                                    ("head", "the head restarted: the first request goes out", 3, 1)):
        yield Row("T16", what, times[name], first=("<=", first), goal=("<=", goal), unit=" s",
                  runs=commands)


def fairness(bench):
    """T17: 10 requests of one tenant, alone and behind 100,000 of another."""
    crowd = write_requests(bench.work / "crowd.jsonl", bench.size(100_000, 20_000), lambda i: "w" * 200)
    few = write_requests(bench.work / "few.jsonl", 10, lambda i: "f" * 200)
    ratios, shown, commands = [], "", []
    with Mock(bench, "--latency", "1s") as mock, Cluster(bench, mock.url, 2) as cluster:

        def few_take():
            client = cluster.submit(few, "--tenant", "few")
            started = time.monotonic()
            summary_of(client)
            check_order(client, 10)
            return time.monotonic() - started, client.shown

        alone = [few_take()[0] for _ in range(bench.size(5, 2))]
        big = cluster.submit(crowd, "--tenant", "crowd", "--detach")
        complaint = big.communicate(timeout=300)[1]
        if big.returncode != 0:
            raise Failed(f"{big.shown}: exit {big.returncode}: {complaint[-300:]}")
        wait_until(lambda: mock.stats()["in_flight"] >= 400, "400 requests in flight")
        for quiet in alone:
            took, command = few_take()
            ratios.append(took / quiet)
            commands = [plain(mock.command), command]
        shown = f"alone {min(alone):.2f} to {max(alone):.2f} s"
    yield Row("T17", "10 requests behind another tenant's 100,000, against idle", ratios,
              first=("<=", 3), goal=("<=", 1.5), unit="x", runs=commands, shown=shown)
