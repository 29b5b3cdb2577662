#include "core/jsonl.hpp"
#include "core/json_scan.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace penstock::core {

namespace json = boost::json;

namespace {

constexpr size_t depth_max = 200; // Far above real bodies, far below what would hurt a provider.
constexpr std::string_view space = " \t\r\n\v\f";

std::string_view trim(std::string_view text) noexcept {
  const auto begin = text.find_first_not_of(space);
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

// Works on broken lines too: members before the fault are still readable.
std::string readable_custom_id(std::string_view line) {
  auto literal = find_member(line, "custom_id");
  auto id = literal ? decode_json_string(*literal) : std::nullopt;
  return id && id->size() <= custom_id_max ? *id : std::string{};
}

// The first reason stays.
void reject(request& r, std::string_view reason) {
  if (r.rejection)
    return;
  r.rejection = error{errc::invalid_input,
                      "line " + std::to_string(r.line) + ": " + std::string{reason}};
}

// A whole number that is not negative; providers take 100 and 100.0 alike.
uint64_t whole_number(const json::object& body, std::string_view name) noexcept {
  auto* v = body.if_contains(name);
  if (!v)
    return 0;
  if (auto* u = v->if_uint64())
    return *u;
  if (auto* i = v->if_int64())
    return *i > 0 ? static_cast<uint64_t>(*i) : 0;
  auto* d = v->if_double();
  return d && *d >= 0 && *d < 1e15 && *d == std::floor(*d) ? static_cast<uint64_t>(*d) : 0;
}

uint32_t output_maximum(const json::object& body) noexcept {
  constexpr uint64_t top = std::numeric_limits<uint32_t>::max();
  uint64_t most = 0;
  for (auto name : {"max_completion_tokens", "max_tokens", "max_output_tokens"})
    most = std::max(most, std::min(whole_number(body, name), top));
  const uint64_t answers = std::clamp<uint64_t>(whole_number(body, "n"), 1, top);
  return static_cast<uint32_t>(std::min(most * answers, top));
}

// The value of an optional string member; a wrong type rejects the request.
std::string text_member(request& r, const json::object& line, std::string_view name) {
  auto* v = line.if_contains(name);
  if (!v || v->is_null())
    return {};
  if (auto* s = v->if_string())
    return {s->data(), s->size()};
  reject(r, std::string{name} + " must be a string");
  return {};
}

void append_member(std::string& out, std::string_view raw_key, std::string_view value) {
  out += out.empty() ? "{\"" : ",\"";
  out += raw_key;
  out += "\":";
  out += value;
}

// The object again, byte by byte, but with another model and without what belongs to the line.
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

std::string default_url(const json::object& body) {
  if (body.contains("messages"))
    return "/v1/chat/completions";
  if (body.contains("input"))
    return "/v1/embeddings";
  return {};
}

// Fills everything of `r` but the bytes of the body, from the parsed line.
void read_members(request& r, const json::object& line, const json::object& body) {
  if (auto method = text_member(r, line, "method"); !method.empty() && method != "POST")
    reject(r, "method must be POST");
  r.url = text_member(r, line, "url");
  if (r.url.empty())
    r.url = default_url(body);
  if (r.url.empty())
    reject(r, "url is missing, and the body has neither messages nor input to tell it by");
  if (!r.url.starts_with('/'))
    reject(r, "url must begin with /, for example /v1/chat/completions");
  if (auto* stream = body.if_contains("stream"); stream && stream->is_bool() && stream->get_bool())
    reject(r, "stream is true, and streaming has no place in a file job: leave it out");
  if (auto* model = body.if_contains("model"); model && model->is_string())
    r.model.assign(model->get_string().data(), model->get_string().size());
  r.output_tokens_max = output_maximum(body);
}

void read_custom_id(request& r, const json::object& line) {
  auto id = text_member(r, line, "custom_id");
  if (id.size() > custom_id_max)
    reject(r, "custom_id is longer than " + std::to_string(custom_id_max) + " bytes");
  else if (!id.empty())
    r.custom_id = std::move(id);
}

void read_line(request& r, std::string_view text, const json::object& line,
               const line_options& options) {
  read_custom_id(r, line);
  auto* body = line.if_contains("body");
  const bool bare = !body && (line.contains("messages") || line.contains("input"));
  if (!body && !bare)
    return reject(r, "body is missing");
  if (body && !body->is_object())
    return reject(r, "body must be an object");
  auto& members = bare ? line : body->get_object();
  read_members(r, line, members);
  if (r.rejection)
    return;
  const auto bytes = bare ? text : find_member(text, "body").value_or(std::string_view{});
  const bool remodel = !options.model.empty() && options.model != r.model;
  const bool strip = bare && (line.contains("custom_id") || line.contains("method") || line.contains("url"));
  if (remodel)
    r.model = options.model;
  r.body = make_payload(remodel || strip
                          ? rewrite_body(bytes, remodel ? options.model : std::string{}, bare)
                          : std::string{bytes});
}

} // namespace

bool is_blank(std::string_view line) noexcept {
  return line.find_first_not_of(space) == std::string_view::npos;
}

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
  // Both buffers live on the stack: a usual line costs no allocation but those of its request.
  unsigned char storage[16384], scratch[4096];
  json::monotonic_resource memory{storage, sizeof storage};
  json::parse_options rules;
  rules.max_depth = depth_max;
  json::parser parser{{}, rules, scratch, sizeof scratch};
  parser.reset(&memory);
  boost::system::error_code ec;
  const auto used = parser.write(text.data(), text.size(), ec);
  if (ec)
    return rejected_request(text, index, line_number,
                            "not valid JSON: " + ec.message() + " near byte "
                              + std::to_string(used + 1));
  const auto value = parser.release();
  if (!value.is_object())
    return rejected_request(text, index, line_number, "not a JSON object");
  request r;
  r.index = index;
  r.line = line_number;
  r.custom_id = "request-" + std::to_string(index);
  read_line(r, text, value.get_object(), options);
  if (!r.body)
    r.body = make_payload("");
  return r;
}

} // namespace penstock::core
