#pragma once

#include "core/io/store/job_rows.hpp"
#include "messages/cluster.hpp"
#include "messages/job.hpp"

#include <caf/actor_system.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <string>
#include <vector>

/// What the actors make of the rows of a job store. Options and progress of a job lie there as the
/// number of our protocol and the bytes of CAF's serializer. The protocol changes with the shape of
/// any message, so bytes of another one are never taken for something that they are not.
namespace penstock::actors {

template <class T>
std::string to_blob(caf::actor_system& sys, const T& value) {
  std::vector<char> bytes;
  caf::binary_serializer sink{sys, bytes};
  if (sink(cluster_protocol, value))
    return {}; // Our values cannot fail; and no bytes are never taken for a value.
  return {bytes.data(), bytes.size()};
}

/// @returns `incompatible` if the bytes are of another version, `corrupt` if they are none of ours.
template <class T>
result<T> from_blob(caf::actor_system& sys, const std::string& blob) {
  caf::binary_deserializer source{sys, blob.data(), blob.size()};
  uint32_t version = 0;
  if (source(version))
    return error{errc::corrupt, "its description is damaged"};
  if (version != cluster_protocol)
    return error{errc::incompatible, "it was submitted to a program of protocol " +
                                       std::to_string(version) + ", this one has " +
                                       std::to_string(cluster_protocol) +
                                       "; finish it with that program, or submit it anew"};
  T value;
  if (source(value) || source.remaining() != 0)
    return error{errc::corrupt, "its description is damaged"};
  return value;
}

/// Takes over what the output lines of a job say.
void apply_totals(job_progress& to, const core::output_totals& totals);

/// The state of a job for people.
job_state state_of(io::job_phase phase, uint8_t state);

/// Where a job stands, as far as its row tells: how it ended, or what is there of its earlier
/// lives.
job_progress progress_of(caf::actor_system& sys, const io::job_row& row);

} // namespace penstock::actors
