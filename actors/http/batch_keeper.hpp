#pragma once

#include "core/io/store/file_store.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace penstock::io {
class request_reader; // core/io/file/request_reader.hpp
}

namespace penstock::actors {

/// The BATCH KEEPER actor interface, one per service.
using batch_keeper_actor = caf::typed_actor<
  // A batch is in the store: begin.
  caf::reacts_to<atom::open, std::string, std::string>,
  // The open requests of this batch end as cancelled. Id and tenant.
  caf::reacts_to<atom::cancel, std::string, std::string>>;

/// What a batch keeper needs.
struct batch_setup {
  std::shared_ptr<io::file_store> files;
  engine_actor engine;
  job_options defaults; ///< Options of the job of a batch.
  std::function<void(std::string)> announce;
};

/// Runs batches: checks the input, makes a job of it, waits for its end, and writes the result
/// files. Each step is in the store before the next one, and the job has the id of the batch as its
/// idempotency key; so after a kill the next keeper goes on, and nothing is sent twice.
///
///   validating -> in_progress -> finalizing -> completed | expired | cancelled
///       |             |  (cancelling)
///       +-> failed    +-> failed: the job was given up, for example because the key is refused
///
/// It reads and writes files, so it runs on a thread of its own.
struct batch_keeper_state {
  static inline const char* name = "batch_keeper";
  /// Faults of an input that are kept.
  static constexpr size_t faults_max = 100;

  void start();
  void open(const std::string& id, const std::string& tenant);
  void cancel(const std::string& id, const std::string& tenant);

  batch_keeper_actor::pointer self = nullptr;
  batch_setup setup;

private:
  /// An open batch.
  struct work {
    core::api_batch b;
    std::shared_ptr<io::request_reader> input;
    std::shared_ptr<io::file_writer> output, errors;
    uint64_t read = 0;  ///< Requests read of the input.
    uint64_t from = 0;  ///< The next result.
    bool again = false; ///< The job was given up, and its open requests are being ended.
  };
  using work_ptr = std::shared_ptr<work>;

  void go_on(const work_ptr& w);
  void validate(const work_ptr& w);
  void submit(const work_ptr& w);
  void send_part(const work_ptr& w, bool is_first);
  void stored(const work_ptr& w, const job_ticket& ticket);
  void await_end(const work_ptr& w);
  void job_ended(const work_ptr& w, const job_progress& progress);
  void write_results(const work_ptr& w);
  void finish(const work_ptr& w);
  void fail(const work_ptr& w, const error& why);
  bool save(const work_ptr& w);
  void end(const work_ptr& w);

  std::map<std::string, work_ptr> open_;
};

/// The keeper of the batches of a service. It takes up the open ones of the store.
batch_keeper_actor::behavior_type
batch_keeper(batch_keeper_actor::stateful_pointer<batch_keeper_state> self, batch_setup setup);

} // namespace penstock::actors
