#pragma once

#include "core/base/request.hpp"

namespace penstock::core {

/// `req` asking for another model: in the body's `model` (all other bytes stay as they are; a body
/// without one stays whole) and in a path of the form ".../models/MODEL:method".
request with_model(const request& req, const std::string& model);

} // namespace penstock::core
