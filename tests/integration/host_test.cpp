#include "actors/host/host.hpp"

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <future>
#include <optional>

using namespace penstock;

namespace {

/// A head with its own slots, and a provider that takes 20 ms.
struct head_fixture {
  test::temp_dir dir;
  std::string address = "127.0.0.1:0";
  std::optional<test::process> head;

  head_fixture() { start(); }

  /// Starts the head; a second start uses the same port.
  void start() {
    test::command serve;
    serve.args = {PENSTOCK_PROGRAM, "serve", "--upstream", "null",
                  "--null-latency", "20ms",  "--slots",    "8",
                  "--listen",       address, "--store",    dir / "jobs.db"};
    head.emplace(std::move(serve));
    constexpr std::string_view word = "listening on ";
    BOOST_REQUIRE(test::wait_until([&] {
      const auto said = head->out();
      const auto end = said.find('\n');
      if (end != std::string::npos && said.starts_with(word))
        address = said.substr(word.size(), end - word.size());
      return end != std::string::npos || head->has_ended();
    }));
    BOOST_REQUIRE_MESSAGE(!address.ends_with(":0"), head->err());
  }

  host connected() const {
    config::cluster_settings cluster;
    cluster.head = address;
    auto h = host::connect(cluster);
    BOOST_REQUIRE_MESSAGE(h.has_value(), h.error().context);
    return std::move(*h);
  }

  job submitted(const host& h, size_t count) const {
    std::vector<core::request> all;
    for (size_t i = 0; i < count; ++i)
      all.push_back(core::make_request("r" + std::to_string(i), R"({"model":"m","messages":[]})"));
    auto j = h.submit(std::move(all));
    BOOST_REQUIRE_MESSAGE(j.has_value(), j.error().context);
    return *j;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(host_at_a_head, head_fixture)

BOOST_AUTO_TEST_CASE(a_head_killed_in_the_middle_costs_no_outcome_and_no_order) {
  const auto h = connected();
  const auto j = submitted(h, 600);
  // Three threads of one host that all meet the broken connection.
  auto end = std::async(std::launch::async, [&] { return j.wait(); });
  const auto follow = [&] {
    uint64_t next = 0;
    auto all = j.results();
    for (;;) {
      auto o = all.next();
      if (!o || !*o)
        return o ? next : 0;
      if ((*o)->index != next || (*o)->state != core::outcome_state::completed)
        return uint64_t{0};
      ++next;
    }
  };
  auto beside = std::async(std::launch::async, follow);
  auto all = j.results();
  for (uint64_t i = 0; i < 100; ++i)
    BOOST_REQUIRE_EQUAL(all.next().value()->index, i);
  head->signal(SIGKILL);
  head->wait();
  start();
  for (uint64_t i = 100; i < 600; ++i) {
    auto o = all.next();
    BOOST_REQUIRE_MESSAGE(o.has_value(), o.error().context);
    BOOST_REQUIRE(*o);
    BOOST_REQUIRE_EQUAL((*o)->index, i);
    BOOST_REQUIRE_EQUAL((*o)->custom_id, "r" + std::to_string(i));
  }
  BOOST_TEST(!all.next().value());
  BOOST_TEST(beside.get() == 600u);
  const auto how = end.get();
  BOOST_REQUIRE_MESSAGE(how.has_value(), how.error().context);
  BOOST_TEST((how->state == job_state::completed));
  BOOST_TEST(how->completed == 600u);
}

BOOST_AUTO_TEST_CASE(a_job_runs_on_when_its_host_goes_and_another_finds_it) {
  uint64_t id = 0;
  {
    const auto h = connected();
    id = submitted(h, 50).id();
  }
  const auto h = connected();
  const auto j = h.find(id);
  BOOST_REQUIRE_MESSAGE(j.has_value(), j.error().context);
  uint64_t next = 0;
  for (auto& o : j->results())
    next += o.index == next;
  BOOST_TEST(next == 50u);
  BOOST_TEST((h.find(id + 1).error().code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_job_at_a_head_can_be_cancelled) {
  const auto h = connected();
  const auto j = submitted(h, 5000);
  BOOST_REQUIRE(j.results().next().has_value());
  BOOST_TEST(j.cancel().value());
  const auto end = j.wait();
  BOOST_REQUIRE(end.has_value());
  BOOST_TEST((end->state == job_state::cancelled));
  BOOST_TEST(end->completed + end->cancelled == 5000u);
}

BOOST_AUTO_TEST_CASE(nobody_at_the_address_is_an_error_that_names_it) {
  head->signal(SIGTERM);
  BOOST_TEST(head->wait() == 0);
  config::cluster_settings cluster;
  cluster.head = address;
  const auto h = host::connect(cluster);
  BOOST_REQUIRE(!h.has_value());
  BOOST_TEST((h.error().code == errc::connection_failed));
  BOOST_TEST(h.error().context.find(address) != std::string::npos);
  cluster.head = "192.0.2.1:7117";
  BOOST_TEST((host::connect(cluster).error().code == errc::invalid_config)); // No certificates.
}

BOOST_AUTO_TEST_SUITE_END()
