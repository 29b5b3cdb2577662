#pragma once

#include "core/api/api_error.hpp"
#include "core/job/job_info.hpp"
#include "core/job/job_options.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace penstock::core {

/// A job as a client describes it.
struct job_form {
  job_options options;
  std::string name;
  std::vector<request> requests;
};

/// Reads the body of `POST /penstock/v1/jobs`: an object with `requests` and options, a bare array
/// of requests, or JSONL; the last two take their options as query parameters. A request is a line
/// as of `run`, or a bare body. A line that cannot be used becomes a failed result in its place;
/// with `strict=true` the call fails instead and names it.
/// @param defaults What the client does not say. @param target Path and query.
std::variant<job_form, api_failure> read_job_form(const job_options& defaults,
                                                  std::string_view content_type,
                                                  std::string_view body, std::string_view target);

/// A job as JSON. @param now Milliseconds since 1970.
std::string job_text(const job_info& job, int64_t now);
/// The same with the results in it: `lines` are lines as of `run`, without their line breaks.
std::string job_text(const job_info& job, int64_t now, const std::vector<std::string>& lines);
/// A page of jobs. @param next The cursor of the next page; empty: this is the last one.
std::string job_list_text(const std::vector<job_info>& jobs, int64_t now, std::string_view next);

/// A point in time as RFC 3339 in UTC. @param ms Milliseconds since 1970.
std::string time_text(int64_t ms);

/// Reads the seconds of `wait=30` or `prefer: wait=30`; at most ten minutes. nullopt: not asked
/// for.
std::optional<duration> read_wait(std::string_view query, std::string_view prefer);

} // namespace penstock::core
