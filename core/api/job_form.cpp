#include "core/api/job_form.hpp"

#include "core/api/api_route.hpp"
#include "core/base/duration_text.hpp"
#include "core/base/text.hpp"
#include "core/json/json_check.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/json_scan.hpp"
#include "core/json/json_text.hpp"
#include "core/jsonl/jsonl.hpp"
#include "core/view/view_parts.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr duration wait_max = std::chrono::minutes{10};

std::optional<uint32_t> small_number(std::string_view text, uint32_t most) {
  const auto n = parse_number(text);
  if (!n || *n < 1 || *n > most || std::floor(*n) != *n)
    return std::nullopt;
  return static_cast<uint32_t>(*n);
}

std::optional<bool> truth(std::string_view text) {
  if (text == "true" || text == "1" || text == "allow")
    return true;
  if (text == "false" || text == "0" || text == "ask" || text == "off")
    return false;
  return std::nullopt;
}

/// One option of a job: its name, how its text is read, and what is allowed.
struct option_row {
  std::string_view name;
  bool (*set)(job_form& form, std::string_view text);
  std::string_view allowed;
};

template <class T>
bool put(T& to, const std::optional<T>& value) {
  if (value)
    to = *value;
  return value.has_value();
}

constexpr std::array option_rows{
  option_row{"name",
             [](job_form& f, std::string_view t) {
               f.name = t;
               return t.size() <= 512;
             },
             "at most 512 bytes"},
  option_row{"mode",
             [](job_form& f, std::string_view t) { return put(f.options.mode, mode_from(t)); },
             "auto, parallel, batch or sequential"},
  option_row{
    "priority",
    [](job_form& f, std::string_view t) { return put(f.options.priority, priority_from(t)); },
    "interactive, normal or bulk"},
  option_row{"max_in_flight",
             [](job_form& f, std::string_view t) {
               return put(f.options.in_flight_max, small_number(t, 100'000));
             },
             "a number from 1 to 100,000"},
  option_row{"attempts",
             [](job_form& f, std::string_view t) {
               return put(f.options.attempts_max, small_number(t, 100));
             },
             "a number from 1 to 100"},
  option_row{"deadline",
             [](job_form& f, std::string_view t) {
               return put(f.options.deadline, parse_strict_duration(t));
             },
             R"(a time such as "90s" or "2h", or a number of seconds)"},
  option_row{"budget",
             [](job_form& f, std::string_view t) { return put(f.options.budget, parse_number(t)); },
             "US dollars"},
  option_row{
    "cache",
    [](job_form& f, std::string_view t) { return put(f.options.cache, cache_mode_from(t)); },
    "off, read, write or on"},
  option_row{"pack", [](job_form& f, std::string_view t) { return put(f.options.pack, truth(t)); },
             "true or false"},
};

std::optional<api_failure> set_option(job_form& form, const option_row& row,
                                      std::string_view text) {
  if (row.set(form, text))
    return std::nullopt;
  return bad_call(std::string{row.name} + " is " + std::string{row.allowed}, std::string{row.name});
}

/// The text of a JSON value: of a string what it says, else as it is written.
std::string plain(std::string_view value) {
  return decode_json_string(value).value_or(std::string{value});
}

/// Calls `each` for every element of a JSON array. @pre `array` is valid JSON.
template <class F>
void for_each_element(std::string_view array, F each) {
  // The scanner of members reads objects: give each element a key.
  size_t depth = 0, begin = 1;
  bool in_text = false;
  for (size_t i = 1; i < array.size(); ++i) {
    const char c = array[i];
    if (in_text) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_text = false;
      continue;
    }
    if (c == '"')
      in_text = true;
    else if (c == '[' || c == '{')
      ++depth;
    else if (depth > 0 && (c == ']' || c == '}'))
      --depth;
    else if (depth == 0 && (c == ',' || c == ']')) {
      if (const auto one = trim(array.substr(begin, i - begin)); !one.empty())
        each(one);
      begin = i + 1;
    }
  }
}

void add(job_form& form, std::string_view line) {
  const auto index = form.requests.size();
  auto r = parse_request_line(line, index, index + 1);
  if (r.custom_id.empty())
    r.custom_id = "request-" + std::to_string(index);
  form.requests.push_back(std::move(r));
}

std::optional<api_failure> read_object(job_form& form, std::string_view body, bool& strict) {
  std::string_view requests;
  for (member_scanner scan{body}; scan.next();) {
    if (scan.key_is("requests"))
      requests = scan.value();
    if (scan.key_is("strict"))
      strict = scan.value() == "true";
    for (auto& row : option_rows)
      if (scan.key_is(row.name) && scan.value() != "null")
        if (auto bad = set_option(form, row, plain(scan.value())))
          return bad;
  }
  if (!requests.starts_with('['))
    return bad_call("requests is missing: an array of requests", "requests");
  for_each_element(requests, [&](std::string_view one) { add(form, one); });
  return std::nullopt;
}

json::value time_value(int64_t ms) {
  return ms > 0 ? json::value(json_string(time_text(ms))) : json::value(nullptr);
}

int64_t milliseconds(duration d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

std::string_view state_of(const job_info& j) {
  const auto& p = j.progress;
  if (p.state == job_state::running && p.in_flight == 0 && p.done() == 0)
    return "queued";
  return p.state == job_state::draining ? "running" : to_string(p.state);
}

json::object metrics_of(const job_info& j, int64_t now) {
  const auto& p = j.progress;
  const auto total = j.created > 0 ? (j.ended > 0 ? j.ended : now) - j.created : 0;
  const auto upstream = milliseconds(p.upstream_time);
  return {{"total_ms", total},
          {"upstream_ms", upstream},
          {"attempts", p.attempts},
          {"peak_in_flight", p.in_flight_peak},
          {"mode_used", json_string(p.mode_used)},
          {"sequential_estimate_ms", upstream},
          {"speedup", total > 0 ? static_cast<double>(upstream) / static_cast<double>(total) : 0.0},
          {"rate_limited", p.rate_limited},
          {"cached", p.cached},
          {"tokens", json::object{{"input", p.input_tokens},
                                  {"cached_input", p.cached_input_tokens},
                                  {"output", p.output_tokens}}}};
}

json::object job_value(const job_info& j, int64_t now) {
  const auto& p = j.progress;
  const auto queued = j.requests - std::min<uint64_t>(j.requests, p.done() + p.in_flight);
  const auto seconds = static_cast<double>(now - j.created) / 1000;
  const double rate =
    !has_ended(p.state) && seconds > 0 ? static_cast<double>(p.done()) / seconds : 0;
  const auto left = static_cast<double>(queued + p.in_flight);
  const auto reason = p.cause.context.empty() ? j.waits_for : p.cause.context;
  return {{"id", json_string(std::to_string(j.id))},
          {"object", "job"},
          {"name", json_string(j.name)},
          {"tenant", json_string(j.tenant)},
          {"state", json_string(state_of(j))},
          {"reason", reason.empty() ? json::value(nullptr) : json_string(reason)},
          {"priority", json_string(to_string(j.priority))},
          {"created_at", time_value(j.created)},
          {"ended_at", time_value(j.ended)},
          {"counts", json::object{{"total", j.requests},
                                  {"completed", p.completed},
                                  {"failed", p.failed},
                                  {"cancelled", p.cancelled},
                                  {"expired", p.expired},
                                  {"in_flight", p.in_flight},
                                  {"queued", queued}}},
          {"mode", json::object{{"asked", json_string(p.mode_asked)},
                                {"used", json_string(p.mode_used)},
                                {"changes", changes_json(p)}}},
          {"rate_per_second", rate},
          {"eta_seconds", rate > 0 ? json::value(left / rate) : json::value(nullptr)},
          {"cost", p.cost},
          {"metrics", metrics_of(j, now)}};
}

} // namespace

std::variant<job_form, api_failure> read_job_form(const job_options& defaults,
                                                  std::string_view content_type,
                                                  std::string_view body, std::string_view target) {
  job_form form;
  form.options = defaults;
  for (auto& row : option_rows)
    if (const auto text = query_of(target, row.name))
      if (auto bad = set_option(form, row, *text))
        return *bad;
  bool strict = query_of(target, "strict") == "true";
  const auto text = trim(body);
  if (text.empty())
    return bad_call("the body is empty; send requests as JSON or JSONL");
  // One object may also be the only line of a JSONL file; `requests` tells.
  const bool is_json = !check_json(text);
  if (is_json && text[0] == '[') {
    for_each_element(text, [&](std::string_view one) { add(form, one); });
  } else if (is_json && text[0] == '{' && find_member(text, "requests")) {
    if (auto bad = read_object(form, text, strict))
      return *bad;
  } else if (content_type.starts_with("application/json") && !is_json &&
             text.find('\n') == std::string_view::npos) {
    return bad_call("the body is not valid JSON");
  } else {
    for (auto rest = text; !rest.empty();) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (!is_blank(line))
        add(form, line);
    }
  }
  if (form.requests.empty())
    return bad_call("there is no request in the body", "requests");
  if (strict)
    for (auto& r : form.requests)
      if (r.rejection)
        return bad_call("request " + std::to_string(r.index) + ": " + r.rejection->context,
                        "requests[" + std::to_string(r.index) + "]");
  return form;
}

std::string job_text(const job_info& job, int64_t now) { return json_text(job_value(job, now)); }

std::string job_text(const job_info& job, int64_t now, const std::vector<std::string>& lines) {
  auto text = job_text(job, now);
  text.pop_back();
  text += ",\"results\":[";
  for (size_t i = 0; i < lines.size(); ++i)
    (text += i > 0 ? "," : "") += lines[i];
  return text + "]}";
}

std::string job_list_text(const std::vector<job_info>& jobs, int64_t now, std::string_view next) {
  json::array data;
  for (auto& j : jobs)
    data.push_back(job_value(j, now));
  return json_text(json::object{
    {"object", "list"},
    {"data", std::move(data)},
    {"has_more", !next.empty()},
    {"next_cursor", next.empty() ? json::value(nullptr) : json::value(json_string(next))}});
}

std::string time_text(int64_t ms) {
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char day[32], all[48];
  std::strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(all, sizeof all, "%s.%03dZ", day, static_cast<int>(ms % 1000));
  return all;
}

std::optional<duration> read_wait(std::string_view query, std::string_view prefer) {
  if (query.empty() && prefer.starts_with("wait="))
    query = prefer.substr(5, prefer.find_first_of(",; ", 5) - 5);
  const auto seconds = parse_number(query);
  if (query.empty() || !seconds)
    return std::nullopt;
  return std::min(wait_max, from_seconds(std::min(*seconds, 600.0)));
}

} // namespace penstock::core
