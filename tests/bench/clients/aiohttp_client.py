"""The usual asynchronous HTTP client of Python: one aiohttp session, a semaphore."""
import asyncio

import aiohttp

import common


async def main():
    args = common.options()
    headers = {"Authorization": "Bearer sk-benchmark"}
    connector = aiohttp.TCPConnector(limit=args.in_flight)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def send(body):
            async with session.post(args.url + "/chat/completions", json=body) as reply:
                return reply.status, await reply.json()

        await common.run(args, send)


asyncio.run(main())
