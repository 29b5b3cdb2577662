#pragma once

#include "messages/interfaces.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

namespace penstock::actors {

/// Spawns an actor that passes each `wake` on to `owner`, and ends with it. Send it `wake` with
/// `caf::delayed_anon_send`.
///
/// An actor with a thread of its own must not send delayed messages to itself: CAF's clock holds
/// the receiver until the message is due, and the end of the actor system waits for the thread. The
/// alarm has no thread, and holds its owner by address only.
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
