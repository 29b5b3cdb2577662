#include "apps/mock/mock_answers.hpp"
#include "apps/mock/mock_pack.hpp"
#include "apps/mock/mock_schema.hpp"
#include "apps/mock/mock_text.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::mock {

result<output_model> parse_output(std::string_view text) {
  output_model m;
  if (text == "echo")
    return m;
  bool first = true;
  for (const auto& [key, value] : split_spec(text)) {
    if (std::exchange(first, false) && (key == "fixed" || key == "lognormal")) {
      m.sigma = key == "lognormal" ? 0.8 : 0;
      continue;
    }
    const auto n = parse_number(value.empty() ? key : value);
    if (!n || *n < 0 || (!value.empty() && key != "sigma"))
      return error{errc::invalid_config, "output tokens '" + std::string{text} +
                                           "' is none of echo, 150, lognormal:150,sigma=0.8"};
    (value.empty() ? m.tokens : m.sigma) = *n;
  }
  return m;
}

uint64_t estimate_tokens(std::string_view text) {
  uint64_t ascii = 0, others = 0;
  for (char c : text) {
    ascii += static_cast<unsigned char>(c) < 0x80;
    others += static_cast<unsigned char>(c) >= 0xc0; // The first byte of a code point.
  }
  return (ascii + 3) / 4 + others;
}

mock_answer make_answer(const mock_call& call, const output_model& length, const token_error& error,
                        uint64_t seed) {
  mock_answer a;
  mock_random r{mix(seed ^ call.hash)};
  double factor = 1;
  if (error.range > 0) {
    mock_random of_model{mix(seed ^ fnv1a(call.model))};
    factor = 1 + error.range * (2 * (error.constant ? of_model : r).uniform() - 1);
  }
  const auto scaled = [factor](uint64_t tokens) {
    return std::max<uint64_t>(
      1, static_cast<uint64_t>(std::llround(static_cast<double>(tokens) * factor)));
  };
  a.input_tokens = scaled(call.input_tokens);
  if (call.dimensions > 0 || call.counting)
    return a;
  a.text.reserve(call.text.size() + 32);
  a.text.append("echo: ").append(call.text).append(" #").append(hex(call.hash));
  const size_t echo = a.text.size();
  uint64_t tokens = estimate_tokens(a.text);
  if (length.tokens > 0 && call.pack.empty()) {
    const double wanted =
      length.sigma > 0 ? r.lognormal(length.tokens, length.sigma) : length.tokens;
    const auto target = static_cast<uint64_t>(std::clamp(wanted, 1.0, 1e6));
    for (; tokens < target; ++tokens) // Four characters are a token.
      a.text.append(" and");
  }
  if (!call.pack.empty()) {
    a.text = write_pack(answer_pack(call, length, error, seed));
    tokens = estimate_tokens(a.text);
  } else if (call.json) {
    a.text = call.schema ? make_instance(*call.schema, a.text, echo, call.hash)
                         : "{\"answer\":" + quoted(a.text) + '}';
    tokens = estimate_tokens(a.text);
  }
  uint64_t counted = scaled(tokens);
  if (call.output_max > 0 && counted > call.output_max) {
    const double share = static_cast<double>(call.output_max) / static_cast<double>(counted);
    const auto keep = static_cast<size_t>(static_cast<double>(a.text.size()) * share);
    a.text.resize(first_codepoints(a.text, keep).size());
    counted = call.output_max;
    a.cut = true;
  }
  a.output_tokens = counted * call.n;
  return a;
}

void add_detail(mock_answer& a, const mock_call& call, const usage_detail& detail) {
  a.cached_tokens = static_cast<uint64_t>(static_cast<double>(a.input_tokens) *
                                          std::clamp(detail.cached_share, 0.0, 1.0));
  if (a.output_tokens == 0)
    return;
  const uint64_t most = call.output_max * call.n;
  a.reasoning_tokens = call.output_max == 0 ? detail.reasoning_tokens
                                            : std::min(detail.reasoning_tokens,
                                                       most - std::min(most, a.output_tokens));
  a.output_tokens += a.reasoning_tokens;
}

} // namespace penstock::mock
