#pragma once

#include "core/io/file/request_reader.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

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

struct jsonl_source_state {
  static inline const char* name = "jsonl-source";

  void pull(uint32_t requests_max, uint64_t bytes_max, const chunk_taker_actor& to);

  source_actor::pointer self = nullptr;
  std::optional<io::request_reader> reader;
  std::shared_ptr<shared_mark> mark; ///< Null: the input can be read again.
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
                                         std::shared_ptr<shared_mark> mark, bool strict);

} // namespace penstock::actors
