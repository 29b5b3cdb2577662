#include "actors/host/page_stream.hpp"
#include "messages/system_config.hpp"

#include <caf/all.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <memory>
#include <mutex>

using namespace penstock;
using namespace penstock::actors;
using namespace std::chrono_literals;

namespace {

/// The job of a head, which outlives the engines that answer for it.
struct followed_job {
  std::mutex mutex;
  job_info info;
  uint64_t outcomes = 0; ///< That are there.
  uint64_t page_max = 2; ///< Outcomes of one page.
  bool ended = false;
  std::vector<uint64_t> asked;   ///< `from` of each question.
  std::optional<uint64_t> dies;  ///< The engine dies when asked from here, once.
  uint64_t interrupted_once = 0; ///< Says `interrupted` at this index, once; 0: never.
};

caf::behavior paging_engine(caf::event_based_actor* self, std::shared_ptr<followed_job> job) {
  return {
    [=](atom::info, uint64_t) -> caf::result<job_info> {
      std::lock_guard lock{job->mutex};
      return job->info;
    },
    [=](atom::results, const results_query& query) -> caf::result<results_page> {
      std::lock_guard lock{job->mutex};
      job->asked.push_back(query.from);
      if (job->dies == query.from) {
        job->dies.reset();
        self->quit(caf::exit_reason::kill);
        return caf::make_error(caf::sec::runtime_error);
      }
      results_page page;
      page.job = query.job;
      page.from = query.from;
      const auto until = std::min(
        {query.from + job->page_max, job->outcomes, query.from + uint64_t{query.count_max}});
      for (auto i = query.from; i < until; ++i)
        page.items.push_back({i, {}, {}});
      page.end = job->ended && until == job->outcomes;
      page.state = page.end ? job_state::completed : job_state::running;
      if (job->interrupted_once != 0 && until == job->interrupted_once) {
        job->interrupted_once = 0;
        page.end = true;
        page.state = job_state::interrupted;
      }
      return page;
    },
  };
}

struct page_fixture {
  system_config config;
  caf::actor_system sys{config};
  std::shared_ptr<followed_job> job = std::make_shared<followed_job>();
  caf::actor engine;
  std::atomic<int> finds{0};
  std::optional<head_session> head;

  page_fixture() {
    job->info.id = 7;
    job->info.created = 1000;
    job->info.tenant = "a";
    job->outcomes = 7;
    job->ended = true;
    head.emplace(
      sys,
      [this](duration) -> result<engine_actor> {
        ++finds;
        engine = sys.spawn(paging_engine, job);
        return caf::actor_cast<engine_actor>(engine);
      },
      "h:1");
    BOOST_REQUIRE(head->connect(5s));
  }
  ~page_fixture() {
    head.reset();
    caf::anon_send_exit(engine, caf::exit_reason::kill);
  }

  /// The indexes that a stream gives until its end.
  std::vector<uint64_t> read(page_stream& pages) {
    std::vector<uint64_t> all;
    while (!pages.ended()) {
      const auto page = pages.next();
      if (!page) {
        BOOST_ERROR(to_string(page.error()));
        break;
      }
      for (auto& item : page->items)
        all.push_back(item.index);
    }
    return all;
  }
};

std::vector<uint64_t> range_of(uint64_t from, uint64_t to) {
  std::vector<uint64_t> all;
  for (auto i = from; i < to; ++i)
    all.push_back(i);
  return all;
}

results_page page_with(bool end, job_state state, size_t items) {
  results_page page;
  page.end = end;
  page.state = state;
  page.items.resize(items);
  return page;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(page_stream_suite, page_fixture)

BOOST_AUTO_TEST_CASE(pages_come_in_order_until_the_end) {
  page_stream pages{*head, 7, {.from = 2, .comes_back = true}};
  BOOST_TEST(read(pages) == range_of(2, 7), boost::test_tools::per_element());
  const auto more = pages.next();
  BOOST_TEST((more && more->items.empty() && more->end));
}

BOOST_AUTO_TEST_CASE(a_stream_goes_on_over_another_connection) {
  for (uint64_t at : {0, 2, 4, 6}) {
    job->dies = at;
    page_stream pages{*head, job->info, {.comes_back = true}};
    BOOST_TEST(read(pages) == range_of(0, 7), boost::test_tools::per_element());
    BOOST_TEST(!job->dies);
  }
  BOOST_TEST(finds == 5);
}

BOOST_AUTO_TEST_CASE(a_job_of_another_store_is_refused) {
  page_stream pages{*head, job->info, {.comes_back = true}};
  BOOST_REQUIRE(pages.next());
  {
    std::lock_guard lock{job->mutex};
    job->dies = 4;
    job->info.created = 2000;
  }
  result<results_page> page = results_page{};
  while (page && !pages.ended())
    page = pages.next();
  BOOST_REQUIRE(!page);
  BOOST_TEST((page.error().code == errc::not_found));
  BOOST_TEST(page.error().context.find("started on another store") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(who_does_not_wait_gets_what_is_there) {
  job->ended = false;
  page_stream pages{*head, job->info, {.waits = false}};
  BOOST_TEST(read(pages) == range_of(0, 7), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_head_that_stops_a_job_comes_back) {
  job->interrupted_once = 4;
  page_stream pages{*head, job->info, {.comes_back = true}};
  BOOST_TEST(read(pages) == range_of(0, 7), boost::test_tools::per_element());
  job->interrupted_once = 4;
  page_stream once{*head, job->info, {}};
  BOOST_TEST(read(once) == range_of(0, 4), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_step_after_a_page_follows_from_it_alone) {
  const page_options head_goes{}, comes_back{.comes_back = true}, prefix{.waits = false};
  const auto is = [](page_step step, page_step wanted) { return step == wanted; };
  using enum page_step;
  BOOST_TEST(is(step_after(page_with(false, job_state::running, 1), head_goes), ask));
  BOOST_TEST(is(step_after(page_with(false, job_state::running, 0), head_goes), ask));
  BOOST_TEST(is(step_after(page_with(false, job_state::aborted, 0), head_goes), pause));
  BOOST_TEST(is(step_after(page_with(true, job_state::interrupted, 1), head_goes), end));
  BOOST_TEST(is(step_after(page_with(true, job_state::interrupted, 1), comes_back), pause));
  BOOST_TEST(is(step_after(page_with(true, job_state::completed, 1), comes_back), end));
  BOOST_TEST(is(step_after(page_with(false, job_state::running, 0), prefix), end));
  BOOST_TEST(is(step_after(page_with(false, job_state::running, 1), prefix), ask));
}

BOOST_AUTO_TEST_SUITE_END()
