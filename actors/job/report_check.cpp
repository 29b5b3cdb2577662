#include "actors/job/report_check.hpp"

#include <cmath>

namespace penstock::actors {

namespace {

constexpr uint32_t attempts_max = 1'000'000;
constexpr uint64_t tokens_max = 1'000'000'000;
/// No time of a request is longer, and sums of so many fit into a duration.
constexpr duration span_max = std::chrono::hours{24 * 366};
constexpr size_t lanes_max = 4096, text_max = 1u << 20;

bool is_span(duration d) { return d >= duration{} && d <= span_max; }

std::string outcome_fault(const core::outcome& o, const core::window_entry& entry, bool is_pack) {
  using core::outcome_state;
  switch (o.state) {
  case outcome_state::completed:
  case outcome_state::failed:
  case outcome_state::expired:
  case outcome_state::cancelled: break;
  default: return "its outcome has no known state";
  }
  if ((o.state == outcome_state::completed) == o.failure.has_value())
    return "its outcome is both a success and a failure, or neither";
  if (!is_pack && entry.what && o.custom_id != entry.what->custom_id)
    return "it has the id of another request";
  if (o.cost && !(std::isfinite(*o.cost) && *o.cost >= 0))
    return "its cost is no amount of money";
  if (o.attempts > attempts_max || o.rate_limited > attempts_max)
    return "its number of attempts cannot be";
  for (auto tokens : {o.used.input_tokens, o.used.cached_input_tokens, o.used.output_tokens,
                      o.used.reasoning_tokens})
    if (tokens > tokens_max)
      return "its number of tokens cannot be";
  if (!is_span(o.queued) || !is_span(o.upstream))
    return "its times cannot be";
  if (o.status_code < 0 || o.status_code > 999)
    return "its status is none";
  if (o.request_id.size() > text_max || o.lane.size() > text_max ||
      o.lane_reason.size() > text_max || (o.failure && o.failure->context.size() > text_max))
    return "its texts are too long";
  switch (o.ran_as) {
  case core::mode::automatic:
  case core::mode::parallel:
  case core::mode::batch:
  case core::mode::sequential: return {};
  }
  return "its mode is none";
}

} // namespace

std::string report_fault(const work_report& r, const core::window_entry& entry, uint64_t node,
                         bool is_pack) {
  if (entry.node != node)
    return "another node has this request";
  if (!is_span(r.resume_in) || !is_span(r.last_attempt))
    return "its times cannot be";
  if (r.lanes.size() > lanes_max)
    return "it names too many lanes";
  if (r.excused > (r.outcome ? r.outcome->attempts : 0))
    return "it excuses more attempts than there were";
  const auto fails = r.outcome && r.outcome->failure;
  switch (r.kind) {
  case report_kind::finished:
    if (!r.outcome)
      return "it has no outcome";
    break;
  case report_kind::degraded:
  case report_kind::aborting:
  case report_kind::held:
    if (!fails)
      return "it says a failure and names none";
    break;
  case report_kind::given_back:
  case report_kind::lost: break;
  default: return "its kind is none";
  }
  if (!r.outcome)
    return {};
  if (r.outcome->index != r.key.index)
    return "it has the place of another request";
  return outcome_fault(*r.outcome, entry, is_pack);
}

double cost_in(const work_report& r) noexcept {
  const auto cost = r.outcome ? r.outcome->cost.value_or(0) : 0;
  return std::isfinite(cost) && cost >= 0 ? cost : 0;
}

} // namespace penstock::actors
