#pragma once

#include "core/api/api_key.hpp"
#include "core/base/error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::io {

/// A key that was just made. Its text is never stored, and shown only now.
struct new_key {
  core::api_key key;
  std::string text;
};

/// The keys of the HTTP service of a head, in a file beside its store, so that `penstock keys`
/// works while the head runs. Of a key's text only the SHA-256 is stored: 30 random letters and
/// digits cannot be guessed, so that a slow hash would only cost time.
///
/// Thread-safe. A change by another process is seen within a second.
class key_store {
public:
  virtual ~key_store() = default;
  /// Makes a key. `wanted` needs a name, a tenant and scopes. @param now Seconds since 1970.
  virtual result<new_key> create(core::api_key wanted, int64_t now) = 0;
  /// Ends the key of this id. @returns whether there was one.
  virtual result<bool> revoke(const std::string& id) = 0;
  /// All keys, the oldest first.
  virtual result<std::vector<core::api_key>> list() = 0;
  /// The key with this text if it is valid at `now`; notes its use.
  virtual result<std::optional<core::api_key>> find(std::string_view text, int64_t now) = 0;
  /// Whether there is any key, also an expired one.
  virtual result<bool> has_any() = 0;
};

/// Opens the keys beside the store at `store_path`; makes the file if it is missing. ":memory:"
/// keeps them in memory.
result<std::shared_ptr<key_store>> open_key_store(const std::string& store_path);

} // namespace penstock::io
