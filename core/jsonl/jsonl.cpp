#include "core/jsonl/jsonl.hpp"
#include "core/base/text.hpp"
#include "core/base/url_path.hpp"
#include "core/json/json_check.hpp"
#include "core/json/json_scan.hpp"
#include "core/jsonl/make_request.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace penstock::core {

namespace {

// Works on broken lines, too: members before the fault are readable.
std::string readable_custom_id(std::string_view line) {
  auto literal = find_member(line, "custom_id");
  auto id = literal ? decode_json_string(*literal) : std::nullopt;
  return id && id->size() <= custom_id_max ? *id : std::string{};
}

// Keep the first reason.
void reject(request& r, std::string_view reason) {
  if (r.rejection)
    return;
  const auto where = r.line > 0 ? "line " + std::to_string(r.line) + ": " : std::string{};
  r.rejection = error{errc::invalid_input, where + std::string{reason}};
}

// The key of a member, and where its value goes.
using named = std::pair<std::string_view, std::string_view*>;

// The members of a line that we use, as written; empty: missing. Of members with the same key the
// last one counts, as in common parsers.
struct line_members {
  std::string_view custom_id, method, url, body, messages, input, params;

  explicit line_members(std::string_view line) {
    for (member_scanner scan{line}; scan.next();)
      for (auto [name, to] : {named{"custom_id", &custom_id},
                              {"method", &method},
                              {"url", &url},
                              {"body", &body},
                              {"messages", &messages},
                              {"input", &input},
                              {"params", &params}})
        if (scan.key_is(name))
          *to = scan.value();
    // The batch form of Anthropic: {"custom_id", "params"}.
    is_anthropic = body.empty() && messages.empty() && input.empty() && !params.empty();
    if (is_anthropic)
      body = params;
  }
  bool is_anthropic = false; ///< The body was in `params`.
  // A line may be the body itself.
  bool is_bare() const noexcept { return body.empty() && !(messages.empty() && input.empty()); }
  bool is_mixed() const noexcept { return !(custom_id.empty() && method.empty() && url.empty()); }
};

// The same for a body.
struct body_members {
  std::string_view model, messages, input, stream, n;
  std::string_view max_completion_tokens, max_tokens, max_output_tokens;

  explicit body_members(std::string_view body) {
    for (member_scanner scan{body}; scan.next();)
      for (auto [name, to] : {named{"model", &model},
                              {"messages", &messages},
                              {"input", &input},
                              {"stream", &stream},
                              {"n", &n},
                              {"max_completion_tokens", &max_completion_tokens},
                              {"max_tokens", &max_tokens},
                              {"max_output_tokens", &max_output_tokens}})
        if (scan.key_is(name))
          *to = scan.value();
  }
};

// A whole number that is not negative; providers accept 100 and 100.0.
uint64_t whole_number(std::string_view value) noexcept {
  const auto* end = value.data() + value.size();
  uint64_t whole = 0;
  if (auto read = std::from_chars(value.data(), end, whole);
      read.ec == std::errc{} && read.ptr == end)
    return whole;
  double real = 0;
  const auto read = std::from_chars(value.data(), end, real);
  const bool fits = read.ec == std::errc{} && real >= 0 && real < 1e15 && real == std::floor(real);
  return fits ? static_cast<uint64_t>(real) : 0;
}

uint32_t output_maximum(const body_members& body) noexcept {
  constexpr uint64_t top = std::numeric_limits<uint32_t>::max();
  uint64_t most = 0;
  for (auto value : {body.max_completion_tokens, body.max_tokens, body.max_output_tokens})
    most = std::max(most, std::min(whole_number(value), top));
  const uint64_t answers = std::clamp<uint64_t>(whole_number(body.n), 1, top);
  return static_cast<uint32_t>(std::min(most * answers, top));
}

// The value of an optional string member; a wrong type rejects the request.
std::string text_member(request& r, std::string_view name, std::string_view value) {
  if (value.empty() || value == "null")
    return {};
  if (auto text = decode_json_string(value))
    return *std::move(text);
  reject(r, std::string{name} + " must be a string");
  return {};
}

void append_member(std::string& out, std::string_view raw_key, std::string_view value) {
  out += out.empty() ? "{\"" : ",\"";
  out += raw_key;
  out += "\":";
  out += value;
}

// The same object, byte by byte, but with another model and without members of the line.
std::string rewrite_body(std::string_view object, const std::string& model, bool bare) {
  std::string model_text, out;
  append_json_string(model_text, model);
  bool placed = model.empty();
  for (member_scanner scan{object}; scan.next();) {
    if (bare && (scan.key_is("custom_id") || scan.key_is("method") || scan.key_is("url")))
      continue;
    const bool replace = !model.empty() && scan.key_is("model");
    append_member(out, scan.raw_key(), replace ? std::string_view{model_text} : scan.value());
    placed |= replace;
  }
  if (!placed)
    append_member(out, "model", model_text);
  return out.empty() ? "{}" : out + "}";
}

// Gemini names the model in the path: "/v1beta/models/M:generateContent".
std::string model_of_path(std::string_view url) {
  constexpr std::string_view folder = "/models/";
  const auto path = url.substr(0, url.find('?'));
  const auto at = path.find(folder), colon = path.rfind(':');
  if (at == path.npos || colon == path.npos || colon < at)
    return {};
  return std::string{path.substr(at + folder.size(), colon - at - folder.size())};
}

std::string default_url(const body_members& body) {
  if (!body.messages.empty())
    return "/v1/chat/completions";
  return body.input.empty() ? "" : "/v1/embeddings";
}

void read_custom_id(request& r, std::string_view value) {
  auto id = text_member(r, "custom_id", value);
  if (id.size() > custom_id_max)
    reject(r, "custom_id is longer than " + std::to_string(custom_id_max) + " bytes");
  else if (!id.empty())
    r.custom_id = std::move(id);
}

// Reads the data of the request from its body. @pre The path is set, if the caller knows it.
void read_body(request& r, std::string_view bytes, bool may_stream = false) {
  const body_members body{bytes};
  if (r.url.empty())
    r.url = default_url(body);
  if (r.url.empty())
    reject(r, "url is missing, and the body has neither messages nor input to tell it by");
  if (const auto fault = url_path_fault(r.url); !r.url.empty() && !fault.empty())
    reject(r, "url " + std::string{fault});
  if (body.stream == "true" && !may_stream)
    reject(r, "stream is true, and streaming has no place in a job: leave it out");
  r.model = decode_json_string(body.model).value_or("");
  if (r.model.empty())
    r.model = model_of_path(r.url);
  r.output_tokens_max = output_maximum(body);
}

void read_line(request& r, std::string_view text, const line_options& options) {
  const line_members line{text};
  read_custom_id(r, line.custom_id);
  const auto bytes = line.is_bare() ? text : line.body;
  if (bytes.empty())
    return reject(r, "body is missing");
  if (bytes[0] != '{')
    return reject(r, line.is_anthropic ? "params must be an object" : "body must be an object");
  if (auto method = text_member(r, "method", line.method); !method.empty() && method != "POST")
    reject(r, "method must be POST");
  r.url = text_member(r, "url", line.url);
  if (r.url.empty() && line.is_anthropic)
    r.url = "/v1/messages";
  read_body(r, bytes);
  if (r.rejection)
    return;
  const bool replaces_model = !options.model.empty() && options.model != r.model;
  if (replaces_model)
    r.model = options.model;
  const bool rewrite = replaces_model || (line.is_bare() && line.is_mixed());
  r.body =
    make_payload(rewrite ? rewrite_body(bytes, replaces_model ? options.model : "", line.is_bare())
                         : std::string{bytes});
}

std::string not_json(const json_fault& fault) {
  return "not valid JSON: " + std::string{fault.reason} + " at byte " +
         std::to_string(fault.at + 1);
}

} // namespace

bool is_blank(std::string_view line) noexcept { return trim(line).empty(); }

request rejected_request(std::string_view start, uint64_t index, uint64_t line_number,
                         std::string reason) {
  request r;
  r.index = index;
  r.line = line_number;
  r.custom_id = readable_custom_id(start);
  if (r.custom_id.empty())
    r.custom_id = "request-" + std::to_string(index);
  r.body = make_payload("");
  reject(r, reason);
  return r;
}

request parse_request_line(std::string_view line, uint64_t index, uint64_t line_number,
                           const line_options& options) {
  const auto text = trim(line);
  if (auto fault = check_json(text))
    return rejected_request(text, index, line_number, not_json(*fault));
  if (text[0] != '{')
    return rejected_request(text, index, line_number, "not a JSON object");
  request r;
  r.index = index;
  r.line = line_number;
  r.custom_id = "request-" + std::to_string(index);
  read_line(r, text, options);
  if (!r.body)
    r.body = make_payload("");
  return r;
}

request make_request(std::string custom_id, std::string body, std::string url, bool may_stream) {
  request r;
  r.url = std::move(url);
  if (custom_id.size() > custom_id_max)
    reject(r, "custom_id is longer than " + std::to_string(custom_id_max) + " bytes");
  else
    r.custom_id = std::move(custom_id);
  const auto text = trim(body);
  if (auto fault = check_json(text))
    reject(r, not_json(*fault));
  else if (text[0] != '{')
    reject(r, "body must be an object");
  else
    read_body(r, text, may_stream);
  r.body = make_payload(r.rejection ? std::string{} : std::move(body));
  return r;
}

} // namespace penstock::core
