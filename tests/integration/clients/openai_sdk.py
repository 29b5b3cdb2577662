"""The SDK of OpenAI, and LangChain on top of it. Arguments: address of the service, key."""
import json
import sys
import time

import openai
from langchain_openai import ChatOpenAI

url, key = sys.argv[1:]
client = openai.OpenAI(base_url=url + "/v1", api_key=key, max_retries=0)
HELLO = [{"role": "user", "content": "hello there you"}]


def fails(call, error, status):
    try:
        call()
    except error as fault:
        assert type(fault) is error and fault.status_code == status, fault
        assert fault.request_id.startswith("req_"), fault
        return
    raise AssertionError("no error")


# Chats, whole and streamed.
said = client.chat.completions.create(model="m", messages=HELLO).choices[0].message.content
assert said.startswith("echo: hello there you"), said
parts = list(client.chat.completions.create(model="m", messages=HELLO, stream=True))
assert "".join(p.choices[0].delta.content or "" for p in parts) == said
assert parts[-1].choices[0].finish_reason == "stop" and all(p.usage is None for p in parts)
with client.chat.completions.stream(model="m", messages=HELLO) as stream:
    for _ in stream:
        pass
    assert stream.get_final_completion().choices[0].message.content == said
last = list(client.chat.completions.create(model="m", messages=HELLO, stream=True,
                                           stream_options={"include_usage": True}))[-1]
assert last.usage.total_tokens > 0 and not last.choices, last

# Embeddings of texts and of tokens.
assert len(client.embeddings.create(model="e", input=["a", "b"]).data) == 2
assert len(client.embeddings.create(model="e", input=[[1, 2, 3]]).data[0].embedding) > 0

# Files and batches.
lines = "".join(json.dumps({"custom_id": f"r{i}", "method": "POST", "url": "/v1/chat/completions",
                            "body": {"model": "m", "messages": HELLO}}) + "\n" for i in range(30))
file = client.files.create(file=("in.jsonl", lines.encode()), purpose="batch")
assert client.files.content(file.id).read().decode() == lines
batch = client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h",
                              metadata={"a": "b"})
for _ in range(600):
    batch = client.batches.retrieve(batch.id)
    if batch.status == "completed":
        break
    time.sleep(0.05)
assert batch.status == "completed" and batch.metadata == {"a": "b"} and batch.error_file_id is None, batch
results = [json.loads(line) for line in client.files.content(batch.output_file_id).text.splitlines()]
assert [r["custom_id"] for r in results] == [f"r{i}" for i in range(30)]
assert batch.id in [b.id for b in client.batches.list(limit=1)]
assert {file.id, batch.output_file_id} <= {f.id for f in client.files.list(limit=1)}  # Goes on by pages.
fails(lambda: client.batches.cancel(batch.id), openai.ConflictError, 409)
fails(lambda: client.batches.retrieve("batch_none"), openai.NotFoundError, 404)
assert client.files.delete(file.id).deleted
fails(lambda: client.files.retrieve(file.id), openai.NotFoundError, 404)

# Errors are of the right class.
def chat(text, **more):
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}], **more)


fails(lambda: chat("[[mock:404_model]]"), openai.NotFoundError, 404)
fails(lambda: chat("[[mock:400_param]]"), openai.BadRequestError, 400)
fails(lambda: chat("[[mock:400_param]]", stream=True), openai.BadRequestError, 400)
fails(lambda: chat("[[mock:500]]"), openai.InternalServerError, 502)
fails(lambda: openai.OpenAI(base_url=url + "/v1", api_key="pst_wrong", max_retries=0).models.list(),
      openai.AuthenticationError, 401)
assert client.models.list().data == []

# LangChain.
model = ChatOpenAI(base_url=url + "/v1", api_key=key, model="m")
assert model.invoke("hello").content.startswith("echo: hello")
assert "".join(part.content for part in model.stream("hello")).startswith("echo: hello")
print("the SDK of OpenAI and LangChain: all right")
