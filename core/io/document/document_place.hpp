#pragma once

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace penstock::io {

/// `text` with letters and their marks apart (NFD), so that names which look alike compare equal
/// whatever system wrote them.
std::string decomposed(std::string_view text);

/// The absolute path of the document called `name`, inside of `folder`.
///
/// A name that is not there as it is written is looked for with `/` for each backslash (Windows),
/// and with its accents composed or apart (macOS).
/// @returns `errc::invalid_input` with what is wrong, to stand behind the name: no name, outside of
/// the folder, not there (with the name that was most likely meant).
result<std::string> locate_document(const std::string& name, const std::string& folder);

} // namespace penstock::io
