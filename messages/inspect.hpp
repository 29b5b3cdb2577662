#pragma once

#include "core/lane/lane.hpp"
#include "core/job/price_table.hpp"
#include "core/base/request.hpp"

#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

/// How values of core are sent to another node. CAF 0.17 can send neither `std::optional` nor
/// shared pointers, so each has a small wrapper here.
namespace penstock {

/// Lets an inspector read and write a `std::optional`: a flag, then a value.
template <class T>
struct optional_field {
  std::optional<T>& target;
};

template <class Inspector, class T>
typename Inspector::result_type inspect(Inspector& f, optional_field<T>& x) {
  auto present = x.target.has_value();
  auto value = present ? *x.target : T{};
  if constexpr (Inspector::reads_state) {
    return f(present, value);
  } else {
    return f(present, value, caf::meta::load_callback([&] {
               if (present)
                 x.target = std::move(value);
               else
                 x.target.reset();
               return caf::error{};
             }));
  }
}

/// An immutable value that many actors of a process share. Another node gets a copy.
template <class T>
struct shared : std::shared_ptr<const T> {
  using std::shared_ptr<const T>::shared_ptr;
  shared(std::shared_ptr<const T> p) noexcept : std::shared_ptr<const T>{std::move(p)} {}
};

template <class T>
shared<T> make_shared_value(T value) {
  return {std::make_shared<const T>(std::move(value))};
}

template <class Inspector, class T>
typename Inspector::result_type inspect_pointee(Inspector& f, std::shared_ptr<const T>& x) {
  auto present = static_cast<bool>(x);
  if constexpr (Inspector::reads_state) {
    auto none = T{};
    return f(present, present ? const_cast<T&>(*x) : none);
  } else {
    auto value = T{};
    return f(present, value, caf::meta::load_callback([&] {
               x = present ? std::make_shared<const T>(std::move(value)) : nullptr;
               return caf::error{};
             }));
  }
}

template <class Inspector, class T>
typename Inspector::result_type inspect(Inspector& f, shared<T>& x) {
  return inspect_pointee(f, x);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, error& x) {
  return f(caf::meta::type_name("penstock.error"), x.code, x.context);
}

namespace core {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, payload& x) {
  return inspect_pointee(f, x);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, usage& x) {
  return f(caf::meta::type_name("penstock.usage"), x.input_tokens, x.cached_input_tokens,
           x.output_tokens, x.reasoning_tokens, x.known);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, request& x) {
  optional_field<error> rejection{x.rejection};
  return f(caf::meta::type_name("penstock.request"), x.index, x.line, x.custom_id, x.method, x.url,
           x.model, x.body, x.output_tokens_max, rejection);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, outcome& x) {
  optional_field<error> failure{x.failure};
  optional_field<double> cost{x.cost};
  return f(caf::meta::type_name("penstock.outcome"), x.index, x.custom_id, x.state, x.status_code,
           x.request_id, x.body, failure, x.attempts, x.ran_as, x.queued, x.upstream, x.cached,
           x.used, x.lane, x.rate_limited, cost, x.pack_size, x.lane_reason, x.notes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, price_row& x) {
  return f(caf::meta::type_name("penstock.price_row"), x.models, x.input, x.cached_input, x.output,
           x.reasoning);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, permit_request& x) {
  optional_field<duration> patience{x.patience};
  return f(caf::meta::type_name("penstock.permit_request"), x.id, x.owner, x.tenant, x.priority,
           x.input_bytes, x.output_tokens_max, patience);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, permit& x) {
  return f(caf::meta::type_name("penstock.permit"), x.id, x.input_tokens, x.output_tokens, x.probe);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, limit_reading& x) {
  optional_field<double> limit{x.limit}, remaining{x.remaining};
  optional_field<duration> reset{x.reset};
  return f(caf::meta::type_name("penstock.limit_reading"), limit, remaining, reset);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, settlement& x) {
  optional_field<duration> retry_after{x.retry_after};
  return f(caf::meta::type_name("penstock.settlement"), x.id, x.sent, x.kind, x.used, x.input_bytes,
           x.abandoned, retry_after, x.limits, x.reason);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, lane_snapshot& x) {
  auto paused = static_cast<bool>(x.paused_until);
  return f(caf::meta::type_name("penstock.lane_snapshot"), x.in_flight, x.in_flight_peak, x.waiting,
           x.in_flight_limit, x.in_flight_adaptive, x.headroom, x.limit, x.level, x.capacity,
           x.used_last_minute, paused, x.breaker, x.granted, x.settled, x.rate_limited,
           x.breaker_trips, x.tokens_per_byte, x.output_tokens_p95, x.adopted, x.released,
           x.settled_unknown, x.refusal);
}

} // namespace core
} // namespace penstock
