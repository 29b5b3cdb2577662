#pragma once

#include "messages/interfaces.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

namespace penstock::actors {

/// Spawns an actor that sends each `wake` to `owner`, and ends with it. Send `wake` to it with
/// `caf::delayed_anon_send`.
///
/// An actor with its own thread must not send delayed messages to itself: CAF's clock keeps the
/// receiver alive until the message is due, and the end of the actor system waits for the thread.
/// The alarm has no thread, and knows only the address of its owner.
template <class Owner>
caf::actor spawn_alarm(Owner* owner) {
  return owner->template spawn<caf::linked>(
    [to = owner->address()](caf::event_based_actor* self) -> caf::behavior {
      return {[self, to](atom::wake) {
        if (auto owner = caf::actor_cast<caf::actor>(to))
          self->send(owner, atom::wake_v);
      }};
    });
}

} // namespace penstock::actors
