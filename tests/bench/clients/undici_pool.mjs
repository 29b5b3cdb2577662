// The fastest HTTP client of Node: one undici pool, as many loops as connections.
import { Pool } from 'undici';
import { options, run } from './common.mjs';

const o = options();
const { origin, pathname } = new URL(o.url);
const pool = new Pool(origin, { connections: o.inFlight, pipelining: 1 });
await run(o, async (requests, timed) => {
  const answers = new Array(requests.length);
  let next = 0;
  const loop = async () => {
    while (next < requests.length) {
      const i = next++;
      answers[i] = await timed(async () => {
        const reply = await pool.request({
          method: 'POST',
          path: `${pathname}/chat/completions`,
          headers: { 'content-type': 'application/json', authorization: 'Bearer sk-benchmark' },
          body: JSON.stringify(requests[i].body),
        });
        return { status: reply.statusCode, body: await reply.body.json() };
      });
    }
  };
  await Promise.all(Array.from({ length: o.inFlight }, loop));
  return answers;
});
await pool.close();
