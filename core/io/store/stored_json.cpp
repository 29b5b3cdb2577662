#include "core/io/store/stored_json.hpp"

#include "core/job/job_counters.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <concepts>
#include <limits>
#include <optional>

namespace penstock::io {

namespace {

namespace stored = boost::json;

stored::string_view json_view(std::string_view text) { return {text.data(), text.size()}; }

std::optional<core::job_state> state_from(std::string_view text) {
  const auto& names = core::job_state_names;
  const auto at = std::find(names.begin(), names.end(), text);
  if (at == names.end())
    return std::nullopt;
  return static_cast<core::job_state>(at - names.begin());
}

// --- one list of the members for both directions ---

template <class Row, class F>
requires std::same_as<std::remove_const_t<Row>, core::price_row>
void for_each_member(Row& r, F&& f) {
  f("models", r.models);
  f("input", r.input);
  f("cached_input", r.cached_input);
  f("output", r.output);
  f("reasoning", r.reasoning);
}

template <class Change, class F>
requires std::same_as<std::remove_const_t<Change>, core::mode_change>
void for_each_member(Change& c, F&& f) {
  f("from", c.from);
  f("to", c.to);
  f("code", c.code);
  f("text", c.text);
  f("finished", c.finished);
  f("degraded", c.degraded);
}

template <class Error, class F>
requires std::same_as<std::remove_const_t<Error>, error>
void for_each_member(Error& e, F&& f) {
  f("code", e.code);
  f("context", e.context);
}

template <class Options, class F>
requires std::same_as<std::remove_const_t<Options>, core::job_options>
void for_each_member(Options& o, F&& f) {
  f("tenant", o.tenant);
  f("priority", o.priority);
  f("mode", o.mode);
  f("in_flight_max", o.in_flight_max);
  f("attempts_max", o.attempts_max);
  f("window_requests", o.window_requests);
  f("window_bytes", o.window_bytes);
  f("deadline_ns", o.deadline);
  f("grace_period_ns", o.grace_period);
  f("outage_patience_ns", o.outage_patience);
  f("first_patience_ns", o.first_patience);
  f("seed", o.seed);
  f("client_id", o.client_id);
  f("cache", o.cache);
  f("budget", o.budget);
  f("prices", o.prices);
  f("pack", o.pack);
  f("pack_entries_max", o.pack_entries_max);
  f("pack_tokens_max", o.pack_tokens_max);
  f("pack_canary", o.pack_canary);
}

template <class Progress, class F>
requires std::same_as<std::remove_const_t<Progress>, core::job_progress>
void for_each_member(Progress& p, F&& f) {
  f("state", p.state);
  for (auto& counter : core::job_counters)
    f(counter.name, p.*(counter.member));
  f("upstream_ns", p.upstream_time);
  f("attempt_p50_ns", p.attempt_p50);
  f("attempt_p99_ns", p.attempt_p99);
  f("attempt_mean_ns", p.attempt_mean);
  f("mode_asked", p.mode_asked);
  f("mode_used", p.mode_used);
  f("mode_changes", p.changes);
  f("cause", p.cause);
  f("cost", p.cost);
}

// --- out ---

template <class T>
concept named_enum = std::same_as<T, core::priority> || std::same_as<T, core::mode> ||
  std::same_as<T, core::cache_mode> || std::same_as<T, core::job_state>;

template <class T>
stored::object to_object(const T& value);

template <class T>
requires std::integral<T> || std::floating_point<T> stored::value to_value(T value) {
  return value;
}
stored::value to_value(const std::string& text) { return stored::string(json_view(text)); }
stored::value to_value(duration d) { return d.count(); }
stored::value to_value(errc code) { return static_cast<uint64_t>(code); }
stored::value to_value(const error& e) { return to_object(e); }
template <named_enum T>
stored::value to_value(T value) {
  return stored::string(json_view(to_string(value)));
}
stored::value to_value(const core::price_row& row) { return to_object(row); }
stored::value to_value(const core::mode_change& change) { return to_object(change); }
template <class T>
stored::value to_value(const std::vector<T>& list) {
  stored::array out;
  for (auto& one : list)
    out.push_back(to_value(one));
  return out;
}

template <class T>
stored::object to_object(const T& value) {
  stored::object out;
  for_each_member(value, [&](std::string_view name, const auto& member) {
    out[json_view(name)] = to_value(member);
  });
  return out;
}

// --- in ---

template <class T>
bool from_object(const stored::value& from, T& to);

template <class T>
bool from_value(const stored::value& from, T& to) {
  boost::system::error_code bad;
  if constexpr (std::same_as<T, bool>) {
    return from.is_bool() && (to = from.get_bool(), true);
  } else if constexpr (std::integral<T> || std::floating_point<T>) {
    to = from.to_number<T>(bad);
    return !bad;
  } else if constexpr (std::same_as<T, duration>) {
    to = duration{from.to_number<int64_t>(bad)};
    return !bad;
  } else if constexpr (std::same_as<T, errc>) {
    to = static_cast<errc>(from.to_number<uint8_t>(bad));
    return !bad;
  } else if constexpr (std::same_as<T, std::string>) {
    return from.is_string() && (to = std::string{from.get_string()}, true);
  } else if constexpr (named_enum<T>) {
    if (!from.is_string())
      return false;
    const std::string_view text{from.get_string().data(), from.get_string().size()};
    std::optional<T> named;
    if constexpr (std::same_as<T, core::priority>)
      named = core::priority_from(text);
    else if constexpr (std::same_as<T, core::mode>)
      named = core::mode_from(text);
    else if constexpr (std::same_as<T, core::cache_mode>)
      named = core::cache_mode_from(text);
    else
      named = state_from(text);
    to = named.value_or(to);
    return named.has_value();
  } else if constexpr (requires { to.emplace_back(); }) {
    if (!from.is_array())
      return false;
    for (auto& one : from.get_array())
      if (!from_value(one, to.emplace_back()))
        return false;
    return true;
  } else {
    return from_object(from, to);
  }
}

template <class T>
bool from_object(const stored::value& from, T& to) {
  if (!from.is_object())
    return false;
  bool whole = true;
  for_each_member(to, [&](std::string_view name, auto& member) {
    if (auto* found = from.get_object().if_contains(json_view(name)))
      whole &= from_value(*found, member);
  });
  return whole;
}

template <class T>
std::string to_text(const T& value) {
  stored::object out{{"version", stored_json_version}};
  for (auto& member : to_object(value))
    out[member.key()] = member.value();
  return stored::serialize(out);
}

template <class T>
result<T> from_text(std::string_view text) {
  const error damaged{errc::corrupt, "its description is damaged"};
  stored::parse_options rules;
  rules.allow_invalid_utf8 = true; // A text of a provider need not be UTF-8.
  boost::system::error_code bad;
  const auto value = stored::parse(json_view(text), bad, {}, rules);
  if (bad || !value.is_object())
    return damaged;
  auto* version = value.get_object().if_contains("version");
  const auto number = version ? version->to_number<uint64_t>(bad) : 0;
  if (bad || number == 0)
    return damaged;
  if (number > stored_json_version)
    return error{errc::incompatible, "it was described by a newer penstock (version " +
                                       std::to_string(number) + ", this one knows " +
                                       std::to_string(stored_json_version) +
                                       "); run it with that program"};
  T out;
  if (!from_object(value, out))
    return damaged;
  return out;
}

} // namespace

std::string stored_json(const core::job_options& options) { return to_text(options); }
std::string stored_json(const core::job_progress& progress) { return to_text(progress); }

result<core::job_options> stored_options(std::string_view text) {
  return from_text<core::job_options>(text);
}

result<core::job_progress> stored_progress(std::string_view text) {
  return from_text<core::job_progress>(text);
}

} // namespace penstock::io
