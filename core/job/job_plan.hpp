#pragma once

#include "core/base/error.hpp"
#include "core/base/request.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace penstock::core {

/// A change of mode and its reason, for the summary and the events.
struct mode_change {
  mode from = mode::parallel;
  mode to = mode::sequential;
  errc code = errc::internal; ///< The reason, for example `server_error` or `not_packable`.
  std::string text;           ///< For people.
  uint64_t finished = 0;      ///< Requests or packs that ended in the mode `from`.
  uint64_t degraded = 0;      ///< Of these: failed, but another mode may do better.
};

/// When a mode is given up early.
struct early_leave {
  uint64_t finished_min = 8;   ///< Give up only after so many requests ended in the mode.
  double degraded_share = 0.5; ///< Give up at this share of degradable failures.
};

/// Chooses the mode of a job: parallel, then batch, then sequential (design section 6). It knows
/// only counts; the coordinator owns the requests. Pure.
///
/// A request is carried to the next mode if it fails with a degradable failure (another mode may do
/// better), or if batch cannot pack it. The next mode begins when nothing is left to do in the
/// present mode. If the present mode was given up early, `step_down` changes the mode for good.
/// Else the next mode is a detour for the carried requests only, and `step_back` returns.
///
/// Parallel mode may pack too, if the limits of the provider make it useful (`pack_because`). If
/// most packs get a wrong reply, batch is given up early, and parallel mode stops packing.
class job_plan {
public:
  /// @param total Requests of the job, if known; it decides which mode `automatic` chooses.
  /// @param may_pack Whether `automatic` may pack before something has failed.
  /// @param pack_because Why `automatic` should pack in parallel mode; empty: it should not.
  explicit job_plan(mode asked = mode::automatic, std::optional<uint64_t> total = std::nullopt,
                    bool may_pack = false, std::string pack_because = {}, early_leave leave = {});

  mode asked() const noexcept { return asked_; }
  mode current() const noexcept { return current_; }
  /// Whether requests run one at a time, in order.
  bool one_at_a_time() const noexcept { return current_ == mode::sequential; }
  /// Whether a degradable failure is final now, because there is no further mode.
  bool is_last() const noexcept { return current_ == mode::sequential; }

  /// Whether requests are packed.
  bool packs() const noexcept {
    return current_ == mode::batch || (current_ == mode::parallel && packing_);
  }

  /// Counts a hand-out (a request or a pack) that ended in the current mode.
  void finished(bool degraded, errc cause);
  /// Counts a pack that was answered. @param wrong Most of its answers are missing.
  void pack_answered(bool wrong);
  /// Counts a request that batch cannot pack.
  void skipped() { ++skipped_; }
  /// Whether the current mode fails too often and should get no new requests.
  bool leave_early() const noexcept;
  /// The most recent degradable failure.
  errc last_cause() const noexcept { return last_cause_; }

  /// Whether most packs get a wrong reply.
  bool packs_fail() const noexcept;

  /// Stops packing in the current mode. @pre `packs_fail()` in parallel mode
  void stop_packing();
  /// Changes to the next mode; `for_good` if this one was given up early. @pre `!is_last()`
  void step_down(bool for_good);
  /// Returns from a detour. No effect if the current mode is here for good.
  void step_back();
  /// Whether the current mode is not the first mode of the job.
  bool fell_back() const noexcept { return current_ != first_; }
  /// Whether the current mode is a detour for carried requests only.
  bool on_detour() const noexcept { return home_ != current_; }

  const std::vector<mode_change>& changes() const noexcept { return changes_; }
  /// Number of changes; `changes()` keeps only the first 100.
  uint64_t changes_total() const noexcept { return changes_total_; }
  /// The last mode that ran, for example "parallel" or "parallel_packed"; with "_fallback" if it
  /// was not the first mode.
  std::string mode_used() const;

private:
  void change_to(mode to, errc code, std::string text);
  void enter(mode m);
  bool is_half(uint64_t part, uint64_t whole) const noexcept;
  error why(bool for_good) const;

  mode asked_;
  mode first_;
  mode home_;    ///< The mode of new requests.
  mode current_; ///< Differs from `home_` on a detour.
  mode lowest_;  ///< The last mode of the chain that was used so far.
  early_leave leave_;
  uint64_t finished_ = 0;
  uint64_t degraded_ = 0;
  uint64_t skipped_ = 0;
  uint64_t packs_ = 0; ///< Answered packs.
  uint64_t packs_wrong_ = 0;
  bool packed_ = false;  ///< Parallel mode began with packs.
  bool packing_ = false; ///< Parallel mode still makes packs.
  errc last_cause_ = errc::internal;
  std::vector<mode_change> changes_;
  uint64_t changes_total_ = 0;
};

} // namespace penstock::core
