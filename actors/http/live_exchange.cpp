#include "actors/http/live_exchange.hpp"

namespace penstock::actors {

std::string live_exchange::shown(const std::string& bytes) {
  if (!hide_usage_)
    return bytes;
  std::string out;
  for (auto& event : reader_.take(bytes))
    if (!event.only_usage)
      out += event.text;
  return out;
}

void live_exchange::part(const stream_part& p, std::function<void(uint64_t)> taken) {
  const auto size = p.size;
  if (!std::exchange(begun_, true)) {
    io::http_reply head;
    head.content_type = p.content_type;
    head.headers = call_.headers();
    io::add_header(head.headers, "cache-control", "no-cache");
    // Proxies such as nginx would collect the events otherwise.
    io::add_header(head.headers, "x-accel-buffering", "no");
    call_.exchange.begin(std::move(head));
  }
  auto bytes = p.bytes ? shown(*p.bytes) : std::string{};
  if (bytes.empty())
    return taken(size);
  call_.exchange.write(std::move(bytes), [taken = std::move(taken), size](bool alive) {
    if (alive)
      taken(size);
  });
}

void live_exchange::ended(const core::outcome& o) {
  if (begun_) {
    if (o.state != core::outcome_state::completed && o.failure)
      call_.exchange.write(
        core::broken_stream(call_.dialect, core::failure_of(*o.failure), call_.id));
    call_.exchange.end();
    return;
  }
  auto answer = core::answer_of(call_.dialect, o, call_.id);
  std::string more;
  if (answer.retry_after)
    io::add_header(more, "retry-after", std::to_string(*answer.retry_after));
  if (!o.lane.empty())
    io::add_header(more, "x-penstock-lane", o.lane);
  io::add_header(more, "x-penstock-attempts", std::to_string(o.attempts));
  if (o.cached)
    io::add_header(more, "x-penstock-cached", "true");
  if (streams_ && answer.status == 200)
    if (auto events = core::chat_as_stream(answer.body, wants_usage_)) {
      io::http_reply reply;
      reply.content_type = "text/event-stream";
      reply.headers = call_.headers() + more;
      reply.body = std::move(*events);
      return call_.exchange.reply(std::move(reply));
    }
  call_.answer(std::move(answer.body), answer.status, std::move(more));
}

} // namespace penstock::actors
