// Shared by the Node clients: reads the requests of a JSONL file and reports a run.
import { readFileSync, writeFileSync } from 'node:fs';

/** The options `--url U --input F --output F --in-flight N` as an object. */
export function options() {
  const words = process.argv.slice(2);
  const o = {};
  for (let i = 0; i + 1 < words.length; i += 2) o[words[i].slice(2)] = words[i + 1];
  return { url: o.url, input: o.input, output: o.output, inFlight: Number(o['in-flight']) };
}

/**
 * Reads the requests, has `sendAll` make an array of {status, body} in input order, writes one
 * result a line and prints the measurement. What came before (the imports) is not in it.
 * `sendAll` gets the requests and `timed`, which must be put around every exchange.
 */
export async function run(o, sendAll) {
  const cpu = process.cpuUsage();
  const begin = process.hrtime.bigint();
  const lines = readFileSync(o.input, 'utf8').split('\n').filter((line) => line);
  const requests = lines.map((line) => JSON.parse(line));
  const latencies = [];
  const timed = async (exchange) => {
    const start = performance.now();
    const answer = await exchange();
    latencies.push(performance.now() - start);
    return answer;
  };
  const answers = await sendAll(requests, timed);
  const results = answers.map((a, i) =>
    JSON.stringify({
      custom_id: requests[i].custom_id,
      response: { status_code: a.status, body: a.body },
      error: null,
    }),
  );
  writeFileSync(o.output, results.join('\n') + '\n');
  latencies.sort((a, b) => a - b);
  const quantile = (q) => latencies[Math.floor(q * (latencies.length - 1))] ?? 0;
  console.log(
    JSON.stringify({
      requests: requests.length,
      ok: answers.filter((a) => a.status === 200).length,
      seconds: Number(process.hrtime.bigint() - begin) / 1e9,
      cpu_before: (cpu.user + cpu.system) / 1e6,
      p50_ms: quantile(0.5),
      p99_ms: quantile(0.99),
    }),
  );
}
