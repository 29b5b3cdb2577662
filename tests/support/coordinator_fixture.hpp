#pragma once

#include "actors/job/coordinator.hpp"

#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/fake_job.hpp"
#include "tests/support/fake_node.hpp"

#include <map>
#include <string>

namespace penstock::test {

/// A coordinator between a fake engine, fake nodes and files in memory. The test acts as the engine
/// (`give`) and as the nodes (`report`).
struct coordinator_fixture : deterministic_system {
  static constexpr uint64_t job = 7;
  std::shared_ptr<memory_files> files = std::make_shared<memory_files>();
  std::shared_ptr<engine_log> head = std::make_shared<engine_log>();
  std::shared_ptr<node_log> work = std::make_shared<node_log>();
  node_actor node = spawn(fake_node, work);
  job_options options;
  coordinator_actor aut;
  size_t answer_bytes = 0;              ///< Size of the body of completed outcomes.
  std::map<uint64_t, uint64_t> node_of; ///< By index: the node that has the last hand-out.

  coordinator_fixture() {
    options.mode = core::mode::parallel;
    options.in_flight_max = 64;
  }

  void input(uint64_t requests) {
    for (uint64_t i = files->input.size(), end = i + requests; i < end; ++i)
      files->input.push_back(make_request(i));
  }

  void start() {
    auto parts = std::make_shared<actors::job_parts>(make_parts(sys, files));
    aut = spawn(actors::coordinator, job, spawn(fake_engine, head), options, parts, 1u);
    run();
  }

  uint32_t demand() const {
    auto it = head->demand.find(job);
    return it == head->demand.end() ? 0 : it->second;
  }

  /// Gives slots from the engine, on node 1 by default.
  void give(uint32_t slots, uint64_t node_id = 1) {
    head->demand[job] -= std::min(slots, demand());
    const auto before = work->requests().size();
    self->send(aut, atom::slots_v, node, node_id, slots);
    run();
    const auto all = work->requests();
    for (auto i = before; i < all.size(); ++i)
      node_of[all[i].key.index] = node_id;
  }

  /// The last hand-out of `index`.
  assigned_request handed_out(uint64_t index) const {
    assigned_request last;
    for (auto& r : work->requests())
      if (r.key.index == index)
        last = r;
    return last;
  }

  size_t times_handed_out(uint64_t index) const {
    size_t n = 0;
    for (auto& r : work->requests())
      n += r.key.index == index;
    return n;
  }

  core::outcome outcome(uint64_t index, core::outcome_state state, errc code) const {
    core::outcome o;
    o.index = index;
    o.custom_id = "id-" + std::to_string(index);
    o.state = state;
    o.lane = "default";
    o.attempts = handed_out(index).attempts_before + 1;
    if (state != core::outcome_state::completed)
      o.failure = error{code, "said the test"};
    else
      o.status_code = 200;
    if (answer_bytes > 0)
      o.body = core::make_payload('"' + std::string(answer_bytes, 'x') + '"');
    return o;
  }

  /// Reports as the node that had the last hand-out of the request.
  void report(work_report r) {
    const auto node_id = node_of[r.key.index];
    if (r.lanes.empty())
      r.lanes = {0};
    caf::send_as(caf::actor_cast<caf::actor>(node), aut, atom::report_v,
                 report_batch{node_id, {std::move(r)}});
    run();
  }

  /// Ends the last hand-out of `index`, as its worker would.
  void report(uint64_t index, report_kind kind, errc code = errc::server_error,
              caf::timespan resume_in = {}, uint32_t lane = 0) {
    auto o = outcome(index, core::outcome_state::failed, code);
    if (kind == report_kind::held)
      o.attempts = handed_out(index).attempts_before;
    work_report r{handed_out(index).key, kind, make_shared_value(std::move(o)), resume_in, {}};
    r.lanes = {lane};
    report(std::move(r));
  }

  void complete(uint64_t index, uint32_t lane = 0) {
    auto o = outcome(index, core::outcome_state::completed, errc::internal);
    work_report r{handed_out(index).key,
                  report_kind::finished,
                  make_shared_value(std::move(o)),
                  {},
                  std::chrono::milliseconds{5}};
    r.lanes = {lane};
    report(std::move(r));
  }

  void lose(uint64_t index) {
    report(work_report{handed_out(index).key, report_kind::lost, {}, {}, {}});
  }

  job_progress status() { return ask<job_progress>(aut, atom::status_v); }

  /// The line of `index` in the output.
  core::output_record line(uint64_t index) const {
    BOOST_REQUIRE(index < files->lines.size());
    auto record = core::parse_output_line(files->lines[index]);
    BOOST_REQUIRE(record.has_value());
    BOOST_TEST(record->index == index);
    return *record;
  }

  const job_progress& ended() const {
    BOOST_REQUIRE(head->finished.has_value());
    BOOST_TEST(head->finished_times == 1u);
    BOOST_TEST(files->gaps == 0u);
    return *head->finished;
  }
};

} // namespace penstock::test
