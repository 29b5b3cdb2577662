#pragma once

#include <caf/fwd.hpp>

namespace penstock {

/// Tells an actor system of Penstock's messages, so that its actors can talk to an engine. To be
/// called on the configuration before the system is made. Our own systems use `system_config`.
void add_messages(caf::actor_system_config& config);

} // namespace penstock
