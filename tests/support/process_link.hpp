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

/// Which way a message goes.
enum class way : uint8_t { to_head, to_node };

/// A connection between the processes of a head and of a node, both played by one actor system:
/// each has proxies of the other's actors, and whatever is sent to one of these waits here until
/// the test delivers it. Like TCP it keeps the order of each way; like TCP it may hold everything
/// back for a while (`cut`), or break and lose it. Handles inside messages become proxies on the
/// other side.
class process_link : public std::enable_shared_from_this<process_link> {
public:
  using observer = std::function<void(way, const caf::message&)>;

  explicit process_link(caf::actor_system& sys) : sys_{sys} {}
  ~process_link() { forget(); }

  /// What the other side holds of `real`; messages to it go `w`.
  caf::strong_actor_ptr proxy(way w, const caf::strong_actor_ptr& real);
  template <class Handle>
  Handle proxy_of(way w, const Handle& real) {
    return caf::actor_cast<Handle>(proxy(w, caf::actor_cast<caf::strong_actor_ptr>(real)));
  }

  /// When the next message of this way is due, if one may go.
  std::optional<time_point> due(way w) const;
  /// Delivers it.
  void deliver(way w);
  /// Holds everything of this way back, or no longer.
  void cut(way w, bool on) { lanes_[index(w)].held = on; }
  /// Loses what is under way, and whatever comes.
  void break_down();
  bool is_broken() const { return broken_; }
  /// The side that sends this `way` learns that the connection is broken: its proxies die.
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
    std::optional<caf::error> death; ///< Of `to`, a real actor: its proxy dies.
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
