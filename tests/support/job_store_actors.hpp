#pragma once

#include "actors/store/job_reader.hpp"
#include "actors/store/job_writer.hpp"
#include "messages/errors.hpp"

#include "tests/support/deterministic_system.hpp"
#include "tests/support/job_rows.hpp"
#include "tests/support/temp_dir.hpp"

#include <memory>
#include <string>
#include <vector>

/// A job writer and its reader, on the test's scheduler.
namespace penstock::test {

inline std::vector<shared_request> message_requests(uint64_t first, uint64_t end,
                                                    size_t bytes = 40) {
  std::vector<shared_request> all;
  for (auto i = first; i < end; ++i)
    all.emplace_back(request_at(i, bytes));
  return all;
}

inline sink_item item(uint64_t index, core::outcome_state state = core::outcome_state::completed) {
  return {index, shared_outcome{result_at(index, state).outcome}, nullptr};
}

inline std::string line_of(const sink_item& i) {
  return line_of(io::job_outcome{i.index, i.outcome, i.line});
}

inline submission job_of(uint64_t count, std::string key = "") {
  submission s;
  s.options.tenant = "t";
  s.options.seed = 7;
  s.options.prices = {{{"m*"}, 1, {}, 2, {}}};
  s.name = "in.jsonl";
  s.idempotency_key = std::move(key);
  s.requests = message_requests(0, count);
  return s;
}

struct job_store_actors : deterministic_system {
  temp_dir dir;
  std::shared_ptr<io::job_store> store;
  job_reader_actor reader;
  job_writer_actor writer;
  io::unix_ms wall = 1'800'000'000'000;

  void start(std::shared_ptr<io::job_store> with, actors::job_writer_options options = {}) {
    store = std::move(with);
    options.wall_now = [this] { return wall; };
    reader = spawn(actors::job_reader, must(store->open_reader()));
    writer = spawn(actors::job_writer, store, reader, options);
    run();
  }
  void start(bool durable = true) {
    start(durable ? must(io::open_job_store(dir / "jobs.db")) : io::make_memory_job_store());
  }

  void stop() {
    caf::anon_send_exit(writer, caf::exit_reason::kill);
    caf::anon_send_exit(reader, caf::exit_reason::kill);
    run();
    writer = nullptr;
    reader = nullptr;
    store.reset();
  }

  uint64_t submit(uint64_t count) {
    return ask<job_ticket>(writer, atom::submit_v, job_of(count)).job;
  }
  void write(uint64_t job, std::vector<sink_item> items) {
    BOOST_TEST(ask<bool>(writer, atom::write_v, job, std::move(items)));
  }
  void end(uint64_t job, job_state how = job_state::completed) {
    job_progress p;
    p.state = how;
    BOOST_TEST(ask<bool>(writer, atom::finished_v, job, p));
  }

  /// The error that comes instead of an answer.
  template <class Result, class Handle, class... Ts>
  error failure_of(const Handle& to, Ts&&... xs) {
    auto pending = self->request(to, caf::infinite, std::forward<Ts>(xs)...);
    run();
    error why;
    pending.receive([&](Result&) { BOOST_FAIL("it was answered"); },
                    [&](const caf::error& e) { why = from_caf(e); });
    return why;
  }
};

} // namespace penstock::test
