#include "config/validate.hpp"
#include "config/keys.hpp"
#include "config/sections.hpp"
#include "config/text.hpp"
#include "core/base/suggest.hpp"

#include <algorithm>
#include <set>

namespace penstock::config {

namespace {

constexpr size_t name_length_max = 64;

bool is_section_name(std::string_view name) {
  return !name.empty() && name.size() <= name_length_max && name != "default" &&
         std::ranges::all_of(name, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '_' || c == '.';
         });
}

bool is_pattern(std::string_view glob) {
  return !glob.empty() && glob.size() <= 256 && std::ranges::all_of(glob, [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
  });
}

std::string numbered_section(std::string_view name, size_t number) {
  return std::string{name} + "[" + std::to_string(number) + "]";
}

bool is_price(double x) { return x >= 0 && x <= 1e6; } // NaN fails.

/// Checks all repeated sections.
class section_checker {
public:
  explicit section_checker(const settings& values) : values_{values} {}

  std::vector<section_fault> run() {
    check_lanes(values_.upstream, "upstream");
    for (size_t i = 0; i < values_.upstreams.size(); ++i)
      check_upstream(values_.upstreams[i], numbered_section("upstreams", i));
    std::set<std::string, std::less<>> globs;
    for (size_t i = 0; i < values_.routes.size(); ++i)
      check_route(values_.routes[i], numbered_section("routes", i), globs);
    for (size_t i = 0; i < values_.upstreams.size(); ++i)
      if (auto& name = values_.upstreams[i].name; is_section_name(name) && !reached_.contains(name))
        fault(numbered_section("upstreams", i),
              "upstreams." + name +
                ": no route leads to it; add a [[routes]] section "
                "with to = [\"" +
                name + "\"], or remove it");
    std::set<std::string, std::less<>> priced;
    for (size_t i = 0; i < values_.prices.size(); ++i)
      check_price(values_.prices[i], numbered_section("prices", i), priced);
    return std::move(faults_);
  }

private:
  void fault(std::string at, std::string text) {
    faults_.push_back({std::move(at), std::move(text)});
  }

  bool exists(std::string_view upstream) const {
    return upstream == values_.upstream.name ||
           std::ranges::find(values_.upstreams, upstream, &upstream_settings::name) !=
             values_.upstreams.end();
  }

  std::string no_such_upstream(const std::string& name) const {
    std::vector<std::string> known{values_.upstream.name};
    std::string all = known.front();
    for (auto& upstream : values_.upstreams) {
      known.push_back(upstream.name);
      all += ", " + upstream.name;
    }
    return "there is no upstream " + in_quotes(name) +
           core::did_you_mean(core::nearest(name, known)) + "; there are " + all;
  }

  /// @param key For people. @param at With numbers. Both without ".models".
  void check_models(const std::vector<std::string>& models, const std::string& key,
                    const std::string& at, std::set<std::string, std::less<>>& seen,
                    const std::string& scope = {}) {
    if (models.empty())
      fault(at, key + ".models must name at least one model, such as [\"gpt-4o*\"]");
    for (auto& glob : models) {
      if (!is_pattern(glob))
        fault(at + ".models", key +
                                ".models must be model names without blanks, with * and ? as "
                                "wildcards; one is " +
                                in_quotes(glob));
      else if (!seen.insert(scope + glob).second)
        fault(at + ".models",
              key + ".models: " + in_quotes(glob) + " stands in two places; only the first counts");
    }
  }

  void check_lanes(const upstream_settings& upstream, const std::string& from) {
    const auto section = section_name(values_, upstream) + ".lanes";
    std::set<std::string, std::less<>> names, globs;
    for (size_t i = 0; i < upstream.lanes.size(); ++i) {
      auto& lane = upstream.lanes[i];
      const auto at = numbered_section(from + ".lanes", i);
      const auto key = section + "." + (lane.name.empty() ? "?" : lane.name);
      if (!is_section_name(lane.name))
        fault(at, section +
                    ": name must be 1 to 64 letters, digits, '-', '_' or '.', and not \"default\" "
                    "(that is the upstream's own limits), is " +
                    in_quotes(lane.name));
      else if (!names.insert(lane.name).second)
        fault(at + ".name", section + ": two lanes have the name " + in_quotes(lane.name));
      check_models(lane.models, key, at, globs);
      auto limits = lane.limits;
      for (auto& row : keys())
        if (row.at_lane)
          if (auto wrong = check(row, read(row.at_lane(limits))))
            fault(at + "." + std::string{row.short_name()},
                  key + "." + std::string{row.short_name()} + " " + *wrong);
    }
  }

  void check_upstream(const upstream_settings& upstream, const std::string& at) {
    if (!is_section_name(upstream.name))
      fault(at,
            "upstreams: name must be 1 to 64 letters, digits, '-', '_' or '.', and not \"default\" "
            "(that is [upstream]), is " +
              in_quotes(upstream.name));
    else if (!names_.insert(upstream.name).second)
      fault(at + ".name", "upstreams: two have the name " + in_quotes(upstream.name));
    settings alone;
    alone.upstream = upstream;
    constexpr std::string_view prefix = "upstream.";
    for (auto& row : keys())
      if (row.name.starts_with(prefix))
        if (auto wrong = check(row, read(row, alone)))
          fault(at + "." + std::string{row.name.substr(prefix.size())},
                "upstreams." + upstream.name + "." + std::string{row.name.substr(prefix.size())} +
                  " " + *wrong);
    check_lanes(upstream, at);
  }

  void check_route(const route_settings& route, const std::string& at,
                   std::set<std::string, std::less<>>& globs) {
    check_models(route.models, at, at, globs);
    if (route.to.empty())
      fault(at, at + ".to must name at least one upstream, such as [\"default\"]");
    std::set<std::pair<std::string, std::string>> seen;
    for (auto& target : route.to) {
      reached_.insert(target.upstream);
      if (!exists(target.upstream))
        fault(at + ".to", at + ".to: " + no_such_upstream(target.upstream));
      else if (!seen.insert({target.upstream, target.model}).second)
        fault(at + ".to",
              at + ".to: " + in_quotes(target.upstream) + " stands twice with the same model");
      if (!target.model.empty() && !is_pattern(target.model))
        fault(at + ".to",
              at + ".to: the model must be a name without blanks, is " + in_quotes(target.model));
      if (!(target.weight > 0 && target.weight <= 1e6))
        fault(at + ".to", at + ".to: a weight must be above 0 and at most 1000000");
      else if (!route.weighted && target.weight != 1)
        fault(
          at + ".to",
          at + ".to: weights count only with strategy = \"weighted\"; set that, or leave them out");
    }
  }

  void check_price(const price_settings& price, const std::string& at,
                   std::set<std::string, std::less<>>& globs) {
    check_models(price.models, at, at, globs, price.upstream + " ");
    if (!price.upstream.empty() && !exists(price.upstream))
      fault(at + ".upstream", at + ".upstream: " + no_such_upstream(price.upstream));
    if (!is_price(price.input) || !is_price(price.output) ||
        !is_price(price.cached_input.value_or(0)) || !is_price(price.reasoning.value_or(0)))
      fault(at, at + ": prices must be dollars per million tokens, from 0 to 1000000");
  }

  const settings& values_;
  std::vector<section_fault> faults_;
  std::set<std::string, std::less<>> names_;   ///< Names of the upstreams so far.
  std::set<std::string, std::less<>> reached_; ///< Upstreams that are targets of routes.
};

} // namespace

std::vector<section_fault> section_faults(const settings& values) {
  return section_checker{values}.run();
}

error joined(const std::vector<std::string>& faults) {
  std::string text;
  for (auto& fault : faults)
    text += (text.empty() ? "" : "\n") + fault;
  return {errc::invalid_config, std::move(text)};
}

result<void> validate(const settings& values) {
  std::vector<std::string> faults;
  for (auto& row : keys())
    if (auto fault = check(row, read(row, values)))
      faults.push_back(std::string{row.name} + " " + *fault);
  for (auto& fault : section_faults(values))
    faults.push_back(std::move(fault.text));
  if (faults.empty())
    return {};
  return joined(faults);
}

} // namespace penstock::config
