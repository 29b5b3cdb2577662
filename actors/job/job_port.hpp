#pragma once

#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <optional>
#include <set>
#include <vector>

namespace penstock::actors {

/// The JOB PORT actor interface: source, sink and store of one job by value.
using job_port_actor = source_actor::extend_with<sink_actor>::extend_with<store_actor>;

/// Connects one life of a job to the job writer and the job reader.
///
/// A result is sent to the writer once: when it must wait for earlier ones, or when it is written
/// in order. The collector gets `written` when the writer has reported all lower ones as safe. An
/// error of the writer or the reader ends the port, and with it this life of the job.
struct job_port_state {
  static inline const char* name = "job-port";

  void start(const stored_job& what) {
    job = what.job;
    next_ = what.first;
  }
  void pull(uint32_t requests_max, uint64_t bytes_max, const chunk_taker_actor& from);
  void keep(std::vector<sink_item> items);
  void write(std::vector<sink_item> items, const written_taker_actor& to);
  caf::result<bool> close();

  job_port_actor::pointer self = nullptr;
  job_writer_actor store;
  job_reader_actor reader;
  uint64_t job = 0;

private:
  struct run {
    uint64_t number = 0; ///< Number of the write that makes it safe.
    uint64_t end = 0;    ///< Index after its last result.
    written_taker_actor to;
  };
  void send(std::vector<sink_item> items);
  void try_tell();

  uint64_t next_ = 0;            ///< Index of the next request to pull.
  std::set<uint64_t> kept_;      ///< Sent to the writer already, but they wait for earlier ones.
  std::deque<run> runs_;         ///< Oldest first.
  uint64_t sent_ = 0, safe_ = 0; ///< Numbers of the last sent and the last safe write.
  std::vector<caf::typed_response_promise<bool>> closing_;
};

/// The port of one life of `job`.
job_port_actor::behavior_type job_port(job_port_actor::stateful_pointer<job_port_state> self,
                                       stored_job job, job_writer_actor store,
                                       job_reader_actor reader);

} // namespace penstock::actors
