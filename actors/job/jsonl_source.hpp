#pragma once

#include "core/io/file/request_reader.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>

namespace penstock::actors {

/// The position up to which a pipe was read. The source writes it; the run output stores it in the
/// journal. Two actors share this state, and only this, because the mark must cover every stored
/// outcome, and a message could come too late.
class shared_mark {
public:
  void set(const io::input_mark& mark) {
    std::lock_guard lock{mutex_};
    mark_ = mark;
  }
  io::input_mark get() const {
    std::lock_guard lock{mutex_};
    return mark_;
  }

private:
  mutable std::mutex mutex_;
  io::input_mark mark_;
};

/// The sums of the requests that were read and not yet written: set by the source, for the lines
/// that the run output writes. Shared for the same reason as the mark.
class shared_sums {
public:
  /// @param first Number of the first request that will be read.
  explicit shared_sums(uint64_t first) : first_{first} {}
  void add(uint64_t sum) {
    std::lock_guard lock{mutex_};
    sums_.push_back(sum);
  }
  /// The sum of a request, or 0 if it is not known.
  uint64_t of(uint64_t number) const {
    std::lock_guard lock{mutex_};
    return number >= first_ && number - first_ < sums_.size() ? sums_[number - first_] : 0;
  }
  void forget_below(uint64_t number) {
    std::lock_guard lock{mutex_};
    for (; first_ < number && !sums_.empty(); ++first_)
      sums_.pop_front();
  }

private:
  mutable std::mutex mutex_;
  uint64_t first_;
  std::deque<uint64_t> sums_;
};

/// What source and run output of one run share.
struct shared_reading {
  std::shared_ptr<shared_mark> mark; ///< Null for inputs that can be read again.
  std::shared_ptr<shared_sums> sums; ///< Null: lines do not say what they answer.
};

struct jsonl_source_state {
  static inline const char* name = "jsonl-source";

  void pull(uint32_t requests_max, uint64_t bytes_max, const chunk_taker_actor& to);

  source_actor::pointer self = nullptr;
  std::optional<io::request_reader> reader;
  shared_reading shared;
  bool strict = false;

private:
  void check_unseen(core::request& req);

  /// Hashes of the custom_ids of a pipe, because a pipe cannot be scanned before.
  std::unordered_set<uint64_t> seen_;
};

/// Reads requests from a file or pipe. In a pipe, a request with a repeated custom_id is rejected.
/// If `strict`, the first rejected request fails the source. Blocks while a pipe is silent: spawn
/// it detached.
source_actor::behavior_type jsonl_source(source_actor::stateful_pointer<jsonl_source_state> self,
                                         std::shared_ptr<io::request_reader> reader,
                                         shared_reading shared, bool strict);

} // namespace penstock::actors
