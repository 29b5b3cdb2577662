#pragma once

#include "tests/support/fake_map.hpp"

#include "messages/errors.hpp"

namespace penstock::test {

/// A hub with two groups and two stages (`a`, `b`); the output is a file.
struct map_hub_fixture : deterministic_system {
  temp_dir dir;
  std::string out = dir / "out.txt";
  std::shared_ptr<fake_script> script = std::make_shared<fake_script>();
  std::shared_ptr<actors::map_setup> setup = std::make_shared<actors::map_setup>();
  map_hub_actor hub;
  std::vector<std::shared_ptr<seen_offers>> seen;
  std::vector<error> warnings;

  io::map_request asked;          ///< What is asked besides the rows.
  std::string version = "recipe"; ///< Of the recipe.

  /// What the first stage asks for a row.
  std::optional<uint64_t> row_print(uint64_t row) const {
    core::map_row r;
    r.scope = core::row_scope{row + 1, {{"id", row}}};
    return script->print(r, 0)->asks;
  }

  void start(std::vector<uint32_t> groups_of_rows, uint32_t corrections = 2) {
    script->groups = std::move(groups_of_rows);
    script->next_row = 0;
    setup->script = script;
    setup->groups = {"x", "y"};
    setup->rows_of_group = {0, 0};
    for (auto g : script->groups)
      ++setup->rows_of_group[g];
    setup->corrections_max = {corrections, corrections};
    setup->client_id = "pk";
    auto request = asked;
    request.identity = {"in", "hash", version};
    for (size_t i = 0; i < script->groups.size(); ++i)
      request.rows.push_back({i + 1, 0, i + 1, *row_print(i)});
    request.rows_to_run = request.rows.size();
    request.rounds = {corrections + 1, corrections + 1};
    request.output = out;
    setup->files = nullptr; // Free the lock of an earlier life first.
    auto files = io::map_files::open(request);
    BOOST_REQUIRE_MESSAGE(files.has_value(),
                          (files.has_error() ? to_string(files.error()) : std::string{}));
    setup->files = std::make_shared<io::map_files>(std::move(*files));
    hub = spawn(actors::map_hub, std::make_shared<actors::map_setup>(std::move(*setup)));
    setup = std::make_shared<actors::map_setup>();
    seen.clear();
    for (uint32_t job = 0; job < 4; ++job)
      join(job);
    run();
  }
  /// A new port for `job`, with an open `pull`.
  void join(uint32_t job, uint32_t wanted = 100) {
    seen.resize(std::max<size_t>(seen.size(), job + 1));
    seen[job] = std::make_shared<seen_offers>();
    self->send(hub, atom::join_v, job, stage_port_actor{spawn(silent_port, seen[job])});
    pull(job, wanted);
  }
  void pull(uint32_t job, uint32_t wanted = 100) {
    self->send(hub, atom::pull_v, job, wanted, uint64_t{1} << 20);
    run();
  }
  void answer(core::map_ticket t, shared_outcome o) {
    self->send(hub, atom::keep_v, std::vector<map_answer>{{t, std::move(o)}});
    run();
  }
  std::string output() { return read_file(out); }
  map_status close() { return ask<map_status>(hub, atom::close_v); }
  /// Ends as with `kill -9`.
  void kill() {
    caf::anon_send_exit(hub, caf::exit_reason::kill);
    run();
    hub = nullptr;
  }
};

} // namespace penstock::test
