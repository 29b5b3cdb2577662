#include "core/protocol/error_body.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/parsed_json.hpp"
#include "core/protocol/rate_headers.hpp"
#include "core/base/text.hpp"

#include <boost/json.hpp>

#include <array>

namespace penstock::core {

namespace {

namespace json = boost::json;

/// FastAPI: `detail` is a text, or a list of objects with `msg`.
std::string detail_text(const json::value& detail) {
  if (const auto* s = detail.if_string())
    return std::string{*s};
  std::string out;
  if (const auto* list = detail.if_array())
    for (auto& entry : *list)
      if (const auto* o = entry.if_object())
        if (const auto msg = text_at(*o, "msg"); !msg.empty())
          out.append(out.empty() ? "" : "; ").append(msg);
  return out;
}

/// Google's list of typed details.
void read_details(const json::array& details, error_body& out) {
  for (auto& entry : details) {
    const auto* o = entry.if_object();
    if (!o)
      continue;
    if (const auto reason = text_at(*o, "reason"); !reason.empty() && out.code.empty())
      out.code = reason;
    if (const auto wait = parse_duration(text_at(*o, "retryDelay")))
      out.retry_after = sane_wait(*wait);
    if (const auto* list = filled_array_at(*o, "violations"))
      for (auto& v : *list)
        if (const auto* violation = v.if_object()) {
          out.midnight_pacific |=
            text_at(*violation, "quotaId").find("PerDay") != std::string_view::npos;
          out.no_quota |= text_at(*violation, "quotaValue") == "0";
        }
  }
}

/// `code` may be a text, a number or null; a text of digits counts as a number too.
void read_code(const json::object& o, error_body& out) {
  const auto* code = o.if_contains("code");
  if (!code)
    return;
  double number = 0;
  if (const auto* s = code->if_string()) {
    out.code = *s;
    number = parse_number(*s).value_or(0);
  } else if (code->is_number()) {
    number = code->to_number<double>();
    if (number >= 1000) // A special number of the provider, for example 1113.
      out.code = json::serialize(*code);
  }
  if (number >= 100 && number <= 599) {
    out.status = static_cast<int>(number);
    out.code.clear();
  }
}

void read_object(const json::object& o, error_body& out) {
  out.message = text_at(o, "message");
  out.type = text_at(o, "type");
  read_code(o, out);
  if (out.type.empty())
    out.type = text_at(o, "status");
  if (const auto* details = o.if_contains("details")) {
    if (const auto* list = details->if_array())
      read_details(*list, out);
    else if (const auto* named = details->if_object())
      if (const auto code = text_at(*named, "error_code"); !code.empty())
        out.code = code;
  }
}

/// Whether a text is about a limit per day.
bool speaks_of_a_day(std::string_view text) noexcept {
  for (std::string_view mark : {"per day", "(rpd)", "(tpd)", "daily limit", "daily quota"})
    if (find_nocase(text, mark) != text.npos)
      return true;
  return false;
}

/// The number that follows `word` ("limit 30000", "limit: 30,000"), if one does.
std::optional<double> number_after(std::string_view text, std::string_view word,
                                   size_t from) noexcept {
  for (auto at = find_nocase(text, word, from); at != text.npos;
       at = find_nocase(text, word, at + 1)) {
    const auto start = text.find_first_not_of(" :", at + word.size());
    double value = 0;
    size_t i = start, digits = 0;
    for (;
         i < text.size() && ((text[i] >= '0' && text[i] <= '9') || (digits > 0 && text[i] == ','));
         ++i)
      if (text[i] != ',') {
        value = value * 10 + (text[i] - '0');
        ++digits;
      }
    if (digits > 0)
      return value;
  }
  return std::nullopt;
}

std::optional<error_body> read_any(const json::value& reply, bool failed) {
  const auto* o = reply.if_object();
  if (!o)
    return std::nullopt;
  error_body out;
  if (const auto* e = o->if_contains("error"); e && !e->is_null()) {
    if (const auto* inner = e->if_object(); inner && !inner->empty()) {
      read_object(*inner, out);
    } else if (const auto* s = e->if_string(); s && !s->empty()) {
      read_object(*o, out); // Some have more members beside the text.
      out.message = *s;
    } else {
      return std::nullopt;
    }
    out.request_id = text_at(*o, "request_id");
    return out;
  }
  if (text_at(*o, "object") == "error") {
    read_object(*o, out);
    return out;
  }
  if (!failed)
    return std::nullopt;
  read_object(*o, out);
  if (const auto* detail = o->if_contains("detail"); detail && out.message.empty())
    out.message = detail_text(*detail);
  return out.message.empty() ? std::nullopt : std::optional{out};
}

/// Reads the data that providers write only in the text.
void read_prose(error_body& out) noexcept {
  // "... API usage limits"
  constexpr std::string_view own_limit = "you have reached your specified";
  out.per_day = out.midnight_pacific || speaks_of_a_day(out.message);
  out.one_too_large = asks_above_limit(out.message);
  out.no_quota |= find_nocase(out.message, own_limit) == 0;
  if (!out.retry_after)
    out.retry_after = wait_in_text(out.message);
}

/// Limits of the search for causes.
constexpr size_t cause_depth_max = 8, causes_max = 16, cause_text_max = 64u << 10;

/// Members that repeat the request.
bool repeats_request(std::string_view key) noexcept {
  for (std::string_view name : {"input", "messages", "prompt", "content", "contents", "request",
                                "params", "parameters", "ctx"})
    if (equal_nocase(key, name))
      return true;
  return false;
}

/// The end of the JSON object that begins at `from`, or npos.
size_t end_of_object(std::string_view text, size_t from) noexcept {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = from; i < text.size(); ++i) {
    const auto c = text[i];
    if (in_string) {
      i += c == '\\';
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return text.npos;
}

void add_causes(const json::value& from, size_t depth, std::vector<error_body>& out);

/// The JSON objects in a text, for example "AnthropicException - {...}".
void add_causes_in_text(std::string_view text, size_t depth, std::vector<error_body>& out) {
  if (text.size() > cause_text_max)
    return;
  for (auto at = text.find('{'); at != text.npos && out.size() < causes_max;
       at = text.find('{', at)) {
    const auto end = end_of_object(text, at);
    if (end == text.npos)
      return;
    if (const parsed_json inner{text.substr(at, end - at)}; inner.get())
      add_causes(*inner.get(), depth, out);
    at = end;
  }
}

/// Every error inside `from`, for all ways in which gateways nest it.
void add_causes(const json::value& from, size_t depth, std::vector<error_body>& out) {
  if (depth > cause_depth_max || out.size() >= causes_max)
    return;
  if (const auto* text = from.if_string())
    return add_causes_in_text(*text, depth + 1, out);
  if (const auto* list = from.if_array()) {
    for (auto& entry : *list)
      add_causes(entry, depth + 1, out);
    return;
  }
  const auto* o = from.if_object();
  if (!o)
    return;
  error_body here;
  read_object(*o, here);
  if (const auto* said = o->if_contains("error"); said && said->is_string() && here.message.empty())
    here.message = said->as_string();
  if (!here.message.empty() || !here.code.empty()) {
    read_prose(here);
    out.push_back(std::move(here));
  }
  for (auto& member : *o)
    if (!repeats_request(member.key()))
      add_causes(member.value(), depth + 1, out);
}

} // namespace

std::string error_body::name() const {
  return !code.empty() ? code : !type.empty() ? type : status != 0 ? std::to_string(status) : "";
}

std::optional<error_body> find_error(const json::value& reply, bool failed) {
  const auto* list = reply.if_array();
  auto out = !list           ? read_any(reply, failed)
             : list->empty() ? std::nullopt
                             : read_any(list->front(), failed);
  if (out)
    read_prose(*out);
  if (out)
    add_causes(reply, 0, out->causes);
  return out;
}

error_body error_from_text(std::string message) {
  error_body out;
  out.message = std::move(message);
  read_prose(out);
  return out;
}

std::optional<duration> wait_in_text(std::string_view text) noexcept {
  for (std::string_view mark : {"try again in ", "retry in ", "retry after "}) {
    const auto at = find_nocase(text, mark);
    if (at == text.npos)
      continue;
    auto rest = trim(text.substr(at + mark.size()));
    const auto end = std::min(rest.find_first_of(" \t\n,;)"), rest.size());
    auto token = rest.substr(0, end);
    while (token.ends_with('.')) // The full stop of the sentence.
      token.remove_suffix(1);
    auto wait = parse_duration(token);
    if (!wait)
      continue;
    if (parse_number(token)) { // A bare number: its unit is the next word, or seconds.
      const auto unit = trim(rest.substr(end));
      constexpr std::array<std::pair<std::string_view, int64_t>, 4> words{
        {{"millisecond", 1}, {"ms", 1}, {"minute", 60'000}, {"hour", 3'600'000}}};
      for (auto& [word, milliseconds] : words)
        if (find_nocase(unit.substr(0, word.size()), word) == 0)
          wait = from_seconds(to_seconds(*wait) * static_cast<double>(milliseconds) / 1e3);
    }
    if (const auto sane = sane_wait(*wait))
      return sane;
  }
  return std::nullopt;
}

bool asks_above_limit(std::string_view text) noexcept {
  if (find_nocase(trim(text).substr(0, 17), "request too large") == 0)
    return true;
  const auto limit_at = find_nocase(text, "limit");
  const auto limit = number_after(text, "limit", 0);
  const auto requested = number_after(text, "requested", std::min(limit_at, text.size()));
  return limit && requested && *limit > 0 && *requested > *limit;
}

} // namespace penstock::core
