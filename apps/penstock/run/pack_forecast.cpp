#include "apps/penstock/run/pack_forecast.hpp"

#include "config/lanes.hpp"
#include "core/pack/pack_key.hpp"
#include "core/pack/pack_plan.hpp"

#include <map>

namespace penstock::cli {

std::string why_to_pack(const config::settings& s, const io::input_summary& input) {
  constexpr double bytes_per_token = 3.5; // As the lanes start with.
  std::map<const config::lane_settings*, core::pack_forecast> lanes;
  for (auto& [key, share] : input.models) {
    const auto& [model, url] = key;
    if (url.find("/chat/completions") == url.npos)
      continue;
    auto& f = lanes[config::lane_of(s.upstream, model)];
    f.requests += share.requests;
    f.input_tokens += static_cast<double>(share.body_bytes) / bytes_per_token;
    f.output_tokens += static_cast<double>(share.output_tokens_max +
                                           share.without_maximum * core::pack_output_assumed);
  }
  for (auto& [lane, f] : lanes) {
    const auto& limits = lane ? lane->limits : s.upstream.limits;
    f.requests_minute = limits.rpm * limits.headroom;
    f.input_minute = limits.itpm * limits.headroom;
    f.output_minute = limits.otpm * limits.headroom;
    f.total_minute = limits.tpm * limits.headroom;
    f.burst_minutes = to_seconds(limits.burst_most()) / 60;
    if (auto why = core::why_to_pack(f); !why.empty())
      return why;
  }
  return {};
}

} // namespace penstock::cli
