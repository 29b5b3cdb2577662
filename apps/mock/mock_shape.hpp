#pragma once

#include "apps/mock/mock_answers.hpp"
#include "apps/mock/mock_limiter.hpp"
#include "core/base/error.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::mock {

/// The provider of a shape.
enum class provider : uint8_t { openai, anthropic, gemini, ollama };
inline constexpr size_t provider_count = 4;
std::string_view to_string(provider p) noexcept;

/// An error in the form of every provider; a shape uses its own part.
struct provider_error {
  int status = 500;
  std::string type;           ///< OpenAI `type`.
  std::string code;           ///< OpenAI `code`; empty: null.
  std::string anthropic_type; ///< Anthropic `error.type`.
  std::string message;
  std::string detail;  ///< Anthropic `details.error_code`; also the Gemini quota id of a 429.
  std::string retry{}; ///< Gemini's `retryDelay`, for example "2s"; empty: none.
  int http_status = 0; ///< The status line says this instead of `status`; 0: the same.
};

/// Which rate headers are sent, and whether they are true.
enum class header_mode : uint8_t { full, partial, none, stale, lying, empty };
std::optional<header_mode> header_mode_from(std::string_view text);

/// One provider's wire format. A new provider is one file with one of these, and one row in
/// `find_shape`.
class shape {
public:
  virtual ~shape() = default;
  virtual provider speaks() const = 0;
  /// Reads a request body. The context of an error is the text of the provider's 400.
  /// @param target Path and query: Gemini has the model there.
  virtual result<mock_call> parse(std::string_view body, std::string_view target = {}) const = 0;
  /// The body of a plain answer. `id` is that of the exchange, `now` in seconds since 1970.
  virtual std::string answer(const mock_call& call, const mock_answer& a, const answer_tweak& t,
                             std::string_view id, int64_t now) const = 0;
  /// The events of a streamed answer, each with its blank line. The last one is the end marker.
  virtual std::vector<std::string> events(const mock_call& call, const mock_answer& a,
                                          const answer_tweak& t, std::string_view id,
                                          int64_t now) const = 0;
  virtual std::string error_body(const provider_error& e, std::string_view id) const = 0;
  /// Content type of a streamed answer.
  virtual std::string_view stream_type(const mock_call& call) const;
  /// An error in the middle of a streamed answer.
  virtual std::string error_event(const provider_error& e, std::string_view id) const;
  /// Lines that a stream may have anywhere, and that clients must ignore.
  virtual std::string_view comment() const { return ": keep-alive\n\n"; }
  /// The refusal of the limiter in the form of this provider; `wait` is in seconds of the client's
  /// clock.
  virtual provider_error rejection(const admission& a, std::string_view model,
                                   double wait) const = 0;
  /// Rate headers and the exchange's id.
  virtual void headers(std::string& out, const limit_levels& levels, header_mode mode,
                       std::string_view id, mock_random& r,
                       std::chrono::system_clock::time_point now) const = 0;
};

/// The shape served at `path`, or null.
const shape* find_shape(std::string_view path);

/// The rows of `find_shape`.
const shape& chat_shape();
const shape& embeddings_shape();
const shape& messages_shape();
const shape& count_tokens_shape();
const shape& gemini_shape();
const shape& gemini_stream_shape();
const shape& gemini_count_shape();
const shape& gemini_embed_shape();
const shape& gemini_batch_embed_shape();
const shape& ollama_chat_shape();
const shape& ollama_generate_shape();
const shape& ollama_embed_shape();

/// A finish reason as JSON: the one that a fault asks for, else `right`.
std::string finish_json(const answer_tweak& t, std::string_view right);

/// "requests per min (RPM)" and the like.
std::string_view dimension_text(dimension d);

/// One rate header. In the lying mode, its value is one that real proxies have sent.
void add_rate_header(std::string& out, std::string_view name, std::string_view value,
                     header_mode mode, mock_random& r);

} // namespace penstock::mock
