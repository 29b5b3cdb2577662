#pragma once

#include "messages/submit.hpp"

#include <span>

namespace penstock::actors {

/// Largest size in bytes of a submission or a part of one.
inline constexpr uint64_t part_bytes_max = 64u << 20;
/// Largest number of requests in one.
inline constexpr size_t part_requests_max = 100'000;

/// Refuses options that no job can use; the error names the field ("in_flight_max must be at least
/// 1, is 0"). Options that pass never fail an assertion, even if a hostile client sent them.
result<void> check_options(const job_options& options);

/// Refuses a part of a job that is too large, or has null requests.
result<void> check_requests(std::span<const shared_request> requests);

/// The request to store, with its index in the job. A request that cannot be sent becomes one that
/// fails in its place, as a bad line of a file does; the rest of the job goes on.
/// @pre `what` is not null.
shared_request prepared(const shared_request& what, uint64_t index);

/// Checks a whole submission: options, requests, name and idempotency key.
result<void> check_submission(const submission& what);

} // namespace penstock::actors
