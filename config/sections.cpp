#include "config/sections.hpp"
#include "config/protocol_defaults.hpp"

#include "config/protocol_defaults.hpp"
#include "core/base/suggest.hpp"
#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace penstock::config {

namespace {

constexpr size_t sections_max = 1000;
constexpr std::array<std::string_view, 4> section_names{"upstream.lanes", "upstreams", "routes",
                                                        "prices"};

/// "routes[2].to": the name of a section, its number, and the rest of the key.
struct numbered_key {
  std::string_view name, rest;
  size_t number = 0;
};

std::optional<numbered_key> parse_numbered(std::string_view key) {
  const auto open = key.find('['), close = key.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return std::nullopt;
  numbered_key out{key.substr(0, open), {}, 0};
  std::from_chars(key.data() + open + 1, key.data() + close, out.number);
  if (close + 1 < key.size())
    out.rest = key.substr(close + 2); // After "].".
  return out;
}

/// The repeated section that `key` is or belongs to; empty if none.
std::string_view section_of(std::string_view key) {
  for (auto name : section_names)
    if (key.starts_with(name) &&
        (key.size() == name.size() || key[name.size()] == '[' || key[name.size()] == '.'))
      return name;
  return {};
}

std::string numbered(std::string_view name, size_t number) {
  return std::string{name} + "[" + std::to_string(number) + "]";
}

template <class T>
T* at(std::vector<T>& list, size_t number) {
  if (number >= sections_max)
    return nullptr;
  if (list.size() <= number)
    list.resize(number + 1);
  return &list[number];
}

const std::string* text_of(const file_value& value) {
  auto one = std::get_if<scalar>(&value);
  return one ? std::get_if<std::string>(one) : nullptr;
}

bool put_text(std::string& to, const file_value& value) {
  auto word = text_of(value);
  if (word)
    to = *word;
  return word != nullptr;
}

bool put_texts(std::vector<std::string>& to, const file_value& value) {
  auto list = std::get_if<std::vector<std::string>>(&value);
  auto word = text_of(value);
  if (list)
    to = *list;
  else if (word)
    to = {*word};
  return list || word;
}

std::optional<double> number_of(const file_value& value) {
  auto one = std::get_if<scalar>(&value);
  if (auto n = one ? std::get_if<int64_t>(one) : nullptr)
    return static_cast<double>(*n);
  auto x = one ? std::get_if<double>(one) : nullptr;
  return x && std::isfinite(*x) ? std::optional{*x} : std::nullopt;
}

bool put_price(std::optional<double>& to, const file_value& value) {
  auto x = number_of(value);
  if (!x || *x < 0 || *x > 1e6)
    return false;
  to = *x + 0.0; // No minus zero.
  return true;
}

bool put_price(double& to, const file_value& value) {
  std::optional<double> price;
  if (!put_price(price, value))
    return false;
  to = *price;
  return true;
}

bool put_weight(route_target& to, const file_value& value) {
  auto x = number_of(value);
  if (!x || *x <= 0 || *x > 1e6)
    return false;
  to.weight = *x;
  return true;
}

bool put_strategy(route_settings& to, const file_value& value) {
  auto word = text_of(value);
  if (!word || (*word != "ordered" && *word != "weighted"))
    return false;
  to.weighted = *word == "weighted";
  return true;
}

/// Reads "name" or "name/model"; a model may contain more slashes.
bool put_targets(route_settings& to, const file_value& value) {
  std::vector<std::string> texts;
  if (!put_texts(texts, value))
    return false;
  to.to.clear();
  for (auto& text : texts) {
    const auto slash = text.find('/');
    route_target target;
    target.upstream = text.substr(0, slash);
    if (slash != std::string::npos)
      target.model = text.substr(slash + 1);
    if (slash != std::string::npos && target.model.empty())
      return false;
    to.to.push_back(std::move(target));
  }
  return true;
}

/// One key of a repeated section that is not in the table of settings.
template <class Section>
struct section_key {
  std::string_view name;
  std::string_view form; ///< The allowed values.
  bool (*put)(Section&, const file_value&);
};

constexpr std::string_view models_form = "a list of model names such as [\"gpt-4o*\"]";
constexpr std::string_view price_form = "dollars per million tokens, from 0 to 1000000";

constexpr section_key<lane_settings> lane_keys[] = {
  {"name", "text", [](auto& x, auto& v) { return put_text(x.name, v); }},
  {"models", models_form, [](auto& x, auto& v) { return put_texts(x.models, v); }},
};
constexpr section_key<route_settings> route_keys[] = {
  {"models", models_form, [](auto& x, auto& v) { return put_texts(x.models, v); }},
  {"strategy", "\"ordered\" or \"weighted\"", put_strategy},
  {"to",
   "a list of upstreams such as [\"main\", \"spare/other-model\"], or of tables such as "
   "[{upstream = \"main\", weight = 3}]",
   put_targets},
};
constexpr section_key<route_target> target_keys[] = {
  {"upstream", "the name of an upstream", [](auto& x, auto& v) { return put_text(x.upstream, v); }},
  {"model", "a model's name", [](auto& x, auto& v) { return put_text(x.model, v); }},
  {"weight", "a number above 0 and at most 1000000", put_weight},
};
constexpr section_key<price_settings> price_keys[] = {
  {"models", models_form, [](auto& x, auto& v) { return put_texts(x.models, v); }},
  {"upstream", "the name of an upstream", [](auto& x, auto& v) { return put_text(x.upstream, v); }},
  {"input", price_form, [](auto& x, auto& v) { return put_price(x.input, v); }},
  {"cached_input", price_form, [](auto& x, auto& v) { return put_price(x.cached_input, v); }},
  {"output", price_form, [](auto& x, auto& v) { return put_price(x.output, v); }},
  {"reasoning", price_form, [](auto& x, auto& v) { return put_price(x.reasoning, v); }},
};

std::string shown(const file_value& value) {
  if (auto word = text_of(value))
    return in_quotes(*word);
  if (auto x = number_of(value))
    return format_number(*x);
  return described(value);
}

std::string unknown_key(std::string_view key, std::string_view what,
                        const std::vector<std::string>& known) {
  return "unknown key " + in_quotes(key) + " of " + std::string{what} +
         core::did_you_mean(core::nearest(key, known));
}

/// Writes the value of `key` to its place in the table. @returns the fault; empty: none.
template <class Section, size_t N>
std::string put(const section_key<Section> (&table)[N], std::string_view section,
                std::string_view what, std::string_view key, const file_value& value, Section& to) {
  std::vector<std::string> known;
  for (auto& row : table) {
    if (row.name == key)
      return row.put(to, value) ? std::string{}
                                : std::string{section} + " " + std::string{key} + " must be " +
                                    std::string{row.form} + ", is " + shown(value);
    known.emplace_back(row.name);
  }
  return unknown_key(key, what, known);
}

std::string take_route(const file_entry& entry, std::string_view key, route_settings& to) {
  if (auto target = parse_numbered(key); target && target->name == "to") {
    auto* one = at(to.to, target->number);
    return one ? put(target_keys, "routes to", "a route's target", target->rest, entry.value, *one)
               : "more than " + std::to_string(sections_max) + " targets";
  }
  return put(route_keys, "routes", "a route", key, entry.value, to);
}

/// Calls `visit(row, key)` for each row of an upstream with its key inside a section
/// ("limits.rpm").
template <class Visitor>
void for_each_upstream_row(Visitor visit) {
  constexpr std::string_view prefix = "upstream.";
  for (auto& row : keys())
    if (row.name.starts_with(prefix))
      visit(row, std::string{row.name.substr(prefix.size())});
}

} // namespace

bool section_reader::owns(std::string_view key) { return !section_of(key).empty(); }

std::string section_reader::take(const file_entry& entry, const std::string& origin,
                                 settings& values) {
  const auto key = parse_numbered(entry.key);
  const std::string section{section_of(entry.key)};
  if (!key || key->name != section) {
    auto none = std::get_if<std::vector<std::string>>(&entry.value);
    return none && none->empty() && entry.key == section
             ? ""
             : section + " must be sections: [[" + section + "]]";
  }
  const auto too_many = [&] { return "more than " + std::to_string(sections_max) + " sections"; };
  given_[entry.key] = origin;
  if (key->name == "upstream.lanes") {
    auto* lane = at(values.upstream.lanes, key->number);
    return lane ? take_lane(entry, key->rest, *lane) : too_many();
  }
  if (key->name == "upstreams") {
    const bool fresh = values.upstreams.size() <= key->number;
    auto* upstream = at(values.upstreams, key->number);
    if (!upstream)
      return too_many();
    if (fresh)
      upstream->name.clear(); // "default" is the name of [upstream].
    return take_upstream(entry, key->rest, *upstream, values);
  }
  if (key->name == "routes") {
    auto* route = at(values.routes, key->number);
    return !route ? too_many() : key->rest.empty() ? "" : take_route(entry, key->rest, *route);
  }
  auto* price = at(values.prices, key->number);
  return !price              ? too_many()
         : key->rest.empty() ? ""
                             : put(price_keys, "prices", "a price", key->rest, entry.value, *price);
}

std::string section_reader::take_upstream(const file_entry& entry, std::string_view key,
                                          upstream_settings& to, settings& values) {
  if (key.empty() || key == "limits")
    return {}; // An empty section.
  if (auto lane_key = parse_numbered(key); lane_key && lane_key->name == "lanes") {
    auto* lane = at(to.lanes, lane_key->number);
    return lane ? take_lane(entry, lane_key->rest, *lane)
                : "more than " + std::to_string(sections_max) + " lanes";
  }
  if (key == "name")
    return put_text(to.name, entry.value) ? ""
                                          : "upstreams name must be text, is " + shown(entry.value);
  const auto* row = find_key("upstream." + std::string{key});
  if (!row) {
    std::vector<std::string> known{"name", "lanes"};
    for_each_upstream_row([&](auto&, std::string name) { known.push_back(std::move(name)); });
    return unknown_key(key, "an upstream", known);
  }
  const auto what = "upstreams " + std::string{key} + " ";
  auto value = std::get_if<scalar>(&entry.value);
  if (!value)
    return what + "must be " + allowed(*row) + ", is " + described(entry.value);
  // The rows can only write to [upstream], so swap this upstream with it for a moment.
  std::swap(values.upstream, to);
  auto wrong = assign(*row, row->at(values), *value);
  std::swap(values.upstream, to);
  return wrong ? what + *wrong : "";
}

std::string section_reader::take_lane(const file_entry& entry, std::string_view key,
                                      lane_settings& to) const {
  if (key.empty())
    return {}; // An empty section. A lane without a name is reported elsewhere.
  std::vector<std::string> known;
  for (auto& row : lane_keys) {
    if (row.name == key)
      return put(lane_keys, "upstream.lanes", "a lane", key, entry.value, to);
    known.emplace_back(row.name);
  }
  for (auto& row : keys()) {
    if (!row.at_lane)
      continue;
    known.emplace_back(row.short_name());
    if (row.short_name() != key)
      continue;
    const auto what = "upstream.lanes " + std::string{key} + " ";
    auto value = std::get_if<scalar>(&entry.value);
    if (!value)
      return what + "must be " + allowed(row) + ", is " + described(entry.value);
    auto wrong = assign(row, row.at_lane(to.limits), *value);
    return wrong ? what + *wrong : "";
  }
  return unknown_key(key, "a lane", known);
}

void section_reader::finish(loaded_settings& out) const {
  const auto note = [&](const std::string& key, const std::string& from, std::string otherwise) {
    const auto found = given_.find(from);
    out.origins[key] = found == given_.end() ? std::move(otherwise) : found->second;
  };
  const auto finish_lanes = [&](upstream_settings& upstream, const std::string& from) {
    const auto name = section_name(out.values, upstream);
    const auto limits_name = name + ".limits";
    for (size_t i = 0; i < upstream.lanes.size(); ++i) {
      auto& lane = upstream.lanes[i];
      const auto key = name + ".lanes." + lane.name + ".",
                 place = numbered(from + ".lanes", i) + ".";
      note(key + "models", place + "models", "built-in");
      for (auto& row : keys()) {
        if (!row.at_lane)
          continue;
        const std::string word{row.short_name()};
        if (row.inherited && !given_.contains(place + word))
          write(row.at_lane(lane.limits), read(row.at_lane(upstream.limits)));
        note(key + word, place + word, row.inherited ? "as " + limits_name : "built-in");
      }
    }
  };
  finish_lanes(out.values.upstream, "upstream");
  for (size_t i = 0; i < out.values.upstreams.size(); ++i) {
    auto& upstream = out.values.upstreams[i];
    const auto from = numbered("upstreams", i);
    const auto taken = take_protocol_defaults(upstream, given_.contains(from + ".base_url"),
                                              given_.contains(from + ".api_key_env"));
    for_each_upstream_row([&](auto&, const std::string& word) {
      const bool by_protocol = std::ranges::find(taken, word) != taken.end();
      note("upstreams." + upstream.name + "." + word, from + "." + word,
           by_protocol ? "built-in, for " + upstream.protocol : "built-in");
    });
    for (auto word : take_protocol_defaults(upstream, given_.contains(from + ".base_url"),
                                            given_.contains(from + ".api_key_env")))
      out.origins["upstreams." + upstream.name + "." + std::string{word}] =
        "built-in, for " + upstream.protocol;
    finish_lanes(upstream, from);
  }
  for (auto& [key, origin] : given_)
    if (key.starts_with("routes[") || key.starts_with("prices["))
      out.origins[key] = origin;
}

std::string section_reader::origin_of(std::string_view key) const {
  while (!key.empty()) {
    // The first value of the section, by name.
    const auto found = given_.lower_bound(key);
    if (found != given_.end() && found->first.starts_with(key))
      return found->second;
    const auto dot = key.rfind('.');
    key = dot == std::string_view::npos ? std::string_view{} : key.substr(0, dot);
  }
  return {};
}

std::string section_name(const settings& values, const upstream_settings& upstream) {
  return &upstream == &values.upstream ? "upstream" : "upstreams." + upstream.name;
}

} // namespace penstock::config
