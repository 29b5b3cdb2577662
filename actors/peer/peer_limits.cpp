#include "actors/peer/peer_limits.hpp"

#include <sys/socket.h>

#include <chrono>
#include <utility>

namespace penstock::actors {

void peer_state::refuse(std::string why) {
  if (fault.empty())
    fault = std::move(why);
  closing = true;
  // Wakes the multiplexer; its next read fails.
  ::shutdown(socket, SHUT_RDWR);
}

void peer_limits::announce_by(std::function<void(std::string)> sink) {
  std::lock_guard lock{mutex_};
  sink_ = std::move(sink);
}

void peer_limits::say(std::string line) {
  std::lock_guard lock{mutex_};
  if (!sink_)
    return;
  const auto now = std::chrono::steady_clock::now();
  if (now - second_ >= std::chrono::seconds{1}) {
    if (left_out_ > 0)
      sink_("(" + std::to_string(left_out_) + " lines about connections left out)");
    second_ = now;
    lines_ = left_out_ = 0;
  }
  if (++lines_ > bounds_.lines_max)
    ++left_out_;
  else
    sink_(std::move(line));
}

void peer_limits::enter(peer_state& peer) {
  peer.number = next_++;
  unknown_.emplace(peer.number, &peer);
  // Many silent connections push out their own oldest one. A real peer needs only milliseconds.
  if (unknown_.size() > bounds_.unknown_max) {
    auto* oldest = unknown_.begin()->second;
    unknown_.erase(unknown_.begin());
    oldest->refuse("too many connections that say nothing");
  }
}

void peer_limits::leave(peer_state& peer) { unknown_.erase(peer.number); }

void peer_limits::report(peer_state& peer) {
  leave(peer);
  if (peer.known || peer.fault.empty())
    return;
  if (peer.accepted) {
    say("refused a connection from " + peer.who + ": " + peer.fault);
  } else {
    std::lock_guard lock{mutex_};
    failure_ = peer.fault;
  }
  peer.fault.clear(); // Report it only once.
}

std::string peer_limits::take_failure() {
  std::lock_guard lock{mutex_};
  return std::exchange(failure_, {});
}

} // namespace penstock::actors
