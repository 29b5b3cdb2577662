#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// `at` after following local references (`{"$ref": "#/$defs/x"}`); null if a reference is broken
/// or circular.
const boost::json::value* follow_refs(const boost::json::value& root,
                                      const boost::json::value& at) noexcept;

/// What a schema says about a value inside its value.
struct schema_place {
  /// The schema of that value; null if it says nothing about it.
  const boost::json::value* schema = nullptr;
  /// Whether the value may exist: false only if the schema of an object has no such property.
  bool possible = true;
};

/// Follows `path` inside a schema: names and numbers of list entries, with dots ("items.0.title").
schema_place schema_at(const boost::json::value& root, const boost::json::value& from,
                       std::string_view path) noexcept;

/// The names of the properties that an object schema lists; empty for others.
std::vector<std::string> property_names(const boost::json::value& root,
                                        const boost::json::value& at);

} // namespace penstock::core
