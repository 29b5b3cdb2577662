#include "tests/support/process_link.hpp"

#include <algorithm>
#include <utility>

namespace penstock::test {

/// A proxy: every message to it goes over the link.
class process_link::remote_actor : public caf::actor_proxy {
public:
  remote_actor(caf::actor_config& cfg, std::weak_ptr<process_link> link, way w,
               caf::strong_actor_ptr real)
      : actor_proxy{cfg}, link_{std::move(link)}, way_{w}, real_{std::move(real)} {}

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    if (const auto link = link_.lock())
      link->push(way_, {{}, real_, what->sender, what->mid, what->move_content_to_message(), {}});
  }

  void kill_proxy(caf::execution_unit* ctx, caf::error why) override {
    cleanup(std::move(why), ctx);
  }

  const caf::strong_actor_ptr& real() const { return real_; }

private:
  std::weak_ptr<process_link> link_;
  way way_;
  caf::strong_actor_ptr real_;
};

caf::strong_actor_ptr process_link::proxy(way w, const caf::strong_actor_ptr& real) {
  if (!real)
    return real;
  // On the side of the actor itself, its proxy becomes the actor.
  if (auto* home = dynamic_cast<remote_actor*>(caf::actor_cast<caf::abstract_actor*>(real)))
    return home->real();
  auto& made = lanes_[index(w)].proxies[real->id()];
  if (made)
    return made;
  caf::actor_config cfg;
  made = caf::make_actor<remote_actor, caf::strong_actor_ptr>(
    sys_.next_actor_id(), sys_.node(), &sys_, cfg, weak_from_this(), w, real);
  const auto from = other(w);
  caf::actor_cast<caf::abstract_actor*>(real)->attach_functor(
    [weak = weak_from_this(), from, id = real->id()](const caf::error& why) {
      const auto link = weak.lock();
      if (!link || link->broken_)
        return;
      auto& proxies = link->lanes_[index(other(from))].proxies;
      if (auto known = proxies.find(id); known != proxies.end())
        link->push(from, {{}, known->second, {}, {}, {}, why});
    });
  return made;
}

void process_link::push(way w, item what) {
  if (broken_)
    return;
  auto& lane = lanes_[index(w)];
  lane.last = what.at = std::max(lane.last, now() + delay());
  if (!what.death) {
    if (on_send)
      on_send(w, what.content);
    what.sender = proxy(other(w), what.sender);
    pass_handles(w, what.content);
  }
  lane.queue.push_back(std::move(what));
}

/// Does what serialization does: handles of the sending side become proxies.
void process_link::pass_handles(way w, caf::message& content) {
  const auto back = other(w);
  if (content.match_elements<atom::join, node_actor, uint64_t>()) {
    content = caf::make_message(atom::join_v, proxy_of(back, content.get_as<node_actor>(1)),
                                content.get_as<uint64_t>(2));
    return;
  }
  const auto pass = [&](wiring wires) {
    for (auto& limiter : wires.limiters)
      limiter = proxy_of(back, limiter);
    return wires;
  };
  if (content.match_elements<atom::rewire, wiring>()) {
    content = caf::make_message(atom::rewire_v, pass(content.get_as<wiring>(1)));
  } else if (content.match_elements<node_welcome>()) {
    auto welcome = content.get_as<node_welcome>(0);
    welcome.neighbours = pass(std::move(welcome.neighbours));
    content = caf::make_message(std::move(welcome));
  }
}

std::optional<time_point> process_link::due(way w) const {
  auto& lane = lanes_[index(w)];
  return broken_ || lane.held || lane.queue.empty() ? std::nullopt
                                                    : std::optional{lane.queue.front().at};
}

void process_link::deliver(way w) {
  auto& lane = lanes_[index(w)];
  auto what = std::move(lane.queue.front());
  lane.queue.pop_front();
  if (what.death) {
    static_cast<remote_actor*>(caf::actor_cast<caf::abstract_actor*>(what.to))
      ->kill_proxy(nullptr, *what.death);
    return;
  }
  if (on_delivery)
    on_delivery(w, what.content);
  what.to->enqueue(std::move(what.sender), what.mid, std::move(what.content), nullptr);
}

void process_link::break_down() {
  broken_ = true;
  for (auto& lane : lanes_)
    lane.queue.clear();
}

void process_link::tell(way w) {
  for (auto& [id, proxy] : lanes_[index(w)].proxies)
    static_cast<remote_actor*>(caf::actor_cast<caf::abstract_actor*>(proxy))
      ->kill_proxy(nullptr, caf::exit_reason::remote_link_unreachable);
}

void process_link::forget() {
  broken_ = true;
  const auto gone = std::exchange(lanes_, {}); // Dropping the last handle of an actor ends it.
}

} // namespace penstock::test
