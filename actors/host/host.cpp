#include "actors/host/host_core.hpp"

#include "actors/peer/cluster_config.hpp"
#include "actors/peer/connect.hpp"
#include "actors/supervisor/from_settings.hpp"
#include "actors/host/page_stream.hpp"
#include "core/jsonl/outcome_line.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <unistd.h>

#include <climits>

namespace penstock {

namespace {

constexpr duration answer_within = std::chrono::seconds{30};
/// Time after which a question for the end of a job is asked again.
constexpr duration end_within = std::chrono::minutes{10};
constexpr duration stopped_pause = std::chrono::milliseconds{500};
/// Only the slots of the head limit the width of its jobs.
constexpr uint32_t any_width = 100'000;

std::string process_name() {
  char name[HOST_NAME_MAX + 1] = {};
  if (::gethostname(name, HOST_NAME_MAX) != 0)
    name[0] = '\0';
  return std::string{name} + ':' + std::to_string(::getpid());
}

/// Makes an outcome of a line: a head with a store keeps lines.
result<shared_outcome> outcome_of(const sink_item& item) {
  if (item.outcome)
    return item.outcome;
  if (!item.line)
    return error{errc::internal, "an outcome came empty"};
  auto read = core::parse_outcome_line(*item.line);
  if (!read)
    return read.error();
  return make_shared_value(std::move(*read));
}

} // namespace

// --- the range ---

struct outcome_range::reader {
  reader(std::shared_ptr<host_core> c, uint64_t job, uint64_t from)
      : core{std::move(c)}, pages{*core->session,
                                  job,
                                  {.from = from,
                                   .forget = !core->is_remote(),
                                   .comes_back = core->is_remote()}} {}

  result<shared_outcome> next() {
    while (at == page.items.size()) {
      if (ended)
        return shared_outcome{};
      auto more = core->told(pages.next());
      if (!more)
        return more.error();
      page = std::move(*more);
      at = 0;
      ended = page.end;
    }
    auto& item = page.items[at++];
    auto outcome = outcome_of(item);
    item = {}; // Free the item: the outcomes of a long job must not collect here.
    return outcome;
  }

  std::shared_ptr<host_core> core;
  actors::page_stream pages;
  results_page page;
  size_t at = 0;
  bool ended = false;
};

outcome_range::outcome_range(std::unique_ptr<reader> r) : reader_{std::move(r)} {}
outcome_range::outcome_range(outcome_range&&) noexcept = default;
outcome_range& outcome_range::operator=(outcome_range&&) noexcept = default;
outcome_range::~outcome_range() = default;

result<shared_outcome> outcome_range::next() { return reader_->next(); }

outcome_range::iterator& outcome_range::iterator::operator++() {
  auto next = range_->next();
  if (!next)
    throw error_exception{next.error()};
  current_ = std::move(*next);
  return *this;
}

// --- the job ---

outcome_range job::results(uint64_t from) const {
  return outcome_range{std::make_unique<outcome_range::reader>(core_, id_, from)};
}

void job::on_outcome(std::function<void(const core::outcome&)> each,
                     std::function<void(const result<job_progress>&)> at_end) const {
  // The thread holds no handle: the host waits for it, and its end must not be the host's.
  core_->call_back(
    [core = core_.get(), id = id_, each = std::move(each), at_end = std::move(at_end)] {
      const job self{core->shared_from_this(), id};
      const auto go_through = [&]() -> result<job_progress> {
        auto all = self.results();
        for (;;) {
          auto next = all.next();
          if (!next)
            return next.error();
          if (!*next)
            return self.wait();
          try {
            each(**next);
          } catch (const std::exception& e) {
            return error{errc::internal, std::string{"the callback threw: "} + e.what()};
          } catch (...) {
            return error{errc::internal, "the callback threw what is no exception"};
          }
        }
      };
      const auto end = go_through();
      const bool stopped = [&] {
        std::lock_guard lock{core->mutex};
        return core->stopped;
      }();
      if (at_end && !stopped)
        at_end(end);
    });
}

result<job_progress> job::wait() const {
  for (;;) {
    auto end = core_->ask<job_progress>(end_within, atom::wait_v, id_);
    // A head that stops leaves its jobs `interrupted`. They go on when it starts again.
    const bool goes_on = end && core_->is_remote() && end->state == job_state::interrupted;
    if (!goes_on)
      return end;
    if (!core_->session->pause(stopped_pause))
      return core_->told(error{errc::cancelled, "interrupted"});
  }
}

result<job_progress> job::status() const {
  return core_->ask<job_progress>(answer_within, atom::status_v, id_);
}

result<bool> job::cancel() const { return core_->ask<bool>(answer_within, atom::cancel_v, id_); }

// --- the host ---

host::host(std::shared_ptr<host_core> core) : core_{std::move(core)} {}
host::host(host&&) noexcept = default;

host& host::operator=(host&& other) noexcept {
  if (this != &other) {
    if (core_)
      core_->stop();
    core_ = std::move(other.core_);
  }
  return *this;
}

host::~host() {
  if (core_)
    core_->stop();
}

result<host> host::start(const config::settings& settings, host_options options) {
  auto core = std::make_shared<host_core>(std::make_unique<system_config>());
  core->settings = settings;
  core->grace = options.grace;
  auto running = spawn_engine(core->system, settings, std::move(options.engine));
  if (!running)
    return running.error();
  core->running = std::move(*running);
  core->watch();
  core->session = std::make_unique<actors::head_session>(
    core->system, [c = core.get()](duration) { return c->find_engine(); }, "this process");
  if (auto there = core->session->connect(answer_within); !there)
    return there.error();
  return host{std::move(core)};
}

result<host> host::connect(const config::cluster_settings& settings, host_options options) {
  auto core = std::make_shared<host_core>(std::make_unique<actors::cluster_config>(settings));
  core->settings.cluster = settings;
  const auto name = options.name.empty() ? process_name() : options.name;
  core->session = std::make_unique<actors::head_session>(
    core->system,
    [c = core.get(), name](duration timeout) {
      return actors::connect(c->system, c->settings.cluster, "client", name, timeout);
    },
    settings.head);
  core->session->set_patience(options.patience);
  if (auto there = core->session->connect(options.connect_timeout); !there)
    return there.error();
  return host{std::move(core)};
}

job_options host::defaults() const {
  if (!core_->is_remote())
    return actors::make_job_options(core_->settings);
  job_options o;
  o.in_flight_max = any_width;
  return o;
}

result<job> host::submit(std::vector<core::request> requests) const {
  submission what;
  what.options = defaults();
  what.requests.reserve(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].index = i;
    what.requests.push_back(make_shared_value(std::move(requests[i])));
  }
  return submit(std::move(what));
}

result<job> host::submit(submission what) const {
  for (size_t i = 0; i < what.requests.size(); ++i) {
    auto& r = what.requests[i];
    if (!r)
      return error{errc::invalid_input, "requests[" + std::to_string(i) + "] is null"};
    if (r->index == i && !r->custom_id.empty())
      continue;
    auto copy = *r;
    copy.index = i;
    if (copy.custom_id.empty())
      copy.custom_id = "request-" + std::to_string(i);
    r = make_shared_value(std::move(copy));
  }
  auto ticket = core_->submit(std::move(what));
  if (!ticket)
    return ticket.error();
  return job{core_, ticket->job};
}

result<job> host::find(uint64_t id) const {
  auto there = core_->ask<job_info>(answer_within, atom::info_v, id);
  if (!there)
    return there.error();
  return job{core_, id};
}

engine_actor host::engine() const { return core_->session->engine(); }

caf::actor_system& host::system() const { return core_->system; }

} // namespace penstock
