#include "core/protocol/null_protocol.hpp"

#include "core/protocol/api_path.hpp"
#include "core/base/checksum.hpp"
#include "core/json/json_scan.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>

namespace penstock::core {

namespace {

constexpr std::string_view scheme = "null:";
constexpr uint64_t answer_tokens = 4;

void append_number(std::string& out, uint64_t value) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void append_hex(std::string& out, uint64_t value) {
  constexpr char digits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4)
    out += digits[(value >> shift) & 15];
}

/// The number of vectors of an embedding request: several for a list of texts or token lists, one
/// for one text or token list.
size_t null_inputs_of(std::string_view body) {
  const auto input = find_member(body, "input").value_or("");
  if (!input.starts_with('['))
    return 1;
  boost::system::error_code ec;
  const auto parsed = boost::json::parse({input.data(), input.size()}, ec);
  const auto* list = ec ? nullptr : parsed.if_array();
  const auto many = list && !list->empty() && ((*list)[0].is_string() || (*list)[0].is_array());
  return many ? list->size() : 1;
}

/// Eight numbers between 0 and 1 with three digits each, drawn from the bits of `seed`.
void append_vector(std::string& out, uint64_t seed) {
  out += '[';
  for (int i = 0; i < 8; ++i) {
    const auto thousandths = 100 + ((seed >> (8 * i)) & 0xFF);
    out += i == 0 ? "0." : ",0.";
    append_number(out, thousandths);
  }
  out += ']';
}

void append_embeddings(std::string& out, std::string_view body, uint64_t sum) {
  out += R"({"object":"list","model":"null","data":[)";
  const auto count = null_inputs_of(body);
  for (size_t i = 0; i < count; ++i) {
    out += i == 0 ? R"({"object":"embedding","index":)" : R"(,{"object":"embedding","index":)";
    append_number(out, i);
    out += R"(,"embedding":)";
    append_vector(out, sum + i);
    out += '}';
  }
  out += ']';
}

/// The answer up to its usage; it contains the checksum of the request.
void append_words(std::string& out, std::string_view path, uint64_t sum) {
  out += R"({"id":"null-)";
  append_hex(out, sum);
  if (path.ends_with("/chat/completions"))
    out +=
      R"(","object":"chat.completion","created":0,"model":"null","choices":[{"index":0,)"
      R"("message":{"role":"assistant","content":"Nobody was asked."},"finish_reason":"stop"}])";
  else if (path.ends_with("/completions"))
    out += R"(","object":"text_completion","created":0,"model":"null","choices":[{"index":0,)"
           R"("text":"Nobody was asked.","finish_reason":"stop"}])";
  else
    out += R"(","object":"response","created_at":0,"model":"null","status":"completed","output":)"
           R"([{"type":"message","id":"m","role":"assistant","status":"completed","content":)"
           R"([{"type":"output_text","text":"Nobody was asked.","annotations":[]}]}])";
}

void append_usage(std::string& out, std::string_view path, uint64_t bytes) {
  const auto input = std::max<uint64_t>(bytes / 4, 1);
  const auto embeds = path.ends_with("/embeddings");
  const auto output = embeds ? 0 : answer_tokens;
  const auto new_words = path.ends_with("/responses");
  out += new_words ? R"(,"usage":{"input_tokens":)" : R"(,"usage":{"prompt_tokens":)";
  append_number(out, input);
  if (!embeds) {
    out += new_words ? R"(,"output_tokens":)" : R"(,"completion_tokens":)";
    append_number(out, output);
  }
  out += R"(,"total_tokens":)";
  append_number(out, input + output);
  out += "}}";
}

} // namespace

std::string null_base_url(duration latency) {
  return std::string{scheme} + std::to_string(std::max<int64_t>(latency.count(), 0));
}

std::optional<duration> null_latency_of(std::string_view url) noexcept {
  if (!url.starts_with(scheme))
    return std::nullopt;
  int64_t count = 0;
  const auto digits = url.substr(scheme.size());
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return duration{count};
}

http_response null_answer(const http_request& call) {
  const auto path = bare_path(call.url);
  const auto body = call.body ? std::string_view{*call.body} : std::string_view{};
  const auto sum = checksum(body);
  http_response reply;
  reply.status = 200;
  reply.sent = true;
  reply.body.reserve(384);
  if (path.ends_with("/embeddings"))
    append_embeddings(reply.body, body, sum);
  else
    append_words(reply.body, path, sum);
  append_usage(reply.body, path, body.size());
  return reply;
}

} // namespace penstock::core
