#pragma once

#include <boost/json/value.hpp>

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace penstock::core {

/// Calls `visit` for every schema inside `root`, itself included, with the name of the property it
/// describes (empty for definitions, alternatives of the root, and the root).
void for_each_schema(
  const boost::json::value& root,
  const std::function<void(const boost::json::object&, std::string_view)>& visit);

/// Why `root` cannot be compiled and trusted to check what it says, or an empty text: unknown
/// types, keywords of later drafts, references that lead nowhere, outside, or round in circles,
/// patterns that do not compile, sizes that would hurt.
std::string schema_fault(const boost::json::value& root);

/// Whether providers take the schema as a strict one (see `schema_check::is_strict`).
bool is_strict_schema(const boost::json::value& root);

/// Where a schema uses patterns: the regular expressions of the standard library call themselves
/// for every character, so long texts must be kept from them.
struct pattern_use {
  std::set<std::string, std::less<>> properties; ///< Properties whose texts meet a pattern.
  bool anywhere = false;                         ///< Other texts may meet one, too.
  bool keys = false;                             ///< Names of properties meet one.
};
pattern_use find_patterns(const boost::json::value& root);

} // namespace penstock::core
