#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::core {

/// A lane, for routes.
struct route_lane {
  std::string name;      ///< For outcomes: "default", or "spare/mini" among several upstreams.
  uint32_t upstream = 0; ///< Index of the upstream behind it.
  std::vector<std::string> models; ///< Patterns; none: every model that no earlier lane takes.
};

/// One target of a route.
struct route_choice {
  uint32_t upstream = 0; ///< Index of the upstream.
  std::string model;     ///< The model to request; empty: that of the request.
  double weight = 1;     ///< Share of the requests that start here, if the route is weighted.
};

/// The route of requests for some models.
struct model_route {
  std::vector<std::string> models; ///< Globs; the first route that matches wins.
  bool weighted = false; ///< True: the order is drawn by weight. False: the order as written.
  std::vector<route_choice> to;
};

/// A lane that may take a request.
struct candidate {
  uint32_t lane = 0; ///< Index of the lane.
  std::string model; ///< The model to request.
};

/// Maps a model to the lanes that may serve it, the preferred one first. Pure and immutable, safe
/// to share between threads.
class route_table {
public:
  route_table() = default;
  /// @param fallback The target for models without a route. None: they are refused.
  /// @pre The indexes in `routes` and `fallback` are those of upstreams in `lanes`.
  explicit route_table(std::vector<route_lane> lanes, std::vector<model_route> routes = {},
                       std::vector<route_choice> fallback = {route_choice{}});

  /// The lanes for `model`, in order; empty: no lane takes it.
  /// @param random 64 uniform random bits, for weighted routes.
  std::vector<candidate> candidates(std::string_view model, uint64_t random) const;
  /// How the requests for `model` are shared among the lanes if all lanes take work.
  std::vector<std::pair<uint32_t, double>> shares(std::string_view model) const;
  const std::vector<route_lane>& lanes() const noexcept { return lanes_; }

private:
  const model_route* find(std::string_view model) const;
  void append(const route_choice& choice, std::string_view model,
              std::vector<candidate>& out) const;

  std::vector<route_lane> lanes_;
  std::vector<model_route> routes_;
  std::vector<route_choice> fallback_;
};

} // namespace penstock::core
