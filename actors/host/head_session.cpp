#include "actors/host/head_session.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <random>

namespace penstock::actors {

namespace {

constexpr duration first_pause = std::chrono::milliseconds{100};
constexpr duration longest_pause = std::chrono::seconds{1};
/// Time limit of one try to find a lost head.
constexpr duration one_try = std::chrono::seconds{3};

caf::behavior courier(caf::event_based_actor* self, const engine_actor& engine) {
  self->set_down_handler([=](const caf::down_msg&) { self->quit(); });
  self->monitor(engine);
  return {[=](const errand& what) { (*what.run)(self); }};
}

} // namespace

error error_of_request(const caf::error& e, const std::string& address) {
  if (e.category() == error_category)
    return from_caf(e);
  if (e == caf::sec::request_timeout)
    return {errc::connection_failed, "the head at " + address + " did not answer in time"};
  if (e == caf::sec::unexpected_message)
    return {errc::incompatible,
            "the head at " + address +
              " did not understand the question; head and client must be of the same version"};
  // An actor behind the engine died with the question. If the head lives, it restarts that actor.
  if (e.category() == caf::atom("system") || e.category() == caf::atom("exit"))
    return {errc::connection_failed, "the head at " + address + " went down"};
  return from_caf(e);
}

head_session::head_session(caf::actor_system& sys, engine_finder find, std::string address)
    : sys_{sys}, find_{std::move(find)}, address_{std::move(address)} {}

head_session::head_session(caf::actor_system& sys, engine_actor engine)
    : sys_{sys}, find_{[engine](duration) -> result<engine_actor> { return engine; }},
      address_{"this process"} {
  use(std::move(engine));
}

head_session::~head_session() { use({}); }

result<void> head_session::connect(duration timeout) {
  auto found = find_(timeout);
  if (!found)
    return found.error();
  use(std::move(*found));
  return {};
}

result<void> head_session::reconnect(const error& why, std::optional<uint64_t> seen) {
  std::lock_guard one_at_a_time{reconnecting_};
  if (seen && *seen != generation())
    return {};
  const auto begun = std::chrono::steady_clock::now();
  std::minstd_rand random{std::random_device{}()};
  std::uniform_real_distribution<double> jitter{0.5, 1.0};
  use({});
  auto wait = first_pause;
  bool told = false;
  for (;;) {
    if (!pause(from_seconds(to_seconds(wait) * jitter(random))))
      return error{errc::cancelled, "interrupted"};
    wait = std::min(2 * wait, longest_pause);
    auto found = connect(one_try);
    if (found) {
      if (told && tell_)
        tell_("found the head at " + address_ + " again");
      return {};
    }
    if (found.error().code != errc::connection_failed)
      return found.error();
    if (std::chrono::steady_clock::now() - begun >= patience_)
      return found.error();
    if (!told && tell_)
      tell_(why.context + "; trying again");
    told = true;
  }
}

engine_actor head_session::engine() const {
  std::lock_guard lock{signal_->mutex};
  return engine_;
}

uint64_t head_session::generation() const {
  std::lock_guard lock{signal_->mutex};
  return generation_;
}

bool head_session::pause(duration span) {
  std::unique_lock lock{signal_->mutex};
  return !signal_->changed.wait_for(lock, span, [this] { return signal_->interrupted; });
}

void head_session::interrupt() {
  {
    std::lock_guard lock{signal_->mutex};
    signal_->interrupted = true;
  }
  signal_->changed.notify_all();
}

bool head_session::is_interrupted() const {
  std::lock_guard lock{signal_->mutex};
  return signal_->interrupted;
}

std::pair<caf::actor, engine_actor> head_session::way() const {
  std::lock_guard lock{signal_->mutex};
  return {courier_, engine_};
}

/// Questions without an answer by then end as a broken connection.
void head_session::use(engine_actor engine) {
  caf::actor next;
  if (engine)
    next = sys_.spawn(courier, engine);
  std::unique_lock lock{signal_->mutex};
  const auto last = std::exchange(courier_, next);
  engine_ = std::move(engine);
  generation_ += engine_ != nullptr;
  lock.unlock(); // Destroying the last courier sets answers, which needs the lock.
  if (last)
    caf::anon_send_exit(last, caf::exit_reason::kill);
}

} // namespace penstock::actors
