#include "actors/http/batch_keeper.hpp"

#include "core/io/file/input_scan.hpp"
#include "core/io/file/request_reader.hpp"
#include "core/io/file/wall_clock.hpp"
#include "core/jsonl/jsonl.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

constexpr size_t part_requests_max = 512;
constexpr uint64_t part_bytes_max = 1u << 20;
constexpr uint32_t page_results = 256;
constexpr duration try_again_after = std::chrono::seconds{1};

} // namespace

void batch_keeper_state::start() {
  auto all = setup.files->open_batches();
  if (!all)
    return setup.announce("the batches cannot be read: " + all.error().context);
  for (auto& b : *all) {
    auto w = std::make_shared<work>();
    w->b = std::move(b);
    open_[w->b.id] = w;
    go_on(w);
  }
}

void batch_keeper_state::open(const std::string& id, const std::string& tenant) {
  const auto found = setup.files->find_batch(id, tenant);
  if (!found || !*found || open_.contains(id))
    return;
  auto w = std::make_shared<work>();
  w->b = **found;
  open_[id] = w;
  go_on(w);
}

void batch_keeper_state::cancel(const std::string& id, const std::string& tenant) {
  const auto found = open_.find(id);
  if (found == open_.end() || found->second->b.tenant != tenant)
    return;
  const auto w = found->second;
  if (w->b.state == core::batch_state::finalizing || w->b.cancelling > 0)
    return;
  w->b.cancelling = io::wall_now();
  if (w->b.state == core::batch_state::in_progress)
    w->b.state = core::batch_state::cancelling;
  if (save(w) && w->b.job != 0)
    self->request(setup.engine, caf::infinite, atom::cancel_v, w->b.job)
      .then([](bool) {}, [](const caf::error&) {});
}

/// Begins with the step that is in the store.
void batch_keeper_state::go_on(const work_ptr& w) {
  using core::batch_state;
  switch (w->b.state) {
  case batch_state::validating: return validate(w);
  case batch_state::in_progress:
  case batch_state::cancelling:
  case batch_state::finalizing: return submit(w);
  default: end(w);
  }
}

bool batch_keeper_state::save(const work_ptr& w) {
  const auto saved = setup.files->put_batch(w->b);
  if (!saved)
    setup.announce("batch " + w->b.id + " cannot be stored: " + saved.error().context);
  return saved.has_value();
}

void batch_keeper_state::end(const work_ptr& w) { open_.erase(w->b.id); }

void batch_keeper_state::fail(const work_ptr& w, const error& why) {
  w->b.state = core::batch_state::failed;
  w->b.failed_at = io::wall_now();
  if (w->b.faults.empty())
    w->b.faults.push_back({std::string{to_string(why.code)}, why.context, {}, 0});
  save(w);
  end(w);
}

/// Looks at every line before any is sent.
void batch_keeper_state::validate(const work_ptr& w) {
  auto& b = w->b;
  io::scan_options options;
  uint64_t lines = 0;
  options.refuses = [&](const core::request& r) -> std::optional<std::string> {
    ++lines;
    if (b.faults.size() >= faults_max)
      return std::nullopt;
    if (r.rejection)
      b.faults.push_back({"invalid_json_line", r.rejection->context, {}, r.line});
    else if (r.url != b.endpoint)
      b.faults.push_back(
        {"url_mismatch",
         "The URL " + r.url + " differs from the endpoint of the batch, " + b.endpoint, "url",
         r.line});
    return std::nullopt;
  };
  const auto summary = io::scan_input(setup.files->path_of(b.input_file), options);
  if (!summary)
    return fail(w, summary.error());
  for (auto& twice : summary->duplicates)
    if (b.faults.size() < faults_max)
      b.faults.push_back({"duplicate_custom_id",
                          "The custom_id " + twice.custom_id + " stands in line " +
                            std::to_string(twice.first_line) + " already",
                          "custom_id", twice.second_line});
  if (lines == 0)
    b.faults.push_back({"empty_file", "The input file has no request", {}, 0});
  std::stable_sort(b.faults.begin(), b.faults.end(),
                   [](auto& one, auto& other) { return one.line < other.line; });
  if (!b.faults.empty())
    return fail(w, {errc::invalid_input, "the input file has faults"});
  b.total = lines;
  submit(w);
}

/// Makes the job, or finds it again: its idempotency key is the id of the batch.
void batch_keeper_state::submit(const work_ptr& w) {
  auto reader = io::request_reader::open(setup.files->path_of(w->b.input_file), {});
  if (!reader)
    return w->b.job != 0 ? await_end(w) : fail(w, reader.error());
  w->input = std::make_shared<io::request_reader>(std::move(*reader));
  w->read = 0;
  send_part(w, true);
}

void batch_keeper_state::send_part(const work_ptr& w, bool is_first) {
  std::vector<shared_request> requests;
  uint64_t bytes = 0;
  bool complete = false;
  while (requests.size() < part_requests_max && bytes < part_bytes_max) {
    auto next = w->input->next();
    if (!next)
      return fail(w, next.error());
    if (!*next) {
      complete = true;
      break;
    }
    bytes += (*next)->body ? (*next)->body->size() : 0;
    requests.push_back(make_shared_value(std::move(**next)));
  }
  const auto begin = w->read;
  w->read += requests.size();
  const auto failing = [this, w](const caf::error& why) { fail(w, from_caf(why)); };
  if (is_first) {
    submission first;
    first.options = setup.defaults;
    first.options.tenant = w->b.tenant;
    const auto left = std::max<int64_t>(1, w->b.expires - io::wall_now());
    first.options.deadline = std::chrono::seconds{left};
    first.name = w->b.id;
    first.idempotency_key = w->b.id;
    first.requests = std::move(requests);
    first.complete = complete;
    self->request(setup.engine, caf::infinite, atom::submit_v, std::move(first))
      .then([this, w](const job_ticket& t) { stored(w, t); }, failing);
  } else {
    self
      ->request(setup.engine, caf::infinite, atom::add_v,
                submission_part{w->b.job, begin, std::move(requests), complete})
      .then([this, w](const job_ticket& t) { stored(w, t); }, failing);
  }
}

void batch_keeper_state::stored(const work_ptr& w, const job_ticket& ticket) {
  w->b.job = ticket.job;
  if (!ticket.complete) {
    // An earlier life may have stored more than we have read again: pass over it.
    if (ticket.accepted != w->read) {
      io::reader_options options;
      options.first_index = ticket.accepted;
      auto reader = io::request_reader::open(setup.files->path_of(w->b.input_file), options);
      if (!reader)
        return fail(w, reader.error());
      w->input = std::make_shared<io::request_reader>(std::move(*reader));
      w->read = ticket.accepted;
    }
    return send_part(w, false);
  }
  w->input.reset();
  w->from = 0;
  if (w->b.state == core::batch_state::validating) {
    w->b.state = core::batch_state::in_progress;
    w->b.in_progress = io::wall_now();
  }
  if (w->b.cancelling > 0 && w->b.state == core::batch_state::in_progress)
    w->b.state = core::batch_state::cancelling;
  save(w);
  if (w->b.cancelling > 0)
    self->request(setup.engine, caf::infinite, atom::cancel_v, w->b.job)
      .then([](bool) {}, [](const caf::error&) {});
  await_end(w);
}

void batch_keeper_state::await_end(const work_ptr& w) {
  self->request(setup.engine, caf::infinite, atom::wait_v, w->b.job)
    .then([this, w](const job_progress& p) { job_ended(w, p); },
          [this, w](const caf::error& why) { fail(w, from_caf(why)); });
}

void batch_keeper_state::job_ended(const work_ptr& w, const job_progress& p) {
  auto& b = w->b;
  if (p.state == job_state::interrupted)
    return end(w); // The head stops; the batch goes on at its next start.
  if (p.state == job_state::aborted && !std::exchange(w->again, true)) {
    // The provider refuses everything (key, money). Open requests end as cancelled, so that every
    // line gets its result.
    b.faults.push_back({std::string{to_string(p.cause.code)}, p.cause.context, {}, 0});
    self->request(setup.engine, caf::infinite, atom::retry_v, b.job)
      .then(
        [this, w](uint64_t) {
          self->request(setup.engine, caf::infinite, atom::cancel_v, w->b.job)
            .then([this, w](bool) { await_end(w); },
                  [this, w](const caf::error&) { await_end(w); });
        },
        [this, w](const caf::error& why) { fail(w, from_caf(why)); });
    return;
  }
  b.completed = p.completed;
  b.failed = p.failed + p.cancelled + p.expired;
  b.input_tokens = p.input_tokens;
  b.cached_input_tokens = p.cached_input_tokens;
  b.output_tokens = p.output_tokens;
  b.finalizing = io::wall_now();
  b.state = core::batch_state::finalizing;
  // What it ends as stands in its times, also for the next life of the keeper.
  if (b.cancelling == 0 && b.faults.empty() && p.expired > 0)
    b.expired_at = b.finalizing;
  save(w);
  write_results(w);
}

/// Writes both files, page by page.
void batch_keeper_state::write_results(const work_ptr& w) {
  for (auto* file : {&w->output, &w->errors}) {
    if (*file)
      continue;
    auto made = setup.files->create();
    if (!made) {
      setup.announce("batch " + w->b.id + ": " + made.error().context);
      self->delayed_send(self, try_again_after, atom::open_v, w->b.id, w->b.tenant);
      return end(w);
    }
    *file = std::move(*made);
  }
  results_query query;
  query.job = w->b.job;
  query.from = w->from;
  query.count_max = page_results;
  self->request(setup.engine, caf::infinite, atom::results_v, query)
    .then(
      [this, w](const results_page& page) {
        for (auto& item : page.items) {
          const auto line = core::make_batch_line(item.line ? std::string_view{*item.line}
                                                            : core::output_line(*item.outcome));
          const auto written = (line.is_error ? w->errors : w->output)->write(line.text);
          if (!written) {
            setup.announce("batch " + w->b.id + ": " + written.error().context);
            self->delayed_send(self, try_again_after, atom::open_v, w->b.id, w->b.tenant);
            return end(w);
          }
        }
        w->from = page.from + page.items.size();
        if (page.end || page.items.empty())
          finish(w);
        else
          write_results(w);
      },
      [this, w](const caf::error& why) { fail(w, from_caf(why)); });
}

void batch_keeper_state::finish(const work_ptr& w) {
  auto& b = w->b;
  const auto now = io::wall_now();
  const auto keep = [&](std::shared_ptr<io::file_writer>& file, const std::string& kind) {
    if (file->size() == 0)
      return std::string{};
    core::api_file what;
    what.tenant = b.tenant;
    what.filename = b.id + "_" + kind + ".jsonl";
    what.purpose = "batch_output";
    const auto made = file->commit(std::move(what), now);
    return made ? made->id : std::string{};
  };
  b.output_file = keep(w->output, "output");
  b.error_file = keep(w->errors, "error");
  using core::batch_state;
  if (!b.faults.empty()) {
    b.state = batch_state::failed;
    b.failed_at = now;
  } else if (b.cancelling > 0) {
    b.state = batch_state::cancelled;
    b.cancelled_at = now;
  } else if (b.expired_at > 0) {
    b.state = batch_state::expired;
  } else {
    b.state = batch_state::completed;
    b.completed_at = now;
  }
  save(w);
  end(w);
}

batch_keeper_actor::behavior_type
batch_keeper(batch_keeper_actor::stateful_pointer<batch_keeper_state> self, batch_setup setup) {
  self->state.self = self;
  self->state.setup = std::move(setup);
  self->state.start();
  return {
    [self](atom::open, const std::string& id, const std::string& tenant) {
      self->state.open(id, tenant);
    },
    [self](atom::cancel, const std::string& id, const std::string& tenant) {
      self->state.cancel(id, tenant);
    },
  };
}

} // namespace penstock::actors
