#include "core/api/api_key.hpp"

#include "core/base/glob.hpp"

#include <zlib.h>

#include <algorithm>

namespace penstock::core {

namespace {

constexpr std::string_view prefix = "pst_";
constexpr std::string_view digits =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr size_t random_digits = 30, check_digits = 6;

std::string check_of(std::string_view text) {
  auto n = static_cast<uint32_t>(
    crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
  std::string out(check_digits, '0');
  for (auto c = out.rbegin(); c != out.rend(); ++c, n /= 62)
    *c = digits[n % 62];
  return out;
}

constexpr std::array<std::string_view, 5> scope_names{"run", "read", "operate", "admin", "metrics"};

} // namespace

std::string_view to_string(api_scope s) noexcept { return scope_names[static_cast<size_t>(s)]; }

std::optional<api_scope> api_scope_from(std::string_view text) noexcept {
  const auto found = std::find(scope_names.begin(), scope_names.end(), text);
  if (found == scope_names.end())
    return std::nullopt;
  return static_cast<api_scope>(found - scope_names.begin());
}

bool api_key::allows(api_scope s) const noexcept {
  return std::any_of(scopes.begin(), scopes.end(),
                     [s](auto one) { return one == s || one == api_scope::admin; });
}

bool api_key::allows_model(std::string_view model) const noexcept {
  return models.empty() || std::any_of(models.begin(), models.end(), [model](auto& pattern) {
           return glob_match(pattern, model);
         });
}

std::string make_key_text(const std::array<uint8_t, 32>& random) {
  std::string out{prefix};
  // 62 does not divide 256, so the first digits are a little more likely; 30 digits still have more
  // than 176 bits.
  for (size_t i = 0; i < random_digits; ++i)
    out += digits[random[i] % 62];
  return out + check_of(out);
}

bool is_key_text(std::string_view text) noexcept {
  if (text.size() != prefix.size() + random_digits + check_digits || !text.starts_with(prefix))
    return false;
  const auto body = text.substr(0, text.size() - check_digits);
  return std::all_of(body.begin() + prefix.size(), body.end(),
                     [](char c) { return digits.find(c) != std::string_view::npos; }) &&
         text.substr(body.size()) == check_of(body);
}

} // namespace penstock::core
