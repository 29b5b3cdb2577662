#pragma once

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::mock {

/// A JSON text that a JSON schema allows, the same for the same seed: types (also Gemini's, in
/// capitals), properties, required, items, prefixItems, minItems, maxItems, uniqueItems, enum,
/// const, minimum, maximum (also exclusive), multipleOf, minLength, maxLength, the usual formats,
/// allOf, the first of anyOf and oneOf, and references within the schema. Recursive schemas end.
/// Patterns and negations are ignored.
/// @param text What the provider "says": strings hold its first `echo` bytes, the first one all.
std::string make_instance(const boost::json::value& schema, std::string_view text, size_t echo,
                          uint64_t seed);

} // namespace penstock::mock
