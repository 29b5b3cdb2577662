#pragma once

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace penstock::core {

/// Rewrites a regular expression of a schema (ECMA-262 with the flag `u`) for a matcher of bytes: a
/// dot, a class or a literal stands for one character (code point) of UTF-8 text. Example: `^.{3}$`
/// matches "abc", and also the three letters a, o, u with dots, which are six bytes.
/// @returns `errc::invalid_config` with the reason for what cannot be matched: \p{...}, lookbehind,
/// names of groups that are referred to, broken escapes and classes.
result<std::string> utf8_pattern(std::string_view pattern);

} // namespace penstock::core
