#pragma once

#include "tests/support/worker_fixture.hpp"

#include <string>

namespace penstock::test {

/// A worker with two upstreams of one lane each: "a" comes first, then "b".
struct routes_fixture : worker_fixture {
  std::shared_ptr<limiter_log> other = std::make_shared<limiter_log>(); ///< Lane b; `lane` is a.

  routes_fixture() {
    wires.limiters.push_back(spawn(fake_limiter, other));
    setup->upstreams.push_back(setup->upstreams[0]);
    setup->upstreams[0].base_url = "http://a";
    setup->upstreams[1].base_url = "http://b";
    route_over({{0, ""}, {1, ""}});
  }

  void route_over(std::vector<core::route_choice> to, bool weighted = false) {
    setup->routes =
      core::route_table{{{"a", 0, {}}, {"b", 1, {}}}, {{{"*"}, weighted, std::move(to)}}};
  }

  /// The answer of each upstream to every call.
  void answer(fake_answer a, fake_answer b) {
    upstream->script = [a = std::move(a), b = std::move(b)](auto& call) {
      return at_a(call) ? a : b;
    };
  }

  static bool at_a(const fake_upstream::call& call) { return call.url.starts_with("http://a/"); }
  /// "ab": the upstreams in the order in which they were called.
  std::string order() const {
    std::string out;
    for (auto& call : upstream->calls)
      out += at_a(call) ? 'a' : 'b';
    return out;
  }

  void refuse(const worker_actor& aut, limiter_log& by, errc code, caf::timespan retry_in = {}) {
    BOOST_REQUIRE(!by.asked.empty());
    self->send(aut, atom::refused_v, by.asked.back().id, error{code, std::string{to_string(code)}},
               retry_in);
    run();
  }

  /// The only report of the request. Checks that no permit is outstanding on both lanes.
  const work_report& only_report() {
    BOOST_REQUIRE(log->reports.size() == 1u);
    for (auto& call : upstream->calls)
      BOOST_TEST((at_a(call) ? lane : other)->settlements(call.id) == 1u);
    for (auto* l : {lane.get(), other.get()})
      for (auto& asked : l->asked)
        BOOST_TEST(l->settlements(asked.id) <= 1u);
    return log->reports[0];
  }

  static fake_answer refused_key() {
    return answer_with(401, R"({"error":{"message":"bad key"}})");
  }
  static fake_answer told_to_wait(const char* seconds) {
    auto a = answer_with(429, R"({"error":{"message":"come back later"}})");
    a.response.headers.push_back({"retry-after", seconds});
    return a;
  }
  static fake_answer no_money() {
    return answer_with(429, R"({"error":{"message":"no money","type":"insufficient_quota",)"
                            R"("code":"insufficient_quota"}})");
  }
};

} // namespace penstock::test
