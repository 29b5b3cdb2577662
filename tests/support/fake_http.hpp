#pragma once

#include "messages/interfaces.hpp"

#include <caf/all.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace penstock::test {

/// The answer of a test provider to one exchange, and its delay. A negative delay: no answer.
struct fake_answer {
  core::http_response response;
  caf::timespan delay{};
};

inline fake_answer answer_with(int status, std::string body,
                               std::vector<core::http_header> headers = {},
                               caf::timespan delay = std::chrono::milliseconds{10}) {
  fake_answer a;
  a.response.status = status;
  a.response.body = std::move(body);
  a.response.headers = std::move(headers);
  a.response.headers.emplace_back("content-type", "application/json");
  a.response.sent = true;
  a.delay = delay;
  a.response.elapsed = delay;
  return a;
}

/// A chat completion with `text`.
inline fake_answer completion(const std::string& text,
                              caf::timespan delay = std::chrono::milliseconds{10}) {
  return answer_with(
    200,
    R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":")" + text +
      R"("},"finish_reason":"stop"}],)" + R"("usage":{"prompt_tokens":10,"completion_tokens":5}})",
    {}, delay);
}

inline fake_answer broken_with(core::transport_error failure, bool sent = true,
                               caf::timespan delay = std::chrono::milliseconds{10}) {
  fake_answer a;
  a.response.failure = failure;
  a.response.sent = sent;
  a.response.elapsed = a.delay = delay;
  return a;
}

/// The provider behind all lives of a fake HTTP client: its script, and the calls that it got.
struct fake_upstream {
  struct call {
    uint64_t id = 0;
    time_point at;
    std::string url;
    std::string body;
    std::string client_id;
    bool aborted = false;
    int status = 0;              ///< Status of the answer.
    caf::timespan delay{};       ///< Delay of the answer.
    caf::timespan retry_after{}; ///< Retry-After of the answer, if any.
  };
  std::function<fake_answer(const call&)> script = [](const call&) { return completion("yes"); };
  std::vector<call> calls;
  std::map<uint64_t, size_t> open; ///< Calls without an answer, by exchange id.
};

struct fake_http_state {
  static inline const char* name = "fake-http";
  ~fake_http_state() {
    if (upstream)
      upstream->open.clear(); // The connections die with the client.
  }
  std::shared_ptr<fake_upstream> upstream;
  std::map<uint64_t, reply_taker_actor> waiting;
};

/// An HTTP client that asks `upstream` instead of the network, in virtual time.
inline http_client_actor::behavior_type
fake_http(http_client_actor::stateful_pointer<fake_http_state> self,
          std::shared_ptr<fake_upstream> upstream) {
  self->state.upstream = std::move(upstream);
  auto answer = [self](uint64_t id, core::http_response response) {
    auto& st = self->state;
    if (auto it = st.waiting.find(id); it != st.waiting.end()) {
      self->send(it->second, atom::reply_v,
                 exchange_reply{id, std::make_shared<core::http_response>(std::move(response))});
      st.waiting.erase(it);
      st.upstream->open.erase(id);
    }
  };
  return {
    [self](atom::send, exchange_call call) {
      auto& st = self->state;
      fake_upstream::call seen;
      seen.id = call.what->id;
      seen.at = self->clock().now();
      seen.url = call.what->request.url;
      seen.body = call.what->request.body ? *call.what->request.body : "";
      for (auto& [name, value] : call.what->request.headers)
        if (name == "x-client-request-id")
          seen.client_id = value;
      st.waiting[seen.id] = caf::actor_cast<reply_taker_actor>(self->current_sender());
      st.upstream->open[seen.id] = st.upstream->calls.size();
      st.upstream->calls.push_back(seen);
      auto said = st.upstream->script(seen);
      auto& noted = st.upstream->calls.back();
      noted.status = said.response.status;
      noted.delay = said.delay;
      if (auto hint = core::header(said.response, "retry-after"); !hint.empty())
        noted.retry_after = std::chrono::seconds{std::stoi(std::string{hint})};
      if (said.delay < caf::timespan{})
        return;
      auto done = std::make_shared<std::vector<core::completion>>();
      done->push_back({seen.id, std::move(said.response)});
      self->delayed_send(self, said.delay, atom::done_v, completion_batch{std::move(done)});
    },
    [](atom::credit, uint64_t, uint64_t) {},
    [self, answer](atom::abort, uint64_t id) {
      auto& up = *self->state.upstream;
      if (auto it = up.open.find(id); it != up.open.end())
        up.calls[it->second].aborted = true;
      answer(id, broken_with(core::transport_error::cancelled).response);
    },
    [answer](atom::done, const completion_batch& batch) {
      for (auto& c : *batch.completions)
        answer(c.id, std::move(c.response));
    },
  };
}

} // namespace penstock::test
