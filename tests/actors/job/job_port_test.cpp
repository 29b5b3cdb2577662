#include "actors/job/job_port.hpp"

#include "tests/support/job_store_actors.hpp"
#include "tests/support/size_limit.hpp"

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

struct heard {
  std::vector<request_chunk> chunks;
  std::vector<uint64_t> written;
};

using coordinator_and_collector = chunk_taker_actor::extend_with<written_taker_actor>;

coordinator_and_collector::behavior_type listener(std::shared_ptr<heard> all) {
  return {
    [=](atom::chunk, const request_chunk& chunk) { all->chunks.push_back(chunk); },
    [](atom::failed, const error&) { BOOST_FAIL("a port quits instead"); },
    [=](atom::written, uint64_t below) { all->written.push_back(below); },
  };
}

struct fixture : job_store_actors {
  std::shared_ptr<heard> all = std::make_shared<heard>();
  coordinator_and_collector neighbour = spawn(listener, all);
  actors::job_port_actor aut;

  stored_job open(uint64_t job) {
    auto taken = ask<stored_job>(writer, atom::open_v, job);
    aut = spawn(actors::job_port, taken, writer, reader);
    self->monitor(aut);
    run();
    return taken;
  }
  template <class... Ts>
  void tell(Ts&&... xs) {
    caf::send_as(caf::actor_cast<caf::actor>(neighbour), aut, std::forward<Ts>(xs)...);
    run();
  }
  std::optional<error> end_of_port() {
    run();
    std::optional<error> why;
    self->receive([&](const caf::down_msg& m) { why = from_caf(m.reason); },
                  caf::after(0s) >> [] {});
    return why;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(job_port_suite, fixture)

BOOST_AUTO_TEST_CASE(requests_are_pulled_in_order) {
  start();
  open(submit(5));
  tell(atom::pull_v, 2u, uint64_t{1} << 20);
  tell(atom::pull_v, 10u, uint64_t{1} << 20);
  BOOST_REQUIRE(all->chunks.size() == 2u);
  BOOST_TEST(all->chunks[0].requests.size() == 2u);
  BOOST_TEST(!all->chunks[0].end);
  BOOST_TEST(all->chunks[1].requests[0]->index == 2u);
  BOOST_TEST(all->chunks[1].requests.size() == 3u);
  BOOST_TEST(all->chunks[1].end);
}

BOOST_AUTO_TEST_CASE(a_result_is_stored_once_whichever_way_it_comes) {
  for (bool durable : {true, false}) {
    start(durable);
    all->written.clear();
    const auto job = submit(5);
    open(job);
    tell(atom::keep_v, std::vector{item(1), item(3)});
    BOOST_TEST(all->written.empty());
    tell(atom::write_v, std::vector{item(0), item(1)});
    BOOST_TEST((all->written == std::vector<uint64_t>{2}));
    tell(atom::write_v, std::vector{item(2), item(3), item(4)});
    BOOST_TEST((all->written == std::vector<uint64_t>{2, 5}));
    BOOST_TEST(ask<bool>(aut, atom::close_v, true));
    const auto page = ask<results_page>(reader, atom::results_v, results_query{job});
    BOOST_REQUIRE(page.items.size() == 5u);
    for (uint64_t i = 0; i < 5; ++i)
      BOOST_TEST(line_of(page.items[i]) == line_of(item(i)));
    stop();
  }
}

BOOST_AUTO_TEST_CASE(what_an_earlier_life_left_needs_no_writing) {
  start();
  const auto job = submit(4);
  open(job);
  tell(atom::keep_v, std::vector{item(0), item(2)});
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  run();
  const auto taken = open(job);
  BOOST_TEST(taken.life == 2u);
  BOOST_TEST(taken.first == 1u);
  BOOST_TEST((taken.recorded == std::vector<uint64_t>{2}));
  tell(atom::pull_v, 10u, uint64_t{1} << 20);
  BOOST_REQUIRE(all->chunks.size() == 1u);
  BOOST_REQUIRE(all->chunks[0].requests.size() == 3u);
  BOOST_TEST(all->chunks[0].requests[0]->index == 1u);
  BOOST_TEST(!all->chunks[0].requests[1]);
  tell(atom::write_v, std::vector{item(1), sink_item{2, {}, {}}, item(3)});
  BOOST_TEST((all->written == std::vector<uint64_t>{4}));
  BOOST_TEST(ask<results_page>(reader, atom::results_v, results_query{job}).items.size() == 4u);
}

BOOST_AUTO_TEST_CASE(nothing_is_written_before_the_store_says_so) {
  start();
  const auto job = submit(4);
  open(job);
  const auto from = caf::actor_cast<caf::actor>(neighbour);
  caf::send_as(from, aut, atom::keep_v, std::vector{item(1)});
  caf::send_as(from, aut, atom::write_v, std::vector{item(0), item(1)});
  caf::send_as(from, aut, atom::write_v, std::vector{item(2)});
  auto closed = self->request(aut, caf::infinite, atom::close_v, false);
  // First the port, then the writer up to its commit: only after the commit are there answers.
  while (all->written.empty() && sched.has_job()) {
    const auto safe = must(must(store->open_reader())->marks(job)).ordered;
    sched.run_once();
    if (!all->written.empty())
      BOOST_TEST(all->written.back() <= safe);
  }
  run();
  BOOST_TEST(all->written.back() == 3u);
  closed.receive([](bool done) { BOOST_TEST(done); },
                 [](const caf::error&) { BOOST_FAIL("not closed"); });
}

BOOST_AUTO_TEST_CASE(a_full_disk_ends_the_port_with_its_reason) {
  start();
  const auto job = submit(4);
  open(job);
  {
    size_limit full{1000};
    tell(atom::write_v, std::vector{item(0)});
  }
  const auto why = end_of_port();
  BOOST_REQUIRE(why.has_value());
  BOOST_TEST((why->code == errc::disk_full), why->context);
  BOOST_TEST(all->written.empty());
}

BOOST_AUTO_TEST_CASE(a_job_that_is_gone_ends_the_port) {
  start();
  stored_job none;
  none.job = 99;
  aut = spawn(actors::job_port, none, writer, reader);
  self->monitor(aut);
  tell(atom::pull_v, 1u, uint64_t{1});
  const auto why = end_of_port();
  BOOST_REQUIRE(why.has_value());
  BOOST_TEST((why->code == errc::not_found));
}

BOOST_AUTO_TEST_SUITE_END()
