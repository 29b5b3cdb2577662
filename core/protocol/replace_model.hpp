#pragma once

#include "core/base/request.hpp"

namespace penstock::core {

/// `req` with another model: replaces the member `model` of the body, and the model in a path of
/// the form ".../models/MODEL:method". All other bytes stay as they are; a body without a model
/// stays as it is.
request replace_model(const request& req, const std::string& model);

} // namespace penstock::core
