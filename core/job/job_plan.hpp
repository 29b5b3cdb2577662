#pragma once

#include "core/base/error.hpp"
#include "core/base/request.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace penstock::core {

/// A change of mode and why it happened; kept in the summary and told as an event.
struct mode_change {
  mode from = mode::parallel;
  mode to = mode::sequential;
  errc code = errc::internal; ///< What drove it, for example `server_error` or `not_packable`.
  std::string text;           ///< For people.
  uint64_t finished = 0;      ///< Requests, or packs, that had finished in `from`.
  uint64_t degraded = 0;      ///< Of these, failed degradably.
};

/// When a mode is given up early.
struct early_leave {
  uint64_t finished_min = 8;   ///< Not before so many requests have finished in the mode.
  double degraded_share = 0.5; ///< At this share of degradable failures.
};

/// Chooses the mode of a job and follows the chain parallel -> batch -> sequential (design section
/// 6). Knows counts only; the coordinator owns the requests. Pure.
///
/// A degradable failure carries its request into the next mode, and so does a request that batch
/// cannot pack. The next mode begins when nothing is left to do in this one: `step_down` for good
/// if it was left early, else as a detour for the carried requests, after which `step_back` returns
/// to the mode that serves the rest of the input.
///
/// Parallel mode may pack, too, where that is what the provider's limits ask for (`pack_because`).
/// If most packs come back wrong, batch is left early, and parallel mode stops packing.
class job_plan {
public:
  /// @param total requests of the job, if known; decides what `automatic` means.
  /// @param pack_because why `automatic` should pack what it runs in parallel; empty: it should
  /// not.
  explicit job_plan(mode asked = mode::automatic, std::optional<uint64_t> total = std::nullopt,
                    std::string pack_because = {}, early_leave leave = {});

  mode asked() const noexcept { return asked_; }
  mode current() const noexcept { return current_; }
  /// Whether requests run one at a time, in order.
  bool one_at_a_time() const noexcept { return current_ == mode::sequential; }
  /// Whether a degradable failure now is final: there is no further mode.
  bool is_last() const noexcept { return current_ == mode::sequential; }

  /// Whether requests are packed.
  bool packs() const noexcept {
    return current_ == mode::batch || (current_ == mode::parallel && packing_);
  }

  /// Counts a hand-out (a request or a pack) that finished in the current mode.
  void finished(bool degraded, errc cause);
  /// Counts a pack that was answered. @param wrong most of its answers are missing.
  void pack_answered(bool wrong);
  /// Counts a request that batch cannot pack.
  void skipped() { ++skipped_; }
  /// Whether the current mode has proven hopeless and should take no new requests.
  bool leave_early() const noexcept;
  /// The cause that most recently degraded a request.
  errc last_cause() const noexcept { return last_cause_; }

  /// Whether most packs come back wrong.
  bool packs_fail() const noexcept;

  /// Goes on without packs in the current mode. @pre `packs_fail()` in parallel mode
  void stop_packing();
  /// Moves on to the next mode; `for_good` if this one was left early. @pre `!is_last()`
  void step_down(bool for_good);
  /// Returns from a detour. No effect if the current mode is here for good.
  void step_back();
  /// Whether the current mode is not the one the job began with.
  bool fell_back() const noexcept { return current_ != first_; }
  /// Whether the current mode is a detour for carried requests only.
  bool on_detour() const noexcept { return home_ != current_; }

  const std::vector<mode_change>& changes() const noexcept { return changes_; }
  /// Changes in all; `changes()` keeps the first 100.
  uint64_t changes_total() const noexcept { return changes_total_; }
  /// "parallel", "parallel_packed", "batch_fallback" ...: the last mode that ran, marked if it was
  /// not the first.
  std::string mode_used() const;

private:
  void change_to(mode to, errc code, std::string text);
  void enter(mode m);
  bool is_half(uint64_t part, uint64_t whole) const noexcept;
  error why(bool for_good) const;

  mode asked_;
  mode first_;
  mode home_;    ///< Serves new requests.
  mode current_; ///< Differs from `home_` on a detour.
  mode lowest_;  ///< Furthest down the chain so far.
  early_leave leave_;
  uint64_t finished_ = 0;
  uint64_t degraded_ = 0;
  uint64_t skipped_ = 0;
  uint64_t packs_ = 0; ///< Answered ones.
  uint64_t packs_wrong_ = 0;
  bool packed_ = false;  ///< Parallel mode began with packs,
  bool packing_ = false; ///< and still makes them.
  errc last_cause_ = errc::internal;
  std::vector<mode_change> changes_;
  uint64_t changes_total_ = 0;
};

} // namespace penstock::core
