"""The SDK of Anthropic. Arguments: address of the service, key."""
import sys

import anthropic
import openai

url, key = sys.argv[1:]
client = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0)
HELLO = [{"role": "user", "content": "hello there you"}]

said = client.messages.create(model="m", max_tokens=50, messages=HELLO).content[0].text
assert said.startswith("echo: hello there you"), said
with client.messages.stream(model="m", max_tokens=50, messages=HELLO) as stream:
    assert "".join(stream.text_stream) == said
    assert stream.get_final_message().usage.output_tokens > 0
try:
    client.messages.create(model="m", max_tokens=50, messages=[{"role": "user", "content": "[[mock:400_param]]"}])
    raise SystemExit("no error")
except anthropic.BadRequestError as fault:
    assert fault.status_code == 400, fault
try:
    anthropic.Anthropic(base_url=url, api_key="pst_wrong", max_retries=0).messages.create(
        model="m", max_tokens=5, messages=HELLO)
    raise SystemExit("no error")
except anthropic.AuthenticationError:
    pass

# The same upstream in the form of OpenAI: a stream comes in one piece.
other = openai.OpenAI(base_url=url + "/v1", api_key=key, max_retries=0)
parts = list(other.chat.completions.create(model="m", messages=HELLO, stream=True))
assert "".join(p.choices[0].delta.content or "" for p in parts) == said
print("the SDK of Anthropic: all right")
