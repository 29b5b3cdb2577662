#pragma once

#include "actors/supervisor/spawn_engine.hpp"
#include "config/settings.hpp"
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

/// Penstock for programs without actors of their own: an engine in the process, or one elsewhere,
/// behind plain calls that block.
///
/// Threads: every member of `host` and `job` may be called from any thread at any time; an
/// `outcome_range` belongs to one thread at a time. Nothing here may be called from a message
/// handler of an actor: it would hold a thread of the scheduler. Programs with actors send messages
/// instead (actors/supervisor/spawn_engine.hpp).
///
/// Errors come as values (`result`): the code says what may be done about them, the context what
/// happened where. Nothing throws but the iterators of `outcome_range`, which have no other way,
/// and the standard library when memory ends. Spans of time are `std::chrono` types, money is
/// dollars, sizes are bytes.
namespace penstock {

struct host_core; // actors/host/host_core.hpp

/// The outcomes of a job, in the order of its requests, each as soon as it and all before it are
/// there.
///
///   for (const core::outcome& o : job.results()) ...
///
/// throws `error_exception` where `next` would return an error. It goes through a job once: `begin`
/// is called once.
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

  /// Waits for the next outcome; null at the end of the job. It stays good as long as it is held.
  /// @returns `not_found` for a job that the engine does not know, `cancelled` once the host has
  /// stopped, `connection_failed` if a head could not be reached for as long as
  /// `host_options::patience`.
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

/// A job of a host's engine: a handle, cheap to copy. It may outlive its host; then all it does
/// returns `cancelled`.
class job {
public:
  /// Its number at the engine.
  uint64_t id() const noexcept { return id_; }

  /// Its outcomes from one index on, each as it comes. An engine without a store in a file drops
  /// what was read, so that a long job fits in memory: there each outcome can be had once.
  outcome_range results(uint64_t from = 0) const;

  /// Calls `each` for every outcome in order, on a thread of its own, one after the other; it may
  /// block, the engine then waits with what comes. `at_end` is called last, on the same thread,
  /// with how the job ended, or with the error that ended the calls: what `next` would have
  /// returned, or `internal` with the text of what `each` threw. After the host's destructor
  /// neither is called; a callback must not destroy the host.
  void on_outcome(std::function<void(const core::outcome&)> each,
                  std::function<void(const result<job_progress>&)> at_end = {}) const;

  /// Waits until the job has ended, and returns its sums.
  result<job_progress> wait() const;
  /// Where it stands now; also after its end.
  result<job_progress> status() const;
  /// Ends its open requests as `cancelled` and aborts what is being sent. @returns whether there
  /// was anything to cancel.
  result<bool> cancel() const;

private:
  friend class host;
  job(std::shared_ptr<host_core> core, uint64_t id) : core_{std::move(core)}, id_{id} {}
  std::shared_ptr<host_core> core_;
  uint64_t id_ = 0;
};

/// What a host is told beside the settings.
struct host_options {
  engine_options engine; ///< Of `start`.
  duration grace{};      ///< How long the destructor lets what is in flight finish.
  std::string name;      ///< Of `connect`, for the head's lists; empty: the name of the process.
  duration connect_timeout = std::chrono::seconds{10}; ///< Of `connect`, for the first time.
  duration patience = std::chrono::minutes{10};        ///< How long a lost head is looked for.
};

/// Owns an actor system and an engine in it, or a connection to a head. Destroying it stops the
/// engine: jobs in a store file go on when a host starts on it again, those in memory end; jobs at
/// a head run on.
class host {
public:
  /// Starts an engine in this process. @returns what `spawn_engine` returns.
  static result<host> start(const config::settings& settings, host_options options = {});

  /// Connects to the engine of `penstock serve` at `settings.head`; without certificates in
  /// `settings` only on this machine. A connection that breaks is made anew.
  /// @returns `invalid_config`, `connection_failed` or `incompatible`, as actors::connect.
  static result<host> connect(const config::cluster_settings& settings, host_options options = {});

  host(host&&) noexcept;
  host& operator=(host&&) noexcept;
  ~host();

  /// Submits requests (core/jsonl/make_request.hpp makes them) as one job with the options of
  /// `defaults`. Their `index` is set here; an empty `custom_id` becomes "request-" and the index.
  /// Blocks until the engine has them all; a store in a file has synced them by then.
  /// @returns `invalid_input` naming the option that is wrong, or what the store says.
  result<job> submit(std::vector<core::request> requests) const;
  /// The same with options, a name and an idempotency key of its own: a second submission with the
  /// key of a first one is the first job. @pre `what.complete`.
  result<job> submit(submission what) const;
  /// A job that was submitted before. @returns `not_found` if the engine has none of this number.
  result<job> find(uint64_t id) const;

  /// Options of a job as the settings say; for a head, those of its protocol, bounded by its slots
  /// alone.
  job_options defaults() const;
  /// The engine, for programs that send messages as well. Null while a head is away.
  engine_actor engine() const;
  caf::actor_system& system() const;

private:
  explicit host(std::shared_ptr<host_core> core);
  std::shared_ptr<host_core> core_;
};

} // namespace penstock
