#pragma once

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace penstock::io {

/// `text` with letters and marks as separate characters (NFD), so that names from different systems
/// compare equal.
std::string decomposed(std::string_view text);

/// The absolute path of the document `name` inside `folder`.
///
/// If there is no file of that name, it also tries `/` for each backslash (Windows), and accents as
/// part of the letter or as separate characters (macOS).
/// @returns `errc::invalid_input` with the fault; the text follows the name: no name, outside the
/// folder, or missing (with the name that was most likely meant).
result<std::string> locate_document(const std::string& name, const std::string& folder);

} // namespace penstock::io
