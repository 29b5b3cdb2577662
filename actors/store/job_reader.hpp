#pragma once

#include "core/io/store/job_store.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace penstock::actors {

/// Reads the jobs of a store beside its writer, and sends outcomes as they become safe.
///
/// A `results` query without an outcome waits until the writer reports some (`written`, `finished`)
/// or its time is over; then the page is empty. A subscriber has credit for a number of outcomes.
/// It gets a page when it has credit and there is an outcome, and `end` once. It is forgotten after
/// that, when it dies, or when it subscribes to the same job again.
struct job_reader_state {
  static inline const char* name = "job-reader";
  static constexpr uint32_t page_max = 512; ///< Outcomes in one page.
  /// Bytes in one page; the first outcome may be larger.
  static constexpr uint64_t page_bytes = 1u << 20;
  static constexpr uint32_t credit_max = 4096;  ///< Outcomes on their way to one subscriber.
  static constexpr size_t waiting_max = 10'000; ///< Largest number of waiting questions.

  caf::result<request_chunk> pull(uint64_t job, uint64_t from, uint32_t count_max,
                                  uint64_t bytes_max);
  caf::result<results_page> results(const results_query& query);
  void subscribe(const subscription& what, const outcome_taker_actor& to);
  void credit(uint64_t job, uint32_t more, const caf::actor_addr& from);
  caf::result<std::vector<job_info>> jobs(const job_filter& filter);
  caf::result<job_info> info(uint64_t job);
  caf::result<std::vector<tenant_counts>> tenants();
  void news(uint64_t job);
  void wake();
  void down(const caf::actor_addr& who);

  job_reader_actor::pointer self = nullptr;
  caf::actor alarm; ///< Sends us `wake`.
  std::shared_ptr<io::job_reader> reader;

private:
  struct question {
    results_query query;
    time_point until;
    caf::typed_response_promise<results_page> promise;
  };
  struct subscriber {
    outcome_taker_actor to;
    uint64_t next = 0;
    uint32_t credit = 0;
  };
  result<results_page> page(const results_query& query);
  void answer(std::list<question>& questions, time_point now);
  bool serve(uint64_t job, subscriber& to);
  void schedule_wake(time_point at);

  std::map<uint64_t, std::list<question>> questions_;     ///< By job.
  std::map<uint64_t, std::list<subscriber>> subscribers_; ///< By job.
  size_t waiting_ = 0;
  std::optional<time_point> wake_at_;
};

/// Reads jobs from a store. Blocks on the disk: spawn it detached.
job_reader_actor::behavior_type
job_reader(job_reader_actor::stateful_pointer<job_reader_state> self,
           std::shared_ptr<io::job_reader> reader);

} // namespace penstock::actors
