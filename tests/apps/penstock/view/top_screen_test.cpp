#include "apps/penstock/view/top_screen.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace penstock;
using namespace penstock::cli;
using namespace std::chrono_literals;

namespace {

constexpr int64_t begun = 1'700'000'000'000;

job_info job(uint64_t id, uint64_t requests, uint64_t completed) {
  job_info j;
  j.id = id;
  j.name = "in.jsonl";
  j.tenant = "a";
  j.requests = requests;
  j.created = begun;
  j.progress.read = j.progress.completed = completed;
  return j;
}

top_view busy_view(size_t jobs) {
  top_view v;
  v.head = "127.0.0.1:7117";
  v.now = begun + 10'000;
  v.nodes.resize(4);
  v.lanes.resize(1);
  v.lanes[0].name = "default";
  v.lanes[0].now.limit[0] = 600;
  v.tenants.resize(3);
  for (size_t i = 0; i < jobs; ++i)
    v.jobs.push_back(job(jobs - i, 100, 10));
  return v;
}

} // namespace

BOOST_AUTO_TEST_SUITE(top_screen)

BOOST_AUTO_TEST_CASE(a_screen_keeps_to_its_size) {
  for (size_t height : {1, 5, 12, 20, 24, 50, 200})
    for (size_t width : {1, 20, 80, 300}) {
      const auto lines = top_lines(busy_view(40), width, height);
      BOOST_TEST(lines.size() <= height);
      for (auto& line : lines)
        BOOST_TEST(core::columns_of(line) <= width);
    }
  const auto all = top_lines(busy_view(40), 0, 0);
  BOOST_TEST(all.size() == 1u + 4 * 3 + 4 + 1 + 3 + 40);
  const auto some = top_lines(busy_view(40), 200, 24);
  BOOST_TEST(some.size() == 24u);
  BOOST_TEST(std::ranges::any_of(
    some, [](auto& l) { return l.starts_with("JOBS (40), ") && l.ends_with("not shown"); }));
  auto view = busy_view(1);
  view.trouble = "gone";
  BOOST_TEST(top_lines(view, 80, 24).at(1) == "! gone");
}

BOOST_AUTO_TEST_CASE(rates_follow_the_last_seconds) {
  rate_meter meter;
  const time_point t{1h};
  BOOST_TEST(meter.update({job(1, 1000, 0)}, t).empty());
  BOOST_TEST(meter.update({job(1, 1000, 100)}, t + 1s).at(1) == 100.0);
  const auto rate = meter.update({job(1, 1000, 100), job(2, 10, 5)}, t + 2s);
  BOOST_TEST(rate.at(1) == 70.0, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(!rate.contains(2));
  // A job that was started again counts from lower numbers.
  BOOST_TEST(!meter.update({job(1, 1000, 10)}, t + 3s).contains(1));
}

BOOST_AUTO_TEST_SUITE_END()
