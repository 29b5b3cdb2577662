#include "actors/node/worker.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

/// Sends an answer in parts from the thread of the HTTP client to the worker.
class stream_tap : public core::part_taker {
public:
  explicit stream_tap(part_taker_actor to) : to_{std::move(to)} {}
  void head(uint64_t id, int status, const std::vector<core::http_header>& headers) override {
    std::string type;
    for (auto& [name, value] : headers)
      if (name == "content-type")
        type = value;
    caf::anon_send(to_, atom::head_v, id, static_cast<int32_t>(status), std::move(type));
  }
  void part(uint64_t id, std::string_view bytes) override {
    caf::anon_send(to_, atom::part_v, id, std::string{bytes});
  }

private:
  part_taker_actor to_;
};

} // namespace

/// Makes the answer of an exchange come in parts.
void worker_state::tap(core::exchange& call) {
  stream_ = {};
  call.parts = std::make_shared<stream_tap>(caf::actor_cast<part_taker_actor>(self));
  call.credit = stream_credit;
}

void worker_state::head(uint64_t id, int status, std::string type) {
  if (!find(id, attempt::stage::sending))
    return;
  stream_.passes = status == 200 && type.starts_with("text/event-stream");
  stream_.content_type = std::move(type);
}

/// Passes on events. An answer that is no stream, or begins with an error, is kept and judged like
/// any other at its end.
void worker_state::part(uint64_t id, const std::string& bytes) {
  if (!find(id, attempt::stage::sending))
    return;
  if (!stream_.passes) {
    if (stream_.kept.size() < setup->body_max)
      stream_.kept += bytes;
    return grant(id, bytes.size());
  }
  bool has_data = stream_.begun;
  std::string text;
  for (auto& event : stream_.reader.take(bytes)) {
    if (event.is_error && !stream_.begun) {
      stream_.passes = false;
      stream_.kept = stream_.reader.error();
      return grant(id, bytes.size());
    }
    has_data = has_data || event.has_data;
    text += event.text;
  }
  stream_.held += text;
  // Bytes that are not passed on yet must not use up the credit: one event may be large.
  const auto waiting = has_data ? 0 : stream_.held.size();
  if (waiting + stream_.reader.rest().size() > setup->body_max)
    return self->send(neighbours.http, atom::abort_v, id);
  if (waiting > 0 || stream_.held.empty()) {
    stream_.ahead += bytes.size();
    return grant(id, bytes.size());
  }
  const auto size = stream_.held.size();
  const auto granted = std::min(stream_.ahead, uint64_t{size});
  stream_.skip += granted;
  stream_.ahead = stream_.reader.rest().size();
  grant(id, stream_.ahead);
  pass_on(std::exchange(stream_.held, {}));
}

/// Lets more of an answer come.
void worker_state::grant(uint64_t id, uint64_t bytes) {
  if (bytes > 0)
    self->send(neighbours.http, atom::credit_v, id, bytes);
}

void worker_state::pass_on(std::string text) {
  const uint64_t size = text.size();
  // A key that the provider repeats must not reach the client. It stands inside of one event.
  setup->keys.mask(text);
  stream_part p{
    task.request.key, stream_.sent, size, core::make_payload(std::move(text)), {}, false};
  if (!std::exchange(stream_.begun, true))
    p.content_type = stream_.content_type;
  stream_.sent += p.bytes->size();
  self->send(task.stream, atom::part_v, std::move(p));
}

/// The reader has taken so much: as much may be read from the upstream, without what was granted
/// before.
void worker_state::credit(uint64_t bytes) {
  const auto before = std::min(bytes, stream_.skip);
  stream_.skip -= before;
  if (attempts_[0].stage == attempt::stage::sending)
    grant(attempts_[0].id, bytes - before);
}

/// A stream whose beginning the client has cannot be sent again: it ends here, whole or broken.
void worker_state::end_stream(attempt& of, const core::http_response& response) {
  auto said = response;
  said.body.clear();
  auto v = upstream_of(of).protocol->decode(*of.what, said, std::chrono::system_clock::now());
  const auto a = take(of);
  v.used = stream_.reader.used();
  std::optional<error> why;
  if (response.failure == core::transport_error::cancelled) {
    why = error{errc::cancelled, "the client has left"};
  } else if (!stream_.reader.error().empty()) {
    v.kind = core::reply_kind::server_error;
    why = error{errc::server_error, "the provider ended the stream with an error"};
  } else if (response.failure != core::transport_error::none || !stream_.reader.has_ended()) {
    v.kind = core::reply_kind::transport;
    why = error{errc::connection_failed, "the stream of the provider broke"};
  } else {
    v.kind = core::reply_kind::success;
  }
  settle(a, true, v, why && why->code == errc::cancelled);
  last_attempt_ = std::max(response.elapsed, duration{1});
  ++outcome_.attempts;
  outcome_.upstream += response.elapsed;
  outcome_.status_code = response.status;
  outcome_.request_id = v.request_id;
  outcome_.used = v.used;
  outcome_.lane = walk_.lane_name(a.candidate);
  lanes_ = {walk_.at(a.candidate).lane};
  add_cost(a, v.used);
  if (!stream_.reader.rest().empty() && !why)
    pass_on(stream_.reader.rest());
  self->send(task.stream, atom::part_v,
             stream_part{task.request.key, stream_.sent, 0, {}, {}, true});
  end(report_kind::finished, why ? core::outcome_state::failed : core::outcome_state::completed,
      std::move(why));
}

} // namespace penstock::actors
