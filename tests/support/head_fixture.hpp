#pragma once

#include "actors/store/job_reader.hpp"
#include "actors/store/job_writer.hpp"
#include "core/io/store/job_store.hpp"
#include "core/jsonl/jsonl.hpp"
#include "tests/support/engine_fixture.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/data/test_case.hpp>

#include <optional>
#include <string>
#include <vector>

namespace penstock::test {

/// A job store that outlives heads: in memory, or a file that each head opens again.
class kept_store {
public:
  explicit kept_store(bool durable) : durable_{durable}, memory_{io::make_memory_job_store()} {}

  std::shared_ptr<io::job_store> open() {
    if (!durable_)
      return memory_;
    auto opened = io::open_job_store(dir_ / "jobs.db");
    if (!opened)
      throw std::runtime_error{to_string(opened.error())};
    return *opened;
  }

private:
  bool durable_;
  temp_dir dir_;
  std::shared_ptr<io::job_store> memory_;
};

/// One life of a head: engine, job writer and reader are real; the test acts as the node. The next
/// fixture with the same store is the next life.
struct head_fixture : engine_fixture {
  explicit head_fixture(std::shared_ptr<io::job_store> store, std::vector<std::string> lanes = {},
                        std::function<io::unix_ms()> wall_now = {}) {
    auto opened = store->open_reader();
    if (!opened)
      throw std::runtime_error{to_string(opened.error())};
    reader = spawn(actors::job_reader, *opened);
    actors::job_writer_options options;
    options.wall_now = std::move(wall_now);
    writer = spawn(actors::job_writer, std::move(store), reader, options);
    actors::engine_setup setup;
    setup.store = writer;
    setup.reader = reader;
    setup.lanes = std::move(lanes);
    start(std::move(setup));
    run();
  }

  /// A complete job of so many requests.
  static submission make_job(uint64_t requests, std::string tenant = "t", std::string key = {}) {
    submission job;
    job.options.tenant = std::move(tenant);
    job.options.mode = core::mode::parallel;
    job.idempotency_key = std::move(key);
    job.requests = make_requests(0, requests);
    return job;
  }

  static std::vector<shared_request> make_requests(uint64_t first, uint64_t count) {
    std::vector<shared_request> all;
    for (auto i = first; i < first + count; ++i)
      all.push_back(make_request(i));
    return all;
  }

  uint64_t submit(uint64_t requests, std::string tenant = "t", std::string key = {}) {
    const auto ticket =
      ask<job_ticket>(aut, atom::submit_v, make_job(requests, std::move(tenant), std::move(key)));
    BOOST_TEST(ticket.complete);
    BOOST_TEST(ticket.accepted == requests);
    return ticket.job;
  }

  job_ticket add(uint64_t job, uint64_t first, uint64_t count, bool complete) {
    submission_part part;
    part.job = job;
    part.first = first;
    part.requests = make_requests(first, count);
    part.complete = complete;
    return ask<job_ticket>(aut, atom::add_v, part);
  }

  results_page results(uint64_t job, uint64_t from = 0) {
    results_query query;
    query.job = job;
    query.from = from;
    return ask<results_page>(aut, atom::results_v, query);
  }

  /// The states of the outcomes of `job`, one letter each: "cfxe". Checks their order.
  std::string outcomes(uint64_t job) {
    std::string states;
    const auto page = results(job);
    for (size_t i = 0; i < page.items.size(); ++i) {
      auto& item = page.items[i];
      BOOST_TEST(item.index == i);
      const auto record =
        item.outcome ? core::record_of(*item.outcome) : core::parse_output_line(*item.line).value();
      BOOST_TEST(record.index == i);
      BOOST_TEST(record.custom_id == "id-" + std::to_string(i));
      states += "cfxe"[static_cast<size_t>(record.state)];
    }
    return states;
  }

  job_info info(uint64_t job) { return ask<job_info>(aut, atom::info_v, job); }

  /// Requests of `job` that were handed out.
  size_t handed_out(uint64_t job) const {
    size_t n = 0;
    for (auto& r : work->requests())
      n += r.key.job == job;
    return n;
  }

  /// Acts as a node that must stop a job: gives all of its requests back.
  void give_back(uint64_t job) {
    for (auto& r : work->requests())
      if (r.key.job == job)
        report(r.key, report_kind::given_back, failed(r, {errc::cancelled, "stopped"}));
    run();
  }

  /// The outcome of a failed hand-out.
  static core::outcome failed(const assigned_request& r, error why) {
    core::outcome o;
    o.index = r.key.index;
    o.custom_id = r.what->custom_id;
    o.lane = "fast";
    o.failure = std::move(why);
    return o;
  }

  job_reader_actor reader;
  job_writer_actor writer;
};

/// Both kinds of stores, for suites that run with each.
inline const auto durable_or_not = boost::unit_test::data::make({false, true});

/// The state in the answer to `wait`, if there was one.
template <class Pending>
std::optional<job_state> ended(Pending& pending) {
  std::optional<job_state> state;
  pending.receive([&](const job_progress& p) { state = p.state; }, [](const caf::error&) {});
  return state;
}

} // namespace penstock::test
