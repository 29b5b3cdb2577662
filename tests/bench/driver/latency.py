"""T4 and T11: waiting times."""
import shutil
import socket
import subprocess
import threading
import time

from .bench import Failed, Mock, kilobyte_requests, plain
from .report import Row, note

REPLY = (b'{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
         b'"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],'
         b'"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}')


def speedup(bench):
    """T4: speed of parallel requests, compared with one after the other."""
    count = bench.size(50, 20)
    latency = bench.size("1s", "300ms")
    source = kilobyte_requests(bench, count)
    with Mock(bench, "--no-ids", "--latency", latency) as mock:
        # These fifty seconds do not vary, so one run is enough.
        slow = bench.penstock_run(mock.url, source, "--mode", "sequential")
        fast = [bench.penstock_run(mock.url, source, "--in-flight-max", count)
                for _ in range(bench.rounds)]
        runs = [plain(mock.command), slow.command, fast[0].command]
    yield Row("T4", f"{count} requests of {latency}, {count} in flight, to one after the other",
              [slow.wall / f.wall for f in fast], first=(">=", 0.9 * count),
              goal=(">=", 0.98 * count), unit="x faster", runs=runs,
              shown=f"{fast[0].wall:.3f} s to {slow.wall:.2f} s (whole processes)")


class _Upstream:
    """Answers one request per connection and records the time of its first byte."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(30)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/v1"

    def serve(self):
        """One exchange. @returns the time of its first byte."""
        connection, _ = self.listener.accept()
        with connection:
            connection.settimeout(30)
            data = connection.recv(1)
            first = time.perf_counter()
            while b"\r\n\r\n" not in data:
                data += connection.recv(65536)
            head, _, body = data.partition(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                          if line.lower().startswith(b"content-length"))
            while len(body) < length:
                body += connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(REPLY)
                               + REPLY)
        return first

    def first_byte_of(self, command):
        """Milliseconds from the start of `command` to the first byte that arrives."""
        seen = []
        server = threading.Thread(target=lambda: seen.append(self.serve()), daemon=True)
        server.start()
        begin = time.perf_counter()
        done = subprocess.run([str(w) for w in command], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=30,
                              check=False)
        server.join(30)
        if done.returncode != 0 or not seen:
            raise Failed(f"{plain(command)}: exit {done.returncode}: {done.stderr[-300:]!r}")
        return (seen[0] - begin) * 1000


def first_byte(bench):
    """T11: start to first byte sent, one request."""
    curl = shutil.which("curl")
    title = "start to first byte sent, one request, later than curl"
    if not curl:
        yield Row("T11", title, [], first=("<=", 40), goal=("<=", 10),
                  skipped="curl is not installed")
        return
    source = kilobyte_requests(bench, 1)
    upstream = _Upstream()
    body = bench.work / "body.json"
    body.write_text(REPLY.decode())
    by_curl = [curl, "--silent", "--show-error", "--json", f"@{body}", "-o", "/dev/null",
               upstream.url + "/chat/completions"]
    ours = bench.run_command(upstream.url, source, bench.work / "one.out.jsonl")
    pairs = []
    for _ in range(max(5, bench.size(21, 5))):
        pairs.append((upstream.first_byte_of(by_curl), upstream.first_byte_of(ours)))
    upstream.listener.close()
    a, b = (sorted(column)[len(pairs) // 2] for column in zip(*pairs))
    note(f"T11: curl {a:.1f} ms, penstock {b:.1f} ms")
    yield Row("T11", title, [p - c for c, p in pairs], first=("<=", 40), goal=("<=", 10), unit="ms",
              runs=[plain(by_curl), plain(ours)], shown=f"{b:.1f} ms to {a:.1f} ms")
