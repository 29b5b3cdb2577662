#include "config/sections.hpp"

#include "config/text.hpp"
#include "config/units.hpp"

namespace penstock::config {

namespace {

std::string toml_list(const std::vector<std::string>& texts) {
  std::string out;
  for (auto& text : texts)
    out += (out.empty() ? "" : ", ") + toml_string(text);
  return "[" + out + "]";
}

std::string target_text(const route_target& target) {
  auto out = "{upstream = " + toml_string(target.upstream);
  if (!target.model.empty())
    out += ", model = " + toml_string(target.model);
  if (target.weight != 1)
    out += ", weight = " + format_number(target.weight);
  return out + "}";
}

/// Collects the values, section by section.
class value_list {
public:
  std::vector<section_value> values;

  void lanes(const upstream_settings& upstream, const std::string& name) {
    for (auto& lane : upstream.lanes) {
      section_ = name + ".lanes." + lane.name;
      add("models", toml_list(lane.models));
      auto limits = lane.limits;
      for (auto& row : keys())
        if (row.at_lane)
          add(row.short_name(), format(row, read(row.at_lane(limits))));
    }
  }

  void upstream(const upstream_settings& from) {
    constexpr std::string_view prefix = "upstream.";
    settings alone;
    alone.upstream = from;
    section_ = "upstreams." + from.name;
    for (auto& row : keys())
      if (row.name.starts_with(prefix))
        add(row.name.substr(prefix.size()), format(row, read(row, alone)));
    lanes(from, "upstreams." + from.name);
  }

  void route(const route_settings& from, size_t number) {
    section_ = "routes[" + std::to_string(number) + "]";
    add("models", toml_list(from.models));
    add("strategy", toml_string(from.weighted ? "weighted" : "ordered"));
    std::string to;
    for (auto& target : from.to)
      to += (to.empty() ? "" : ", ") + target_text(target);
    add("to", "[" + to + "]");
  }

  void price(const price_settings& from, size_t number) {
    section_ = "prices[" + std::to_string(number) + "]";
    add("models", toml_list(from.models));
    if (!from.upstream.empty())
      add("upstream", toml_string(from.upstream));
    add("input", format_number(from.input));
    if (from.cached_input)
      add("cached_input", format_number(*from.cached_input));
    add("output", format_number(from.output));
    if (from.reasoning)
      add("reasoning", format_number(*from.reasoning));
  }

private:
  void add(std::string_view name, std::string text) {
    values.push_back({section_, std::string{name}, std::move(text)});
  }

  std::string section_;
};

} // namespace

std::vector<section_value> section_values(const settings& values) {
  value_list list;
  list.lanes(values.upstream, "upstream");
  for (auto& upstream : values.upstreams)
    list.upstream(upstream);
  for (size_t i = 0; i < values.routes.size(); ++i)
    list.route(values.routes[i], i);
  for (size_t i = 0; i < values.prices.size(); ++i)
    list.price(values.prices[i], i);
  return std::move(list.values);
}

} // namespace penstock::config
