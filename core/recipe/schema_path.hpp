#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// `at` with local references (`{"$ref": "#/$defs/x"}`) followed, or null if one leads nowhere or
/// round in circles.
const boost::json::value* follow_refs(const boost::json::value& root,
                                      const boost::json::value& at) noexcept;

/// What a schema says of a value inside of what it describes.
struct schema_place {
  /// The schema of that value; null if it says nothing about it.
  const boost::json::value* schema = nullptr;
  /// Whether a value may be there: false only where an object is described and has no such
  /// property.
  bool possible = true;
};

/// Where `path` leads inside a schema, dotted, numbers for list entries ("items.0.title").
schema_place schema_at(const boost::json::value& root, const boost::json::value& from,
                       std::string_view path) noexcept;

/// The names of the properties that an object schema lists; empty for others.
std::vector<std::string> property_names(const boost::json::value& root,
                                        const boost::json::value& at);

} // namespace penstock::core
