#pragma once

#include "core/load/load_record.hpp"
#include "core/load/load_schedule.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace penstock::cli {

/// The LOAD DRIVER actor interface, one per load.
using load_driver_actor = outcome_taker_actor::extend<
  // An engine is available. The load begins with the first one.
  caf::reacts_to<atom::engine, engine_actor>,
  // A message may be due.
  caf::reacts_to<atom::wake>,
  // Submits a job of this tenant (its place in the script) and so many requests, as an action.
  caf::reacts_to<atom::submit, uint32_t, uint64_t>,
  // No more arrivals. Running jobs are cancelled and awaited.
  caf::reacts_to<atom::drain>,
  // Ends now.
  caf::reacts_to<atom::stop>>;

/// The state of a load, for a line of progress.
struct load_now {
  bool started = false;
  bool connected = false; ///< There is an engine.
  bool draining = false;  ///< The last phase is over.
  duration at{};
  uint64_t open = 0, done = 0; ///< Requests without and with an outcome.
  uint64_t outstanding = 0;    ///< Messages without an answer.
  uint64_t errors = 0, overruns = 0;
};

/// Data that the driver shares with other threads.
struct load_board {
  /// When to wake the driver, on the steady clock; and whether that was done already.
  std::atomic<time_point::rep> due{0};
  std::atomic<bool> woken{false};

  std::mutex mutex;
  std::condition_variable changed;
  load_now now;              ///< Guarded by the mutex, as what follows.
  uint64_t engines_lost = 0; ///< Grows when the engine is lost and must be found again.
  time_point started{};
  std::optional<core::load_record> record; ///< Set at the end.
};

/// The setup of a load driver.
struct load_driver_setup {
  std::shared_ptr<const core::load_script> script;
  std::shared_ptr<load_board> board;
  std::string run; ///< Prefix of idempotency keys, different for each load.
};

/// Sends the messages of a script to an engine when they are due, and follows every job to its last
/// outcome.
///
/// Arrivals are open loop: a message is sent when it is due, for any number of open answers; only
/// above the limit of the script it counts as an overrun. If the engine is lost (a killed head),
/// messages without an answer wait and are sent again to the next one. Submissions have idempotency
/// keys, so that none runs twice. The time of a message always counts from when it was due.
///
/// Outcomes are read by long polls, one per job, which do not count as messages of the load. A
/// subscription is followed to its end and its order is checked; its time ends with its first
/// outcomes.
class load_driver_state {
public:
  static inline const char* name = "load-driver";
  load_driver_state() = default;
  load_driver_state(const load_driver_state&) = delete;
  load_driver_state& operator=(const load_driver_state&) = delete;

  void start(load_driver_setup setup);
  void engine_found(const engine_actor& found);
  void engine_down(const caf::down_msg& msg);
  void wake();
  void submit(uint32_t tenant, uint64_t requests);
  void drain(bool now);
  void outcomes(const results_page& page);

  load_driver_actor::pointer self = nullptr;

private:
  /// A job from its submission to its last outcome.
  struct job {
    size_t tenant = 0;
    uint64_t total = 0;
    duration due{};
    uint64_t id = 0;   ///< Of the engine; 0: not acknowledged.
    uint64_t next = 0; ///< Index of the next outcome.
    uint64_t seen = 0; ///< Outcomes, each index once.
    bool cancelled = false, subscribed = false;
    size_t place = 0; ///< In `active_`.
  };
  /// A message without an answer.
  struct message {
    core::load_message kind = core::load_message::submit;
    duration due{};
    uint64_t job = 0;  ///< Our number of the job; 0: none (it has ended).
    uint64_t id = 0;   ///< The engine's.
    uint64_t from = 0; ///< Of results and subscriptions.
  };
  struct subscriber {
    uint64_t job = 0; ///< Our number.
    uint64_t next = 0;
    uint64_t message = 0; ///< The message of the subscription; 0: it was answered.
  };

  duration now() const;
  // Messages (load_driver.cpp).
  void arrive(const core::load_arrival_event& event);
  bool choose_job(message& m, uint64_t pick) const;
  void begin(message m);
  void send(uint64_t id);
  void send_part(uint64_t id, uint64_t first);
  void ticket(uint64_t id, const job_ticket& t);
  void subscribe(uint64_t id);
  void answered(uint64_t id);
  void refused(uint64_t id, const caf::error& e);
  template <class Answer, class Then, class... Words>
  void ask(uint64_t id, Then then, Words... words);
  void sample();
  void show();
  void set_due();
  // Jobs (load_follow.cpp).
  void follow(uint64_t number);
  void poll(uint64_t number);
  void take(uint64_t number, const results_page& page);
  void take_outcome(job& j, uint64_t number, const sink_item& item);
  void end_job(uint64_t number);
  void cancel_quietly(uint64_t number);
  void try_end();
  void finish();

  load_driver_setup setup_;
  const core::load_script* script_ = nullptr;
  std::optional<core::load_schedule> schedule_;
  std::optional<core::load_record> record_; ///< Unset once it is finished.
  engine_actor engine_;
  uint64_t life_ = 0; ///< Number of the engine; answers of an earlier one are ignored.
  time_point started_{};
  bool running_ = false, cancelling_ = false;
  duration phases_end_{}, drain_end_{}, next_sample_{}, next_cancel_{};

  uint64_t next_message_ = 1, next_job_ = 1;
  std::unordered_map<uint64_t, message> pending_;
  std::deque<uint64_t> waiting_; ///< Messages to send when there is an engine.
  std::unordered_map<uint64_t, job> jobs_;
  std::vector<uint64_t> active_;                         ///< Jobs with an id.
  std::deque<uint64_t> ended_;                           ///< Ids of the last ones that ended.
  std::unordered_map<uint64_t, subscriber> subscribers_; ///< By the engine's id of the job.
  std::deque<std::pair<duration, uint64_t>> again_; ///< Jobs to poll again, in the order of time.
  double in_flight_ = 0, limit_share_ = -1;         ///< As the lanes said last.
};

load_driver_actor::behavior_type
load_driver(load_driver_actor::stateful_pointer<load_driver_state> self, load_driver_setup setup);

/// Wakes a driver at its times, from its own thread: CAF's clock may be late when the engine is
/// busy, and then every arrival would be late.
class load_pacer {
public:
  load_pacer(load_driver_actor driver, std::shared_ptr<load_board> board);
  ~load_pacer();
  load_pacer(const load_pacer&) = delete;
  load_pacer& operator=(const load_pacer&) = delete;

private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

} // namespace penstock::cli
