#pragma once

#include "messages/submit.hpp"

#include <span>

namespace penstock::actors {

/// Most bytes of one submission or part of one.
inline constexpr uint64_t part_bytes_max = 64u << 20;
/// Most requests in one.
inline constexpr size_t part_requests_max = 100'000;

/// Refuses options that no job can be run with, naming the field ("in_flight_max must be at least
/// 1, is 0"). Whatever passes breaks no assertion later, whoever sent it.
result<void> check_options(const job_options& options);

/// Refuses a part of a job that is too large, or has holes.
result<void> check_requests(std::span<const shared_request> requests);

/// The request as it is kept, with its place in the job. One that cannot be sent becomes one that
/// fails in its place, like a bad line of a file: the rest of the job goes on.
/// @pre `what` is not null.
shared_request prepared(const shared_request& what, uint64_t index);

/// Options, requests, and what stands beside them.
result<void> check_submission(const submission& what);

} // namespace penstock::actors
