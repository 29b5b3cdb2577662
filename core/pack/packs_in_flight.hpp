#pragma once

#include "core/pack/pack.hpp"
#include "core/pack/pack_queue.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace penstock::core {

/// The result of a pack for its requests.
struct pack_deal {
  pack sent;
  pack_reply reply;            ///< Empty if the pack was not answered.
  bool answered = false;       ///< The provider answered, perhaps not all requests.
  bool mostly_wrong = false;   ///< Less than half of the requests have an answer.
  bool divide = false;         ///< A request without an answer goes into a smaller pack.
  uint32_t smaller = 1;        ///< Size of that pack at most.
  bool split = false;          ///< Count it as a pack with a wrong reply.
  uint32_t attempts = 0;       ///< HTTP attempts of this hand-out.
  uint32_t rate_limited = 0;   ///< Attempts answered with 429.
  std::vector<uint64_t> times; ///< Nanoseconds of the exchanges, one share for each request.

  size_t size() const noexcept { return sent.entries.size(); }
  /// The answer to request `i`, or null.
  const pack_answer* answer(size_t i) const noexcept {
    return i < reply.answers.size() && reply.answers[i] ? &*reply.answers[i] : nullptr;
  }
  /// The outcome of request `i`. @param said The outcome of the pack.
  /// @param last The outcome of earlier hand-outs of the request, or null.
  outcome outcome_of(size_t i, const outcome& said, const outcome* last,
                     const std::string& custom_id) const;
};

/// The packs of one job that were sent and have no reply yet. It decides how many are sent at once,
/// and in which style. Pure; one owner.
class packs_in_flight {
public:
  /// How the hand-out of a pack ended.
  enum class end : uint8_t {
    finished, ///< With an answer or a failure that is final.
    degraded, ///< All attempts failed; try another mode.
    other,    ///< Held, given back, lost.
  };

  /// Begins with one pack at a time. @param ceiling The largest width of the job.
  void restart(uint32_t ceiling) noexcept { pace_.restart(ceiling); }
  /// How many packs may be sent at once after parallel mode failed.
  uint32_t width() const noexcept { return pace_.width(); }
  /// How the next pack asks for its reply.
  pack_style style() const noexcept { return style_; }
  /// A pack was sent. @param attempts_before As in its `assigned_request`.
  void add(pack sent, uint32_t attempts_before);
  /// Whether the request at `first` was sent as a pack.
  bool has(uint64_t first) const { return packs_.count(first) == 1; }
  /// Requests in packs, without the first one of each.
  size_t others() const noexcept { return others_; }
  /// The hand-out of a pack has ended. @pre `has(first)`. @param said Its outcome; null: lost.
  /// @param entries_max The largest pack of the job.
  pack_deal take(uint64_t first, end how, const outcome* said, uint32_t entries_max);

private:
  struct flight {
    pack sent;
    uint32_t attempts_before = 0;
  };
  std::map<uint64_t, flight> packs_; ///< By first request.
  size_t others_ = 0;
  pack_pace pace_;
  pack_style style_ = pack_style::schema;
  bool schema_worked_ = false; ///< A pack with a schema got an answer.
};

/// Packed requests with an answer that are also sent alone, to compare. Pure; one owner.
class canaries {
public:
  using shared = std::shared_ptr<const outcome>;
  /// Result of a comparison.
  struct comparison {
    outcome result; ///< The answer to the request alone, if it differs.
    bool compared = false, agreed = false;
  };

  void add(uint64_t index, shared answer) { answers_[index] = std::move(answer); }
  bool has(uint64_t index) const { return answers_.count(index) == 1; }
  /// Removes the answer of the pack without a comparison; null if there is none.
  shared take(uint64_t index);
  /// The request that was sent alone has ended. @pre `has(index)`. @param alone Null: lost.
  comparison compare(uint64_t index, const outcome* alone, bool finished);
  std::vector<uint64_t> all() const;

private:
  std::map<uint64_t, shared> answers_;
};

} // namespace penstock::core
