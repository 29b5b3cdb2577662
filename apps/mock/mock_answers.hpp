#pragma once

#include "apps/mock/mock_random.hpp"
#include "core/base/error.hpp"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::mock {

/// One request of a pack (core/pack/pack.hpp).
struct packed_entry {
  std::string id;
  std::string check;
  std::string text;  ///< `mock_call::text` of the same request sent alone.
  uint64_t hash = 0; ///< `mock_call::hash` of the same request sent alone.
};

/// The data of a request body, as read by a shape.
struct mock_call {
  std::string model;
  std::string text;          ///< First 64 code points of what the user said last.
  uint64_t hash = 0;         ///< Hash of the conversation; the same in every protocol.
  uint64_t input_tokens = 0; ///< Estimated; `make_answer` applies the token error.
  uint64_t output_max = 0;   ///< The request's own maximum, 0 if it sets none.
  uint32_t n = 1;            ///< Number of answers that the request asks for.
  bool stream = false;
  bool include_usage = false; ///< OpenAI: the last chunk tells the usage.
  bool lines = false;         ///< Gemini: a stream of events instead of one array.
  bool counting = false;      ///< The request only asks for its number of input tokens.
  bool json = false;          ///< Structured output was asked for.
  std::shared_ptr<const boost::json::value>
    schema;                       ///< Schema of the structured output; null: any object.
  bool base64 = false;            ///< Embeddings as base64.
  uint32_t dimensions = 0;        ///< Length of an embedding; 0: the request is no embedding.
  std::vector<uint64_t> inputs;   ///< Hash of each text to embed.
  std::vector<packed_entry> pack; ///< The requests in the prompt, if it is a pack of them.
};

/// How long answers are.
struct output_model {
  double tokens = 0; ///< Median number of tokens; 0: the echo without padding.
  double sigma = 0;  ///< Log-normal spread, 0 for exactly `tokens`.
};

/// Reads "echo", "150" or "lognormal:150,sigma=0.8".
result<output_model> parse_output(std::string_view text);

/// The error of the mock's token counts relative to a client's estimate.
struct token_error {
  double range = 0;      ///< 0.5: counts are off by a factor from 0.5 to 1.5.
  bool constant = false; ///< One factor per model instead of one per request.
};

/// What the provider "said": a pure function of the call, the seed and the options.
struct mock_answer {
  std::string text;
  uint64_t input_tokens = 0;
  uint64_t output_tokens = 0;    ///< Reasoning included.
  uint64_t cached_tokens = 0;    ///< The part of the input that came from the provider's cache.
  uint64_t reasoning_tokens = 0; ///< The part of the output that nobody sees.
  bool cut = false;              ///< The request's maximum cut the text: finish reason "length".
};

/// Tokens of `text`: a quarter of its ASCII characters, and each other code point (providers.md
/// B3).
uint64_t estimate_tokens(std::string_view text);

/// The answer to `call`: "echo: <text> #<hash of the conversation>", padded to the length model,
/// cut by the maximum; JSON where it was asked for. A lost, doubled or swapped answer shows in its
/// text.
mock_answer make_answer(const mock_call& call, const output_model& length, const token_error& error,
                        uint64_t seed);

/// How much of the usage is cached input and reasoning.
struct usage_detail {
  double cached_share = 0; ///< Of the input tokens.
  /// Added to the tokens of the text, up to the maximum of the request.
  uint64_t reasoning_tokens = 0;
};
void add_detail(mock_answer& a, const mock_call& call, const usage_detail& detail);

/// What a fault makes of a good answer.
struct answer_tweak {
  bool empty_choices = false;
  bool null_content = false;
  bool no_content = false; ///< The member with the text is left out.
  bool refusal = false;
  bool content_filter = false;
  bool cut = false;
  std::string finish_reason; ///< Sent as it is in place of the right one; "null" is JSON's null.
  bool usage_missing = false;
  double usage_factor = 1;
};

} // namespace penstock::mock
