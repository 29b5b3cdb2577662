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

bool peer_limits::hold(peer_state& peer, uint64_t bytes, std::function<void()> resume) {
  const auto now = std::chrono::steady_clock::now();
  // One connection may always go on, however large its message is, so that there is progress.
  if (held_ == 0 || held_ + bytes <= bounds_.receive_bytes_max) {
    if (peer.held == 0) {
      peer.held_since = now;
      holders_.push_back(&peer);
    }
    peer.held += bytes;
    held_ += bytes;
    return true;
  }
  waiting_.push_back({&peer, std::move(resume)});
  // Those that have bytes for long stand in the way of others. `refuse` ends them later.
  for (auto* holder : holders_)
    if (holder != &peer && !holder->closing && now - holder->held_since > bounds_.long_message) {
      const std::string why = "its message takes too long while others wait";
      say("closed the connection to " + holder->who + ": " + why);
      holder->refuse(why);
      break;
    }
  return false;
}

void peer_limits::give_back(peer_state& peer) {
  std::erase_if(waiting_, [&](const waiting& w) { return w.peer == &peer; });
  if (peer.held == 0)
    return;
  held_ -= peer.held;
  peer.held = 0;
  holders_.remove(&peer);
  for (auto& w : std::exchange(waiting_, {}))
    w.resume();
}

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
