"""The usual gateway library of Python: litellm's asynchronous completion, a semaphore."""
import asyncio
import os
import sys

# Without it litellm looks up prices on the network when it is imported.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402

import common  # noqa: E402


async def main():
    args = common.options()
    litellm.telemetry = False
    litellm.suppress_debug_info = True

    async def send(body):
        answer = await litellm.acompletion(
            **{**body, "model": "openai/" + body["model"]},
            api_base=args.url, api_key="sk-benchmark")
        return 200, answer.model_dump()

    await common.run(args, send)
    # The logging thread would keep the process alive for minutes.
    sys.stdout.flush()
    os._exit(0)


asyncio.run(main())
