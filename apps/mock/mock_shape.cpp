#include "apps/mock/mock_shape.hpp"
#include "core/io/http_server.hpp"

#include <array>

namespace penstock::mock {

std::optional<header_mode> header_mode_from(std::string_view text) {
  static constexpr std::array<std::string_view, 5> names{"full", "partial", "none", "stale",
                                                         "lying"};
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == text)
      return static_cast<header_mode>(i);
  return std::nullopt;
}

const shape* find_shape(std::string_view path) {
  if (path.starts_with("/v1/"))
    path.remove_prefix(3);
  if (path == "/chat/completions")
    return &chat_shape();
  if (path == "/embeddings")
    return &embeddings_shape();
  if (path == "/messages")
    return &messages_shape();
  return nullptr;
}

std::string_view dimension_text(dimension d) {
  switch (d) {
  case dimension::requests_minute: return "requests per min (RPM)";
  case dimension::requests_day: return "requests per day (RPD)";
  case dimension::input_tokens: return "input tokens per minute";
  case dimension::output_tokens: return "output tokens per minute";
  case dimension::total_tokens: return "tokens per min (TPM)";
  }
  return "";
}

void add_rate_header(std::string& out, std::string_view name, std::string_view value,
                     header_mode mode, mock_random& r) {
  static constexpr std::array<std::string_view, 8> lies{
      "1000000000000000000000000000000", "-7", "-1", "0", "999999", "NaN", "", "12,345 tokens"};
  if (mode == header_mode::stale)
    value = "-1";
  if (mode == header_mode::lying) {
    const uint64_t draw = r.next() % (lies.size() + 1);
    if (draw == lies.size())
      return; // Absent is a lie too.
    value = lies[draw];
  }
  io::add_header(out, name, value);
}

} // namespace penstock::mock
