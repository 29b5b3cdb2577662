#include "config/show.hpp"
#include "config/api_key.hpp"
#include "config/json_number.hpp"
#include "config/keys.hpp"
#include "config/sections.hpp"
#include "config/text.hpp"
#include "config/units.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace penstock::config {

namespace {

namespace json = boost::json;

const std::string& origin_of(const loaded_settings& loaded, const std::string& key) {
  static const std::string unknown = "built-in";
  const auto found = loaded.origins.find(key);
  return found == loaded.origins.end() ? unknown : found->second;
}

/// A value for programs: spans in seconds, sizes in bytes, others unchanged.
json::value as_json(const key_row& row, const scalar& value) {
  if (auto b = std::get_if<bool>(&value))
    return json::value(*b);
  if (auto x = std::get_if<double>(&value))
    return json_number(*x);
  if (auto text = std::get_if<std::string>(&value))
    return json::value(*text);
  const auto n = std::get<int64_t>(value);
  return row.kind == value_kind::span ? json_number(to_seconds(duration{n})) : json::value(n);
}

/// Calls `visit(row, key, value)` for every limit of a lane; `key` is the key for its origin.
template <class Visitor>
void for_each_limit(const lane_settings& lane, Visitor visit) {
  auto limits = lane.limits;
  for (auto& row : keys())
    if (row.at_lane)
      visit(row, "upstream.lanes." + lane.name + "." + std::string{row.short_name()},
            read(row.at_lane(limits)));
}

std::string line(std::string_view key, const std::string& value, const std::string& origin) {
  std::string out = std::string{key} + " = " + value;
  constexpr size_t comment_column = 56;
  out.resize(std::max(out.size() + 2, comment_column), ' ');
  return out + "# " + origin + "\n";
}

/// `text` inside a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text)
    out += c == '|' ? std::string{"\\|"} : std::string{c};
  return out;
}

} // namespace

std::string show(const loaded_settings& loaded, const environment& env) {
  std::string out = "# configuration file: " + (loaded.file.empty() ? "none" : loaded.file) + "\n";
  for (auto& row : keys())
    out += line(row.name, format(row, read(row, loaded.values)),
                origin_of(loaded, std::string{row.name}));
  for (auto& value : section_values(loaded.values))
    out += line(value.key(), value.text, origin_of(loaded, value.key()));
  out += "# api key: " + describe_api_key(loaded.values, env) + "\n";
  for (auto& upstream : loaded.values.upstreams)
    out += "# api key of " + upstream.name + ": " + describe_api_key(upstream, env) + "\n";
  return out;
}

std::string show_json(const loaded_settings& loaded, const environment& env) {
  json::object settings;
  const auto put = [&](json::object& into, std::string_view name, const std::string& key,
                       json::value value) {
    into[name] = json::object{{"value", std::move(value)}, {"origin", origin_of(loaded, key)}};
  };
  for (auto& row : keys())
    put(settings, row.name, std::string{row.name}, as_json(row, read(row, loaded.values)));
  json::array lanes;
  for (auto& lane : loaded.values.upstream.lanes) {
    json::object one{{"name", lane.name},
                     {"models", json::array(lane.models.begin(), lane.models.end())}};
    for_each_limit(lane, [&](auto& row, const std::string& key, const scalar& value) {
      put(one, row.short_name(), key, as_json(row, value));
    });
    lanes.push_back(std::move(one));
  }
  json::object sections, api_keys;
  for (auto& value : section_values(loaded.values)) {
    auto& section = sections[value.section];
    if (!section.is_object())
      section.emplace_object();
    section.as_object()[value.name] = {{"value", value.text},
                                       {"origin", origin_of(loaded, value.key())}};
  }
  for (auto& upstream : loaded.values.upstreams)
    api_keys[upstream.name] = describe_api_key(upstream, env);
  const json::object whole{{"file", loaded.file},
                           {"settings", std::move(settings)},
                           {"lanes", std::move(lanes)},
                           {"sections", std::move(sections)},
                           {"api_key", describe_api_key(loaded.values, env)},
                           {"api_keys", std::move(api_keys)}};
  return json::serialize(whole) + "\n";
}

std::string reference_markdown() {
  std::string out =
    "Every setting can be given on the command line, as an environment variable, or in the "
    "configuration file; the command line wins over the environment, the environment over the "
    "file. "
    "The file is the one of `--config`, else of `PENSTOCK_CONFIG`, else `penstock.toml` in the "
    "working "
    "directory. Durations are written like `90s`, `10m`, `1h30m`, `500ms` (a bare number is "
    "seconds), "
    "sizes like `32MB` (10^6) or `64KiB` (2^10).\n\n"
    "| Key | Command line | Environment | Default | Allowed | Meaning |\n"
    "|---|---|---|---|---|---|\n";
  const settings defaults;
  for (auto& row : keys()) {
    const auto value = read(row, defaults);
    const bool negated = value == scalar{true};
    out +=
      "| `" + std::string{row.name} + "` | `--" + (negated ? "no-" : "") + std::string{row.flag};
    out += row.placeholder.empty() ? "` | `" : " " + std::string{row.placeholder} + "` | `";
    out += row.env_name() + "` | `" + format(row, value) + "` | " + cell(allowed(row)) + " | " +
           cell(row.help) + " |\n";
  }
  return out + R"(
A `[[upstream.lanes]]` section gives models that share limits of their own a lane of their own: `name`,
`models` (a list of patterns with `*` and `?`; the first lane that matches wins), and any key of
`[upstream.limits]`. What it leaves out of `headroom`, `adaptive`, `burst`, `adaptive_in_flight`, `ramp`
and `ramp_every` is as in `[upstream.limits]`; a rate it leaves out is no limit.

An `[[upstreams]]` section is one more upstream: `name`, and any key of `[upstream]`, with
`[upstreams.limits]` and `[[upstreams.lanes]]` below it. Two of them may be the same server with two
keys. A `[[routes]]` section says where the requests for some models go: `models` (patterns; the first
route that matches wins), `to` (upstreams such as `"spare"` or, to ask for another model there,
`"spare/other-model"`, or tables `{upstream = "spare", model = "other-model", weight = 3}`; the one of
`[upstream]` is called `"default"`), `strategy` (`"ordered"`: the first that takes work; `"weighted"`: a
first one drawn by weight, then the others). A request moves on to the next upstream if the breaker of
one is open, if one pauses for longer than `routing.route_patience`, or if one refuses the key or wants
money. A model without a route goes to `[upstream]`.

A `[[prices]]` section says what tokens cost in dollars per million: `models` (patterns; the first that
matches wins), `input`, `output`, and, where they are priced apart, `cached_input` and `reasoning`;
`upstream` makes it hold for one upstream alone.

)"
               "Other variables with the prefix `PENSTOCK_` are refused as misspelt, except "
               "`PENSTOCK_CONFIG`, `PENSTOCK_API_KEY` (free for use with `api_key_env`), "
               "`PENSTOCK_TEST_*`, "
               "`PENSTOCK_BENCH_*`, and what Kubernetes sets for a service called penstock "
               "(`PENSTOCK_PORT*`, `PENSTOCK_SERVICE_*`).\n";
}

} // namespace penstock::config
