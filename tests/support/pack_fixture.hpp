#pragma once

#include "tests/support/coordinator_fixture.hpp"
#include "tests/support/pack_script.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace penstock::test {

inline std::string answer_to(const std::string& text) { return "answer to " + text; }

/// A coordinator that packs chat completions; the test acts as the provider.
struct pack_fixture : coordinator_fixture {
  pack_fixture() { options.mode = core::mode::batch; }

  static shared_request chat(uint64_t i, const std::string& more = {}) {
    core::request r;
    r.index = i;
    r.line = i + 1;
    r.custom_id = "id-" + std::to_string(i);
    r.url = "/v1/chat/completions";
    r.model = "m";
    r.body =
      core::make_payload("{" + more + R"("model":"m","messages":[{"role":"user","content":"text )" +
                         std::to_string(i) + R"("}]})");
    return make_shared_value(std::move(r));
  }
  void chats(uint64_t n) {
    for (uint64_t i = files->input.size(), end = i + n; i < end; ++i)
      files->input.push_back(chat(i));
  }

  /// The hand-out numbered `n`, from the end.
  const assignment& sent(size_t back = 0) const {
    return work->assigned[work->assigned.size() - 1 - back];
  }
  static const std::string& body_of(const assignment& a) { return *a.requests.front().what->body; }
  /// The entries of a hand-out; empty: not a pack.
  static std::vector<core::prompt_entry> entries(const assignment& a) {
    return core::read_pack_prompt(user_text(body_of(a)))
      .value_or(std::vector<core::prompt_entry>{});
  }
  size_t packs_sent() const {
    return static_cast<size_t>(std::count_if(work->assigned.begin(), work->assigned.end(),
                                             [](auto& a) { return !entries(a).empty(); }));
  }

  void answer(const assignment& a, const std::string& content, uint32_t attempts = 1,
              std::string_view finish = "stop") {
    const auto& r = a.requests.front();
    core::outcome o;
    o.index = r.key.index;
    o.custom_id = r.what->custom_id;
    o.state = core::outcome_state::completed;
    o.status_code = 200;
    o.lane = "default";
    o.attempts = r.attempts_before + attempts;
    o.ran_as = a.ran_as;
    o.upstream = std::chrono::seconds{1};
    o.used = {1000, 0, 500, 0, true};
    o.body = core::make_payload(chat_body(content, finish));
    report(work_report{
      r.key, report_kind::finished, make_shared_value(std::move(o)), {}, std::chrono::seconds{1}});
  }
  /// Gives the right answer to a pack or a request.
  void answer_right(const assignment& a) {
    const auto list = entries(a);
    answer(a, list.empty() ? answer_to(user_text(body_of(a)))
                           : to_json(right_answers(list, answer_to)));
  }
  void fail_pack(const assignment& a, report_kind kind, errc code, uint32_t attempts = 1,
                 int status = 0) {
    const auto& r = a.requests.front();
    core::outcome o;
    o.index = r.key.index;
    o.custom_id = r.what->custom_id;
    o.lane = "default";
    o.attempts = r.attempts_before + attempts;
    o.failure = error{code, "said the test"};
    o.status_code = status;
    report(work_report{r.key, kind, make_shared_value(std::move(o)), {}, {}});
  }
  /// Gives slots and lets `play` answer every hand-out, until the job has ended.
  void drive(const std::function<void(const assignment&)>& play) {
    size_t next = work->assigned.size();
    for (int i = 0; i < 1000 && !head->finished; ++i) {
      if (next < work->assigned.size()) {
        const assignment a = work->assigned[next++];
        for (auto& r : a.requests) {
          auto one = a;
          one.requests = {r};
          play(one);
        }
      } else if (demand() > 0)
        give(demand());
      else
        advance(std::chrono::seconds{1});
    }
  }
  /// Checks I2.
  void all_answered(uint64_t n) {
    BOOST_TEST((ended().state == job_state::completed));
    BOOST_TEST(ended().completed == n);
    BOOST_REQUIRE(files->lines.size() == n);
    for (uint64_t i = 0; i < n; ++i) {
      line(i);
      const auto mine = "\"answer to text " + std::to_string(i) + '"';
      BOOST_TEST_CONTEXT(files->lines[i])
      BOOST_TEST(files->lines[i].find(mine) != std::string::npos);
    }
  }
};

} // namespace penstock::test
