#pragma once

#include <boost/json/value.hpp>

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace penstock::core {

/// Calls `visit` for `root` and every schema inside it, with the name of the property that it
/// describes (empty for definitions, alternatives of the root, and the root).
void for_each_schema(
  const boost::json::value& root,
  const std::function<void(const boost::json::object&, std::string_view)>& visit);

/// Why `root` cannot be used, or an empty text: unknown types, keywords of later drafts, references
/// that are broken, external or circular, patterns that do not compile, sizes that are too large.
std::string schema_fault(const boost::json::value& root);

/// Whether providers accept the schema as a strict one (see `schema_check::is_strict`).
bool is_strict_schema(const boost::json::value& root);

/// The places where a schema uses patterns. The regular expressions of the standard library are
/// recursive for every character, so they must not get long texts.
struct pattern_use {
  std::set<std::string, std::less<>> properties; ///< Properties with a pattern.
  bool anywhere = false;                         ///< Other texts may have a pattern, too.
  bool keys = false;                             ///< Names of properties have a pattern.
};
pattern_use find_patterns(const boost::json::value& root);

} // namespace penstock::core
