#pragma once

#include "core/base/defaults.hpp"
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
  /// How long an ended job is kept; zero: for ever.
  duration retention = core::defaults::retention;
  /// An incomplete job is removed after so long without a new request.
  duration receive_patience = std::chrono::hours{24};
  duration sweep_every = std::chrono::minutes{1};
  std::function<io::unix_ms()> wall_now{}; ///< Null: the system's clock.
};

/// The only writer of a job store.
///
/// Writes are committed in groups. The first write schedules a `flush`, which comes after all
/// messages that are in the mailbox by then. It fills a group (`core::group_queue`: the writes of a
/// job in order, small writes before large ones, large ones in turns) and commits it. After the
/// commit the writer answers, and then tells the reader what is new. So a submission of one request
/// waits only for the current group and its own, even if others have sent much more before. If the
/// disk fails, all waiting calls and all messages in the mailbox get that error; then the writer
/// quits with it. Data that was not acknowledged may or may not be in the store afterwards.
///
/// A job with options of a newer program cannot be started; its error says so.
struct job_writer_state {
  static inline const char* name = "job-writer";
  static constexpr core::group_limits group{};
  static constexpr uint32_t swept_at_once = 200; ///< Rows that are removed with one group.

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
    std::optional<job_state> state; ///< Set if the state has changed.
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

/// Writes jobs to `store` and tells `reader` what is new. Blocks on the disk: spawn it detached.
job_writer_actor::behavior_type
job_writer(job_writer_actor::stateful_pointer<job_writer_state> self,
           std::shared_ptr<io::job_store> store, job_reader_actor reader,
           job_writer_options options);

} // namespace penstock::actors
