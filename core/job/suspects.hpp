#pragma once

#include "core/job/request_window.hpp"

#include <cstdint>
#include <optional>

namespace penstock::core {

/// Decides which lost requests are sent again, and how.
///
/// A lost request is sent again. After two losses in a row it is a suspect: it may have killed its
/// worker or node. A suspect runs alone, one suspect of the job at a time. The third loss in a row
/// fails it. A finished attempt clears the request. The window keeps suspects apart. Pure; one
/// owner.
class suspects {
public:
  /// Losses in a row after which a request fails.
  static constexpr uint32_t losses_max = 3;

  /// What to do with a lost request.
  enum class verdict : uint8_t {
    again,  ///< Send it again.
    alone,  ///< Send it again, without others.
    failed, ///< It fails: it kills its workers.
  };

  /// The worker or node of a request died.
  static verdict lost(window_entry& entry) noexcept {
    if (++entry.losses >= losses_max)
      return verdict::failed;
    return entry.losses >= request_window::suspected_after ? verdict::alone : verdict::again;
  }
  /// An attempt of the request has finished.
  static void cleared(window_entry& entry) noexcept { entry.losses = 0; }

  /// A suspect was handed out.
  void begin(uint64_t index) noexcept { in_flight_ = index; }
  /// Any request came back.
  void end(uint64_t index) noexcept {
    if (in_flight_ == index)
      in_flight_.reset();
  }
  /// The suspect to hand out next; none while another one is in flight.
  std::optional<uint64_t> next(const request_window& window) const {
    return in_flight_ ? std::nullopt : window.lowest(request_state::suspected);
  }
  /// Whether a request waits only for a slot.
  bool may_go(const request_window& window, uint64_t index) const noexcept {
    const auto* entry = window.peek(index);
    return entry && (entry->state == request_state::ready ||
                     (entry->state == request_state::suspected && !in_flight_));
  }

private:
  std::optional<uint64_t> in_flight_;
};

} // namespace penstock::core
