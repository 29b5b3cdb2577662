#pragma once

#include "core/io/store/job_store.hpp"
#include "core/jsonl/jsonl.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

/// Requests and outcomes for tests of a job store.
namespace penstock::test {

inline io::request_ptr request_at(uint64_t index, size_t body_bytes = 40) {
  core::request r;
  r.index = index;
  r.line = index + 1;
  r.custom_id = "id-" + std::to_string(index);
  r.url = "/v1/chat/completions";
  r.model = "m";
  r.body = core::make_payload(R"({"n":)" + std::to_string(index) + R"(,"pad":")" +
                              std::string(body_bytes, 'x') + "\"}");
  r.output_tokens_max = static_cast<uint32_t>(index % 100);
  return std::make_shared<const core::request>(std::move(r));
}

/// The requests [first, end).
inline std::vector<io::request_ptr> requests_in(uint64_t first, uint64_t end,
                                                size_t body_bytes = 40) {
  std::vector<io::request_ptr> all;
  for (auto i = first; i < end; ++i)
    all.push_back(request_at(i, body_bytes));
  return all;
}

/// @param answer A text that differs between outcomes of the same request.
inline io::job_outcome result_at(uint64_t index,
                                 core::outcome_state state = core::outcome_state::completed,
                                 std::string answer = "yes") {
  core::outcome o;
  o.index = index;
  o.custom_id = "id-" + std::to_string(index);
  o.state = state;
  o.status_code = 200;
  o.body = core::make_payload("{\"answer\":\"" + answer + "\"}");
  if (state != core::outcome_state::completed)
    o.failure = error{errc::server_error, "boom"};
  o.attempts = 1 + index % 3;
  o.used = {10, 4, 5, 2, true};
  o.cost = 0.001;
  return {index, std::make_shared<const core::outcome>(std::move(o)), nullptr};
}

/// The line of an outcome from a reader, for both kinds of stores.
inline std::string line_of(const io::job_outcome& o) {
  return o.line ? *o.line : core::output_line(*o.outcome);
}

/// The value. Fails the test with the error if there is none.
template <class T>
T must(result<T> r) {
  BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? std::string{} : to_string(r.error())));
  if constexpr (!std::is_void_v<T>)
    return std::move(*r);
}

/// The code of the expected error.
template <class T>
errc refused(const result<T>& r) {
  BOOST_REQUIRE(r.has_error());
  return r.error().code;
}

} // namespace penstock::test
