#pragma once

#include "actors/host/head_session.hpp"

namespace penstock::cli {

using actors::engine_finder;
using actors::error_of_request;
using actors::head_session;
using actors::pending_answer;

} // namespace penstock::cli
