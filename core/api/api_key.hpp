#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// What a key allows. `admin` allows everything, for every tenant.
enum class api_scope : uint8_t {
  run,     ///< Live requests, files, batches and jobs of its tenant.
  read,    ///< Reading what belongs to its tenant.
  operate, ///< Cancelling, pausing and changing what belongs to its tenant.
  admin,   ///< Keys, limits, and all tenants.
  metrics, ///< Only metrics.
};

std::string_view to_string(api_scope s) noexcept;
std::optional<api_scope> api_scope_from(std::string_view text) noexcept;

/// A key as it is stored: without its secret.
struct api_key {
  std::string id;     ///< "key_" and 16 hex digits; safe to show.
  std::string name;   ///< For people.
  std::string tenant; ///< Owner of all that is made with the key.
  std::vector<api_scope> scopes;
  std::vector<std::string> models; ///< Patterns of allowed models; empty: all.
  int64_t created = 0;             ///< Seconds since 1970.
  int64_t expires = 0;             ///< Seconds since 1970; 0: never.
  int64_t used_day = 0;            ///< Days since 1970 of the last use; 0: never used.

  bool allows(api_scope s) const noexcept;
  /// Whether the key may use this model.
  bool allows_model(std::string_view model) const noexcept;
};

/// The text of a new key: "pst_", 30 letters and digits, and 6 of their CRC-32, so that scanners
/// for secrets and we know a mistyped key without a look into the store.
/// @param random 30 random bytes or more, from the operating system.
std::string make_key_text(const std::array<uint8_t, 32>& random);
/// Whether `text` has the form of a key and its check digits fit.
bool is_key_text(std::string_view text) noexcept;

} // namespace penstock::core
