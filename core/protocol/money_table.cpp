#include "core/protocol/money_table.hpp"
#include "core/base/text.hpp"
#include "core/protocol/error_body.hpp"
#include "core/protocol/error_table.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace penstock::core {

namespace {

/// One name or phrase that means "no money", and its provider.
struct money_words {
  std::string_view words; ///< In lower case.
  std::string_view source;
};

/// Codes, types and reasons. A code with an underscore means the same in the text of an error,
/// where gateways write the code of the provider.
constexpr std::array money_names{
  money_words{"insufficient_quota", "OpenAI error codes; Perplexity (401)"},
  money_words{"credit_balance_exhausted", "OpenAI error codes"},
  money_words{"organization_spend_limit_exceeded", "OpenAI spend limits"},
  money_words{"project_spend_limit_exceeded", "OpenAI spend limits"},
  money_words{"organization_usage_limit_exceeded", "OpenAI error codes"},
  money_words{"billing_hard_limit_reached", "OpenAI error codes"},
  money_words{"billing_not_active", "OpenAI error codes"},
  money_words{"billing_error", "Anthropic errors (402)"},
  money_words{"enforced_spend_limit_reached", "Anthropic errors (429)"},
  money_words{"billing_disabled", "Google Cloud ErrorInfo (403)"},
  money_words{"1113", "Zhipu and Z.ai error codes (429)"},
  money_words{"exceeded_current_quota_error", "Moonshot errors (403, 429)"},
  money_words{"arrearage", "Alibaba Model Studio error codes (400)"},
  money_words{"allocationquota.freetieronly", "Alibaba Model Studio error codes (403)"},
  money_words{"prepaidbilloverdue", "Alibaba Model Studio error codes (429)"},
  money_words{"postpaidbilloverdue", "Alibaba Model Studio error codes (429)"},
  money_words{"accountoverdueerror", "Volcengine Ark error codes (403)"},
  money_words{"serviceoverdue", "Volcengine Ark error codes (403)"},
  money_words{"setlimitexceeded", "Volcengine Ark error codes (429): a cap of the account's owner"},
  money_words{"blocked_api_access", "Groq spend limits (400)"},
  money_words{"spend_limit_reached", "Groq (400)"},
  money_words{"spend_limit_exceeded", "gateways (403, 429)"},
  money_words{"insufficient_balance", "Venice and gateways (402, 403)"},
  money_words{"insufficient_balance_error", "MiniMax"},
  money_words{"not_enough_balance", "Novita (403)"},
  money_words{"insufficient_credits", "OpenRouter and gateways (402)"},
  money_words{"insufficient_funds", "gateways (402)"},
  money_words{"credit_limit", "Together (402)"},
  money_words{"payment_required", "Cerebras, Together, gateways (402)"},
  money_words{"payment_required_error", "Cerebras (402)"},
  money_words{"payment_error", "gateways (402)"},
  money_words{"insufficient_user_quota", "One API gateways (403)"},
  money_words{"pre_consume_token_quota_failed", "One API gateways (403)"},
  money_words{"budget_exceeded", "LiteLLM (400, 429)"},
  money_words{"exceededbudget", "LiteLLM (400)"},
};

/// Sentences that are only about money.
constexpr std::array money_phrases{
  money_words{"your credit balance is too low", "Anthropic (400)"},
  money_words{"credit balance is too low", "gateways that repeat Anthropic"},
  money_words{"you have reached your specified",
              "Anthropic (400): a spend limit of the account's owner"},
  money_words{"insufficient balance", "DeepSeek (402), Zhipu (429), Moonshot (429), MiniMax"},
  money_words{"insufficient account balance", "gateways (403)"},
  money_words{"balance is insufficient", "SiliconFlow (403)"},
  money_words{"not enough balance", "Novita (403)"},
  money_words{"insufficient credit", "OpenRouter, Replicate (402)"},
  money_words{"insufficient funds", "gateways (402)"},
  money_words{"requires more credits", "OpenRouter (402)"},
  money_words{"run out of credits", "xAI (403)"},
  money_words{"used all available credits", "xAI (403, 429)"},
  money_words{"prepayment credits are depleted", "Gemini (429)"},
  money_words{"monthly included credits", "Hugging Face (402)"},
  money_words{"credit limit is insufficient", "One API gateways (403)"},
  money_words{"quota is not enough", "One API gateways (403)"},
  money_words{"monthly spending limit", "xAI (429), Fireworks (412), Together (402)"},
  money_words{"monthly spending cap", "Gemini (429)"},
  money_words{"spend limit reached", "Groq (400)"},
  money_words{"reached your spend limit", "Groq (400)"},
  money_words{"reached its spend limit", "Groq (400)"},
  money_words{"exceeded its spend limit", "Groq (400)"},
  money_words{"failure to pay past invoices", "Fireworks (412)"},
  money_words{"account is in arrears", "Zhipu (429)"},
  money_words{"account is in good standing", "Alibaba Model Studio (400)"},
  money_words{"billing hard limit has been reached", "OpenAI (400)"},
  money_words{"account is not active, please check your billing", "OpenAI (429)"},
  money_words{"requires billing to be enabled", "Google Cloud (403)"},
  money_words{"budget has been exceeded", "LiteLLM (400)"},
  money_words{"please recharge", "Zhipu, Moonshot (429)"},
  money_words{"\u4f59\u989d\u4e0d\u8db3", "Zhipu, One API gateways: the balance does not suffice"},
  money_words{"\u989d\u5ea6\u4e0d\u8db3",
              "One API gateways: the quota of the user does not suffice"},
  money_words{"\u6b20\u8d39", "Zhipu, Volcengine: in arrears"},
};

/// OpenAI says this about an account without money, Google about every quota. Only the other names
/// in the error decide.
constexpr std::array plan_phrases{
  std::string_view{"exceeded your current quota, please check your plan and billing"},
  std::string_view{"exceeded current quota, please check your plan and billing"},
};

/// Marks of Google's quotas, for which waiting helps.
constexpr std::array<std::string_view, 3> google_marks{"ai.google.dev", "ai.dev/",
                                                       "resource_exhausted"};

bool holds(std::string_view text, std::string_view words) noexcept {
  return find_nocase(text, words) != text.npos;
}

/// `words` as JSON writers escape what is not ASCII: the "\u4f59" of a two-byte unit.
std::string escaped(std::string_view words) {
  std::string out;
  for (size_t i = 0; i < words.size();) {
    const auto c = static_cast<unsigned char>(words[i]);
    if (c < 0xE0 || i + 2 >= words.size()) {
      out += words[i++];
      continue;
    }
    const unsigned point = (c & 0x0Fu) << 12 | (words[i + 1] & 0x3Fu) << 6 | (words[i + 2] & 0x3Fu);
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4)
      out += digits[point >> shift & 0xF];
    i += 3;
  }
  return out;
}

/// Whether `words` are in `message`, and not repeated from the request.
bool says(std::string_view message, std::string_view words, std::string_view sent) {
  const auto at = find_nocase(message, words);
  return at != message.npos && (at == 0 || (!holds(sent, words) && !holds(sent, escaped(words))));
}

/// Whether a word of letters, digits and underscores stands alone.
bool stands_alone(std::string_view text, size_t at, size_t size) noexcept {
  const auto is_part = [&](size_t i) {
    const auto c = i < text.size() ? text[i] : ' ';
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return (at == 0 || !is_part(at - 1)) && !is_part(at + size);
}

/// Whether the text names a limit for which waiting helps, for any code.
bool is_token_limit(const error_body& error) noexcept {
  return holds(error.message, "#token-limit") || holds(error.message, "allocated quota exceeded");
}

/// Whether an error is a quota for which waiting helps, although its text could mean money.
bool is_quota(const error_body& error) {
  if (kind_of_word(error.code) == reply_kind::rate_limited ||
      kind_of_word(error.type) == reply_kind::rate_limited)
    return true;
  return std::ranges::any_of(google_marks, [&](auto mark) { return holds(error.message, mark); });
}

bool is_named(const error_body& error, std::string_view sent, bool nested) {
  return std::ranges::any_of(money_names, [&](auto& r) {
    if (!equal_nocase(error.code, r.words) && !equal_nocase(error.type, r.words))
      return false;
    // A prompt that speaks of such errors may be repeated in one.
    return !nested || r.words.find('_') == r.words.npos || !holds(sent, r.words);
  });
}

bool speaks_of_money(const error_body& error, std::string_view sent, bool nested) {
  if (is_token_limit(error))
    return false;
  if (is_named(error, sent, nested))
    return true;
  const auto meaning = kind_of_word(error.code);
  if (meaning == reply_kind::bad_request || meaning == reply_kind::too_large)
    return false; // The provider says what is wrong with this one request.
  if (error.retry_after || error.per_day)
    return false;
  if (!money_phrase(error.message, sent).empty())
    return true;
  return !is_quota(error) && std::ranges::any_of(plan_phrases, [&](auto words) {
    return says(error.message, words, sent);
  });
}

const error_body* find_money(const error_body& error, std::string_view sent, bool nested) {
  // Outer ones come first. The innermost words are those of the provider.
  for (auto cause = error.causes.rbegin(); cause != error.causes.rend(); ++cause)
    if (const auto* found = find_money(*cause, sent, true))
      return found;
  return speaks_of_money(error, sent, nested) ? &error : nullptr;
}

} // namespace

bool is_money_name(std::string_view name) {
  return std::ranges::any_of(money_names, [&](auto& r) { return equal_nocase(r.words, name); });
}

std::string_view money_phrase(std::string_view message, std::string_view sent) {
  for (auto& r : money_phrases)
    if (says(message, r.words, sent))
      return r.words;
  for (auto& r : money_names) {
    const auto at =
      r.words.find('_') == r.words.npos ? message.npos : find_nocase(message, r.words);
    if (at != message.npos && stands_alone(message, at, r.words.size()) && !holds(sent, r.words))
      return r.words;
  }
  return {};
}

const error_body* find_money(const error_body& error, std::string_view sent) {
  return find_money(error, sent, false);
}

std::optional<reply_kind> kind_of_base_resp(int64_t status_code) noexcept {
  using k = reply_kind;
  switch (status_code) { // MiniMax error codes.
  case 1000:             // Unknown error.
  case 1001:             // Timeout.
  case 1013:
  case 1024:
  case 1033: return k::server_error;
  case 1002:                         // Requests per minute.
  case 1039:                         // Tokens per minute.
  case 1041:                         // Connections.
  case 2056: return k::rate_limited; // The share of some hours.
  case 2045: return k::slow_down;    // Ramped too fast.
  case 1004:                         // Not authorized.
  case 2049: return k::unauthorized; // Invalid key.
  case 1008: return k::billing;      // Insufficient balance.
  case 1026:                         // Sensitive input.
  case 1027:                         // Sensitive output.
  case 1042:                         // Invisible characters.
  case 2013:                         // Invalid parameters.
  case 2061: return k::bad_request;  // The plan does not hold the model.
  default: return std::nullopt;
  }
}

} // namespace penstock::core
