#pragma once

#include "core/base/time.hpp"
#include "core/view/cluster_views.hpp"
#include "messages/cluster.hpp"
#include "messages/submit.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace penstock::cli {

/// The data of one look at a head.
struct top_view {
  std::string head;    ///< Its address.
  int64_t now = 0;     ///< Milliseconds since 1970.
  std::string trouble; ///< Why the data is old; empty: it is new.
  std::vector<node_info> nodes;
  std::vector<lane_info> lanes;
  std::vector<tenant_counts> tenants;
  std::vector<job_info> jobs; ///< Jobs that have not ended.
  core::job_rates rates;      ///< Of these, over the last seconds.
};

/// Computes rates of jobs from counts at two moments, smoothed over a few seconds.
class rate_meter {
public:
  core::job_rates update(const std::vector<job_info>& jobs, time_point now);

private:
  struct last_look {
    uint64_t done = 0;
    double rate = 0;
    bool measured = false;
  };
  std::map<uint64_t, last_look> jobs_;
  time_point at_{};
};

/// The lines of the screen, none wider than `width`, and no more than `height` (0: as many as there
/// are). If there is not enough room, every section shows fewer rows and says how many are missing.
std::vector<std::string> top_lines(const top_view& view, size_t width, size_t height);

} // namespace penstock::cli
