#pragma once

#include "core/base/error.hpp"
#include "core/base/verdict.hpp"

#include <span>
#include <string>
#include <string_view>

namespace penstock::core {

struct protocol_hooks;

/// One row of the table of providers. Keys, defaults, error texts and help are made from the rows.
/// README.md of this room says how to add a row.
struct protocol_info {
  std::string_view name;        ///< In the configuration: "openai".
  std::string_view base_url;    ///< The usual address, without a slash at its end.
  std::string_view api_key_env; ///< The usual variable of the API key. Empty: no key.
  charge_rule charging = charge_rule::as_used;
  std::string_view paths; ///< The paths that the protocol accepts, for error texts.
  /// Whether a path (without its query) belongs to this provider's own API. Null: the provider
  /// has the paths of OpenAI.
  bool (*is_own_path)(std::string_view path) noexcept = nullptr;
  bool takes_pdf = false;                ///< Whether the provider accepts PDF files.
  const protocol_hooks* hooks = nullptr; ///< How requests and answers are translated.
};

/// All rows; the protocol of OpenAI is the first.
std::span<const protocol_info> all_protocols() noexcept;

/// The row called `name`, or null.
const protocol_info* find_protocol_info(std::string_view name) noexcept;

/// Whether an upstream accepts PDF files. Many servers have a protocol without its own paths; for
/// it, only the usual address of the provider counts.
bool takes_pdf(std::string_view protocol, std::string_view base_url) noexcept;

/// The names of all rows, for error texts: "openai, anthropic and null".
std::string protocol_list();

} // namespace penstock::core
