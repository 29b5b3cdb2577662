#pragma once

#include "messages/work.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace penstock {

/// Source to coordinator: the next requests, in order.
struct request_chunk {
  std::vector<shared_request> requests;
  bool end = false; ///< No more will come.
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, request_chunk& x) {
  return f(caf::meta::type_name("penstock.request_chunk"), x.requests, x.end);
}

/// One finished request on its way to the sink. A result from a journal has only its line. A new
/// result has an outcome; the sink makes the line.
struct sink_item {
  uint64_t index = 0;
  shared_outcome outcome;
  core::payload line;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sink_item& x) {
  return f(caf::meta::type_name("penstock.sink_item"), x.index, x.outcome, x.line);
}

/// Collector to coordinator: which results are written.
struct collector_progress {
  uint64_t written_below = 0; ///< The sink has written all lower indexes.
  uint64_t held_bytes = 0;    ///< Bytes of results that wait for their turn or for the sink.
  uint64_t waiting = 0;       ///< Results that wait for the sink only; a crash would lose them.
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, collector_progress& x) {
  return f(caf::meta::type_name("penstock.collector_progress"), x.written_below, x.held_bytes,
           x.waiting);
}

} // namespace penstock
