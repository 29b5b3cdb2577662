#include "actors/http/http_answers.hpp"

#include "core/base/random.hpp"

#include <atomic>
#include <cstdio>
#include <random>

namespace penstock::actors {

std::string http_call::headers() const {
  std::string out;
  io::add_header(out, "x-request-id", id);
  return out;
}

void http_call::answer(std::string body, int status, std::string more) const {
  io::http_reply reply;
  reply.status = status;
  reply.headers = headers() + more;
  reply.body = std::move(body);
  exchange.reply(std::move(reply));
}

void http_call::fail(const core::api_failure& why, std::string more) const {
  io::http_reply reply;
  reply.status = why.status;
  reply.content_type = core::failure_type(dialect);
  reply.headers = headers() + more;
  if (why.retry_after)
    io::add_header(reply.headers, "retry-after", std::to_string(*why.retry_after));
  reply.body = core::failure_body(dialect, why, id);
  exchange.reply(std::move(reply));
}

std::string next_request_id() {
  static const uint64_t start = (uint64_t{std::random_device{}()} << 32) | std::random_device{}();
  static std::atomic<uint64_t> count{0};
  const auto n = ++count;
  uint64_t state = start + n;
  char text[40];
  std::snprintf(text, sizeof text, "req_%016llx%08x",
                static_cast<unsigned long long>(core::next_random(state)),
                static_cast<unsigned>(n));
  return text;
}

} // namespace penstock::actors
