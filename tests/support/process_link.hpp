#pragma once

#include "messages/interfaces.hpp"

#include <caf/all.hpp>

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace penstock::test {

/// The direction of a message.
enum class way : uint8_t { to_head, to_node };

/// A connection between the simulated processes of a head and a node, both in one actor system.
/// Each side has proxies of the other side's actors. A message to a proxy waits here until the test
/// delivers it. Like TCP, it keeps the order of each direction, and may hold all messages for a
/// while
/// (`cut`), or break and lose them. Handles inside messages become proxies on the other side.
class process_link : public std::enable_shared_from_this<process_link> {
public:
  using observer = std::function<void(way, const caf::message&)>;

  explicit process_link(caf::actor_system& sys) : sys_{sys} {}
  ~process_link() { forget(); }

  /// The proxy of `real` on the other side; messages to it go in direction `w`.
  caf::strong_actor_ptr proxy(way w, const caf::strong_actor_ptr& real);
  template <class Handle>
  Handle proxy_of(way w, const Handle& real) {
    return caf::actor_cast<Handle>(proxy(w, caf::actor_cast<caf::strong_actor_ptr>(real)));
  }

  /// Time of the next message in this direction, if there is one.
  std::optional<time_point> due(way w) const;
  /// Delivers this message.
  void deliver(way w);
  /// Holds all messages of this direction, or stops holding them.
  void cut(way w, bool on) { lanes_[index(w)].held = on; }
  /// Loses all present and future messages.
  void break_down();
  bool is_broken() const { return broken_; }
  /// Tells the sender of this direction that the connection is broken: its proxies die.
  void tell(way w);
  /// Drops all handles.
  void forget();

  std::function<time_point()> now = [] { return time_point{}; };
  std::function<duration()> delay = [] { return duration{}; };
  observer on_send, on_delivery;

private:
  class remote_actor;
  struct item {
    time_point at;
    caf::strong_actor_ptr to, sender;
    caf::message_id mid;
    caf::message content;
    std::optional<caf::error> death; ///< Death of `to`, a real actor: its proxy dies.
  };
  struct lane {
    std::deque<item> queue;
    bool held = false;
    time_point last{};
    std::map<caf::actor_id, caf::strong_actor_ptr> proxies; ///< By the number of the real actor.
  };

  static size_t index(way w) { return static_cast<size_t>(w); }
  static way other(way w) { return w == way::to_head ? way::to_node : way::to_head; }
  void push(way w, item what);
  void pass_handles(way w, caf::message& content);

  caf::actor_system& sys_;
  std::array<lane, 2> lanes_;
  bool broken_ = false;
};

} // namespace penstock::test
