"""Shared by the Python clients: reads the requests of a JSONL file and reports a run."""
import argparse
import asyncio
import json
import resource
import time


def _cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def options():
    """The options `--url U --input F --output F --in-flight N`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--in-flight", type=int, required=True)
    return parser.parse_args()


async def run(args, send):
    """Sends every request with `await send(body)`, which answers (status, body), at most
    `args.in_flight` at once; writes one result a line, in input order; prints the measurement.
    The time of the imports is not measured."""
    cpu_before = _cpu()
    begin = time.perf_counter()
    with open(args.input, encoding="utf-8") as file:
        requests = [json.loads(line) for line in file if line.strip()]
    gate = asyncio.Semaphore(args.in_flight)
    latencies = []

    async def one(request):
        async with gate:
            start = time.perf_counter()
            answer = await send(request["body"])
            latencies.append(time.perf_counter() - start)
            return answer

    answers = await asyncio.gather(*(one(r) for r in requests))
    with open(args.output, "w", encoding="utf-8") as file:
        for request, (status, body) in zip(requests, answers):
            response = {"status_code": status, "body": body}
            line = {"custom_id": request["custom_id"], "response": response, "error": None}
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
    latencies.sort()

    def quantile(q):
        return latencies[int(q * (len(latencies) - 1))] * 1000 if latencies else 0

    print(json.dumps({
        "requests": len(requests),
        "ok": sum(1 for status, _ in answers if status == 200),
        "seconds": time.perf_counter() - begin,
        "cpu_before": cpu_before,
        "p50_ms": quantile(0.5),
        "p99_ms": quantile(0.99),
    }))
