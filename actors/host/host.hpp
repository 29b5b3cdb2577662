#pragma once

#include "actors/supervisor/spawn_engine.hpp"
#include "config/settings.hpp"
#include "core/base/defaults.hpp"
#include "core/base/error.hpp"
#include "core/jsonl/make_request.hpp"
#include "core/base/request.hpp"
#include "messages/job.hpp"
#include "messages/submit.hpp"

#include <caf/fwd.hpp>

#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Penstock for programs without actors: plain calls that block, to an engine in this process or at
/// a head.
///
/// Threads: call every member of `host` and `job` from any thread at any time. An `outcome_range`
/// belongs to one thread at a time. Do not call these functions from a message handler of an actor,
/// because they block a thread of the scheduler. Programs with actors send messages instead
/// (actors/supervisor/spawn_engine.hpp).
///
/// Errors are values (`result`): the code says what to do, the context says what happened where.
/// Only the iterators of `outcome_range` throw, and the standard library if there is no memory.
/// Spans of time are `std::chrono` types, money is in US dollars, sizes are in bytes.
namespace penstock {

struct host_core; // actors/host/host_core.hpp

/// The outcomes of a job, in the order of its requests. Each is returned as soon as it and all
/// earlier ones are there.
///
///   for (const core::outcome& o : job.results()) ...
///
/// throws `error_exception` if `next` would return an error. It reads a job only once, so call
/// `begin` only once.
class outcome_range {
public:
  class iterator {
  public:
    using value_type = core::outcome;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const core::outcome*;
    using reference = const core::outcome&;

    iterator() = default;
    reference operator*() const noexcept { return *current_; }
    pointer operator->() const noexcept { return current_.get(); }
    /// @throws error_exception
    iterator& operator++();
    /// @throws error_exception
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return !current_; }

  private:
    friend class outcome_range;
    explicit iterator(outcome_range* range) : range_{range} { ++*this; }
    outcome_range* range_ = nullptr;
    shared_outcome current_;
  };

  outcome_range(outcome_range&&) noexcept;
  outcome_range& operator=(outcome_range&&) noexcept;
  ~outcome_range();

  /// Waits for the next outcome; null at the end of the job. The outcome is valid while you hold
  /// it.
  /// @returns `not_found` for an unknown job, `cancelled` after the host has stopped,
  /// `connection_failed` if the head could not be reached for `host_options::patience`.
  result<shared_outcome> next();

  /// @throws error_exception
  iterator begin() { return iterator{this}; }
  std::default_sentinel_t end() const noexcept { return {}; }

private:
  friend class job;
  struct reader;
  explicit outcome_range(std::unique_ptr<reader> r);
  std::unique_ptr<reader> reader_;
};

/// A handle of a job, cheap to copy. It may outlive its host; then every call returns `cancelled`.
class job {
public:
  /// The number of the job at the engine.
  uint64_t id() const noexcept { return id_; }

  /// The outcomes from the given index on, as they come. An engine without a store in a file drops
  /// the outcomes that were read, so that a long job fits in memory: they can be read only once.
  outcome_range results(uint64_t from = 0) const;

  /// Calls `each` for every outcome in order, one after the other, on its own thread. It may block;
  /// the engine then waits. `at_end` is called last, on the same thread, with the end of the job or
  /// with an error: that of `next`, or `internal` with the text of the exception of `each`. After
  /// the host's destructor neither is called. A callback must not destroy the host.
  void on_outcome(std::function<void(const core::outcome&)> each,
                  std::function<void(const result<job_progress>&)> at_end = {}) const;

  /// Waits until the job has ended. @returns its counts.
  result<job_progress> wait() const;
  /// The present counts of the job; also after its end.
  result<job_progress> status() const;
  /// Ends the open requests of the job as `cancelled` and aborts those in flight. @returns whether
  /// there were open requests.
  result<bool> cancel() const;

private:
  friend class host;
  job(std::shared_ptr<host_core> core, uint64_t id) : core_{std::move(core)}, id_{id} {}
  std::shared_ptr<host_core> core_;
  uint64_t id_ = 0;
};

/// Options of a host, beside the settings.
struct host_options {
  engine_options engine; ///< For `start`.
  duration grace{};      ///< How long the destructor waits for requests in flight.
  std::string name; ///< For `connect`: name in the lists of the head; empty: name of the process.
  /// For `connect`: time of the first connection.
  duration connect_timeout = std::chrono::seconds{10};
  duration patience = core::defaults::head_patience; ///< How long to look for a lost head.
};

/// Owns an actor system with an engine, or a connection to a head. Destroying the host stops its
/// engine: jobs in a store file go on when a host opens the file again; jobs in memory end. Jobs at
/// a head continue.
class host {
public:
  /// Starts an engine in this process. @returns the errors of `spawn_engine`.
  static result<host> start(const config::settings& settings, host_options options = {});

  /// Connects to the engine of `penstock serve` at `settings.head`; without certificates in
  /// `settings` only on this machine. A broken connection is made again.
  /// @returns `invalid_config`, `connection_failed` or `incompatible`, as `actors::connect` does.
  static result<host> connect(const config::cluster_settings& settings, host_options options = {});

  host(host&&) noexcept;
  host& operator=(host&&) noexcept;
  ~host();

  /// Submits requests (core/jsonl/make_request.hpp makes them) as one job with the options of
  /// `defaults`. Sets their `index`; an empty `custom_id` becomes "request-" and the index. Blocks
  /// until the engine has stored all of them (a store in a file has synced them).
  /// @returns `invalid_input` with the wrong option, or an error of the store.
  result<job> submit(std::vector<core::request> requests) const;
  /// The same with options, name and idempotency key: a second submission with the same key returns
  /// the first job. @pre `what.complete`.
  result<job> submit(submission what) const;
  /// A job that was submitted before. @returns `not_found` if the engine does not know this number.
  result<job> find(uint64_t id) const;

  /// The options of a job from the settings. For a head: the defaults, limited only by its slots.
  job_options defaults() const;
  /// The engine, for programs that also send messages. Null while a head is lost.
  engine_actor engine() const;
  caf::actor_system& system() const;

private:
  explicit host(std::shared_ptr<host_core> core);
  std::shared_ptr<host_core> core_;
};

} // namespace penstock
