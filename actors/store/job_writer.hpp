#pragma once

#include "core/engine/group_queue.hpp"
#include "core/io/store/job_store.hpp"
#include "core/base/time.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::actors {

struct job_writer_options {
  duration retention =
    std::chrono::hours{24 * 7}; ///< How long an ended job is kept; zero: for ever.
  /// A job that is not complete goes after so long without a new request.
  duration receive_patience = std::chrono::hours{24};
  duration sweep_every = std::chrono::minutes{1};
  std::function<io::unix_ms()> wall_now{}; ///< Null: the system's clock.
};

/// The one writer of a job store.
///
/// What waits is made safe together: the first write asks for a `flush`, which comes behind all
/// that wait in the mailbox by then; it fills a group from what has come (`core::group_queue`: a
/// job's writes in their order, small ones before large ones, large ones in turns), and commits it.
/// Whoever waits gets its answer after the commit, and then the reader hears what is new. So a
/// submission of one request waits for the group that is under way and its own, however much others
/// have sent before it. If the disk fails, everybody who waits gets that error, and so does
/// everything in the mailbox; then the store quits with it. What was not acknowledged may or may
/// not be there when it is opened again.
///
/// A job whose options are of a newer program cannot be taken up, and says so.
struct job_writer_state {
  static inline const char* name = "job-writer";
  static constexpr core::group_limits group{};
  static constexpr uint32_t swept_at_once = 200; ///< Rows removed with one group.

  caf::result<job_ticket> submit(submission what);
  caf::result<job_ticket> add(submission_part what);
  caf::result<stored_job> open(uint64_t job);
  caf::result<bool> write(uint64_t job, std::vector<sink_item> items);
  caf::result<bool> finished(uint64_t job, job_progress progress);
  caf::result<uint64_t> retry(uint64_t job);
  caf::result<std::vector<uint64_t>> jobs();
  void flush();
  void sweep();

  job_writer_actor::pointer self = nullptr;
  caf::actor alarm; ///< Sends us `wake`.
  std::shared_ptr<io::job_store> store;
  job_reader_actor reader;
  job_writer_options options;

private:
  struct news {
    uint64_t job = 0;
    uint64_t ordered = 0;
    std::optional<job_state> state; ///< It has changed.
  };
  using write_call = std::function<void()>;
  template <class T, class F>
  caf::result<T> later(uint64_t job, size_t rows, uint64_t bytes, F&& call);
  void push(uint64_t job, size_t rows, uint64_t bytes, write_call call);
  result<stored_job> take_up(uint64_t job);
  result<bool> keep(uint64_t job, const std::vector<io::job_outcome>& outcomes);
  result<bool> end(uint64_t job, const job_progress& progress);
  void sweep_some();
  void commit();
  void fail(const error& why);
  io::unix_ms now() const;

  core::group_queue<write_call> queue_{group};
  std::vector<std::function<void(const caf::error&)>>
    waiting_;              ///< Promises of this group, in order.
  std::vector<news> news_; ///< For the reader, after the commit.
  bool flush_pending_ = false;
  bool failed_ = false;
};

/// Writes jobs into `store` and tells `reader` what is new. Blocks on the disk: spawn it detached.
job_writer_actor::behavior_type
job_writer(job_writer_actor::stateful_pointer<job_writer_state> self,
           std::shared_ptr<io::job_store> store, job_reader_actor reader,
           job_writer_options options);

} // namespace penstock::actors
