// The usual client: the official SDK and p-limit.
import OpenAI from 'openai';
import pLimit from 'p-limit';
import { options, run } from './common.mjs';

const o = options();
const client = new OpenAI({ baseURL: o.url, apiKey: 'sk-benchmark' });
const limit = pLimit(o.inFlight);
const send = async (body) => ({ status: 200, body: await client.chat.completions.create(body) });
await run(o, (requests, timed) =>
  Promise.all(requests.map((r) => limit(() => timed(() => send(r.body))))),
);
