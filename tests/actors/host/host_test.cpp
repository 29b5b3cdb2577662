#include "actors/host/host.hpp"

#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <set>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

/// Settings of an engine without a real provider.
config::settings null_settings(duration latency = {}) {
  config::settings s;
  s.upstream.protocol = "null";
  s.upstream.null_latency = latency;
  s.run.mode = core::mode::parallel;
  return s;
}

std::vector<core::request> requests(size_t count) {
  std::vector<core::request> all;
  for (size_t i = 0; i < count; ++i)
    all.push_back(core::make_request("r" + std::to_string(i),
                                     R"({"model":"m","messages":[{"role":"user","content":")" +
                                       std::to_string(i) + "\"}]}"));
  return all;
}

host started(const config::settings& s, host_options options = {}) {
  auto h = host::start(s, std::move(options));
  BOOST_REQUIRE_MESSAGE(h.has_value(), h.error().context);
  return std::move(*h);
}

job submitted(const host& h, std::vector<core::request> all) {
  auto j = h.submit(std::move(all));
  BOOST_REQUIRE_MESSAGE(j.has_value(), j.error().context);
  return std::move(*j);
}

} // namespace

BOOST_AUTO_TEST_SUITE(host_suite)

BOOST_AUTO_TEST_CASE(outcomes_come_in_order_and_all_of_them) {
  const auto h = started(null_settings());
  const auto j = submitted(h, requests(5000));
  uint64_t next = 0;
  for (const core::outcome& o : j.results()) {
    BOOST_REQUIRE_EQUAL(o.index, next);
    BOOST_REQUIRE_EQUAL(o.custom_id, "r" + std::to_string(next));
    BOOST_REQUIRE((o.state == core::outcome_state::completed));
    BOOST_REQUIRE(o.body->find("Nobody was asked.") != std::string::npos);
    ++next;
  }
  BOOST_TEST(next == 5000u);
  const auto end = j.wait();
  BOOST_REQUIRE(end.has_value());
  BOOST_TEST((end->state == job_state::completed));
  BOOST_TEST(end->completed == 5000u);
  BOOST_TEST(end->attempts == 5000u);
}

BOOST_AUTO_TEST_CASE(outcomes_come_before_the_end) {
  auto s = null_settings(20ms);
  s.run.in_flight_max = 2;
  const auto h = started(s);
  const auto j = submitted(h, requests(200));
  auto all = j.results();
  auto first = all.next();
  BOOST_REQUIRE(first.has_value());
  BOOST_TEST((*first)->index == 0u);
  const auto now = j.status();
  BOOST_REQUIRE(now.has_value());
  BOOST_TEST((now->state == job_state::running));
}

BOOST_AUTO_TEST_CASE(an_empty_job_ends_at_once) {
  const auto h = started(null_settings());
  const auto j = submitted(h, {});
  auto all = j.results();
  BOOST_TEST(!all.next().value());
  BOOST_TEST(!all.next().value());
  BOOST_TEST((j.wait()->state == job_state::completed));
}

BOOST_AUTO_TEST_CASE(a_bad_request_fails_in_its_place) {
  const auto h = started(null_settings());
  auto some = requests(3);
  some[1] = core::make_request("bad", "{");
  some[2].custom_id.clear();
  std::vector<std::string> seen;
  const auto j = submitted(h, std::move(some));
  for (auto& o : j.results())
    seen.push_back(o.custom_id + " " + std::string{to_string(o.state)});
  BOOST_TEST(
    (seen == std::vector<std::string>{"r0 completed", "bad failed", "request-2 completed"}));
}

BOOST_AUTO_TEST_CASE(callbacks_come_in_order_on_one_thread_and_end_with_the_sums) {
  const auto h = started(null_settings());
  const auto j = submitted(h, requests(3000));
  std::vector<uint64_t> seen;
  std::set<std::thread::id> threads;
  std::promise<result<job_progress>> end;
  j.on_outcome(
    [&](const core::outcome& o) {
      seen.push_back(o.index);
      threads.insert(std::this_thread::get_id());
    },
    [&](const result<job_progress>& how) {
      threads.insert(std::this_thread::get_id());
      end.set_value(how);
    });
  const auto how = end.get_future().get();
  BOOST_REQUIRE(how.has_value());
  BOOST_TEST(how->completed == 3000u);
  BOOST_TEST(seen.size() == 3000u);
  BOOST_TEST(std::is_sorted(seen.begin(), seen.end()));
  BOOST_TEST(threads.size() == 1u);
  BOOST_TEST(!threads.contains(std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(a_callback_that_throws_gets_no_more_and_harms_nobody) {
  const auto h = started(null_settings());
  const auto j = submitted(h, requests(100));
  std::atomic<int> calls{0};
  std::promise<error> end;
  j.on_outcome(
    [&](const core::outcome&) {
      if (++calls == 3)
        throw std::runtime_error{"enough"};
    },
    [&](const result<job_progress>& how) { end.set_value(how.error()); });
  const auto why = end.get_future().get();
  BOOST_TEST(calls == 3);
  BOOST_TEST(why.context == "the callback threw: enough");
  BOOST_TEST(j.wait()->completed == 100u);
}

BOOST_AUTO_TEST_CASE(cancel_ends_what_is_open_and_aborts_what_is_sent) {
  const auto h = started(null_settings(1h));
  const auto j = submitted(h, requests(1000));
  while (j.status()->in_flight == 0)
    std::this_thread::yield();
  BOOST_TEST(j.cancel().value());
  const auto end = j.wait();
  BOOST_TEST((end->state == job_state::cancelled));
  BOOST_TEST(end->cancelled == 1000u);
  size_t count = 0;
  for (auto& o : j.results())
    count += o.state == core::outcome_state::cancelled;
  BOOST_TEST(count == 1000u);
  BOOST_TEST(!j.cancel().value());
}

BOOST_AUTO_TEST_CASE(many_threads_share_a_host) {
  const auto h = started(null_settings());
  std::atomic<uint64_t> total{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int k = 0; k < 3; ++k) {
        const auto j = h.submit(requests(300));
        if (!j)
          return;
        uint64_t next = 0;
        for (auto& o : j->results())
          if (o.index == next)
            ++next;
        total += next;
      }
    });
  for (auto& t : threads)
    t.join();
  BOOST_TEST(total == 4u * 3 * 300);
}

BOOST_AUTO_TEST_CASE(a_job_outlives_its_host_and_says_so) {
  std::optional<host> h = started(null_settings(1h));
  const auto j = submitted(*h, requests(10));
  auto late = std::async(std::launch::async, [j] { return j.results().next().error(); });
  auto waits = std::async(std::launch::async, [j] { return j.wait().error(); });
  std::atomic<bool> called{false};
  j.on_outcome([&](const core::outcome&) { called = true; }, [&](auto&) { called = true; });
  h.reset();
  BOOST_TEST((late.get().code == errc::cancelled));
  BOOST_TEST((waits.get().code == errc::cancelled));
  BOOST_TEST(j.status().error().context == "the host has stopped");
  BOOST_TEST((j.cancel().error().code == errc::cancelled));
  auto all = j.results();
  BOOST_CHECK_THROW(all.begin(), error_exception);
  BOOST_TEST(!called);
}

BOOST_AUTO_TEST_CASE(a_store_in_a_file_outlives_the_host) {
  const test::temp_dir dir;
  host_options options;
  options.engine.store = dir / "jobs.db";
  uint64_t id = 0;
  {
    auto s = null_settings(1h);
    const auto h = started(s, options);
    submission what;
    what.options = h.defaults();
    what.idempotency_key = "k";
    for (auto& r : requests(50))
      what.requests.push_back(make_shared_value(std::move(r)));
    const auto j = h.submit(what);
    BOOST_REQUIRE(j.has_value());
    id = j->id();
    BOOST_TEST(h.submit(what)->id() == id); // The same key is the same job.
    what.requests.pop_back();
    BOOST_TEST((h.submit(what).error().code == errc::invalid_input));
  }
  const auto h = started(null_settings(), options);
  const auto j = h.find(id);
  BOOST_REQUIRE_MESSAGE(j.has_value(), j.error().context);
  uint64_t next = 0;
  for (auto& o : j->results()) {
    BOOST_TEST(o.index == next++);
    BOOST_TEST((o.state == core::outcome_state::completed));
  }
  BOOST_TEST(next == 50u);
  BOOST_TEST(j->results(45).next().value()->custom_id == "r45"); // No outcome was dropped.
}

BOOST_AUTO_TEST_CASE(what_cannot_work_is_refused_with_a_reason) {
  auto s = null_settings();
  s.run.attempts = 0;
  auto refused = host::start(s);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::invalid_config));
  BOOST_TEST(refused.error().context.find("run.attempts") != std::string::npos);
  s = null_settings();
  s.upstream.protocol = "telepathy";
  BOOST_TEST((host::start(s).error().code == errc::invalid_config));
  s = null_settings();
  s.upstream.mock = true;
  BOOST_TEST(host::start(s).error().context.find("penstock mock") != std::string::npos);
  s = config::settings{};
  host_options no_key;
  no_key.engine.env.emplace();
  BOOST_TEST(host::start(s, no_key).error().context.find("OPENAI_API_KEY") != std::string::npos);

  const auto h = started(null_settings());
  BOOST_TEST((h.find(12345).error().code == errc::not_found));
  submission what;
  what.options = h.defaults();
  what.options.in_flight_max = 0;
  BOOST_TEST(h.submit(what).error().context.find("in_flight_max") != std::string::npos);
  what.options = h.defaults();
  what.requests.resize(2);
  BOOST_TEST(h.submit(what).error().context == "requests[0] is null");
}

BOOST_AUTO_TEST_SUITE_END()
