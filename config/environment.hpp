#pragma once

#include <map>
#include <string>

namespace penstock::config {

/// Names and values of environment variables. They are passed in, so that a test can choose them
/// without another process.
using environment = std::map<std::string, std::string, std::less<>>;

/// The environment of this process, from `environ` (null: no variables).
environment read_environment(const char* const* environ_block);

} // namespace penstock::config
