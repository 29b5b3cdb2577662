#include "core/attempt/route_table.hpp"

#include "core/base/glob.hpp"
#include "core/base/random.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::core {

namespace {

bool any_matches(const std::vector<std::string>& globs, std::string_view model) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](auto& glob) { return glob_match(glob, model); });
}

/// A random number in (0, 1], so that its logarithm is finite.
double next_uniform(uint64_t& state) { return to_unit_interval(next_random(state)) + 0x1p-53; }

/// A random order: each choice is first with the probability of its weight. If a lane is out, its
/// share goes to the others by their weights.
std::vector<const route_choice*> drawn(const std::vector<route_choice>& choices, uint64_t random) {
  // Each choice draws an exponential time with the rate `weight`; the smallest time is first.
  std::vector<std::pair<double, const route_choice*>> times;
  for (auto& choice : choices)
    times.emplace_back(-std::log(next_uniform(random)) / choice.weight, &choice);
  std::stable_sort(times.begin(), times.end(), [](auto& a, auto& b) { return a.first < b.first; });
  std::vector<const route_choice*> order;
  for (auto& [time, choice] : times)
    order.push_back(choice);
  return order;
}

} // namespace

route_table::route_table(std::vector<route_lane> lanes, std::vector<model_route> routes,
                         std::vector<route_choice> fallback)
    : lanes_{std::move(lanes)}, routes_{std::move(routes)}, fallback_{std::move(fallback)} {}

void route_table::append(const route_choice& choice, std::string_view model,
                         std::vector<candidate>& out) const {
  const auto asked = choice.model.empty() ? model : std::string_view{choice.model};
  const auto lane = std::find_if(lanes_.begin(), lanes_.end(), [&](auto& l) {
    return l.upstream == choice.upstream && (l.models.empty() || any_matches(l.models, asked));
  });
  if (lane != lanes_.end())
    out.push_back({static_cast<uint32_t>(lane - lanes_.begin()), std::string{asked}});
}

const model_route* route_table::find(std::string_view model) const {
  const auto route = std::find_if(routes_.begin(), routes_.end(),
                                  [&](auto& r) { return any_matches(r.models, model); });
  return route == routes_.end() ? nullptr : &*route;
}

std::vector<candidate> route_table::candidates(std::string_view model, uint64_t random) const {
  std::vector<candidate> out;
  const auto* route = find(model);
  if (route && route->weighted)
    for (const auto* choice : drawn(route->to, random))
      append(*choice, model, out);
  else
    for (auto& choice : route ? route->to : fallback_)
      append(choice, model, out);
  return out;
}

std::vector<std::pair<uint32_t, double>> route_table::shares(std::string_view model) const {
  std::vector<std::pair<uint32_t, double>> out;
  const auto* route = find(model);
  if (!route || !route->weighted) {
    if (const auto all = candidates(model, 0); !all.empty())
      out.emplace_back(all.front().lane, 1);
    return out;
  }
  double sum = 0;
  for (auto& choice : route->to) {
    std::vector<candidate> one;
    append(choice, model, one);
    if (one.empty())
      continue;
    out.emplace_back(one.front().lane, choice.weight);
    sum += choice.weight;
  }
  for (auto& [lane, share] : out)
    share /= sum;
  return out;
}

} // namespace penstock::core
