#pragma once

#include <span>
#include <string>
#include <string_view>

namespace penstock::cli {

/// The help of a command that talks to a head: "submit", "jobs", "status" ...
std::string client_help(std::string_view name);

/// Settings that every client of a head takes: how to reach it, and how to speak.
std::span<const std::string_view> client_keys();
/// Settings of a job that `penstock submit` takes besides: what goes to the head with it, and of
/// its files.
std::span<const std::string_view> job_keys();

} // namespace penstock::cli
