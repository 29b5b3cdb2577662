#pragma once

#include "core/base/request.hpp"

#include <string>

namespace penstock::core {

/// A request made by a program, like a request from a line of an input file: model and output
/// maximum are read from the body. Never fails: an unusable body gives a request with `rejection`
/// set, which becomes a failed outcome in its place.
/// @param custom_id The caller's id; empty: "request-" and the index, when it has one.
/// @param body A JSON object in the form for `url`.
/// @param url Path below the base URL; empty: chat completions for a body with `messages`,
/// embeddings for one with `input`.
/// @param may_stream Whether the body may ask for a stream.
request make_request(std::string custom_id, std::string body, std::string url = {},
                     bool may_stream = false);

} // namespace penstock::core
