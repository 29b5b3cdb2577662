#pragma once

#include "core/base/error.hpp"

#include <caf/error.hpp>
#include <caf/message.hpp>
#include <caf/make_message.hpp>

namespace penstock {

/// The category of our error codes in CAF.
constexpr caf::atom_value error_category = caf::atom("penstock");

/// Our error as an exit reason or an error reply. Code and context are kept.
inline caf::error to_caf(const error& e) {
  return {static_cast<uint8_t>(e.code), error_category, caf::make_message(e.context)};
}

/// A CAF error as ours. An error of another category becomes `errc::internal` with its text.
inline error from_caf(const caf::error& e) {
  if (e.category() != error_category)
    return {errc::internal, "actor failure: " + caf::to_string(e)};
  auto context =
    e.context().match_elements<std::string>() ? e.context().get_as<std::string>(0) : std::string{};
  return {static_cast<errc>(e.code()), std::move(context)};
}

} // namespace penstock
