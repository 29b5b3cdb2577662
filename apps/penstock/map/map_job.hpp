#pragma once

#include "actors/job/job_launcher.hpp"
#include "messages/map.hpp"

#include <cstdint>

namespace penstock::cli {

/// Opens one job of a map: a new port of its hub. Requests of an earlier port are offered again.
class map_job final : public actors::job_launcher {
public:
  /// @param total Rows of its group, for the choice of the mode.
  map_job(map_hub_actor hub, uint32_t number, uint32_t stages, uint64_t total)
      : hub_{std::move(hub)}, number_{number}, stages_{stages}, total_{total} {}

  result<actors::job_parts> launch(caf::actor_system& sys) override;

private:
  map_hub_actor hub_;
  uint32_t number_, stages_;
  uint64_t total_;
};

} // namespace penstock::cli
