#pragma once

#include "actors/http/http_answers.hpp"
#include "core/api/live_form.hpp"
#include "core/protocol/stream_reader.hpp"
#include "messages/live.hpp"

#include <string>

namespace penstock::actors {

/// A client that waits for a live request. The live desk calls it.
class live_exchange : public live_waiter {
public:
  /// @param wanted What the client asked for.
  live_exchange(http_call call, const core::live_call& wanted)
      : call_{std::move(call)}, hide_usage_{wanted.adds_usage}, streams_{wanted.streams},
        wants_usage_{wanted.wants_usage} {}

  void part(const stream_part& p, std::function<void(uint64_t)> taken) override;
  void ended(const core::outcome& o) override;

private:
  std::string shown(const std::string& bytes);

  http_call call_;
  bool hide_usage_ = false; ///< The client did not ask for the usage of its stream.
  bool streams_ = false, wants_usage_ = false;
  bool begun_ = false;
  core::stream_reader reader_;
};

} // namespace penstock::actors
