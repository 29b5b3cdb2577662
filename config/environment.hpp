#pragma once

#include <map>
#include <string>

namespace penstock::config {

/// Names and values of environment variables. Passed in, never read from the process, so that a
/// test needs no process of its own.
using environment = std::map<std::string, std::string, std::less<>>;

/// The environment of a process, from the `environ` of its main program (null: none).
environment read_environment(const char* const* environ_block);

} // namespace penstock::config
