#include "core/pack/pack_canary.hpp"
#include "core/base/random.hpp"
#include "core/base/text.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/parsed_json.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>

namespace penstock::core {

namespace {

std::optional<std::string> normal_text(std::string_view body) {
  namespace json = boost::json;
  json::error_code ec;
  json::parse_options options;
  options.max_depth = json_depth_max;
  const auto value = json::parse({body.data(), body.size()}, ec, {}, options);
  const auto* reply = ec ? nullptr : value.if_object();
  const auto* choices = reply ? filled_array_at(*reply, "choices") : nullptr;
  const auto* choice = choices ? choices->front().if_object() : nullptr;
  const auto* message = choice ? object_at(*choice, "message") : nullptr;
  if (!message || !has_value(*message, "content"))
    return std::nullopt;
  std::string out;
  for (const char c : trim(text_at(*message, "content"))) {
    const auto space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!space || out.back() != ' ')
      out += space ? ' ' : c;
  }
  return to_lower(out);
}

} // namespace

bool is_canary(uint64_t seed, uint64_t index, double share) noexcept {
  return to_unit_interval(spread_bits(seed ^ (index + 1) * random_step)) < share;
}

bool answers_agree(std::string_view body_a, std::string_view body_b) {
  const auto a = normal_text(body_a);
  return a && a == normal_text(body_b);
}

} // namespace penstock::core
