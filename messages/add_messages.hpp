#pragma once

#include <caf/fwd.hpp>

namespace penstock {

/// Registers Penstock's messages, so that the actors of another system can talk to an engine. Call
/// it on the configuration before the system is made. Our own systems use `system_config`.
void add_messages(caf::actor_system_config& config);

} // namespace penstock
