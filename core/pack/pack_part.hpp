#pragma once

#include "core/pack/pack_key.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace penstock::core {

/// The parts of a packable request, for `pack_key` and `pack`.
struct pack_part {
  boost::json::object body;
  std::string text;      ///< Text of the last message.
  std::string canonical; ///< All other parts as text; equal texts mean equal requests.
  answer_form form = answer_form::text;
};

/// @returns `errc::not_packable` with the reason.
result<pack_part> read_pack_part(const request& req);

/// The names under which a body sets its output maximum.
inline constexpr std::string_view output_maxima[] = {"max_tokens", "max_completion_tokens"};

} // namespace penstock::core
