#include "core/protocol/http_call.hpp"
#include "core/base/text.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

/// Whether `text` may be a header value: printable ASCII. A line break could add another header or
/// request.
bool is_header_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

} // namespace

result<http_request> make_call(const request& req, std::string url, payload body,
                               const key_header& where, std::string_view api_key,
                               std::string_view client_request_id) {
  constexpr size_t id_bytes_max = 512; // What OpenAI takes.
  if (req.method != "POST")
    return error{errc::invalid_input,
                 "method must be POST, is \"" + clean_text(req.method, 20) + '"'};
  // A key file or variable often ends with a line break. Messages never contain the key.
  api_key = trim(api_key);
  if (!is_header_text(api_key))
    return error{errc::invalid_config, "the API key holds characters that no HTTP header may hold"};
  if (!is_header_text(client_request_id) || client_request_id.size() > id_bytes_max)
    return error{errc::invalid_input,
                 "the client request id must be at most 512 characters of printable ASCII"};
  http_request out;
  out.method = req.method;
  out.url = std::move(url);
  out.body = std::move(body);
  out.headers.reserve(4);
  out.headers.emplace_back("Content-Type", "application/json");
  if (!api_key.empty())
    out.headers.emplace_back(where.name, std::string{where.prefix}.append(api_key));
  if (!client_request_id.empty())
    out.headers.emplace_back("x-client-request-id", client_request_id);
  return out;
}

} // namespace penstock::core
