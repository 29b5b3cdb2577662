#pragma once

#include "core/base/time.hpp"

#include <cstdint>

/// Values that a setting and the parts that it reaches have in common. Each stands here alone: a
/// struct that needs one names it.
namespace penstock::core::defaults {

// One request.
inline constexpr uint32_t attempts = 5;
inline constexpr duration timeout = std::chrono::seconds{600};
inline constexpr duration idle_timeout = std::chrono::seconds{120};
inline constexpr duration connect_timeout = std::chrono::seconds{10};
inline constexpr uint64_t answer_bytes = 32u << 20;
inline constexpr uint64_t line_bytes = 64u << 20;

// One job.
inline constexpr uint32_t in_flight = 256;
inline constexpr uint32_t window_requests = 4096;
inline constexpr uint64_t window_bytes = 32u << 20;
inline constexpr duration grace_period = std::chrono::seconds{30};
inline constexpr duration outage_patience = std::chrono::minutes{5};
inline constexpr duration first_patience = std::chrono::seconds{90};
inline constexpr uint32_t pack_entries = 10;
inline constexpr uint32_t pack_tokens = 16'000;

// One lane.
inline constexpr double headroom = 0.8;
inline constexpr duration burst = std::chrono::seconds{60};
inline constexpr duration ramp_every = std::chrono::seconds{30};
inline constexpr uint32_t breaker_trips_after = 10;
inline constexpr duration breaker_open_for = std::chrono::seconds{60};
inline constexpr duration route_patience = std::chrono::seconds{5};

// Nodes and heads.
inline constexpr uint32_t slots = 256;
inline constexpr duration heartbeat = std::chrono::milliseconds{500};
inline constexpr duration lost_after = std::chrono::seconds{3};
inline constexpr duration retention = std::chrono::hours{24 * 7};
inline constexpr duration head_patience = std::chrono::minutes{10};
inline constexpr duration live_patience = std::chrono::seconds{60};
inline constexpr double live_slots = 0.25;

// The response cache.
inline constexpr std::chrono::seconds cache_ttl = std::chrono::hours{24 * 30};
inline constexpr uint64_t cache_bytes = uint64_t{1} << 30;

} // namespace penstock::core::defaults
