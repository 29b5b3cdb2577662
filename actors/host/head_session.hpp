#pragma once

#include "core/base/defaults.hpp"
#include "messages/errors.hpp"
#include "messages/interfaces.hpp"

#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace penstock::actors {

/// Finds the engine of a head; blocks at most for about the given time.
using engine_finder = std::function<result<engine_actor>(duration timeout)>;

/// The mutex and condition on which the threads of a session wait.
struct session_signal {
  std::mutex mutex;
  std::condition_variable changed;
  bool interrupted = false;
};

/// The place for one answer.
template <class T>
struct answer_slot {
  std::shared_ptr<session_signal> signal;
  std::optional<result<T>> value; ///< Guarded by the signal's mutex.

  void set(result<T> x) {
    {
      std::lock_guard lock{signal->mutex};
      if (value)
        return;
      value.emplace(std::move(x));
    }
    signal->changed.notify_all();
  }
};

/// An answer that will come. It may be dropped.
template <class T>
class pending_answer {
public:
  explicit pending_answer(std::shared_ptr<answer_slot<T>> slot) : slot_{std::move(slot)} {}

  /// Waits for the answer. @returns `cancelled` if the session is interrupted, `connection_failed`
  /// if the connection broke or the answer took too long; else the answer of the engine.
  result<T> wait() {
    std::unique_lock lock{slot_->signal->mutex};
    slot_->signal->changed.wait(lock, [&] { return slot_->value || slot_->signal->interrupted; });
    if (!slot_->value)
      return error{errc::cancelled, "interrupted"};
    return std::move(*slot_->value);
  }

private:
  std::shared_ptr<answer_slot<T>> slot_;
};

/// A task for the courier of a session: the actor that asks the engine, in the order of the tasks.
/// It learns at once when the engine is gone, by a monitor; a request to another process would not.
struct errand {
  std::shared_ptr<std::function<void(caf::event_based_actor*)>> run;
};

/// The error of a failed request for a client: `connection_failed` if another try may help.
error error_of_request(const caf::error& e, const std::string& address);

/// The connection of a client to a head, for threads that may block. It asks the engine, and
/// connects again if the connection breaks or the head was restarted. Thread-safe.
class head_session {
public:
  /// @param address The address of the head, for messages.
  head_session(caf::actor_system& sys, engine_finder find, std::string address);
  /// For an engine that outlives the session, for example in the same process.
  head_session(caf::actor_system& sys, engine_actor engine);
  ~head_session();
  head_session(const head_session&) = delete;
  head_session& operator=(const head_session&) = delete;

  /// Connects to the head. Call it once, before the first question.
  result<void> connect(duration timeout);
  /// Sets how long `reconnect` looks for a lost head.
  void set_patience(duration patience) { patience_ = patience; }
  /// Sets the receiver of lines about a lost and a found head.
  void on_change(std::function<void(const std::string&)> tell) { tell_ = std::move(tell); }

  /// Sends a question to the engine. There is an answer or an error within about `timeout`.
  template <class T, class... Ts>
  pending_answer<T> start(duration timeout, Ts... words) {
    auto slot = std::make_shared<answer_slot<T>>();
    slot->signal = signal_;
    pending_answer<T> pending{slot};
    // An actor that dies without an answer counts as a broken connection.
    std::shared_ptr<answer_slot<T>> debt{
      slot.get(), [slot, address = address_](auto*) {
        slot->set(
          error{errc::connection_failed, "the connection to the head at " + address + " broke"});
      }};
    auto [courier, engine] = way();
    if (engine)
      caf::anon_send(courier, errand{std::make_shared<std::function<void(caf::event_based_actor*)>>(
                                [=, engine = std::move(engine),
                                 address = address_](caf::event_based_actor* self) {
                                  self->request(engine, timeout, words...)
                                    .then([debt](T& x) { debt->set(std::move(x)); },
                                          [debt, address](const caf::error& e) {
                                            debt->set(error_of_request(e, address));
                                          });
                                })});
    return pending;
  }

  /// `start` and `wait`.
  template <class T, class... Ts>
  result<T> ask(duration timeout, Ts... words) {
    return start<T>(timeout, std::move(words)...).wait();
  }

  /// Calls `step` until it ends without a broken connection; connects again in between. The
  /// question may be asked twice, so it must be safe to repeat.
  template <class Step>
  auto persist(Step step) -> decltype(step()) {
    for (;;) {
      const auto seen = generation();
      auto end = step();
      if (end || end.error().code != errc::connection_failed)
        return end;
      if (auto back = reconnect(end.error(), seen); !back)
        return back.error();
    }
  }

  /// Looks for the head again, with pauses from 0.1 s to 1 s, until the head is found, the patience
  /// is over or the session is interrupted. One thread looks; the others wait for it.
  /// @param why Why the connection broke. @param seen The generation of the broken connection: does
  /// nothing if there is a later one.
  result<void> reconnect(const error& why, std::optional<uint64_t> seen = {});
  /// The number of the connection; grows with each one.
  uint64_t generation() const;
  /// Waits for the given time. @returns false if the session was interrupted.
  bool pause(duration span);

  /// Ends all waiting, now and later. Call it from any thread.
  void interrupt();
  bool is_interrupted() const;
  const std::string& address() const noexcept { return address_; }
  caf::actor_system& system() const noexcept { return sys_; }
  /// The engine; null while the session looks for it.
  engine_actor engine() const;

private:
  std::pair<caf::actor, engine_actor> way() const;
  void use(engine_actor engine);

  caf::actor_system& sys_;
  engine_finder find_;
  std::string address_;
  duration patience_ = core::defaults::head_patience;
  std::function<void(const std::string&)> tell_;
  std::shared_ptr<session_signal> signal_ = std::make_shared<session_signal>();
  std::mutex reconnecting_;
  engine_actor engine_; ///< Guarded by the mutex of the signal, as the members below.
  caf::actor courier_;
  uint64_t generation_ = 0;
};

} // namespace penstock::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::actors::errand)
