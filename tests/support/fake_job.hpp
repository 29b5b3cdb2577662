#pragma once

#include "actors/job/job_launcher.hpp"
#include "core/jsonl/jsonl.hpp"

#include <caf/all.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace penstock::test {

/// The files of a job in memory, for all lives of its source and sink.
struct memory_files {
  std::vector<shared_request> input;
  std::vector<std::string> lines;       ///< The output.
  std::map<uint64_t, std::string> kept; ///< The journal: results that wait for earlier ones.
  std::vector<bool> closed;             ///< For each close of the sink: the flag "complete".
  size_t gaps = 0;                      ///< Lines in a wrong order; must stay 0.
  std::vector<std::pair<uint32_t, uint64_t>> pulls;
  bool source_answers = true;
  std::optional<error> source_fails, sink_fails, launch_fails;
  caf::timespan write_delay{};
  bool sink_answers = true; ///< False: `unanswered` collects the waiting actors.
  std::vector<written_taker_actor> unanswered;
  size_t launches = 0;
  /// Members of the current life.
  caf::actor coordinator, source, sink;
};

struct memory_source_state {
  static inline const char* name = "memory-source";
  size_t next = 0;
};

inline source_actor::behavior_type
memory_source(source_actor::stateful_pointer<memory_source_state> self,
              std::shared_ptr<memory_files> files, uint64_t first) {
  self->state.next = first;
  return {[=](atom::pull, uint32_t requests_max, uint64_t bytes_max) {
    auto& next = self->state.next;
    files->pulls.emplace_back(requests_max, bytes_max);
    if (!files->source_answers)
      return;
    auto to = caf::actor_cast<chunk_taker_actor>(self->current_sender());
    files->coordinator = caf::actor_cast<caf::actor>(self->current_sender());
    if (files->source_fails) {
      self->send(to, atom::failed_v, *files->source_fails);
      return;
    }
    request_chunk chunk;
    for (uint64_t bytes = 0;
         next < files->input.size() && chunk.requests.size() < requests_max && bytes < bytes_max;
         ++next) {
      chunk.requests.push_back(files->input[next]);
      bytes += chunk.requests.back()->body ? chunk.requests.back()->body->size() : 0;
    }
    chunk.end = next == files->input.size();
    self->send(to, atom::chunk_v, std::move(chunk));
  }};
}

/// Sink and store over `files`.
inline run_output_actor::behavior_type memory_output(run_output_actor::pointer self,
                                                     std::shared_ptr<memory_files> files) {
  return {
    [=](atom::write, const std::vector<sink_item>& items) {
      if (files->sink_fails) {
        self->quit(caf::error{static_cast<uint8_t>(files->sink_fails->code), caf::atom("penstock"),
                              caf::make_message(files->sink_fails->context)});
        return;
      }
      for (auto& item : items) {
        files->gaps += item.index != files->lines.size();
        files->lines.push_back(item.line ? *item.line : core::output_line(*item.outcome));
        files->kept.erase(item.index);
      }
      auto to = caf::actor_cast<written_taker_actor>(self->current_sender());
      if (!files->sink_answers)
        files->unanswered.push_back(to);
      else if (files->write_delay > caf::timespan{})
        self->delayed_send(to, files->write_delay, atom::written_v, uint64_t{files->lines.size()});
      else
        self->send(to, atom::written_v, uint64_t{files->lines.size()});
    },
    [=](atom::close, bool complete) {
      files->closed.push_back(complete);
      return true;
    },
    [=](atom::keep, const std::vector<sink_item>& items) {
      for (auto& item : items)
        if (item.index >= files->lines.size())
          files->kept[item.index] = core::output_line(*item.outcome);
    },
    [](atom::flush) {},
    [](atom::mark) {},
  };
}

/// The parts of a job over `files`, from the first missing line on, as after a crash.
inline actors::job_parts make_parts(caf::actor_system& sys, std::shared_ptr<memory_files> files) {
  actors::job_parts parts;
  parts.first = files->lines.size();
  parts.total = files->input.size();
  for (auto& [index, line] : files->kept)
    parts.recorded.push_back({index, {}, core::make_payload(line)});
  core::output_totals totals;
  auto add = [&](const std::string& line) {
    if (auto record = core::parse_output_line(line))
      totals.add(*record);
  };
  for (auto& line : files->lines)
    add(line);
  for (auto& [index, line] : files->kept)
    add(line);
  parts.before.completed = totals.completed;
  parts.before.failed = totals.failed;
  parts.before.cancelled = totals.cancelled;
  parts.before.expired = totals.expired;
  parts.before.attempts = totals.attempts;
  parts.before.rate_limited = totals.rate_limited;
  parts.before.read = parts.before.resumed = totals.requests();
  parts.source = sys.spawn(memory_source, files, parts.first);
  auto output = sys.spawn(memory_output, files);
  parts.sink = output;
  parts.store = output;
  files->source = caf::actor_cast<caf::actor>(parts.source);
  files->sink = caf::actor_cast<caf::actor>(output);
  return parts;
}

/// Opens a job over `files`, again after each crash.
class memory_launcher : public actors::job_launcher {
public:
  explicit memory_launcher(std::shared_ptr<memory_files> files) : files_{std::move(files)} {}
  result<actors::job_parts> launch(caf::actor_system& sys) override {
    ++files_->launches;
    if (files_->launch_fails)
      return *files_->launch_fails;
    return make_parts(sys, files_);
  }

private:
  std::shared_ptr<memory_files> files_;
};

} // namespace penstock::test
