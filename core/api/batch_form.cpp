#include "core/api/batch_form.hpp"

#include "core/base/duration_text.hpp"
#include "core/json/json_check.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/json_scan.hpp"
#include "core/json/json_text.hpp"
#include "core/jsonl/jsonl.hpp"
#include "core/protocol/api_path.hpp"

#include <boost/json.hpp>

#include <array>

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 8> state_names{"validating", "failed",    "in_progress",
                                                      "finalizing", "completed", "expired",
                                                      "cancelling", "cancelled"};

constexpr duration window_min = std::chrono::minutes{1}, window_max = std::chrono::hours{24 * 30};

json::value time_or_null(int64_t seconds) {
  return seconds > 0 ? json::value(seconds) : json::value(nullptr);
}
json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(json_string(text));
}

json::array faults_of(const api_batch& b) {
  json::array out;
  for (auto& f : b.faults)
    out.push_back(json::object{{"code", json_string(f.code)},
                               {"message", json_string(f.message)},
                               {"param", text_or_null(f.param)},
                               {"line", f.line > 0 ? json::value(f.line) : json::value(nullptr)}});
  return out;
}

/// Each number of a batch with its name in the store.
struct number_row {
  std::string_view name;
  int64_t api_batch::*time = nullptr;
  uint64_t api_batch::*count = nullptr;
};
constexpr std::array number_rows{
  number_row{"created", &api_batch::created},
  number_row{"in_progress", &api_batch::in_progress},
  number_row{"expires", &api_batch::expires},
  number_row{"finalizing", &api_batch::finalizing},
  number_row{"completed_at", &api_batch::completed_at},
  number_row{"failed_at", &api_batch::failed_at},
  number_row{"expired_at", &api_batch::expired_at},
  number_row{"cancelling", &api_batch::cancelling},
  number_row{"cancelled_at", &api_batch::cancelled_at},
  number_row{"job", nullptr, &api_batch::job},
  number_row{"total", nullptr, &api_batch::total},
  number_row{"completed", nullptr, &api_batch::completed},
  number_row{"failed", nullptr, &api_batch::failed},
  number_row{"input_tokens", nullptr, &api_batch::input_tokens},
  number_row{"cached_input_tokens", nullptr, &api_batch::cached_input_tokens},
  number_row{"output_tokens", nullptr, &api_batch::output_tokens},
};
/// Each text of a batch with its name in the store.
constexpr std::array<std::pair<std::string_view, std::string api_batch::*>, 8> text_rows{{
  {"id", &api_batch::id},
  {"tenant", &api_batch::tenant},
  {"endpoint", &api_batch::endpoint},
  {"input_file", &api_batch::input_file},
  {"window", &api_batch::window},
  {"metadata", &api_batch::metadata},
  {"output_file", &api_batch::output_file},
  {"error_file", &api_batch::error_file},
}};

json::string_view key(std::string_view name) { return {name.data(), name.size()}; }

} // namespace

std::string_view to_string(batch_state s) noexcept {
  const auto n = static_cast<size_t>(s);
  return n < state_names.size() ? state_names[n] : "unknown";
}

std::variant<batch_form, api_failure> read_batch_form(std::string_view body) {
  if (check_json(body) || !find_member(body, "input_file_id"))
    return bad_call("the body is a JSON object with input_file_id, endpoint and completion_window",
                    "input_file_id");
  batch_form form;
  const auto text = [&](std::string_view name) {
    const auto value = find_member(body, name);
    return value ? decode_json_string(*value).value_or("") : std::string{};
  };
  form.input_file = text("input_file_id");
  form.endpoint = text("endpoint");
  form.window = text("completion_window");
  if (form.input_file.empty())
    return bad_call("input_file_id is the id of a file", "input_file_id");
  if (!form.endpoint.starts_with("/v1/") || !is_known_path(form.endpoint))
    return bad_call("endpoint is a path such as /v1/chat/completions", "endpoint");
  const auto window = parse_strict_duration(form.window);
  if (!window || *window < window_min || *window > window_max)
    return bad_call("completion_window is a time from 1m to 30d, such as 24h", "completion_window");
  form.deadline = *window;
  if (const auto metadata = find_member(body, "metadata"); metadata && *metadata != "null") {
    if (!metadata->starts_with('{'))
      return bad_call("metadata is an object of texts", "metadata");
    form.metadata = *metadata;
  }
  return form;
}

std::string file_text(const api_file& f) {
  return json_text(json::object{{"id", json_string(f.id)},
                                {"object", "file"},
                                {"bytes", f.bytes},
                                {"created_at", f.created},
                                {"expires_at", time_or_null(f.expires)},
                                {"filename", json_string(f.filename)},
                                {"purpose", json_string(f.purpose)},
                                {"status", "processed"},
                                {"status_details", nullptr}});
}

std::string batch_text(const api_batch& b) {
  json::object o{
    {"id", json_string(b.id)},
    {"object", "batch"},
    {"endpoint", json_string(b.endpoint)},
    {"errors", b.faults.empty()
                 ? json::value(nullptr)
                 : json::value(json::object{{"object", "list"}, {"data", faults_of(b)}})},
    {"input_file_id", json_string(b.input_file)},
    {"completion_window", json_string(b.window)},
    {"status", json_string(to_string(b.state))},
    {"output_file_id", text_or_null(b.output_file)},
    {"error_file_id", text_or_null(b.error_file)},
    {"created_at", b.created},
    {"in_progress_at", time_or_null(b.in_progress)},
    {"expires_at", time_or_null(b.expires)},
    {"finalizing_at", time_or_null(b.finalizing)},
    {"completed_at", time_or_null(b.completed_at)},
    {"failed_at", time_or_null(b.failed_at)},
    {"expired_at", time_or_null(b.expired_at)},
    {"cancelling_at", time_or_null(b.cancelling)},
    {"cancelled_at", time_or_null(b.cancelled_at)},
    {"request_counts",
     json::object{{"total", b.total}, {"completed", b.completed}, {"failed", b.failed}}}};
  if (b.input_tokens + b.output_tokens > 0)
    o["usage"] =
      json::object{{"input_tokens", b.input_tokens},
                   {"input_tokens_details", json::object{{"cached_tokens", b.cached_input_tokens}}},
                   {"output_tokens", b.output_tokens},
                   {"output_tokens_details", json::object{{"reasoning_tokens", 0}}},
                   {"total_tokens", b.input_tokens + b.output_tokens}};
  boost::system::error_code ec;
  auto metadata = json::parse(b.metadata.empty() ? "null" : b.metadata, ec);
  o["metadata"] = ec ? json::value(nullptr) : std::move(metadata);
  if (b.job != 0)
    o["penstock"] = json::object{{"job", json_string(std::to_string(b.job))}};
  return json_text(o);
}

std::string openai_list(const std::vector<std::string>& items, const std::vector<std::string>& ids,
                        bool has_more) {
  std::string out = R"({"object":"list","data":[)";
  for (size_t i = 0; i < items.size(); ++i)
    (out += i > 0 ? "," : "") += items[i];
  out +=
    "],\"first_id\":" + json_text(ids.empty() ? json::value(nullptr) : json_string(ids.front())) +
    ",\"last_id\":" + json_text(ids.empty() ? json::value(nullptr) : json_string(ids.back())) +
    ",\"has_more\":" + (has_more ? "true" : "false") + "}";
  return out;
}

std::string stored_batch(const api_batch& b) {
  json::object o{{"state", static_cast<int>(b.state)}, {"faults", faults_of(b)}};
  for (auto& [name, member] : text_rows)
    o[key(name)] = json_string(b.*member);
  for (auto& row : number_rows)
    o[key(row.name)] = row.time ? json::value(b.*row.time) : json::value(b.*row.count);
  return json_text(o);
}

std::optional<api_batch> batch_from(std::string_view stored) {
  boost::system::error_code ec;
  const auto value = json::parse(key(stored), ec);
  const auto* o = ec ? nullptr : value.if_object();
  if (!o)
    return std::nullopt;
  api_batch b;
  for (auto& [name, member] : text_rows)
    b.*member = text_at(*o, name);
  for (auto& row : number_rows) {
    const auto n = whole_at(*o, row.name).value_or(0);
    if (row.time)
      b.*row.time = static_cast<int64_t>(n);
    else
      b.*row.count = n;
  }
  b.state = static_cast<batch_state>(
    std::min<uint64_t>(whole_at(*o, "state").value_or(0), state_names.size() - 1));
  if (const auto* faults = array_at(*o, "faults"))
    for (auto& one : *faults)
      if (const auto* f = one.if_object())
        b.faults.push_back({std::string{text_at(*f, "code")}, std::string{text_at(*f, "message")},
                            std::string{text_at(*f, "param")}, whole_at(*f, "line").value_or(0)});
  return b;
}

batch_line make_batch_line(std::string_view line) {
  while (line.ends_with('\n'))
    line.remove_suffix(1);
  batch_line out;
  const auto record = parse_output_line(line);
  out.is_error = !record || record->state != outcome_state::completed;
  out.text = line;
  // OpenAI's words for requests that were not executed.
  if (record &&
      (record->state == outcome_state::expired || record->state == outcome_state::cancelled)) {
    const bool late = record->state == outcome_state::expired;
    json::object o{
      {"id", json_string("batch_req_" + std::to_string(record->index))},
      {"custom_id", json_string(record->custom_id)},
      {"response", nullptr},
      {"error",
       json::object{{"code", late ? "batch_expired" : "batch_cancelled"},
                    {"message", late ? "This request could not be executed before the completion "
                                       "window expired."
                                     : "This request was not executed before the batch was "
                                       "cancelled."}}}};
    out.text = json_text(o);
  }
  out.text += '\n';
  return out;
}

} // namespace penstock::core
